"""A derivation for people who learn: plain text, Markdown, LaTeX, and one HTML page.

`sheet` says what stands on a page, in words and in order; one module a notation prints it.
"""

from __future__ import annotations

from importlib import import_module

from paramcalc.comparison import Comparison
from paramcalc.derivation import Derivation, Sheet
from paramcalc.exports.derivations.comparing import compared
from paramcalc.exports.derivations.sheet import Document, document

#: The notations, each a module of this name with a function `printed`.
NOTATIONS = ("text", "markdown", "latex", "html")


def render(
    result: Derivation | Comparison, target: str, *, sheet: Sheet = "derivation", standalone: bool = False
) -> str:
    """A derivation or a comparison in a notation."""
    page = made(result, sheet)
    if standalone and target == "latex":
        from paramcalc.exports.derivations import latex

        return latex.document(page)
    printed: str = import_module(f"paramcalc.exports.derivations.{target}").printed(page)
    return printed


def made(result: Derivation | Comparison, sheet: Sheet = "derivation") -> Document:
    """The sheet of a derivation or a comparison."""
    return document(result, sheet) if isinstance(result, Derivation) else compared(result)
