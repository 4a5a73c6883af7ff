"""How large the numbers become while a whole-number expression is computed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sympy

from paramcalc.results.formula.whole import DoubleProduct, Quotient


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
    if isinstance(expr, DoubleProduct):
        # rounded away from 0 twice at the most
        return bound(expr.args[0]) * sympy.ceiling(abs(sympy.Rational(*expr.args[1:3]))) + 2
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
