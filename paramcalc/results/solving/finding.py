"""The points of all pieces of a problem: those within bounds, and the nearest to the targets."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from math import prod
from typing import Any, NamedTuple

import numpy

from paramcalc.core.errors import ParamcalcError
from paramcalc.results.solving.pieces import Pieces
from paramcalc.results.solving.search import Window
from paramcalc.results.solving.solutions import Bounds, Question, Side, Solution

#: By which powers of two bounds are narrowed, one after the other, where what is at their ends is no solution.
_NARROWER = (64, 48, 36, 24, 16, 8, 4)
#: By which powers of two what is looked for above a target grows wider: in small steps, since a window that holds
#: far more than the nearest may have too many sizes to be tried.
_WIDER = (1, 4, *range(8, 129, 4))


class Searching:
    """Searches all pieces of a problem."""

    def __init__(self, pieces: Pieces, question: Question) -> None:
        self.pieces = pieces.found
        # what one piece assumes, the sizes of another need not meet
        every = [piece.assumed for piece in pieces.found]
        self.assumed = tuple(text for text in dict.fromkeys(chain(*every)) if all(text in each for each in every))
        self.unsearched = tuple(pieces.unsearched)
        self.varied = tuple(question.domains)
        self.targets = question.targets
        # differences are compared as shares of their targets, in whole numbers
        numbers = list(self.targets.values())
        together = prod(numbers) if len(numbers) > 1 else 1
        self.weights = [together // number if len(numbers) > 1 else 1 for number in numbers]
        for piece in self.pieces:
            piece.search.arrange(Window(question.bounds()))

    def distance(self, solution: Solution) -> int:
        """Return how far a solution is from the targets: the largest difference, in whole numbers."""
        return max(
            abs(solution.totals[measure] - target) * weight
            for (measure, target), weight in zip(self.targets.items(), self.weights, strict=True)
        )

    def points(self, window: Window, ends_only: bool = False) -> Iterator[tuple[Any, list[Any], Any]]:
        """Yield the points of all pieces within a window, each table with its totals and distances."""
        for piece in self.pieces:
            for table, totals in piece.search.points(window, ends_only):
                table.sizes = {
                    **{name: numpy.full(table.rows, size, dtype=object) for name, size in piece.fixed.items()},
                    **table.sizes,
                }
                yield table, totals, self._distances(totals)

    def _distances(self, totals: Sequence[Any]) -> Any:
        apart = [abs(total - target) for total, target in zip(totals, self.targets.values(), strict=True)]
        if len(apart) == 1:
            return apart[0]
        weighted = (each.astype(object) * weight for each, weight in zip(apart, self.weights, strict=True))
        return numpy.maximum.reduce(list(weighted))

    def exact(self) -> Iterator[tuple[list[Solution], int]]:
        """Yield what gives exactly the targets, as it is found, with how many there are."""
        window = Window([(target, target) for target in self.targets.values()])
        for table, totals, _ in self.points(window):
            yield self.solutions(table, totals, range(table.rows)), table.rows

    def solutions(self, table: Any, totals: Sequence[Any], rows: Iterable[int]) -> list[Solution]:
        """Return rows of a table as solutions, in order of their sizes."""
        found = []
        for row in rows:
            sizes = {name: int(table.sizes[name][row]) for name in self.varied}
            numbers = {measure: int(total[row]) for measure, total in zip(self.targets, totals, strict=True)}
            first = next(iter(self.targets))
            found.append(Solution(sizes, numbers, numbers[first] - self.targets[first]))
        return sorted(found, key=lambda each: tuple(each.values()))

    def within(self, bounds: Bounds, limit: int) -> tuple[list[Solution], int | None]:
        """Return the nearest within bounds that are not exact, in order, and how many there are.

        Where these are too many to be counted, None; the nearest of them are then within narrower bounds.
        """
        try:
            return self._within(bounds, limit)
        except ParamcalcError as error:
            if error.code != "limit":
                raise
        nearest: list[Solution] = []
        pairs = list(zip(self.targets.values(), bounds, strict=True))
        for power in _NARROWER:
            narrow: Bounds = [
                (target - (target - (least or 0) >> power), target + ((most or target) - target >> power))
                for target, (least, most) in pairs
            ]
            with suppress(ParamcalcError):
                nearest, number = self._within(narrow, limit)
                if number < limit:
                    continue
            break
        return nearest, None

    def _within(self, bounds: Bounds, limit: int) -> tuple[list[Solution], int]:
        best, number = Best(self, limit), 0
        for table, totals, distances in self.points(Window(bounds)):
            number += best.add(table, totals, distances, inexact_only=True)
        return best.sorted(), number

    def nearest(self, side: Side, beyond: bool = False) -> Solution | None:
        """Return the nearest point on a side of the targets; None where there is none.

        One `beyond` them is none that is exact. Raises `limit` where too many sizes would be tried.
        """
        beside = _Beside(tuple(self.targets.values()), side, int(beyond))
        for window in beside.wider_and_wider():
            found = self._nearest_within(window, beside)
            if found is not None:
                return found
        return None

    def _nearest_within(self, window: Window, beside: _Beside) -> Solution | None:
        """Return the nearest point in a window. Raises `limit`."""
        # a first look at the ends says how far to look
        first = self._best(window, ends_only=True)
        if first is not None:
            nearer = self.distance(first) - 1
            rooms = [nearer // weight for weight in self.weights]
            return (self._best(beside.window(rooms)) if min(rooms) >= beside.least else None) or first
        # where these do not meet the conditions, others may
        widths = [None if least is None or most is None else most - least for least, most in window.bounds]
        if None not in widths:
            for power in _NARROWER:
                found = self._best(beside.window([(width or 0) >> power for width in widths]))
                if found is not None:
                    return found
        return self._best(window)

    def _best(self, window: Window, ends_only: bool = False) -> Solution | None:
        best = Best(self, 1)
        for found in self.points(window, ends_only):
            best.add(*found)
        return next(iter(best.sorted()), None)


class _Beside(NamedTuple):
    """What lies on one side of the targets, at least so far away."""

    targets: tuple[int, ...]
    side: Side
    least: int

    def window(self, rooms: Sequence[int]) -> Window:
        """Return what is no farther from each target than so much."""
        pairs = zip(self.targets, rooms, strict=True)
        if self.side == "at-most":
            return Window([(target - room, target - self.least) for target, room in pairs])
        return Window([(target + self.least, target + room) for target, room in pairs])

    def wider_and_wider(self) -> Iterator[Window]:
        """Yield windows up to the last in which anything may be found."""
        if self.side == "at-most":
            yield self.window([target // 2 for target in self.targets])
            yield Window([(None, target - self.least) for target in self.targets])
            return
        for power in _WIDER:
            yield self.window([(target + 1) << power for target in self.targets])
        yield Window([(target + self.least, None) for target in self.targets])


class Best:
    """The nearest points of many tables."""

    def __init__(self, finder: Searching, number: int) -> None:
        self.finder = finder
        self.number = number
        self._kept: list[tuple[int, tuple[int, ...], Solution]] = []

    def add(self, table: Any, totals: Sequence[Any], distances: Any, inexact_only: bool = False) -> int:
        """Add the points of a table, or those that are not exact; return how many these are."""
        places = numpy.flatnonzero(distances > 0) if inexact_only else numpy.arange(table.rows)
        number = int(places.size)
        if self.number < 1 or not number:
            return number
        if number > self.number:
            # those as near as the last that is kept stay, to be told apart by their sizes
            of_places = distances[places]
            last = numpy.partition(of_places, self.number - 1)[self.number - 1]
            places = places[of_places <= last]
        if len(self._kept) == self.number:
            places = places[distances[places] <= self._kept[-1][0]]
        for solution in self.finder.solutions(table, totals, places):
            self._kept.append((self.finder.distance(solution), tuple(solution.values()), solution))
        self._kept = heapq.nsmallest(self.number, self._kept, key=lambda each: each[:2])
        return number

    def sorted(self) -> list[Solution]:
        """Return the nearest, in order."""
        return [solution for _, _, solution in sorted(self._kept, key=lambda each: each[:2])]
