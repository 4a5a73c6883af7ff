"""Conditions that are left out follow from those that are kept: tried at every combination of small sizes."""

from itertools import product
from typing import Any

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy.functions.elementary.integers import ceiling, floor

import paramcalc as pc
from paramcalc.core.symbols import Scaled
from paramcalc.results.formula import symbol
from paramcalc.results.formula.conditions import Condition, meets, needed

pytestmark = pytest.mark.sweep

A, B, C = symbols = tuple(symbol(name) for name in "abc")
SIDES = [
    *symbols, A * B, A**2, B**2, A * C, A + B, 2 * A, 3 * B - C, A - B, A * B - C, sympy.Integer(1), sympy.Integer(2),
    sympy.Integer(6), floor(A / B), floor((A - B) / B) + 1, ceiling(A / 3), ceiling((A - 2) / B), floor(A**2 / (B * C)),
    floor(floor(A / 2) / 2) - 1, sympy.Max(A, B), sympy.Min(A, C), sympy.Mod(A, B), A**2 / B**2, A * C / B, A / 2,
    sympy.Max(2 * A, B, 4), A * sympy.Min(A, B + 1), 6 - A, 9 - 2 * A - B, floor(12 / A), floor(floor(12 / A) / 2) - B,
    2 * floor(A / 2), 2 * floor(A / 4), floor(A / 2), Scaled.of(A, 2.6, "scaled"), Scaled.of(A + B, 0.29, "scaled_up"),
    Scaled.of(C, 0.7, "scaled_near") - B, B - Scaled.of(A, 1.5, "scaled"),
]  # fmt: skip
conditions = st.tuples(st.sampled_from(["≥", "≥", "divides", "divides", "=", "≠"]), *[st.sampled_from(SIDES)] * 2)
# what two numbers are to each other is never assumed
conditions = conditions.filter(lambda condition: bool(condition[1].free_symbols | condition[2].free_symbols))


def _hold(relations: list[Condition], sizes: dict[str, int]) -> bool:
    """Whether all hold; one that has no value, such as a quotient that leaves a remainder, does not."""
    try:
        return all(meets(relation, left, right, sizes) for relation, left, right in relations)
    except pc.ParamcalcError:
        return False


@settings(max_examples=300)
@given(st.lists(conditions, min_size=1, max_size=4))
def test_what_is_left_says_the_same(stated: list[Any]) -> None:
    # a quotient is made together with the condition that it leaves no remainder
    quotients = [sympy.fraction(sympy.together(side)) for _, *sides in stated for side in sides]
    whole = [("divides", below, above) for above, below in quotients if below != 1]
    relations = [*whole, *stated]
    left = needed(relations)
    for point in product(range(1, 8), repeat=3):
        sizes = dict(zip("abc", point, strict=True))
        assert _hold(left, sizes) == _hold(relations, sizes), (left, sizes)
