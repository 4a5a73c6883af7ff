"""What a spec is proved at: runs at points at which it may be wrong, though it is right where it was found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, combinations
from typing import Protocol

from paramcalc.frameworks.deriving.arguments import Values
from paramcalc.frameworks.deriving.constructing import Run
from paramcalc.frameworks.deriving.covering import Covering
from paramcalc.frameworks.deriving.identifying import ENOUGH
from paramcalc.frameworks.deriving.nodes import Merged
from paramcalc.frameworks.deriving.points import Points
from paramcalc.frameworks.deriving.tracing import Condition
from paramcalc.frameworks.deriving.writing import expressions

#: At how many points of any size a spec is proved.
_DRAWN = 12
#: How many points are looked at for what an expression rounds and chooses, and at how many of them a spec is proved.
_LOOKED_AT, _COVERING = 200, 12
#: How many are looked at for what dims may be rounded to where nothing is.
_OF_DIMS = 40
#: At how many points a spec is proved on a side of a condition on which there are few.
_FRESH = 3
#: Of how many conditions all pairs are tried on all their sides.
_PAIRED = 4


class Search(Protocol):
    """What is run, and where."""

    points: Points

    def run(self, values: Values) -> Run | None:
        """Run the constructor at a point; None where it raises."""

    def runs_at(self, points: Iterable[Values], most: int) -> Iterator[Run]:
        """Yield what the constructor makes at the first points at which it does not raise."""

    def unkept(self) -> list[Condition]:
        """Return the conditions that points need not meet."""


def further(search: Search, nodes: Sequence[Merged], seen: list[Run]) -> Iterator[Run]:
    """Yield runs at points beyond those that were seen, and add them to these."""
    kinds = (_sides(search, seen), _corners(search), _extremes(search), _drawn(search, seen))
    for run in chain(*kinds, _covering(search, nodes, seen)):
        if run is not None and run not in seen:
            seen.append(run)
            yield run


def _sides(search: Search, seen: Sequence[Run]) -> Iterator[Run]:
    """Yield runs on both sides of what the constructor compared."""
    for condition in search.unkept():
        for side in (condition.opposite(), condition):
            there = sum(side.holds(run.values) for run in seen)
            most = _FRESH if there < 2 * ENOUGH else 1
            yield from search.runs_at(search.points.violating(side.opposite(), search.points.kept), most)


def _corners(search: Search) -> Iterator[Run]:
    """Yield runs on all sides of two conditions at once, one of which may stand within the other."""
    for first, second in combinations(search.unkept()[:_PAIRED], 2):
        for one in (first, first.opposite()):
            for other in (second, second.opposite()):
                points = search.points.violating(one.opposite(), [*search.points.kept, other])
                yield from search.runs_at(points, 1)


def _extremes(search: Search) -> Iterator[Run | None]:
    """Yield runs where some dims are far larger than others, as large as what is fixed, or count few or many parts."""
    yield from map(search.run, [*search.points.apart(), *search.points.level()])
    yield from search.runs_at(search.points.extreme(), 2 * len(search.points.free))


def _drawn(search: Search, seen: Sequence[Run]) -> Iterator[Run | None]:
    """Yield runs at points of any size."""
    enough = len(seen) + _DRAWN
    for draw in _draws(search.points, 5 * _DRAWN):
        point = draw()
        yield search.run(point) if point is not None else None
        if len(seen) >= enough:
            return


def _covering(search: Search, nodes: Sequence[Merged], seen: Sequence[Run]) -> Iterator[Run | None]:
    """Yield runs at points at which what expressions round and choose comes out otherwise than it was seen to."""
    points = search.points
    # a number of copies is small
    covering = Covering(expressions(nodes), points.free, [name for name in points.free if points.is_size(name)])
    for run in seen:
        covering.seen |= covering.news(run.values)
    tried = 0
    for draw in _draws(points, _LOOKED_AT if covering.parts else _OF_DIMS):
        if covering.is_complete:
            return
        point = draw()
        new = covering.news(point) if point is not None else None
        if point is None or not new:
            continue
        found = search.run(point)
        if found is not None:
            covering.seen |= new
            yield found
        tried += 1
        if tried >= _COVERING:
            return


def _draws(points: Points, often: int) -> Iterator[Callable[[], Values | None]]:
    """Yield ways to draw a point: every other one is of any size."""
    for trial in range(often):
        yield (points.wild, points.near, points.wild, points.small)[trial % 4]
