"""Expressions over whole numbers, which every language computes with.

A form may hold fractions, such as n·(n-1)/2, whose value is whole all the same. Here each becomes
one quotient without remainder of two expressions over whole numbers, so that no language ever
computes with a fraction.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sympy
from sympy.functions.elementary.integers import ceiling, floor


class Quotient(sympy.Function):  # type: ignore[misc]
    """A division of whole numbers that leaves no remainder."""


class FloorQuotient(sympy.Function):  # type: ignore[misc]
    """A division of whole numbers, rounded down."""


class Remainder(sympy.Function):  # type: ignore[misc]
    """The remainder of a division of whole numbers that is rounded down."""


#: What a whole-number expression is made of.
WHOLE = (
    sympy.Integer, sympy.Symbol, sympy.Add, sympy.Mul, sympy.Pow, sympy.Max, sympy.Min,
    Quotient, FloorQuotient, Remainder,
)  # fmt: skip


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


# --- How large the numbers become ------------------------------------------------------


def bound(expr: Any) -> Any:
    """Return a sum of positive products that no intermediate result of a whole-number expression exceeds.

    It holds for sizes of at least 1; an exponent stays as it is.
    """
    if expr.is_Integer:
        return abs(expr)
    if expr.is_Symbol:
        return expr
    if expr.is_Pow:
        return bound(expr.base) ** expr.exp
    if expr.is_Mul:
        return sympy.Mul(*map(bound, expr.args))
    return sympy.Add(*map(bound, expr.args))


def bounds(expressions: Iterable[Any], symbols: Iterable[Any]) -> tuple[Any, ...]:
    """Return the bounds of several expressions, without those that others cover."""
    operands = [each for expr in expressions for each in (expr.args if isinstance(expr, Quotient) else [expr])]
    found = dict.fromkeys(map(bound, operands))
    sums = [each for each in found if not each.is_Atom]
    covered = set().union(*(each.free_symbols for each in sums))
    largest = max((each for each in found if each.is_Integer), default=sympy.Integer(0))
    return (*sums, *(each for each in symbols if each not in covered), *([largest] if largest > 2**31 else []))
