"""What a symbolic evaluation assumes: relations between sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sympy
from sympy.functions.elementary.integers import ceiling, floor

from paramcalc.core import algebra, notation
from paramcalc.core.algebra import Number
from paramcalc.results.formula.implication import follows, without_rounding
from paramcalc.results.formula.whole import value_at

#: (relation, left, right); the relation is "=", "≠", "≥" or "divides".
Condition = tuple[str, Any, Any]


def holds(relation: str, left: Number, right: Number) -> bool:
    """Return whether a relation holds between two numbers, or at every point of two arrays."""
    if relation == "=":
        return algebra.equal(left, right)
    if relation == "≥":
        return _everywhere(left - right >= 0)
    if relation == "≠":
        return _everywhere(left - right != 0)
    return holds("≠", left, 0) and _everywhere(right % left == 0)


def in_words(condition: Condition) -> str:
    """Write a condition, a symbol first: depth ≤ 9."""
    relation, left, right = condition
    if relation == "≥" and left.is_number:
        relation, left, right = "≤", right, left
    return f"{notation.text(left)} {relation} {notation.text(right)}"


def _everywhere(truth: Any) -> bool:
    return bool(truth.all()) if algebra.is_array(truth) else bool(truth)


def meets(relation: str, left: Any, right: Any, values: Mapping[str, int]) -> bool:
    """Return whether two expressions stand in a relation at these sizes; where one is missing, it is assumed."""
    if any(each.name not in values for each in left.free_symbols | right.free_symbols):
        return True
    return holds(relation, value_at(left, values), value_at(right, values))


def symbols_of(condition: Condition) -> set[Any]:
    """Return the symbols of both sides."""
    return set(sympy.sympify(condition[1]).free_symbols | sympy.sympify(condition[2]).free_symbols)


def needed(conditions: list[Condition]) -> list[Condition]:
    """Return the conditions that say something, the bounds of one size made one; none that follows from the others.

    That a size is at least 1 goes without saying, but of a size that is a number of copies it is said.
    """
    bounds: dict[Any, int] = {}
    others: dict[Condition, None] = {}
    for relation, left, right in sympified(conditions):
        if not (left.free_symbols or right.free_symbols):
            continue
        bound = _bound(without_rounding(left - right)) if relation == "≥" else None
        if bound is None:
            others[_simpler(relation, left, right)] = None
        elif bound[1] > 1 or left == bound[0]:
            bounds[bound[0]] = max(bound[1], bounds.get(bound[0], 1))
    kept = _independent(list(others), bounds)
    for each, least in list(bounds.items()):
        stated = ("≥", each, sympy.Integer(least))
        others_bounds = {size: value for size, value in bounds.items() if size != each}
        if least == 1 or not follows(stated, kept, others_bounds):
            kept.append(stated)
    return kept


def _simpler(relation: str, left: Any, right: Any) -> Condition:
    """Return a condition that holds at the same sizes, as a reader has it: image ≥ patch, m ≠ 3."""
    if algebra.terms_of(left - right) > algebra.MOST_TERMS:
        return relation, left, right
    if relation == "≥":
        return _apart(relation, without_rounding(left - right)) or (relation, left, right)
    if relation == "≠":
        difference = sympy.expand(left - right)
        difference = -difference if difference.could_extract_minus_sign() else difference
        return _apart(relation, difference) or (relation, difference, sympy.Integer(0))
    if relation == "=":
        return _whole_quotient(left - right) or (relation, left, right)
    powers = relation == "divides" and left.is_Pow and right.is_Pow and left.exp == right.exp and left.exp.is_positive
    # the power of a number divides that of another where the number divides it
    return (relation, left.base, right.base) if powers else (relation, left, right)


def _whole_quotient(difference: Any) -> Condition | None:
    """Return that a quotient is whole, where that is what a difference of 0 says: 4·⌊image/4⌋ = image."""
    difference = sympy.expand(difference)
    for step in difference.atoms(floor, ceiling):
        (quotient,) = step.args
        factor = difference.coeff(step)
        rest = sympy.expand(difference - factor * step)
        if factor.is_nonzero and not rest.has(step) and sympy.expand(factor * quotient + rest) == 0:
            numerator, denominator = sympy.fraction(sympy.together(quotient))
            if numerator.is_integer and denominator.is_integer:
                return "divides", denominator, numerator
    return None


def _independent(conditions: list[Condition], bounds: Mapping[Any, int]) -> list[Condition]:
    """Return the conditions of which none follows from the others and from bounds of sizes, the simplest kept."""
    kept = list(conditions)
    for condition in sorted(conditions, key=lambda each: -_length(each)):
        others = [each for each in kept if each is not condition]
        if follows(condition, others, bounds):
            kept = others
    return kept


def _length(condition: Condition) -> int:
    return int(condition[1].count_ops() + condition[2].count_ops())


def _bound(difference: Any) -> tuple[Any, int] | None:
    """Return the symbol, and its least value, where a difference that must not be negative is linear in one."""
    if len(difference.free_symbols) != 1 or not difference.is_polynomial():
        return None
    (each,) = difference.free_symbols
    poly = sympy.Poly(difference, each)
    if poly.degree() != 1 or poly.coeff_monomial(each) <= 0:
        return None
    return each, max(1, int(sympy.ceiling(-poly.coeff_monomial(1) / poly.coeff_monomial(each))))


def _apart(relation: str, difference: Any) -> Condition | None:
    """Write that a difference is not negative, or not 0, as a relation of two sums; None where it has a fraction left.

    What is taken away stands on the other side: image ≥ patch.
    """
    numerator, denominator = sympy.fraction(sympy.together(difference))
    if not denominator.is_positive:
        return None
    # a number that divides both sides says nothing
    terms = sympy.Add.make_args(sympy.expand(numerator).primitive()[1])
    taken = [-term for term in terms if term.could_extract_minus_sign()]
    added = [term for term in terms if not term.could_extract_minus_sign()]
    return (relation, sympy.Add(*added), sympy.Add(*taken))


def sympified(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """Return conditions with SymPy's numbers."""
    return tuple((relation, sympy.sympify(left), sympy.sympify(right)) for relation, left, right in conditions)
