"""What the generator of families remembers of doubles and lists: whole numbers made of them have expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paramcalc.core.expression import Environment, Expression
from paramcalc.families.generator.recording import Condition, Recorder, recording
from paramcalc.families.generator.remembering import remembering
from paramcalc.families.generator.replacing import BUILTINS
from paramcalc.families.generator.scalars import constant

pytestmark = pytest.mark.framework

SIZES = st.integers(1, 3000)
FACTORS = st.one_of(st.integers(1, 400).map(lambda each: each / 100), st.floats(0.01, 4))
DIVISORS = st.integers(1, 40)
PYTHON = {"int": int, "min": min, "max": max, "constant": float}
TRACED = {**BUILTINS, "constant": constant}


def divisible(of: dict[str, Any], value: Any, divisor: Any) -> Any:
    """MobileNet's rule: the nearest multiple of a divisor, which is no less than nine tenths."""
    found = of["max"](divisor, of["int"](value + divisor / 2) // divisor * divisor)
    return found + divisor if found < of["constant"](0.9) * value else found


def clipped(of: dict[str, Any], value: Any, divisor: Any) -> Any:
    return of["int"](of["max"](16, of["min"](64, value)))


def halved(of: dict[str, Any], value: Any, divisor: Any) -> Any:
    return of["int"](value + of["constant"](0.5)) + of["int"](of["constant"](4.0) + value)


def check(code: Callable[..., Any], at: dict[str, Any], other: dict[str, Any], value: Callable[..., Any]) -> None:
    """What code makes at one point is told at another, if the conditions that it asked have the same outcomes there."""
    recorder = Recorder(watched=lambda filename: True)
    with recording(recorder):
        remembered = {name: remembering(each, name) for name, each in at.items()}
        found = code(TRACED, value(**remembered), remembered["d"])
    asked = [each for each in recorder.root.events if isinstance(each, Condition)]
    text = str(getattr(found, "expression", found))
    for point in (at, other):
        places = Environment(point)
        outcomes = [Expression.parse(each.text).evaluate(places) for each in asked]
        same = outcomes == [each.outcome for each in asked]
        assert same or point is not at
        if same:
            assert Expression.parse(text).evaluate(places) == code(PYTHON, value(**point), point["d"])


POINTS = st.fixed_dictionaries({"n": SIZES, "c": FACTORS, "d": DIVISORS})


@given(st.sampled_from([divisible, clipped, halved]), POINTS, POINTS)
def test_a_size_made_of_a_product_with_a_double(code: Callable[..., Any], at: Any, other: Any) -> None:
    check(code, at, other, lambda n, c, d: n * c)


@given(st.sampled_from([divisible, halved]), POINTS, POINTS)
def test_a_size_made_of_a_whole_number_and_halves(code: Callable[..., Any], at: Any, other: Any) -> None:
    check(code, at, other, lambda n, c, d: n)


def test_where_a_sum_is_rounded_up_to_a_whole_number_nothing_is_told_of_others() -> None:
    # 0.29 * 100 is 28.999999999999996, and half more than that is 29.5 for a double
    at = {"n": 100, "c": 0.29, "d": 1}
    recorder = Recorder(watched=lambda filename: True)
    with recording(recorder):
        n, c = remembering(100, "n"), remembering(0.29, "c")
        BUILTINS["int"](n * c + constant(4.0))
    (asked,) = recorder.root.events
    assert isinstance(asked, Condition)
    assert not asked.outcome
    assert Expression.parse(asked.text).evaluate(Environment(at)) is False


def test_the_items_of_a_list_backwards_remember_where_they_stand() -> None:
    sizes = remembering([8, 16, 32], "sizes")
    backwards = sizes[::-1]
    looped = [each.expression for each in BUILTINS["reversed"](backwards)]
    texts = [*(each.expression for each in backwards), backwards[0].expression, backwards[2].expression, *looped]
    values = Environment({"sizes": (8, 16, 32)})
    assert [Expression.parse(each).evaluate(values) for each in texts] == [32, 16, 8, 32, 8, 8, 16, 32]
    assert BUILTINS["len"](backwards).expression == "len(sizes)"
