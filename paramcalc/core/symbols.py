"""What SymPy has no function for: a symbol scaled by a double. Imported only where there are symbols."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy

from paramcalc.core import doubles


class Scaled(sympy.Function):  # type: ignore[misc]
    """`scaled(size, factor)`: the double product of a size and a factor, rounded to a whole number.

    Its arguments are the size, the factor as the exact fraction that the double stands for, and the name of the
    rounding, one of `doubles.ROUNDINGS`, as a symbol.
    """

    is_integer = True
    is_real = True

    @classmethod
    def of(cls, size: Any, factor: float, rounding: str) -> Any:
        """Return the function of a size in symbols."""
        exact = Fraction(factor)
        return cls(size, sympy.Rational(exact.numerator, exact.denominator), sympy.Symbol(rounding))

    @classmethod
    def eval(cls, size: Any, factor: Any, rounding: Any) -> Any:
        """Return the number, where the size is one."""
        if size.is_Integer:
            return sympy.Integer(doubles.product(int(size), float(factor), str(rounding)))
        return None

    @property
    def factor(self) -> float:
        """The double."""
        return float(self.args[1])

    @property
    def rounding(self) -> str:
        """The name of the rounding."""
        return str(self.args[2])

    @property
    def free_symbols(self) -> set[Any]:
        """The symbols of the size; the rounding is none."""
        found: set[Any] = self.args[0].free_symbols
        return found
