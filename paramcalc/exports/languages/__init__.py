"""Closed forms as source of other languages: exact, documented, and refusing what does not fit.

`program` prepares a form once for all of them; each language is a SymPy printer with a frame
around what it prints.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paramcalc.formulas import Formula

#: Each target: the module and the class that writes it. Nothing heavy is loaded for their names.
LANGUAGES = {
    "python": ("python", "Python"),
    "numpy": ("python", "NumPy"),
    "javascript": ("javascript", "JavaScript"),
    "c": ("c", "C"),
    "julia": ("julia", "Julia"),
    "matlab": ("matlab", "Matlab"),
    "sql": ("sql", "Sql"),
    "duckdb": ("sql", "DuckDB"),
    "excel": ("excel", "Excel"),
    "json": ("tree", "Tree"),
}


def source(form: Formula, target: str) -> str:
    """A form in one of `LANGUAGES`. Raises `not-expressible` for what it has no exact words for."""
    from paramcalc.exports.languages.program import program

    module, name = LANGUAGES[target]
    language = getattr(import_module(f"paramcalc.exports.languages.{module}"), name)()
    written: str = language.source(program(form, language))
    return written
