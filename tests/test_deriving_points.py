"""Where a constructor is run, and whether that tells one expression from another; without a framework."""

from __future__ import annotations

from itertools import permutations
from typing import Any

from paramcalc.frameworks.deriving import expressions as ex
from paramcalc.frameworks.deriving.covering import Covering
from paramcalc.frameworks.deriving.points import Points
from paramcalc.frameworks.deriving.tracing import Condition

# --- points ----------------------------------------------------------------------------


def test_points_meet_the_conditions_that_are_kept() -> None:
    width, heads = ex.name("width"), ex.name("heads")
    divides = Condition("==", ex.made("%", width, heads), ex.number(0))
    points = Points({"width": 768, "heads": 12}, ("width", "heads"), kept=[divides])
    drawn = [point for draw in (points.small, points.near, points.wild) for _ in range(10) if (point := draw())]
    assert len(drawn) == 30
    assert all(point["width"] % point["heads"] == 0 for point in drawn)
    broken = next(points.violating(divides, [divides]))
    assert broken["width"] % broken["heads"]


def test_a_dim_moves_alone_where_it_can() -> None:
    points = Points({"width": 768, "heads": 12}, ("width", "heads"))
    moved = next(points.moved({"width": 60, "heads": 5}, "heads"))
    assert moved["width"] == 60
    assert moved["heads"] != 5


def test_of_every_two_dims_each_is_far_larger_than_the_other_once() -> None:
    sizes = dict.fromkeys("abcdefg", 100)
    drawn = [*Points(sizes, (*sizes,)).apart()]
    assert len(drawn) == 8
    assert all(any(point[one] > 100 * point[other] for point in drawn) for one, other in permutations(sizes, 2))
    assert any(max(point.values()) <= 3 for point in drawn)
    assert any(min(point.values()) > 300 for point in drawn)


def test_a_size_that_is_bounded_from_below_is_drawn_although_it_decides_whether_there_is_a_part() -> None:
    bound = Condition(">", ex.name("width"), ex.number(50))
    points = Points({"width": 96, "extra": 8}, ("width", "extra"), [bound], counting=frozenset({"width"}))
    drawn = [draw() for draw in (points.small, points.near, points.wild) for _ in range(10)]
    assert all(point is not None and point["width"] > 50 for point in drawn)
    assert len([*points.apart()]) == 4


def test_dims_that_are_free_are_made_as_large_as_each_that_is_fixed() -> None:
    points = Points({"first": 16, "second": 32, "third": 64}, ("second",), counting=frozenset())
    assert [point["second"] for point in points.level()] == [16, 64]


def test_what_is_bounded_is_at_its_bounds_where_it_cannot_be_far_larger() -> None:
    least = Condition(">", ex.made("//", ex.name("extra"), ex.number(8)), ex.number(0))
    most = Condition("<", ex.made("*", ex.number(3), ex.name("heads")), ex.number(16))
    drawn = [*Points({"extra": 12, "heads": 4}, ("extra", "heads"), [least, most]).apart()]
    assert {"extra": 8, "heads": 5} in drawn
    assert {"extra": 144, "heads": 1} in drawn


def test_one_that_counts_is_made_many_where_the_others_allow_it() -> None:
    few = Condition("<=", ex.made("*", ex.number(3), ex.name("heads")), ex.name("width"))
    points = Points({"heads": 4, "width": 640}, ("heads", "width"), [few], counting=frozenset({"heads"}))
    assert [point["heads"] for point in points.extreme()] == [1, 12]


def test_lists_of_one_length_are_taken_together() -> None:
    points = Points({"depths": [2, 2], "widths": [16, 32]}, ("depths", "widths"))
    drawn = [point for _ in range(20) if (point := points.small())]
    assert all(len(point["depths"]) == len(point["widths"]) for point in drawn)
    assert len({len(point["widths"]) for point in drawn}) > 1


# --- what expressions round and choose ---------------------------------------------------


def ways(expr: ex.Expr, *points: dict[str, Any]) -> list[list[str]]:
    """The ways in which the parts of an expression come out at each of some points, and at none before."""
    covering = Covering([expr], points[0], [])
    found = []
    for point in points:
        news = covering.news(point)
        covering.seen |= news
        found.append(sorted(way for part, way in news if part in covering.parts))
    return found


_RESTS = {16: "none, of few", 24: "", 17: "small, of few", 18: "", 21: "large, of few"}
_RESTS |= {32: "none, of many", 33: "small, of many", 39: "large, of many"}


def test_a_quotient_is_seen_with_rests_of_each_size_of_few_and_of_many() -> None:
    rounded = ex.made("round_up", ex.name("width"), ex.number(8))
    found = ways(rounded, *({"width": width} for width in _RESTS))
    assert [" and ".join(each) for each in found] == [*_RESTS.values()]


def test_a_dim_is_seen_as_a_multiple_of_8_and_beside_it_where_nothing_is_rounded() -> None:
    covering = Covering([ex.name("width")], ["width"], ["width"])
    found = []
    for width in _RESTS:
        assert not covering.is_complete
        news = covering.news({"width": width})
        covering.seen |= news
        found.append(" and ".join(way for _, way in news))
    assert covering.is_complete
    assert found == [*_RESTS.values()]


def test_a_choice_is_seen_to_take_either_side_near_and_far_by_a_multiple_and_another_number() -> None:
    smaller = ex.made("min", ex.name("width"), ex.name("hidden"))
    points = ((8, 20), (9, 20), (10, 20), (19, 20), (20, 8), (20, 19), (9, 9))
    assert ways(smaller, *({"width": width, "hidden": hidden} for width, hidden in points)) == [
        ["left, a multiple", "left, far"],
        ["left, any"],
        [],
        ["left, near"],
        ["right, a multiple", "right, far"],
        ["right, any", "right, near"],
        [],
    ]


def test_a_part_on_which_the_whole_does_not_depend_is_not_seen() -> None:
    rounded = ex.made("round_up", ex.name("width"), ex.number(8))
    smaller = ex.made("min", rounded, ex.name("hidden"))
    assert ways(smaller, {"width": 33, "hidden": 9}) == [["right, any", "right, far"]]
    assert ways(smaller, {"width": 33, "hidden": 900}) == [["left, a multiple", "left, far", "small, of many"]]


def test_what_stands_in_copies_is_seen_in_the_first_few() -> None:
    every_other = ex.made("if", ex.made("==", ex.name("i"), ex.number(1)), ex.name("width"), ex.name("hidden"))
    assert ways(every_other, {"width": 3, "hidden": 5}) == [["fails", "holds"]]
