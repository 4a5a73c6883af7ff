"""What `solve` finds, and what it proves not to be there, is what counting each size one by one finds."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st

import paramcalc as pc
from tests.strategies import specs

pytestmark = pytest.mark.sweep

#: Sizes of tensors in three dims: sums and products that grow, that fall, that turn around, that round or choose.
SIZES = [
    "a", "b", "c", "a + b", "2 * a + 3", "a * b", "a * a", "a * b * c", "b ** 2 + c", "3 * c + 1",
    "a * a - 7 * a + 20", "(a - b) ** 2 + 1", "a * c - c + 1", "50 - a", "100 // b", "a / 2", "b * c / 3", "a * a / b",
    "max(a, b)", "min(a, 6) + 1", "a // 3 + b", "ceil(a / b)", "a % 4 + 1", "round_up(a, 8)", "2 ** b",
    "scaled(a, 1.3) + 1", "scaled_up(c, 0.4)", "c if kind == 1 else b",
]  # fmt: skip
#: Conditions that a node has, and the whole spec.
WHENS = ["a > 4", "a == b", "b != 3", "c % 2 == 0", "a * b > 12"]
REQUIRES = ["a % b == 0", "a >= b", "a + c > 5", "c != 4"]
WHERE: list[tuple[str, Callable[[int, int, int], bool]]] = [
    ("a % 2 == 0", lambda a, b, c: a % 2 == 0),
    ("a % b == 1", lambda a, b, c: a % b == 1),
    ("a / b >= 2", lambda a, b, c: Fraction(a, b) >= 2),
    ("a / b > 2", lambda a, b, c: Fraction(a, b) > 2),
    ("b < 7", lambda a, b, c: b < 7),
    ("2 < a <= 8 and c != 3", lambda a, b, c: 2 < a <= 8 and c != 3),
    ("a in [2, 3, 5, 7] or b == 4", lambda a, b, c: a in (2, 3, 5, 7) or b == 4),
    ("a > 6 and a < 4", lambda a, b, c: False),
    ("twice == 8", lambda a, b, c: 2 * b == 8),
    ("a == b + c", lambda a, b, c: a == b + c),
]


@st.composite
def small_specs(draw: st.DrawFn) -> pc.Spec:
    """A network of tensors whose sizes are expressions in three dims."""
    nodes: list[Any] = [pc.Input(shape=(2,))]
    for place in range(draw(st.integers(1, 3))):
        shape = draw(st.lists(st.sampled_from(SIZES), min_size=1, max_size=2))
        keys: dict[str, Any] = {}
        if draw(st.integers(0, 3)) == 0:
            keys["times"] = draw(st.sampled_from(["b", "c", "c - 1", "a - 3", "2 * c"]))
        if draw(st.integers(0, 3)) == 0:
            keys["when"] = draw(st.sampled_from(WHENS))
        nodes.append(pc.Node(pc.Weights(tensors={"w": shape}), name=f"w{place}", **keys))
    dims = {"a": draw(st.integers(1, 12)), "b": draw(st.integers(1, 9)), "c": draw(st.integers(1, 6))}
    requires = draw(st.lists(st.sampled_from(REQUIRES), max_size=1))
    return pc.Spec(layers=nodes, dims={**dims, "twice": "2 * b", "kind": 1}, requires=requires)


DOMAINS: dict[str, list[Any]] = {
    "a": [range(1, 13), range(2, 24, 2), [1, 3, 4, 11], "0:9"],
    "b": [range(1, 10), "3:9:3", [2, 5]],
    "c": [range(1, 7), [1, 2], range(4)],
}


def sizes_of(written: Any) -> list[int]:
    """The sizes that a domain has, read without the code that is tested."""
    if not isinstance(written, str):
        return list(written)
    first, last, *step = map(int, written.split(":"))
    return list(range(first, last + 1, *step))


def counted(spec: pc.Spec, points: Iterator[dict[str, int]]) -> list[tuple[int, dict[str, int]]]:
    """The total at each of these sizes at which the network is not refused."""
    found = []
    for point in points:
        try:
            found.append((pc.count(spec, dims=point).total, point))
        except pc.ParamcalcError:
            continue
    return found


def grid(domains: Mapping[str, Sequence[int]]) -> Iterator[dict[str, int]]:
    for sizes in product(*domains.values()):
        yield dict(zip(domains, sizes, strict=True))


def check(
    solutions: pc.Solutions, everything: list[tuple[int, dict[str, int]]], target: int, tolerance: Fraction
) -> None:
    """Hold solutions to all that there is."""
    sides = {
        "nearest": lambda total: True,
        "at-most": lambda total: total <= target,
        "at-least": lambda total: total >= target,
    }
    asked = sides[solutions.question.which]
    within = [
        (abs(total - target), tuple(point.values()), total)
        for total, point in everything
        if abs(total - target) <= tolerance * target and asked(total)
    ]
    expected = sorted(within)
    found = [(abs(each.total - target), tuple(each.values()), each.total) for each in solutions]
    # the nearest first; of those that are equally near, any
    assert [each[0] for each in found] == [each[0] for each in expected[: solutions.question.limit]]
    assert len(set(found)) == len(found)
    assert set(found) <= set(expected)
    assert solutions.number == len(expected)
    assert solutions.complete == (len(expected) <= solutions.question.limit)
    assert not solutions.unsearched
    below = [target - total for total, _ in everything if total <= target]
    above = [total - target for total, _ in everything if total >= target]
    assert (solutions.below and target - solutions.below.total) == (min(below) if below else None)
    assert (solutions.above and solutions.above.total - target) == (min(above) if above else None)
    assert bool(solutions.exact) == any(total == target for total, _ in everything)
    for each in (solutions.below, solutions.above):
        assert each is None or (each.total, dict(each)) in everything


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(small_specs(), st.data())
def test_solutions_are_those_of_brute_force(spec: pc.Spec, data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3, unique=True))
    varied = {name: data.draw(st.sampled_from(DOMAINS[name])) for name in names}
    where = data.draw(st.lists(st.sampled_from(WHERE), max_size=2, unique_by=lambda each: each[0]))
    own = {name: spec.dims[name] for name in ("a", "b", "c")}
    points = (
        point
        for point in grid({name: sizes_of(written) for name, written in varied.items()})
        if all(holds(**{**own, **point}) for _, holds in where)  # type: ignore[arg-type]
    )
    everything = counted(spec, points)
    totals = [total for total, _ in everything]
    target = data.draw(st.sampled_from(totals) if totals and data.draw(st.booleans()) else st.integers(0, 400))
    tolerance = data.draw(st.sampled_from(["0", "0.1", "50%"]))
    note(pc.dumps(spec))
    try:
        solutions = pc.solve(
            spec,
            total=target,
            vary=varied,
            where=[text for text, _ in where],
            tolerance=tolerance,
            which=data.draw(st.sampled_from(["nearest", "at-most", "at-least"])),
            limit=data.draw(st.sampled_from([1, 5, 1000])),
        )
    except pc.ParamcalcError as error:
        # a dim that nothing depends on, and a spec that is refused whatever the sizes are
        if error.code != "idle-dim" and everything:
            raise
        event(error.code)
        return
    event(f"solved, {min(solutions.number, 3)} solutions")
    share = {"0": Fraction(0), "0.1": Fraction(1, 10), "50%": Fraction(1, 2)}[tolerance]
    check(solutions, everything, target, share)


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(specs(), st.data())
def test_a_random_network_is_solved_as_by_brute_force(spec: pc.Spec, data: st.DataObject) -> None:
    names = data.draw(
        st.lists(st.sampled_from(["width", "depth", "model.experts"]), min_size=1, max_size=2, unique=True)
    )
    varied = {name: range(1, 9) for name in names}
    everything = counted(spec, grid(varied))
    target = data.draw(st.sampled_from([total for total, _ in everything]))
    try:
        solutions = pc.solve(spec, total=target, vary=varied, tolerance="20%")
    except pc.ParamcalcError as error:
        assert error.code == "idle-dim"  # noqa: PT017
        return
    check(solutions, everything, target, Fraction(1, 5))
