"""What is kept of the points of a sweep: all, the smallest by a column, or those that none is better than."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy


class Objective(NamedTuple):
    """A column by which points are chosen: the smaller the better, or the larger."""

    column: str
    is_largest: bool = False

    def key(self, values: Any) -> Any:
        """Return values of the column as numbers of which the smallest is the best."""
        return -values if self.is_largest else values


@dataclass(frozen=True)
class Top:
    """The first points by a column; of equal ones those that come first."""

    number: int
    objective: Objective

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """The one objective."""
        return (self.objective,)

    def chosen(self, keys: Sequence[Any]) -> Any:
        """Return the places of the points that are chosen, the best first, of points in their order."""
        (key,) = keys
        if len(key) <= 4 * self.number:
            return numpy.argsort(key, kind="stable")[: self.number]
        # a few of many are found faster than all are ordered
        places = numpy.flatnonzero(key <= numpy.partition(key, self.number - 1)[self.number - 1])
        return places[numpy.argsort(key[places], kind="stable")[: self.number]]

    def may_be_chosen(self, keys: Sequence[Any], best: Sequence[Any]) -> Any:
        """Return which points may be chosen beside those that are chosen already, and come before them."""
        if len(best[0]) < self.number:
            return numpy.ones(len(keys[0]), bool)
        return keys[0] < best[0][-1]

    def is_hopeless(self, least: Sequence[int], best: Sequence[Any]) -> bool:
        """Return whether no point is chosen beside these, of points whose keys are at least so large."""
        return len(best[0]) >= self.number and least[0] >= best[0][-1]


@dataclass(frozen=True)
class Front:
    """The points for which there is no other that is as good by every column, and better by one."""

    objectives: tuple[Objective, ...]

    def chosen(self, keys: Sequence[Any]) -> Any:
        """Return the places of the points that are chosen, by the columns in order."""
        order = numpy.lexsort(tuple(reversed(keys)))
        ordered = [key[order] for key in keys]
        return order[_front_of_two(*ordered) if len(keys) == 2 else _front(ordered)]

    def may_be_chosen(self, keys: Sequence[Any], best: Sequence[Any]) -> Any:
        """Return which points are not worse than one of those that are chosen already."""
        if not len(best[0]):
            return numpy.ones(len(keys[0]), bool)
        if len(keys) != 2:
            return numpy.ones(len(keys[0]), bool)
        # the chosen ones are ordered by the first column, and the second falls along them
        place = numpy.searchsorted(best[0], keys[0], side="right") - 1
        first, second = best[0][place], best[1][place]
        worse = (second < keys[1]) | ((second == keys[1]) & (first < keys[0]))
        return (place < 0) | ~worse

    def is_hopeless(self, least: Sequence[int], best: Sequence[Any]) -> bool:
        """Return whether no point is chosen beside these, of points whose keys are at least so large."""
        better = numpy.ones(len(best[0]), bool)
        for bound, key in zip(least, best, strict=True):
            better &= key < bound
        return bool(better.any())


def _front_of_two(first: Any, second: Any) -> Any:
    """Return which points are on the front, of points ordered by both keys."""
    starts = numpy.flatnonzero(numpy.concatenate([[True], first[1:] != first[:-1]]))
    least = second[starts]
    before = numpy.minimum.accumulate(least)
    on_front = numpy.concatenate([[True], least[1:] < before[:-1]])
    lengths = numpy.diff(numpy.append(starts, len(first)))
    return numpy.repeat(on_front, lengths) & (second == numpy.repeat(least, lengths))


def _front(keys: Sequence[Any]) -> Any:
    """Return which points are on the front, of points ordered by all keys."""
    found = numpy.zeros(len(keys[0]), bool)
    left = numpy.arange(len(keys[0]))
    while len(left):
        # none of those behind it in this order is better than the first
        at = left[0]
        is_worse = numpy.ones(len(left), bool)
        is_same = numpy.ones(len(left), bool)
        for key in keys:
            is_worse &= key[at] <= key[left]
            is_same &= key[at] == key[left]
        found[left[is_same]] = True
        left = left[~is_worse]
    return found


class Chosen:
    """The points that are chosen so far, of points that are given in their order."""

    def __init__(self, selection: Top | Front) -> None:
        self.selection = selection
        self.keys: list[Any] = [numpy.zeros(0, numpy.int64) for _ in selection.objectives]
        self.numbers: Any = numpy.zeros(0, numpy.int64)

    def add(self, keys: Sequence[Any], numbers: Any) -> None:
        """Choose among these points as well."""
        here = self.selection.may_be_chosen(keys, self.keys)
        if not here.any():
            return
        # of the new ones alone, then of both: all of these stand in their order, so that equal ones do
        keys, numbers = [key[here] for key in keys], numbers[here]
        places = numpy.sort(self.selection.chosen(keys))
        keys = [numpy.concatenate([old, new[places]]) for old, new in zip(self.keys, keys, strict=True)]
        numbers = numpy.concatenate([self.numbers, numbers[places]])
        order = numpy.argsort(numbers, kind="stable")
        places = order[self.selection.chosen([key[order] for key in keys])]
        self.keys = [key[places] for key in keys]
        self.numbers = numbers[places]
