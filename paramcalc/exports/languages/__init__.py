"""Closed forms as source of other languages: exact, documented, and refusing what does not fit.

`program` prepares a form once for all of them; each language is a SymPy printer with a frame around what it
prints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from paramcalc.core.registry import LANGUAGES, language

if TYPE_CHECKING:
    from paramcalc.results.formula import Formula

__all__ = ["LANGUAGES", "source"]


def source(form: Formula, target: str) -> str:
    """Write a form in one of `LANGUAGES`. Raises `not-expressible` for what it has no exact words for."""
    from paramcalc.exports.languages.program import program

    writer = language(target)()
    written: str = writer.source(program(form, writer))
    return written
