"""Whether a condition follows from others: a proof by substitution, for sizes that are whole numbers of at least 1.

Where `patch divides image`, image is patch·q for a whole number q of at least 1. Each size is then its
least value and a number that is not negative. A polynomial in such numbers is not negative where no
coefficient is. What rounds or chooses gives way to what it is at least, or at most: ⌊x/n⌋ to (x - n + 1)/n, the
larger of two to either. A difference is not negative where it is more than a multiple of another that is not.
What is not proved in this way is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

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
    # of what rounds or chooses, such a comparison costs much and proves little
    known = [larger - smaller for kind, larger, smaller in others if kind == "≥"]
    known = [each for each in known if not each.atoms(*_BOUNDS)]
    if relation != "≥" or (left - right).atoms(*_BOUNDS):
        known = []
    return any(
        _proved(condition, shifted) or _is_more_than_known(left - right, known, shifted)
        for shifted in _substitutions(symbols, divided, bounds)
    )


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


def _is_more_than_known(difference: Any, known: Iterable[Any], substitution: _Substitution) -> bool:
    """Return whether a difference is at least a multiple of one that is known not to be negative."""
    difference = substitution.multiplied(difference)
    return any(
        _not_negative(difference - factor * each, substitution, steps=0)
        for each in map(substitution.multiplied, known)
        for factor in _factors(difference, each)
    )


def _factors(difference: Any, known: Any) -> set[Any]:
    """Return by what one difference may be multiplied so that a term that is taken away is so in both as often."""
    ours, others = (each.expand().as_coefficients_dict() for each in (difference, known))
    common = {term: (factor, others[term]) for term, factor in ours.items() if term in others}
    return {ours / theirs for ours, theirs in common.values() if ours < 0 and theirs < 0}


def _is_whole(quotient: Any) -> bool:
    """Return whether a quotient in lowest terms is one of whole numbers alone, over 1."""
    numerator, denominator = sympy.fraction(quotient)
    return bool(denominator == 1 and numerator.is_integer)


#: How many of an expression's steps give way to their bounds; of one that has more, none does.
_MOST_STEPS = 4


def _not_negative(expr: Any, substitution: _Substitution, steps: int = _MOST_STEPS) -> bool:
    """Return whether an expression is proved not to be negative, so many of its steps giving way to their bounds."""
    expr = substitution.shifted(without_rounding(expr))
    return _is_not_negative(expr, steps if len(expr.atoms(*_BOUNDS)) <= steps else 0)


def _is_not_negative(expr: Any, steps: int) -> bool:
    """Return whether an expression in numbers that are not negative is not; so many of its steps may give way."""
    numerator, denominator = sympy.fraction(sympy.cancel(expr))
    if not _is_sum_of_such(denominator):
        return False
    numerator = sympy.expand(numerator)
    if _is_sum_of_such(numerator):
        return True
    bounded = _with_bounds(numerator) if steps > 0 else None
    if bounded is None:
        return False
    values, any_holds = bounded
    proofs = (_is_not_negative(value, steps - 1) for value in values)
    return any(proofs) if any_holds else bool(values) and all(proofs)


def _with_bounds(expr: Any) -> _Bounds | None:
    """Return what an expression is at least, one step in it giving way to its bounds; None where none can give way.

    A step that is taken away goes first: with it nothing is proved.
    """
    kept: _Bounds | None = None
    for step in sorted(expr.atoms(*_BOUNDS), key=lambda each: (int(each.count_ops()), str(each))):
        factor = expr.coeff(step)
        rest = sympy.expand(expr - factor * step)
        if rest.has(step) or factor.has(step):
            continue
        if _is_sum_of_such(-factor):
            values, any_holds = _BOUNDS[step.func](step).most
            return _Bounds([factor * value + rest for value in values], any_holds)
        if kept is None and _is_sum_of_such(factor):
            values, any_holds = _BOUNDS[step.func](step).least
            kept = _Bounds([factor * value + rest for value in values], any_holds)
    return kept


class _Bounds(NamedTuple):
    """What a step is at least, or at most: each of the values, or one of them, it is not known which."""

    values: Sequence[Any]
    any_holds: bool = True


class _Range(NamedTuple):
    """What a step is at least, and at most."""

    least: _Bounds
    most: _Bounds


def _of_rounded(step: Any) -> _Range:
    """Return the bounds of a quotient of whole numbers that is rounded."""
    quotient = step.args[0]
    numerator, denominator = sympy.fraction(sympy.together(quotient))
    if not (numerator.is_integer and denominator.is_integer and denominator.is_positive):
        return _Range(_Bounds(()), _Bounds(()))
    off = (denominator - 1) / denominator
    if isinstance(step, floor):
        return _Range(_Bounds([quotient - off]), _Bounds([quotient]))
    return _Range(_Bounds([quotient]), _Bounds([quotient + off]))


def _of_scaled(step: Any) -> _Range:
    """Return the bounds of a size scaled by a double: of one that is at least 1, the size; no product of such is 0."""
    size = step.args[0]
    if not _is_sum_of_such(size):
        return _Range(_Bounds(()), _Bounds(()))
    if step.factor >= 1:
        return _Range(_Bounds([size]), _Bounds(()))
    is_up = step.rounding == "scaled_up" and step.factor > 0 and _is_sum_of_such(size - 1)
    return _Range(_Bounds([sympy.Integer(1 if is_up else 0)] if step.factor >= 0 else ()), _Bounds(()))


#: What can be said of each step.
_BOUNDS: dict[Any, Callable[[Any], _Range]] = {
    floor: _of_rounded,
    ceiling: _of_rounded,
    Scaled: _of_scaled,
    sympy.Max: lambda step: _Range(_Bounds(step.args), _Bounds(step.args, any_holds=False)),
    sympy.Min: lambda step: _Range(_Bounds(step.args, any_holds=False), _Bounds(step.args)),
    sympy.Mod: lambda step: _Range(
        _Bounds([sympy.Integer(0)] if step.args[1].is_positive else ()),
        _Bounds([step.args[1] - 1] if step.args[1].is_positive else ()),
    ),
}


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
