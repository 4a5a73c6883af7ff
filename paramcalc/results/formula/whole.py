"""Expressions over whole numbers: what a form is evaluated by, and what every language computes with.

A form may hold fractions, such as n·(n-1)/2, whose value is whole all the same. Here each becomes
one quotient without remainder of two expressions over whole numbers, so that nothing ever computes with a fraction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import sympy
from sympy.functions.elementary.integers import ceiling, floor

from paramcalc.core import algebra, doubles
from paramcalc.core.algebra import Number
from paramcalc.core.errors import refuse
from paramcalc.core.expression.operations import power
from paramcalc.core.symbols import Scaled


class _OfWholeNumbers(sympy.Function):  # type: ignore[misc]
    """A function of whole numbers whose value is one."""

    is_integer = True
    is_real = True


class Quotient(_OfWholeNumbers):
    """A division of whole numbers that leaves no remainder."""


class FloorQuotient(_OfWholeNumbers):
    """A division of whole numbers, rounded down."""


class Remainder(_OfWholeNumbers):
    """The remainder of a division of whole numbers that is rounded down."""


class DoubleProduct(_OfWholeNumbers):
    """A whole number times a double, rounded to a whole number.

    The double is two whole numbers, a quotient that it is exactly; the rounding is its place in `doubles.ROUNDINGS`.
    """

    @property
    def factor(self) -> float:
        """The double."""
        return int(self.args[1]) / int(self.args[2])

    @property
    def rounding(self) -> str:
        """The name of the rounding."""
        return [*doubles.ROUNDINGS][int(self.args[3])]

    @property
    def largest(self) -> int:
        """The largest size whose double, and whose product, tell each whole number from the next."""
        fits, too_large = 0, doubles.LARGEST + 1
        while too_large - fits > 1:
            size = (fits + too_large) // 2
            if size * abs(self.factor) <= doubles.LARGEST:
                fits = size
            else:
                too_large = size
        return fits


#: What a whole-number expression is made of.
WHOLE = (
    sympy.Integer, sympy.Symbol, sympy.Add, sympy.Mul, sympy.Pow, sympy.Max, sympy.Min,
    Quotient, FloorQuotient, Remainder, DoubleProduct,
)  # fmt: skip


@lru_cache(maxsize=2**12)
def whole(expr: Any) -> Any:
    """Return the same expression over whole numbers: no fraction, and no negative exponent."""
    expr = _without_steps(sympy.sympify(expr))
    if _is_whole(expr):
        return expr
    numerator, denominator = _fraction(expr)
    return numerator if denominator == 1 else Quotient(numerator, denominator)


def _without_steps(expr: Any) -> Any:
    """Write rounding and remainders as divisions of whole numbers."""
    if isinstance(expr, ceiling):
        return sympy.Mul(-1, _without_steps(floor(-expr.args[0], evaluate=False)))
    if isinstance(expr, floor):
        numerator, denominator = _fraction(_without_steps(expr.args[0]))
        return numerator if denominator == 1 else FloorQuotient(numerator, denominator)
    if isinstance(expr, sympy.Mod):
        return Remainder(*map(whole, expr.args))
    if isinstance(expr, (sympy.Max, sympy.Min)):
        return expr.func(*map(whole, expr.args))
    if isinstance(expr, Scaled):
        rounding = [*doubles.ROUNDINGS].index(expr.rounding)
        return DoubleProduct(whole(expr.args[0]), *expr.args[1].as_numer_denom(), rounding)
    return expr.func(*map(_without_steps, expr.args)) if expr.args else expr


def _fraction(expr: Any) -> tuple[Any, Any]:
    numerator, denominator = sympy.fraction(sympy.together(sympy.expand_power_exp(expr)))
    if not (_is_whole(numerator) and _is_whole(denominator)):
        raise AssertionError(f"not a quotient of whole-number expressions: {expr}")
    return numerator, denominator


def _is_whole(expr: Any) -> bool:
    return all(number.is_Integer for number in expr.atoms(sympy.Number)) and all(
        power.exp.is_nonnegative for power in expr.atoms(sympy.Pow)
    )


# --- The value -------------------------------------------------------------------------


def value_at(expr: Any, sizes: Mapping[str, Number]) -> Number:
    """Return the exact value of an expression: a whole number, or an array where one of its sizes is one.

    Raises `inexact-division`, `division-by-zero`, `invalid-value`: the form does not hold at these sizes; `limit`.
    """
    return _evaluated(whole(expr), sizes)


def _evaluated(expr: Any, sizes: Mapping[str, Number]) -> Number:
    if expr.is_Integer:
        return int(expr)
    if expr.is_Symbol:
        return sizes[expr.name]
    if expr.is_Pow and expr.exp.is_Integer:
        return _evaluated(expr.base, sizes) ** int(expr.exp)
    if expr.func not in _VALUES:
        raise refuse("not-expressible", f"{expr.func.__name__} is no operation of whole numbers")
    return _VALUES[expr.func](*(_evaluated(each, sizes) for each in expr.args))


def _double_product(size: Number, numerator: int, denominator: int, rounding: int) -> Number:
    return algebra.scaled_by_double(size, numerator / denominator, [*doubles.ROUNDINGS][rounding])


#: What each operation does with the values of its operands.
_VALUES: dict[Any, Callable[..., Number]] = {
    sympy.Add: lambda *values: sum(values[1:], start=values[0]),
    sympy.Mul: lambda *values: algebra.product(values),
    sympy.Pow: power,  # of an exponent that is a size, which the language limits
    sympy.Max: lambda *values: algebra.largest(values),
    sympy.Min: lambda *values: algebra.smallest(values),
    Quotient: algebra.divide,
    FloorQuotient: algebra.floor_divide,
    Remainder: algebra.modulo,
    DoubleProduct: _double_product,
}
