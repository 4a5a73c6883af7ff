"""The work of a sweep, cut into parts: each is done block by block on one processor, anywhere, and the same again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy

from paramcalc.results.sweeps.measuring import Meter
from paramcalc.results.sweeps.plan import Plan
from paramcalc.results.sweeps.points import Axis, Block, Points
from paramcalc.results.sweeps.program import fits
from paramcalc.results.sweeps.selecting import Chosen, Front, Top

#: How many points a part has, about: of a grid, of a table, and where few of the points are kept.
PART_OF_GRID, PART_OF_TABLE, PART_OF_CHOICE = 2**21, 2**20, 2**24


class Stopped(Exception):
    """The sweep was interrupted."""


@dataclass(frozen=True)
class Part:
    """The rows of a part, in order: a column each of whole numbers, 64 bits where they fit.

    Of chosen points, the columns are the keys by which they were chosen, and `numbers` those of the points.
    """

    columns: dict[str, Any]
    #: how many points were left out
    skipped: int
    numbers: Any = None

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.columns.values())))


def rows_of(
    meter: Meter, blocks: range, into: Mapping[str, Any] | None = None, stopped: Callable[[], bool] = bool
) -> Part:
    """Return all rows of some blocks; they are written into these arrays, where they are given."""
    points, plan = meter.points, meter.plan
    size = _size(points, blocks)
    columns = dict(into) if into is not None else {name: numpy.empty(size, numpy.int64) for name in plan.columns}
    names = [plan.measured[place] for place in meter.measures]
    for name in columns:
        # a number of more than 64 bits stays one of Python's
        if name in plan.varied and points.is_wide(name):
            columns[name] = numpy.empty(size, object)
    at = 0
    for number in blocks:
        if stopped():
            raise Stopped
        block = points.block(number)
        whole = slice(at, at + block.size)
        measured = meter.measured(block, [columns[name][whole].reshape(block.shape) for name in names])
        values = {**block.columns, **dict(zip(names, measured.values, strict=True))}
        rows = block.size if measured.kept is None else int(numpy.count_nonzero(measured.kept))
        for name in columns:
            _put(columns, name, slice(at, at + rows), block, values[name], measured.kept)
        at += rows
    return Part({name: column[:at] for name, column in columns.items()}, size - at)


def _size(points: Points, blocks: range) -> int:
    if not blocks:
        return 0
    last = points.block(blocks[-1])
    return last.first + last.size - points.block(blocks[0]).first


def _put(columns: dict[str, Any], name: str, rows: slice, block: Block, value: Any, kept: Any) -> None:
    """Put the values of a block where they belong."""
    column = columns[name]
    if kept is None and isinstance(value, numpy.ndarray) and numpy.may_share_memory(value, column):
        return
    if isinstance(value, numpy.ndarray) and value.dtype == object and column.dtype != object and not _fit(value):
        column = columns[name] = column.astype(object)
    if kept is None:
        column[rows].reshape(block.shape)[...] = value
    else:
        column[rows] = block.flat(value, kept)


def _fit(values: Any) -> bool:
    return not values.size or fits((int(values.min()), int(values.max())))


def chosen_of(meter: Meter, selection: Top | Front, blocks: range, stopped: Callable[[], bool] = bool) -> Part:
    """Return the points of some blocks that a selection chooses: their keys, in order, and their numbers.

    `meter` measures what the selection chooses by.
    """
    chosen, skipped = Chosen(selection), 0
    names = [meter.plan.measured[place] for place in meter.measures]
    for number in blocks:
        if stopped():
            raise Stopped
        block = meter.points.block(number)
        measured = meter.measured(block)
        if measured.kept is not None:
            skipped += block.size - int(numpy.count_nonzero(measured.kept))
        found = {**block.columns, **dict(zip(names, measured.values, strict=True))}
        keys = [each.key(found[each.column]) for each in selection.objectives]
        if selection.is_hopeless([_least(key) for key in keys], chosen.keys):
            continue
        here = slice(None) if measured.kept is None else measured.kept
        chosen.add([block.flat(key)[here] for key in keys], numpy.arange(block.first, block.first + block.size)[here])
    return Part({str(place): key for place, key in enumerate(chosen.keys)}, skipped, chosen.numbers)


def _least(values: Any) -> int:
    return int(values.min() if isinstance(values, numpy.ndarray) else values)


@dataclass(frozen=True)
class Work:
    """What there is to do, in parts that may be done anywhere, in any order, and again."""

    plan: Plan
    points: Points
    selection: Top | Front | None
    #: of the whole sweep, whose table this is a part of, the number of the first point
    first: int = 0

    @property
    def blocks(self) -> int:
        """How many blocks a part has."""
        if self.selection is not None:
            most = PART_OF_CHOICE
        else:
            most = PART_OF_TABLE if len(self.points.axes) == 1 else PART_OF_GRID
        size = self.points.block(0).size if self.points.blocks else 1
        return max(most // size, 1)

    @property
    def parts(self) -> int:
        """How many parts there are."""
        return -(-self.points.blocks // self.blocks)

    def blocks_of(self, number: int) -> range:
        """Return the blocks of a part."""
        return range(number * self.blocks, min((number + 1) * self.blocks, self.points.blocks))

    def size(self, number: int) -> int:
        """Return how many points a part has."""
        start, stop = self.ends(number)
        return stop - start

    def ends(self, number: int) -> tuple[int, int]:
        """Return the numbers of the first point of a part, and of the one behind the last."""
        blocks = self.blocks_of(number)
        last = self.points.block(blocks[-1])
        return self.points.block(blocks[0]).first, last.first + last.size

    @cached_property
    def meter(self) -> Meter:
        """What measures the points: all measures, or those by which points are chosen."""
        chosen_by = [each.column for each in self.selection.objectives] if self.selection is not None else None
        return self._meter(self.points, self.plan.columns if chosen_by is None else chosen_by)

    def _meter(self, points: Points, columns: Sequence[str]) -> Meter:
        return Meter(self.plan, points, [n for n, name in enumerate(self.plan.measured) if name in columns])

    def done(
        self, meter: Meter, blocks: range, into: Mapping[str, Any] | None = None, stopped: Callable[[], bool] = bool
    ) -> Part:
        """Do some of the blocks; all rows are written into these arrays, where they are given."""
        if self.selection is None:
            return rows_of(meter, blocks, into, stopped)
        part = chosen_of(meter, self.selection, blocks, stopped)
        return replace(part, numbers=part.numbers + self.first)

    def rows(self, chosen: Chosen) -> Part:
        """Return the rows of chosen points, with all measures."""
        if not len(chosen.numbers):
            return Part({name: numpy.zeros(0, numpy.int64) for name in self.plan.columns}, 0)
        columns = {name: numpy.asarray(column) for name, column in self.points.at(chosen.numbers).items()}
        points = Points([Axis(columns)])
        return rows_of(self._meter(points, self.plan.columns), range(points.blocks))

    def alone(self, number: int) -> tuple[Work, range]:
        """Return the work of a part on its own, with no more points than it needs, and its blocks."""
        if len(self.points.axes) > 1 or any(
            isinstance(column, range) for column in self.points.axes[0].columns.values()
        ):
            return self, self.blocks_of(number)
        start, stop = self.ends(number)
        points = self.points.rows(start, stop)
        return replace(self, points=points, first=start), range(points.blocks)
