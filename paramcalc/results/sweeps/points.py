"""The points of a sweep: a grid, or a table of candidates, cut into blocks that stay in a processor's cache."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy

from paramcalc.results.sweeps.program import Bounds, fits
from paramcalc.results.sweeps.threads import of_each

#: The values of a varied dim: whole numbers, or, as whole numbers, their places among the dim's own values.
Column: TypeAlias = "range | numpy.ndarray[Any, Any]"

#: How many points a block of a table has, about, and one of a grid, along whose axes terms are shared: so many that
#: NumPy's work outweighs Python's, and so few that what a block takes stays in the processor's caches.
BLOCK_OF_TABLE, BLOCK_OF_GRID = 2**16, 2**17
#: So many values of a column are looked through by a thread.
_LOOKED_THROUGH = 2**20
#: An axis of fewer values than this is kept as an array.
_KEPT = 2**20
#: An inner axis of fewer points than this is united with the one around it.
_SHORTEST = 128


@dataclass(frozen=True)
class Axis:
    """Dims that vary together: one of a grid, or all columns of a table."""

    columns: Mapping[str, Column]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


class Block:
    """Points that are worked out together, as the axes have them; `first` is the number of the first point."""

    __slots__ = ("columns", "first", "shape", "size")

    def __init__(self, columns: dict[str, Any], first: int, shape: tuple[int, ...]) -> None:
        #: the values of each dim, as NumPy broadcasts them to the shape of the block
        self.columns = columns
        self.first = first
        #: how many values there are along each axis
        self.shape = shape
        self.size = math.prod(shape)

    def flat(self, values: Any, chosen: Any = None) -> Any:
        """Return what broadcasts to the block, a number a point, in the order of the points; of those chosen."""
        if not isinstance(values, numpy.ndarray):
            kind = None if -(2**63) <= values < 2**63 else object
            values = numpy.asarray(values, kind)
        whole = numpy.broadcast_to(values, self.shape).reshape(-1)
        return whole if chosen is None else whole[chosen]


class Points:
    """Every combination of the values of axes, the last axis changing first."""

    def __init__(self, axes: Sequence[Axis], bounds: Mapping[str, Bounds] | None = None) -> None:
        if bounds is not None:
            self.bounds = dict(bounds)
        self.axes = _united(axes)
        self.names = [name for axis in axes for name in axis.columns]
        self.axis_of = {name: place for place, axis in enumerate(self.axes) for name in axis.columns}
        self.number = math.prod(map(len, self.axes))

    @cached_property
    def bounds(self) -> dict[str, Bounds]:
        """The least and the largest value of each dim."""
        return {name: _bounds(axis.columns[name]) for axis in self.axes for name in axis.columns}

    def is_wide(self, name: str) -> bool:
        """Return whether the values of a dim are beyond 64 bits, and so Python's whole numbers."""
        return not fits(self.bounds[name])

    # --- blocks

    @cached_property
    def _cut(self) -> tuple[int, int, int]:
        """The axis that is cut into parts, how many values a part has, and how many points there are along the rest."""
        inner, place = 1, len(self.axes) - 1
        most = BLOCK_OF_GRID if place else BLOCK_OF_TABLE
        while place > 0 and inner * len(self.axes[place]) <= most:
            inner *= len(self.axes[place])
            place -= 1
        length = max(len(self.axes[place]), 1)
        parts = math.ceil(length / max(most // inner, 1))
        return place, math.ceil(length / parts), inner

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        place, length, _ = self._cut
        return math.prod(map(len, self.axes[:place])) * math.ceil(len(self.axes[place]) / length) if self.number else 0

    @property
    def shapes(self) -> tuple[int, ...]:
        """How many values a whole block has along each axis."""
        place, length, _ = self._cut
        return (*(1 for _ in self.axes[:place]), length, *map(len, self.axes[place + 1 :]))

    @cached_property
    def _columns(self) -> list[dict[str, Any]]:
        """The columns of each axis that are arrays, in the shape in which they are broadcast."""
        shapes = [[-1 if axis == place else 1 for axis in range(len(self.axes))] for place in range(len(self.axes))]
        return [
            {
                name: _array(column).reshape(shape) if len(column) <= _KEPT or not isinstance(column, range) else column
                for name, column in axis.columns.items()
            }
            for axis, shape in zip(self.axes, shapes, strict=True)
        ]

    def block(self, number: int) -> Block:
        """Return the block of a number."""
        cut, length, inner = self._cut
        whole = len(self.axes[cut])
        outer, piece = divmod(number, math.ceil(whole / length))
        start, stop = piece * length, min((piece + 1) * length, whole)
        first = (outer * whole + start) * inner
        ends = [(start, stop)]
        for around in reversed(self.axes[:cut]):
            outer, at = divmod(outer, len(around))
            ends.insert(0, (at, at + 1))
        columns = {}
        for place, axis in enumerate(self._columns):
            for name, column in axis.items():
                columns[name] = column if place > cut else self._part(column, place, *ends[place])
        return Block(columns, first, (*(stop - start for start, stop in ends), *map(len, self.axes[cut + 1 :])))

    def _part(self, column: Any, place: int, start: int, stop: int) -> Any:
        """Return the values of a dim from one place of its axis to another."""
        if isinstance(column, range):
            part = column[start:stop]
            shape = [-1 if axis == place else 1 for axis in range(len(self.axes))]
            return numpy.arange(part.start, part.stop, part.step, dtype=numpy.int64).reshape(shape)
        return column[(slice(None),) * place + (slice(start, stop),)]

    def rows(self, start: int, stop: int) -> Points:
        """Return the points of a table from one number to another, with the bounds of all."""
        (axis,) = self.axes
        return Points([Axis({name: column[start:stop] for name, column in axis.columns.items()})], self.bounds)

    def at(self, numbers: Any) -> dict[str, Any]:
        """Return the values of every dim at points of these numbers."""
        found: dict[str, Any] = {}
        for axis in reversed(self.axes):
            numbers, places = numpy.divmod(numbers, len(axis))
            for name, column in axis.columns.items():
                if isinstance(column, range):
                    found[name] = places * column.step + column.start
                else:
                    found[name] = column[places]
        return {name: found[name] for name in self.names}


def _united(axes: Sequence[Axis]) -> list[Axis]:
    """Return axes, those that are short inside united: NumPy is slow along a short axis."""
    found = [axis for axis in axes if axis.columns]
    while len(found) > 1 and len(found[-1]) < _SHORTEST and len(found[-2]) * len(found[-1]) <= BLOCK_OF_TABLE:
        outer, inner = found[-2:]
        columns = {name: numpy.repeat(_array(column), len(inner)) for name, column in outer.columns.items()}
        columns.update({name: numpy.tile(_array(column), len(outer)) for name, column in inner.columns.items()})
        found[-2:] = [Axis(columns)]
    return found or [Axis({"": range(1)})]


def _array(column: Column) -> Any:
    return numpy.asarray(column, numpy.int64) if isinstance(column, range) else column


def _bounds(column: Column) -> Bounds:
    if not len(column):
        return 0, 0
    if isinstance(column, range):
        return min(column[0], column[-1]), max(column[0], column[-1])
    if len(column) <= _LOOKED_THROUGH:
        return _ends(column)
    ends = of_each(_ends, (column[start : start + _LOOKED_THROUGH] for start in range(0, len(column), _LOOKED_THROUGH)))
    return min(least for least, _ in ends), max(largest for _, largest in ends)


def _ends(column: Any) -> Bounds:
    """Return the least and the largest value, piece by piece, while a piece is in the cache."""
    pieces = [column[start : start + BLOCK_OF_TABLE] for start in range(0, len(column), BLOCK_OF_TABLE)]
    ends = [(int(numpy.minimum.reduce(piece)), int(numpy.maximum.reduce(piece))) for piece in pieces]
    return min(least for least, _ in ends), max(largest for _, largest in ends)
