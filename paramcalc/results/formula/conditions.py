"""What a symbolic evaluation assumes: relations between sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy
from sympy.functions.elementary.integers import ceiling, floor

from paramcalc.core import algebra
from paramcalc.core.algebra import Number

#: What rounds or chooses: exact in shapes, and no polynomial in the size of a tensor.
STEPS = (floor, ceiling, sympy.Mod, sympy.Min, sympy.Max)
#: (relation, left, right); the relation is "=", "≠", "≥" or "divides".
Condition = tuple[str, Any, Any]


def holds(relation: str, left: Number, right: Number) -> bool:
    """Return whether a relation holds between two numbers, or at every point of two arrays."""
    if relation == "=":
        return algebra.equal(left, right)
    if relation == "≠":
        return bool((left != right).all()) if algebra.is_array(left) or algebra.is_array(right) else bool(left != right)
    if relation == "≥":
        return bool((left - right >= 0).all()) if algebra.is_array(left) else bool(left >= right)
    remainder = right % left
    return bool((remainder == 0).all()) if algebra.is_array(remainder) else bool(remainder == 0)


def meets(relation: str, left: Any, right: Any, values: Mapping[str, int]) -> bool:
    """Return whether two expressions stand in a relation at these sizes; where one is missing, it is assumed."""
    sizes = {each: values.get(each.name) for each in left.free_symbols | right.free_symbols}
    if None in sizes.values():
        return True
    return holds(relation, left.xreplace(sizes), right.xreplace(sizes))


def symbols_of(condition: Condition) -> set[Any]:
    """Return the symbols of both sides."""
    return set(sympy.sympify(condition[1]).free_symbols | sympy.sympify(condition[2]).free_symbols)


def needed(conditions: list[Condition]) -> list[Condition]:
    """Return the conditions that say something, the bounds of one size made one."""
    quotients = {sympy.sympify(right) / left for relation, left, right in conditions if relation == "divides"}
    bounds: dict[Any, int] = {}
    others: list[Condition] = []
    for relation, left, right in map(_sympified, conditions):
        if relation == "≥" and left in quotients:
            continue  # a quotient without remainder is at least 1 anyway
        bound = _bound(left - right) if relation == "≥" else None
        if bound is not None:
            bounds[bound[0]] = max(bound[1], bounds.get(bound[0], 1))
        elif left.free_symbols or right.free_symbols:
            others.append((relation, left, right))
    return others + [("≥", each, sympy.Integer(least)) for each, least in bounds.items()]


def _bound(difference: Any) -> tuple[Any, int] | None:
    """Return the symbol, and its least value, where a difference that must not be negative is linear in one."""
    if len(difference.free_symbols) != 1 or not difference.is_polynomial():
        return None
    (each,) = difference.free_symbols
    poly = sympy.Poly(difference, each)
    if poly.degree() != 1 or poly.coeff_monomial(each) <= 0:
        return None
    return each, max(1, int(ceiling(-poly.coeff_monomial(1) / poly.coeff_monomial(each))))


def _sympified(condition: Condition) -> Condition:
    return condition[0], sympy.sympify(condition[1]), sympy.sympify(condition[2])
