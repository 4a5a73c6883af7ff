"""Whether a condition follows from others: a proof by substitution, for sizes that are whole numbers of at least 1.

Where `patch divides image`, image is patch·q for a whole number q of at least 1. Each size is then its
least value and a number that is not negative. A polynomial in such numbers is not negative where no
coefficient is. What is not proved in this way is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sympy
from sympy.functions.elementary.integers import ceiling, floor

from paramcalc.core import algebra
from paramcalc.core.symbols import Scaled


def without_rounding(difference: Any) -> Any:
    """Return a difference without the rounding around it, which is at least 0 at the same sizes.

    ⌊x⌋ - m is for a whole number m where x - m is; ⌈x⌉ - m, of a quotient x = p/q, where p - q·(m - 1) - 1 is.
    """
    number, step = difference.as_coeff_Add()
    factor, step = step.as_coeff_Mul()
    if not (isinstance(step, (floor, ceiling)) and factor.is_positive and number.is_Rational):
        return difference
    least, inner = ceiling(-number / factor), step.args[0]
    if isinstance(step, floor):
        return without_rounding(inner - least)
    numerator, denominator = sympy.fraction(sympy.together(inner))
    if not (denominator.is_positive and denominator.is_integer and numerator.is_integer):
        return difference
    return without_rounding(sympy.expand(numerator - denominator * (least - 1) - 1))


def follows(condition: tuple[str, Any, Any], others: Sequence[tuple[str, Any, Any]], bounds: Mapping[Any, int]) -> bool:
    """Return whether a condition is proved to hold wherever the others, and the least values of sizes, do."""
    relation, left, right = condition
    if algebra.terms_of(left - right) > algebra.MOST_TERMS:
        return False
    if relation == "≥" and left.is_positive and ("divides", right, left) in others:
        return True
    symbols = left.free_symbols | right.free_symbols
    divided = [(divisor, size) for relation, divisor, size in others if _is_factor(relation, divisor, size)]
    return any(_proved(condition, shifted) for shifted in _substitutions(symbols, divided, bounds))


def _is_factor(relation: str, divisor: Any, size: Any) -> bool:
    """Return whether a condition says that a symbol is a multiple of something positive without it."""
    return relation == "divides" and size.is_Symbol and bool(divisor.is_positive) and not divisor.has(size)


def _substitutions(
    symbols: Iterable[Any], divided: Sequence[tuple[Any, Any]], bounds: Mapping[Any, int]
) -> Iterator[_Substitution]:
    """Yield what symbols may be replaced by: by none, then by multiples, with each of the divisors first."""
    yield _Substitution({}, bounds)
    of_interest = [pair for pair in divided if pair[1] in symbols]
    for first in of_interest:
        multiples: dict[Any, Any] = {}
        for divisor, size in [first, *divided]:
            if size not in multiples:
                multiples[size] = divisor * sympy.Dummy("q", integer=True, positive=True)
        yield _Substitution(multiples, bounds)


class _Substitution:
    """Sizes written as multiples, and then as their least value and a number that is not negative."""

    def __init__(self, multiples: Mapping[Any, Any], bounds: Mapping[Any, int]) -> None:
        self.multiples = multiples
        self.bounds = bounds
        self.shifts: dict[Any, Any] = {}

    def multiplied(self, expr: Any) -> Any:
        """Return an expression with multiples in the place of symbols, simplified within what rounds."""
        # a divisor may be a multiple itself
        for _ in self.multiples:
            expr = expr.xreplace(self.multiples)
        return _cancelled(expr)

    def shifted(self, expr: Any) -> Any:
        """Return an expression in numbers that are not negative."""
        for each in expr.free_symbols:
            if each not in self.shifts:
                more = sympy.Dummy("t", integer=True, nonnegative=True)
                self.shifts[each] = self.bounds.get(each, 1) + more if each.is_positive else more
        return expr.xreplace(self.shifts)


def _cancelled(expr: Any) -> Any:
    """Return an expression with every quotient in lowest terms, in what rounds first."""
    for step in sorted(expr.atoms(floor, ceiling), key=lambda each: int(each.count_ops())):
        simpler = step.func(sympy.expand(_cancelled(step.args[0])))
        if simpler != step:
            expr = expr.subs(step, simpler)
    return sympy.cancel(expr)


def _proved(condition: tuple[str, Any, Any], substitution: _Substitution) -> bool:
    relation, left, right = condition
    if relation == "divides":
        quotient = substitution.multiplied(right / left)
        return bool(left.is_positive) and _is_whole(quotient)
    difference = substitution.multiplied(left - right)
    if relation == "=":
        return bool(difference == 0)
    if relation == "≠":
        return _not_negative(difference - 1, substitution) or _not_negative(-difference - 1, substitution)
    return _not_negative(difference, substitution)


def _is_whole(quotient: Any) -> bool:
    """Return whether a quotient in lowest terms is one of whole numbers alone, over 1."""
    numerator, denominator = sympy.fraction(quotient)
    return bool(denominator == 1 and numerator.is_integer)


def _not_negative(expr: Any, substitution: _Substitution) -> bool:
    """Return whether an expression is proved not to be negative."""
    expr = substitution.shifted(without_rounding(expr))
    numerator, denominator = sympy.fraction(sympy.cancel(expr))
    return _is_sum_of_such(numerator) and _is_sum_of_such(denominator)


def _is_sum_of_such(expr: Any) -> bool:
    """Return whether an expression in numbers that are not negative is a sum of products that are not."""
    terms = sympy.Add.make_args(sympy.expand(expr))
    return all(_is_such(factor) for term in terms for factor in sympy.Mul.make_args(term))


def _is_such(factor: Any) -> bool:
    if isinstance(factor, (floor, ceiling, sympy.Max)):
        return any(map(_is_sum_of_such, factor.args))
    if isinstance(factor, Scaled):
        return factor.factor >= 0 and _is_sum_of_such(factor.args[0])
    return bool(factor.is_nonnegative)
