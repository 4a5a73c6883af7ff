"""What deriving rests on, without a framework: arguments, numbers that remember, points, expressions."""

from __future__ import annotations

import cProfile
import math
import sys
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

import paramcalc as pc
from paramcalc.core.expression import Environment, Expression
from paramcalc.frameworks.deriving import expressions as ex
from paramcalc.frameworks.deriving.arguments import read_arguments
from paramcalc.frameworks.deriving.identifying import Candidates
from paramcalc.frameworks.deriving.literals import Written, doubles_in
from paramcalc.frameworks.deriving.merging import Merger
from paramcalc.frameworks.deriving.nodes import Merged
from paramcalc.frameworks.deriving.observing import Observation
from paramcalc.frameworks.deriving.parts import Part
from paramcalc.frameworks.deriving.reasons import Lost
from paramcalc.frameworks.deriving.segments import union
from paramcalc.frameworks.deriving.tracing import Log, logging, traced


@dataclass
class Inner:
    width: int = 8
    rate: float = 0.5


@dataclass
class NetConfig:
    depth: int = 3
    width: int = 4
    inner: Inner = field(default_factory=Inner)
    causal: bool = True


def given(*positional: Any, chosen: list[str] | None = None, **named: Any) -> dict[str, Any]:
    return read_arguments(lambda *args, **kwargs: (args, kwargs), positional, named, chosen).values


# --- arguments -------------------------------------------------------------------------


def test_whole_numbers_and_lists_of_them_are_dims() -> None:
    assert given(width=8, widths=[1, 2], rate=0.5, bias=True, act="gelu", none=None) == {"width": 8, "widths": [1, 2]}


def test_dims_stand_in_configurations_and_mappings_too() -> None:
    assert given(config=NetConfig()) == {"depth": 3, "config.width": 4, "config.inner.width": 8}
    assert given(config=SimpleNamespace(depth=2), heads={"a": 3, "b": 5}) == {"depth": 2, "a": 3, "b": 5}


def test_positional_arguments_have_the_names_of_the_parameters() -> None:
    def build(width: int, depth: int) -> None:
        """Make nothing."""

    assert read_arguments(build, (8, 2), {}, None).values == {"width": 8, "depth": 2}


def test_what_a_partial_binds_is_an_argument() -> None:
    bound = read_arguments(partial(partial(dict, a=1), b=2), (), {"c": 3}, None)
    assert bound.values == {"a": 1, "b": 2, "c": 3}
    assert bound.call({"a": 4, "b": 5, "c": 6}) == {"a": 4, "b": 5, "c": 6}


def test_a_name_that_is_a_word_of_the_language_gets_an_underscore() -> None:
    assert given(channels=3, len=2) == {"channels_": 3, "len_": 2}


def test_a_key_that_is_no_name_becomes_one() -> None:
    assert given(labels={"B-name": 2, "B_name": 3, "two words": 4, "": 5, "größe": 6}) == {
        "B_name": 2,
        "B_name_1": 3,
        "two_words": 4,
        "_": 5,
        "größe": 6,
    }


def test_a_call_has_other_values_and_what_was_given_stays() -> None:
    config = NetConfig()
    arguments = read_arguments(lambda config: config, (config,), {}, None)
    changed = arguments.call({"depth": 9, "config.width": 10, "config.inner.width": 11})
    assert changed == NetConfig(depth=9, width=10, inner=Inner(width=11))
    assert config == NetConfig()


def test_a_list_is_given_as_what_it_was() -> None:
    arguments = read_arguments(lambda widths: widths, ((1, 2),), {}, None)
    assert arguments.call({"widths": [3, 4, 5]}) == (3, 4, 5)


def test_only_chosen_arguments_are_dims() -> None:
    assert given(width=8, depth=2, chosen=["depth"]) == {"depth": 2}
    with pytest.raises(pc.ParamcalcError) as caught:
        given(width=8, chosen=["depth"])
    assert caught.value.code == "unknown-dim"


def test_arguments_without_a_whole_number_are_refused() -> None:
    with pytest.raises(pc.ParamcalcError, match="none of the arguments is a whole number") as caught:
        pc.derive(dict, rate=0.5)
    assert caught.value.code == "not-derivable"


@pytest.mark.parametrize(
    ("budget", "text"),
    [
        (0, "error[invalid-value]: budget takes a number of seconds above 0, not 0"),
        ("60", "error[wrong-type]: budget takes a number of seconds, not 'str'"),
    ],
)
def test_a_budget_is_a_number_of_seconds(budget: Any, text: str) -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.derive(dict, width=8, budget=budget)
    assert str(caught.value) == text


def test_an_end_of_the_program_is_refused_as_what_raises() -> None:
    def build(width: int) -> None:
        raise SystemExit(3)

    with pytest.raises(pc.ParamcalcError, match=r"raises SystemExit: 3 \(test_deriving\.py:\d+\)"):
        pc.derive(build, width=8)


def test_an_option_that_is_also_a_parameter_is_refused() -> None:
    def build(dims: int) -> None:
        """Make nothing."""

    with pytest.raises(pc.ParamcalcError, match=r"functools\.partial"):
        pc.derive(build, dims=["a"])


def test_what_makes_no_module_is_refused() -> None:
    with pytest.raises(pc.ParamcalcError, match="no module of PyTorch and no model of Keras") as caught:
        pc.derive(lambda width: [width], width=8)
    assert caught.value.code == "not-derivable"


def test_a_constructor_that_raises_is_refused_with_its_line() -> None:
    def build(width: int) -> None:
        raise ValueError("too\nwide")

    with pytest.raises(pc.ParamcalcError, match=r"raises ValueError: too wide \(test_deriving\.py:\d+\)") as caught:
        pc.derive(build, width=8)
    assert caught.value.code == "not-derivable"
    assert isinstance(caught.value.__cause__, ValueError)


def test_a_fixed_argument_takes_no_other_value() -> None:
    net = pc.Derived(
        pc.Spec([pc.Input(shape=(4,)), pc.Dense(units="width")], dims={"width": 3}), {"depth": "asked for"}
    )
    assert pc.count(net).total == 15
    assert pc.count(net, dims={"width": 5}).total == 25
    with pytest.raises(pc.ParamcalcError, match="'depth' is fixed: asked for") as caught:
        pc.count(net, dims={"depth": 5})
    assert caught.value.code == "fixed-dim"


# --- numbers that remember -------------------------------------------------------------


def remembered(compute: Any, **values: int) -> tuple[Any, Log]:
    with logging() as log:
        found = compute(**{name: traced(value, ex.name(name)) for name, value in values.items()})
    return found, log


@pytest.mark.parametrize(
    ("compute", "text"),
    [
        (lambda a, b: a + b, "a + b"),
        (lambda a, b: 4 * a - 1, "4 * a - 1"),
        (lambda a, b: (a + b - 1) // b * b, "round_up(a, b)"),
        (lambda a, b: 8 * ((a + 7) // 8), "round_up(a, 8)"),
        (lambda a, b: math.floor(a * 1.5), "3 * a // 2"),
        (lambda a, b: math.floor(2 * a / 3), "2 * a // 3"),
        (lambda a, b: math.ceil(a / b), "ceil(a / b)"),
        (lambda a, b: math.floor(a * 0.29), "scaled(a, 0.29)"),
        (lambda a, b: math.ceil(a * 0.1), "scaled_up(a, 0.1)"),
        (lambda a, b: a**2, "a ** 2"),
        (lambda a, b: a * 2**b, "a * 2 ** b"),
        (lambda a, b: a % b, "a % b"),
        (lambda a, b: a << b, "a * 2 ** b"),
        (lambda a, b: a >> 1, "a // 2"),
        (lambda a, b: math.floor(a * 3.5 // 32 * 32), "32 * (7 * a // 64)"),
        (lambda a, b: (a + b) * (a - b), "(a + b) * (a - b)"),
    ],
)
def test_a_number_remembers_its_expression(compute: Any, text: str) -> None:
    found, log = remembered(compute, a=100, b=6)
    assert str(found.expr) == text
    assert found.expr in log.expressions
    # the language gives the value that Python gave
    plain = compute(a=100, b=6)
    assert found == plain == found.expr.evaluate({"a": 100, "b": 6})
    assert Expression.parse(text).evaluate(Environment({"a": 100, "b": 6})) == plain


def test_a_comparison_is_kept_as_it_came_out_with_its_line() -> None:
    _, log = remembered(lambda a, b: [a % b == 0, a > 50, (a // b) * b == a], a=100, b=6)
    assert [str(each) for each in log.conditions.values()] == ["a % b != 0", "a > 50"]
    assert all(each.place.startswith("test_deriving.py:") for each in log.conditions.values())


def test_a_comparison_with_a_scaled_number_is_one_of_whole_numbers() -> None:
    _, log = remembered(lambda a, b: b < a * 0.9, a=100, b=6)
    (condition,) = log.conditions.values()
    assert str(condition) == "b < scaled_up(a, 0.9)"
    for a in range(1, 60):
        for b in range(1, 60):
            assert condition.holds({"a": a, "b": b}) is (b < a * 0.9)


def test_what_leaves_as_a_plain_number_is_noticed() -> None:
    _, log = remembered(lambda a, b: (int(a * 0.5), f"{b}"), a=100, b=6)
    assert {value: str(expr) for value, expr in log.left.items()} == {50: "a // 2", 6: "b"}


def test_a_number_that_remembers_is_a_plain_one_to_all_else() -> None:
    found, _ = remembered(lambda a, b: ([*range(b)], {a: 1}[100], math.isqrt(a), f"{a:d}", divmod(a, b)), a=100, b=6)
    assert found == ([0, 1, 2, 3, 4, 5], 1, 10, "100", (16, 4))


def test_a_profiler_goes_on_after_what_is_run_was_noted() -> None:
    def build(width: int) -> int:
        return 37 * width

    written, profiler = Written(), cProfile.Profile()
    with profiler:
        with written.noting():
            build(2)
        build(3)
    assert 37 in written.numbers()
    calls = {each.code.co_qualname: each.callcount for each in profiler.getstats() if not isinstance(each.code, str)}
    assert calls[build.__qualname__] == 1


def test_a_function_that_profiles_goes_on_after_what_is_run_was_noted() -> None:
    def profile(*_: Any) -> None:
        return None

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        with Written().noting():
            pass
        assert sys.getprofile() is profile
    finally:
        sys.setprofile(before)


def test_the_doubles_in_the_code_and_the_arguments_are_candidates() -> None:
    def build(width: int) -> int:
        return int(0.29 * width) + sum(int(each * 1.3) for each in (width,))

    assert {0.29, 1.3, 2.67} <= {*doubles_in(build, [(), {"ratio": 2.67}])}


# --- expressions of numbers ------------------------------------------------------------


def candidates(points: list[dict[str, Any]]) -> Candidates:
    return Candidates(points[0], tuple(points[0]), points, Log())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (lambda a, b: 7, "7"),
        (lambda a, b: a + b, "a + b"),
        (lambda a, b: 3 * a + b, "3 * a + b"),
        (lambda a, b: a * b, "a * b"),
        (lambda a, b: a // b, "a // b"),
        (lambda a, b: min(a, b), "min(a, b)"),
        (lambda a, b: a * 2**b, "a * 2 ** b"),
        (lambda a, b: -(-a // 8) * 8, "round_up(a, 8)"),
        (lambda a, b: -(-a // 2), "ceil(a / 2)"),
        (lambda a, b: a // 2**b, "a // 2 ** b"),
        (lambda a, b: (2 * min(a, b) - 1) ** 2, "(2 * min(a, b) - 1) ** 2"),
    ],
)
def test_a_number_is_the_shortest_expression_with_its_values(value: Any, text: str) -> None:
    points = [{"a": a, "b": b} for a, b in [(17, 3), (5, 4), (90, 7), (33, 2), (8, 5), (41, 6), (3, 9), (64, 1)]]
    found = candidates(points).expression([Observation(place) for place in range(8)], [value(**p) for p in points])
    assert str(found) == text


def test_a_number_without_a_short_expression_is_lost() -> None:
    points = [{"a": a} for a in (1, 2, 3, 5, 7, 10, 17, 26, 50, 90)]
    values = [math.isqrt(point["a"]) ** 3 + point["a"] for point in points]
    assert candidates(points).expression([Observation(place) for place in range(10)], values) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (lambda a, n, i: a, "a"),
        (lambda a, n, i: a + 3 * i, "a + 3 * i"),
        (lambda a, n, i: a * 2**i, "a * 2 ** i"),
        (lambda a, n, i: a // 2 ** (i + 1), "a // 2 ** (i + 1)"),
        (lambda a, n, i: a * 2 ** (n - 1 - i), "a * 2 ** (n - 1 - i)"),
        (lambda a, n, i: a if i % 2 == 0 else 2 * a, "a if i % 2 == 0 else 2 * a"),
    ],
)
def test_a_number_in_copies_follows_a_law(value: Any, text: str) -> None:
    points = [{"a": a, "n": n} for a, n in [(17, 3), (5, 4), (90, 7), (33, 2), (8, 5), (41, 6)]]
    observed = [
        (Observation(place).inside("i", copy), value(**point, i=copy))
        for place, point in enumerate(points)
        for copy in range(point["n"])
    ]
    found = candidates(points).expression([each for each, _ in observed], [each for _, each in observed])
    assert str(found) == text


def test_what_a_number_in_copies_is_made_of_may_be_known_of_another() -> None:
    points = [
        {"a": a, "d": d, "n": n} for a, d, n in [(17, 5, 3), (5, 2, 4), (90, 7, 7), (33, 3, 2), (8, 4, 5), (41, 6, 6)]
    ]
    observed = [Observation(place).inside("i", copy) for place, p in enumerate(points) for copy in range(p["n"])]

    def values(of: Any) -> list[int]:
        return [of(**points[each.point], i=each.counters[0][1]) for each in observed]

    known = candidates(points)
    assert str(known.expression(observed, values(lambda a, d, n, i: a * 2**i))) == "a * 2 ** i"
    assert str(known.expression(observed, values(lambda a, d, n, i: a * 2**i // d))) == "a * 2 ** i // d"


def test_nothing_is_sought_for_values_beyond_those_of_arrays() -> None:
    points = [{"a": 10 * n + 1, "n": n} for n in (3, 4, 7, 2, 5, 6)]
    observed = [Observation(place) for place in range(len(points))]
    values = [2 ** (60 + point["n"]) for point in points]
    known = candidates(points)
    known.log.note(ex.raised(ex.number(2), ex.plus(ex.name("n"), ex.number(60))))
    assert known.expression(observed, values) is None
    assert str(known.expression(observed, [point["a"] + point["n"] for point in points])) == "a + n"


# --- parts laid over one another -------------------------------------------------------


def parts(sizes: list[int], name: str = "layer{}") -> Part:
    """A model with a part for each size."""
    inner = tuple(
        Part(name.format(place), "L", tensors={"w": {"shape": [size]}}) for place, size in enumerate(sizes, 1)
    )
    return Part("", "M", parts=inner)


def merged(of: Any, counts: tuple[int, ...] = (3, 4, 7, 2, 5, 6), name: str = "layer{}") -> list[Merged]:
    points = [{"a": 10 * n + place, "n": n} for place, n in enumerate(counts)]
    return Merger(candidates(points), [parts(of(**point), name) for point in points]).merge()


def test_parts_whose_names_count_are_copies_where_they_are_not_always_as_many() -> None:
    (node,) = merged(lambda a, n: [a] * n)
    assert (node.name, str(node.times), str(node.tensors["w"]["shape"][0])) == ("layer", "n", "a")


def test_parts_whose_names_count_stand_for_themselves_where_they_are_always_as_many() -> None:
    assert [node.name for node in merged(lambda a, n: [a, n])] == ["layer1", "layer2"]


def test_a_first_part_that_is_not_always_there_makes_no_count_of_the_others() -> None:
    points = [
        {"a": a, "n": n}
        for a, n in [(17, 3), (5, 1), (90, 7), (33, 2), (8, 5), (41, 1), (3, 1), (64, 1), (7, 4), (2, 6)]
    ]
    names = [["ln0", "ln1", "ln2"] if point["n"] > 1 else ["ln1", "ln2"] for point in points]
    roots = [
        Part("", "M", parts=tuple(Part(name, "L", tensors={"w": {"shape": [point["a"]]}}) for name in own))
        for own, point in zip(names, points, strict=True)
    ]
    found = Merger(candidates(points), roots).merge()
    assert [(node.name, str(node.when)) for node in found] == [("ln0", "n > 1"), ("ln1", "None"), ("ln2", "None")]


def test_a_part_that_is_rarely_there_is_not_known_even_if_its_sizes_never_change() -> None:
    with pytest.raises(Lost, match="it is rarely there"):
        merged(lambda a, n: [a, 8] if n == 7 else [a], name="part_{}_of")


def test_a_part_is_there_from_a_number_on() -> None:
    found = merged(lambda a, n: [a, 8] if n > 2 else [a], (3, 1, 7, 2, 5, 6, 4, 8, 1, 2, 1, 2, 1, 2), "part_{}_of")
    assert [str(node.when) for node in found] == ["None", "n > 2"]


@pytest.mark.parametrize(
    ("texts", "all_parts"),
    [
        (["xdddddd", "xddddA"], "xddddddA"),
        (["xddddA", "xdddddd"], "xddddA"),
        (["xdddd", "xdAdd"], "xdAddd"),
        (["xababab", "xabA"], "xabababA"),
        (["xabab", "xabAab"], "xabAab"),
        (["xd", "Axd"], "Axd"),
    ],
)
def test_a_part_that_only_some_have_comes_behind_the_copies_of_others(texts: list[str], all_parts: str) -> None:
    assert union(texts, {"A"}) == all_parts
