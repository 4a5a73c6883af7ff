"""A derivation for people who learn: plain text, Markdown, LaTeX, and one HTML page.

`sheet` and `comparing` say in words and in order what stands on a page; it is made of `blocks`, which one printer
a notation prints.
"""

from __future__ import annotations

from typing import get_args

from paramcalc.core.errors import listed, quoted, refuse
from paramcalc.exports.columns import WIDTH
from paramcalc.exports.count_tree import Style
from paramcalc.exports.derivations import html, latex, markdown, of_measures, text
from paramcalc.exports.derivations.blocks import Document
from paramcalc.exports.derivations.comparing import compared
from paramcalc.exports.derivations.sheet import document
from paramcalc.results.comparison import Comparison
from paramcalc.results.derivation import Derivation, Sheet
from paramcalc.results.measure_derivation import MeasureDerivation

NOTATIONS = {"text": text.printed, "markdown": markdown.printed, "latex": latex.printed, "html": html.printed}


def render(
    result: Derivation | Comparison | MeasureDerivation,
    target: str,
    *,
    sheet: Sheet = "derivation",
    standalone: bool = False,
    brief: bool = False,
    width: int = WIDTH,
    style: Style | None = None,
) -> str:
    """Print a derivation or a comparison in one of the `NOTATIONS`; `width` and `style` are of plain text.

    Raises `unknown-target`.
    """
    if target not in NOTATIONS:
        raise refuse("unknown-target", f"there is no target {quoted(target)}", listed("the targets", NOTATIONS))
    if sheet not in get_args(Sheet):
        raise refuse("invalid-value", f"there is no sheet {quoted(sheet)}", listed("the sheets", get_args(Sheet)))
    page = made(result, sheet, brief)
    if target == "text":
        return text.printed(page, width, style)
    if standalone and target == "latex":
        return latex.document(page)
    return NOTATIONS[target](page)


def made(
    result: Derivation | Comparison | MeasureDerivation, sheet: Sheet = "derivation", brief: bool = False
) -> Document:
    """Make the sheet of a derivation or a comparison."""
    if isinstance(result, MeasureDerivation):
        return of_measures.document(result, sheet, brief)
    return document(result, sheet, brief) if isinstance(result, Derivation) else compared(result)
