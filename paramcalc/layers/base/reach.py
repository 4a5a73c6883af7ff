"""Which positions of its inputs an output sees, axis by axis: what receptive fields are made of.

A layer type states it in `reach`: for each input, for each of its axes, a `Sight`. What cannot be said so has a note
that says why.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import floor, gcd, inf, lcm, prod
from typing import Any

from paramcalc.core.algebra import Shape

#: A position, or one that lies beyond all of them.
Position = int | float


@dataclass(frozen=True, slots=True)
class Span:
    """The first and the last position that each output position sees.

    They are `low[p]` and `high[p]` for the first positions, as many as the period, and move on by `shift` with each
    further period. A field without a first or a last is unbounded; one whose last comes before its first is empty.
    """

    low: tuple[Position, ...]
    high: tuple[Position, ...]
    shift: int = 1
    #: how far apart the positions are that an output sees between these two, as those under a dilated window
    step: int = field(default=1, compare=False)

    @property
    def period(self) -> int:
        """After how many output positions it is the same again, moved on."""
        return len(self.low)

    def bounds(self, position: Position) -> tuple[Position, Position]:
        """Return the first and the last position that one output position sees."""
        if not isinstance(position, int):
            # beyond all positions: as far as anything moves on
            low, high = min(self.low), max(self.high)
            moves = self.shift > 0
            return low if low == -inf or not moves else position, high if high == inf or not moves else position
        turns, place = divmod(position, self.period)
        return self.low[place] + turns * self.shift, self.high[place] + turns * self.shift

    def of(self, inner: "Span") -> "Span":
        """Return what is seen through this layer, of what that one before it sees."""
        period = self.period * inner.period // gcd(self.shift, inner.period) if self.shift else self.period
        lows, highs = [], []
        for position in range(period):
            first, last = self.bounds(position)
            if first > last:
                lows.append(inf)
                highs.append(-inf)
                continue
            seen = [inner.bounds(each) for each in _all_phases(first, last, self.step, inner.period)]
            lows.append(min(low for low, _ in seen))
            highs.append(max(high for _, high in seen))
        return Span(tuple(lows), tuple(highs), period // self.period * self.shift // inner.period * inner.shift).least()

    def joined(self, other: "Span") -> "Span | None":
        """Return what both see together; None where they do not move on alike."""
        period = lcm(self.period, other.period)
        if self.shift * other.period != other.shift * self.period:
            return ALL if ALL in (self, other) else None
        pairs = [(self.bounds(place), other.bounds(place)) for place in range(period)]
        low = tuple(min(one[0], another[0]) for one, another in pairs)
        high = tuple(max(one[1], another[1]) for one, another in pairs)
        return Span(low, high, period // self.period * self.shift).least()

    def least(self) -> "Span":
        """Return the same with the shortest period; what is unbounded at both ends has one form."""
        if all(low == -inf for low in self.low) and all(high == inf for high in self.high):
            return ALL
        for period in range(1, self.period):
            if self.period % period == 0 and self.shift * period % self.period == 0:
                shift = self.shift * period // self.period
                found = Span(self.low[:period], self.high[:period], shift, self.step)
                if all(found.bounds(place) == (self.low[place], self.high[place]) for place in range(self.period)):
                    return found
        return self


def _all_phases(first: Position, last: Position, step: int, period: int) -> Iterable[Position]:
    """Yield the ends of a row of positions, and enough of both sides that each place of a period is there that is."""
    yield first
    yield last
    for start, direction in ((first, step), (last, -step)):
        if isinstance(start, int):
            for number in range(1, period):
                position = start + direction * number
                if first <= position <= last:
                    yield position


#: What each output position sees: the same one, all, all up to the same one, the first, none.
SAME = Span((0,), (0,))
ALL = Span((-inf,), (inf,), 0)
UP_TO_IT = Span((-inf,), (0,))
FIRST = Span((0,), (0,), 0)
NONE = Span((inf,), (-inf,), 0)


@dataclass(frozen=True, slots=True)
class Sight:
    """How an axis of an input is seen by the output."""

    #: the axis of the output along which what is seen changes; None where it is the same everywhere
    axis: int | None = None
    #: what all outputs at one position of that axis see together; None where it cannot be said by a first and a last
    #: position that move on with the output
    span: Span | None = ALL
    #: what a reader has to know: why it cannot be said, or what is not as elsewhere
    note: str = field(default="", compare=False)


#: What each output sees of an input, for each of its axes.
Reach = tuple[Sight, ...]
EVERYTHING = Sight()
NOTHING = Sight(None, NONE)
NOT_STATED = Sight(None, None)


def unsaid(note: str, axis: int | None = None) -> Sight:
    """Return a sight that cannot be said, for a reason; `axis` is that of the output along which it changes."""
    return Sight(axis, None, note)


def same(x: Sequence[Any]) -> Reach:
    """Return the reach of a layer that computes each number of the output of the one at its place."""
    return tuple(Sight(axis, SAME) for axis in range(len(x)))


def mixing(x: Sequence[Any], *axes: int) -> Reach:
    """Return the reach of a layer that sees all positions of these axes, and one of each other."""
    gone = {axis % len(x) for axis in axes}
    return tuple(EVERYTHING if axis in gone else Sight(axis, SAME) for axis in range(len(x)))


def windows(
    lengths: Shape, window: Shape, strides: Shape, padding: Any, dilation: Shape | None = None
) -> tuple[Sight, ...]:
    """Return how windows that slide over the first axes see these."""
    count = len(lengths)
    pads = padding if isinstance(padding, tuple) else (padding,) * count
    steps = dilation or (1,) * count
    spans = map(window_span, lengths, window, strides, pads, steps)
    return tuple(Sight(axis, span) if span else NOT_STATED for axis, span in enumerate(spans))


def window_span(length: Any, window: Any, stride: Any, pad: Any, dilation: Any) -> Span | None:
    """Return what a window sees along an axis; None where its sizes, or the length that they depend on, are unknown."""
    if not all(type(size) is int for size in (window, stride, dilation)):
        return None
    reach = dilation * (window - 1) + 1
    before = _before(length, reach, stride, pad)
    return None if before is None else Span((-before,), (reach - 1 - before,), stride, dilation)


def _before(length: Any, reach: int, stride: int, pad: Any) -> int | None:
    """Return the positions of padding before the first: half of what keeps the length, for `same`."""
    if pad == "valid":
        return 0
    if pad == "causal":
        return reach - 1
    if pad != "same":
        return pad if type(pad) is int else None
    if stride == 1:
        return (reach - 1) // 2
    if type(length) is not int:
        return None
    return max((-(-length // stride) - 1) * stride + reach - length, 0) // 2


def transposed_span(window: Any, stride: Any, before: Any, dilation: Any) -> Span | None:
    """Return what an output sees along an axis where a window is put down at each position of the input.

    `before` is what is taken from the beginning.
    """
    if not all(type(size) is int for size in (window, stride, before, dilation)):
        return None
    bounds = []
    for place in range(stride):
        seen = [place + before - dilation * element for element in range(window)]
        found = [each // stride for each in seen if each % stride == 0]
        bounds.append((min(found), max(found)) if found else (inf, -inf))
    apart = dilation // gcd(dilation, stride)
    return Span(tuple(low for low, _ in bounds), tuple(high for _, high in bounds), step=apart).least()


def repeated_span(factor: Any) -> Span | None:
    """Return what an output sees where each position is repeated."""
    return Span((0,) * factor, (0,) * factor) if type(factor) is int else None


def gathered_span(factor: Any) -> Span | None:
    """Return what an output sees where so many positions in a row become one."""
    return Span((0,), (factor - 1,), factor) if type(factor) is int else None


#: The positions before and behind that of which an output is made where it lies between two, by how it is filled.
_TAPS = {
    **dict.fromkeys(("linear", "bilinear", "trilinear"), (0, 1)),
    "bicubic": (1, 2),
    "lanczos3": (2, 3),
    "lanczos5": (4, 5),
}


def resampled_span(ratio: Any, mode: str, aligned: bool = False) -> Span | None:
    """Return what an output sees where an axis is made longer or shorter; `ratio` is the length before by that after.

    Positions are compared by their middles; `aligned`, by the ends of the axis.
    """
    if not isinstance(ratio, int | Fraction):
        return None
    half = 0 if aligned or mode == "nearest" else Fraction(1, 2)
    low, high = [], []
    for place in range(Fraction(ratio).denominator):
        middle = (place + half) * ratio - (0 if mode == "nearest-exact" else half)
        first = floor(middle)
        before, behind = (0, 0) if middle == first else _TAPS.get(mode, (0, 0))
        low.append(first - before)
        high.append(first + behind)
    return Span(tuple(low), tuple(high), Fraction(ratio).numerator).least()


def divided_span(length: Any, number: Any) -> Span | None:
    """Return what an output sees where an axis is divided into a number of windows as even as can be."""
    if type(length) is not int or type(number) is not int:
        return None
    low = tuple(place * length // number for place in range(number))
    high = tuple(-(-(place + 1) * length // number) - 1 for place in range(number))
    return Span(low, high, length).least()


def grouped_span(channels: Any, groups: Any, outputs: Any) -> Span | None:
    """Return which channels an output sees where they are dealt out to groups."""
    if type(groups) is int and groups == 1:
        return ALL
    if not all(type(size) is int for size in (channels, groups, outputs)):
        return None
    share, number = channels // groups, outputs // groups
    return Span((0,) * number, (share - 1,) * number, share).least()


def moved_span(start: Any, step: Any = 1) -> Span | None:
    """Return what is seen of every `step`-th position from `start` on; with a step of 0, of that one alone."""
    return Span((start,), (start,), step) if type(start) is int and type(step) is int else None


def everything(*inputs: Shape) -> tuple[Reach, ...]:
    """Return the reach of a layer of which each output sees all of all inputs."""
    return tuple(tuple(EVERYTHING for _ in x) for x in inputs)


def broadcast(inputs: Sequence[Shape]) -> tuple[Reach, ...]:
    """Return the reach of a function of several inputs, element by element, axes of size 1 repeated."""
    rank = max(map(len, inputs))
    return tuple(
        tuple(
            Sight(None, FIRST) if type(size) is int and size == 1 else Sight(axis + rank - len(x), SAME)
            for axis, size in enumerate(x)
        )
        for x in inputs
    )


#: Of more positions that each see something else, it is not said what.
_MOST = 10_000


def refolded(x: Shape, output: Shape) -> Reach:
    """Return the reach of the same elements in another shape: axes that stay, and those that are folded together."""
    sights: list[Sight] = []
    place = 0
    while len(sights) < len(x):
        axes, places = _folded(x, output, len(sights), place)
        long = next((axis for axis in places if not _is_one(output[axis])), None)
        together = output[places.start if long is None else long + 1 : places.stop]
        sights += (_part_of(x[axis : axes.stop], together, long, axis == axes.start) for axis in axes)
        place = places.stop
    return tuple(sights)


def _part_of(sizes: Shape, together: Shape, output: int | None, first: bool) -> Sight:
    """Return what is seen of an axis by the elements that an output position has: as many as `together` come to.

    `sizes` are those of the axis and of the axes behind it; of the `first`, nothing stands before it.
    """
    if _is_one(sizes[0]):
        return Sight(None, FIRST)
    if output is not None and len(sizes) == 1 and first and not together:
        return Sight(output, SAME)
    if output is None or not all(type(size) is int for size in (*sizes, *together)):
        return Sight(output, None)
    size, inner, elements = sizes[0], prod(sizes[1:]), prod(together)
    cycle = inner if first else inner * size
    period = cycle // gcd(cycle, elements)
    if period > _MOST:
        return unsaid(f"more than {_MOST:,} positions see something else each", output)
    low, high = [], []
    for place in range(period):
        start, end = place * elements // inner, ((place + 1) * elements - 1) // inner
        if first:
            low.append(start)
            high.append(end)
        else:
            whole = end // size > start // size
            low.append(0 if whole else start % size)
            high.append(size - 1 if whole else end % size)
    return Sight(output, Span(tuple(low), tuple(high), period * elements // inner if first else 0).least())


def _folded(x: Shape, output: Shape, axis: int, place: int) -> tuple[range, range]:
    """Return the fewest axes from one on that hold as many elements as the fewest of the output from a place on."""
    if place < len(output) and x[axis] is output[place]:
        return range(axis, axis + 1), range(place, place + 1)
    if not all(type(size) is int for size in (*x[axis:], *output[place:])) or place == len(output):
        return range(axis, len(x)), range(place, len(output))
    end, stop, inner, outer = axis + 1, place + 1, x[axis], output[place]
    while inner != outer:
        if inner < outer:
            inner, end = inner * x[end], end + 1
        else:
            outer, stop = outer * output[stop], stop + 1
    return range(axis, end), range(place, stop)


def _is_one(size: Any) -> bool:
    return type(size) is int and size == 1


def laid_out(sights: Reach, order: Sequence[int], outputs: Mapping[int, int]) -> Reach:
    """Return a reach for axes in the order that a framework has.

    `order` are the axes of the input as the layer type sees them, by their places in the framework; `outputs` gives
    the place of each axis of the output.
    """
    moved = dict(zip(order, sights, strict=True))
    return tuple(
        sight if sight.axis is None else replace(sight, axis=outputs[sight.axis]) for _, sight in sorted(moved.items())
    )
