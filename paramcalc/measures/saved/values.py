"""What flows between the layers while it is followed what PyTorch keeps: storages, and the tensors that show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.layers.base.fields import DTYPES


class Storage:
    """A stretch of memory. It is kept once, however many tensors that show it are kept."""

    __slots__ = ("born", "kept", "sizes")

    def __init__(self, sizes: tuple[Number, ...], born: int, kept: bool = False) -> None:
        #: the sizes whose product are its bytes
        self.sizes = sizes
        #: the number of the storages made before it
        self.born = born
        #: whether it is kept, or there in any case, as parameters and buffers are
        self.kept = kept


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """A tensor that flows: what it shows of which storage, and whether it needs a gradient."""

    storage: Storage
    #: the batch included
    shape: Shape
    dtype: str
    needs_gradient: bool
    #: its axes by how they lie in memory, from the outermost to the innermost
    order: tuple[int, ...]
    #: the axes within whose elements something is left out, so that they do not follow one another; the axis before
    #: such a one, in memory, cannot be joined with it
    cuts: frozenset[int] = frozenset()
    #: whether its elements stand apart one by one
    scattered: bool = False

    @property
    def sizes(self) -> tuple[Number, ...]:
        """The sizes whose product are the bytes of a storage of its own."""
        return (*self.shape, width(self.dtype))

    @property
    def is_in_order(self) -> bool:
        """Whether its elements lie in the order of its axes, without gaps."""
        if self.scattered:
            return False
        if self.order != tuple(range(len(self.shape))):
            moved = [axis for place, axis in enumerate(self.order) if axis != place]
            several = [axis for axis in moved if not is_one(self.shape[axis])]
            if several != sorted(several):
                return False
        return all(self._is_outermost(axis) for axis in self.cuts)

    def _is_outermost(self, axis: int) -> bool:
        """Whether all axes around an axis, in memory, have one element."""
        return all(is_one(self.shape[each]) for each in self.order[: self.order.index(axis)])

    @property
    def has_channels_last(self) -> bool:
        """Whether its elements lie with the channels, axis 1, innermost."""
        return self.order == (0, *range(2, len(self.shape)), 1)

    def permuted(self, axes: Sequence[int]) -> Value:
        """Show it with its axes in another order: that of `axes`; where it is the same, it is the tensor itself."""
        if [*axes] == [*range(len(self.shape))]:
            return self
        places = {axis: place for place, axis in enumerate(axes)}
        return replace(
            self,
            shape=tuple(self.shape[axis] for axis in axes),
            order=tuple(places[axis] for axis in self.order),
            cuts=frozenset(places[axis] for axis in self.cuts),
        )

    def moved(self, axis: int, there: int) -> Value:
        """Show it with an axis at another place, as `movedim` does."""
        rank = len(self.shape)
        others = [each for each in range(rank) if each != axis % rank]
        others.insert(there % rank, axis % rank)
        return self.permuted(others)

    def with_rank(self, rank: int) -> Value:
        """Show it with this many axes, those that it lacks behind the batch."""
        more = rank - len(self.shape)
        if not more:
            return self
        order = [axis + more if axis else 0 for axis in self.order]
        place = order.index(0) + 1
        return replace(
            self,
            shape=(self.shape[0], *[1] * more, *self.shape[1:]),
            order=(*order[:place], *range(1, more + 1), *order[place:]),
            cuts=frozenset(axis + more if axis else 0 for axis in self.cuts),
        )

    def part(self, axis: int, length: Number, apart: bool = False) -> Value:
        """Show a part of an axis; `apart` says that there are others between its elements."""
        if algebra.same(self.shape[axis], length):
            return self
        shape = (*self.shape[:axis], length, *self.shape[axis + 1 :])
        cuts = self.cuts | {axis}
        if not apart:
            return replace(self, shape=shape, cuts=cuts)
        behind = self.order[self.order.index(axis) + 1 :]
        return replace(self, shape=shape, cuts=cuts.union(behind[:1]), scattered=self.scattered or not behind)

    def without(self, axis: int) -> Value:
        """Show it without an axis of one element."""
        behind = self.order[self.order.index(axis) + 1 :]
        cuts = self.cuts | ({behind[0]} if axis in self.cuts and behind else set())
        scattered = self.scattered or (axis in self.cuts and not behind)
        others = [each for each in range(len(self.shape)) if each != axis]
        places = {each: place for place, each in enumerate(others)}
        return replace(
            self,
            shape=tuple(self.shape[each] for each in others),
            order=tuple(places[each] for each in self.order if each != axis),
            cuts=frozenset(places[each] for each in cuts if each != axis),
            scattered=scattered,
        )

    def reshaped(self, shape: Shape) -> Value | None:
        """Show it with other axes; None where no view does, and its elements must be copied."""
        if self.is_in_order:
            return replace(self, shape=shape, order=tuple(range(len(shape))), cuts=frozenset())
        groups = _groups(self.shape, shape)
        if groups is None or self.scattered:
            return None
        found: list[tuple[int, tuple[int, ...]]] = []
        cuts: set[int] = set()
        for old, new in groups:
            axes = self._joined(old)
            if axes is None:
                return None
            place = self.order.index(axes[0]) if axes else len(self.order)
            found.append((place, new))
            cuts.update(new[:1] if axes and axes[0] in self.cuts else ())
        order = tuple(axis for _, new in sorted(found, key=lambda each: each[0]) for axis in new)
        return replace(self, shape=shape, order=order, cuts=frozenset(cuts))

    def _joined(self, axes: Sequence[int]) -> Sequence[int] | None:
        """Return those of axes that have several elements, if they can be shown as one; None where they cannot."""
        if len(axes) < 2 or self._follow(axes):
            return axes
        several = [axis for axis in axes if not is_one(self.shape[axis])]
        return several if self._follow(several) else None

    def _follow(self, axes: Sequence[int]) -> bool:
        """Whether axes follow one another in memory, with nothing in between."""
        places = [self.order.index(axis) for axis in axes]
        for before, behind in pairwise(places):
            between = self.order[before + 1 : behind + 1] if before < behind else ()
            if not between or any(axis in self.cuts for axis in between):
                return False
            if not all(is_one(self.shape[axis]) for axis in between[:-1]):
                return False
        return True


def width(dtype: str) -> int:
    """Return the bytes of an element."""
    return DTYPES[dtype] // 8


def is_float(dtype: str) -> bool:
    """Whether numbers of a dtype have gradients."""
    return "float" in dtype


def is_one(size: Number) -> bool:
    """Whether an axis has one element, and lies anywhere. Of a symbol it is assumed that it has more."""
    if algebra.is_symbol(size):
        if size.is_Integer:
            return bool(size == 1)
        return not algebra.chosen_at_least(size, 2)
    return algebra.truth(size == 1)


def _groups(old: Shape, new: Shape) -> list[tuple[tuple[int, ...], tuple[int, ...]]] | None:
    """Return which old axes become which new ones; None where that cannot be told."""
    groups: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
    left, right = 0, 0
    while left < len(old) or right < len(new):
        for ends in _ends(len(old) - left, len(new) - right):
            one, other = old[left : left + ends[0]], new[right : right + ends[1]]
            if algebra.same(algebra.product(one), algebra.product(other)):
                break
        else:
            return None
        groups.append((tuple(range(left, left + ends[0])), tuple(range(right, right + ends[1]))))
        left, right = left + ends[0], right + ends[1]
    return groups


def _ends(left: int, right: int) -> Iterable[tuple[int, int]]:
    """Yield how many axes on each side a group may have, the smallest first."""
    both = [(one, other) for one in range(left + 1) for other in range(right + 1) if one + other]
    return sorted(both, key=sum)
