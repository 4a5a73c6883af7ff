"""The symbols that stand for sizes and flags."""

from __future__ import annotations

from typing import Any

import sympy

from paramcalc.core.algebra import Undecided

#: A form with more symbols than this is too long for a reader.
MOST_SYMBOLS = 12


def symbol(name: str) -> Any:
    """Return the symbol of a size: a whole number of at least 1."""
    return sympy.Symbol(name, integer=True, positive=True)


class FlagSymbol(sympy.Symbol):  # type: ignore[misc]
    """The symbol of a flag: 1 where it holds, 0 where not. It has no truth to branch on."""

    def __bool__(self) -> bool:
        raise Undecided(self)
