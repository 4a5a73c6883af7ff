"""Layers that add positions around their input, or cut some off; they learn nothing."""

from typing import Annotated, TypeAlias

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import quoted, refuse
from paramcalc.layers.base.axes import Axes
from paramcalc.layers.base.caching import nothing_cached
from paramcalc.layers.base.declaration import Example
from paramcalc.layers.base.fields import Given, Real, field
from paramcalc.layers.base.products import no_products
from paramcalc.layers.base.ranked import CutSides, Ranked, Sides
from paramcalc.layers.base.reach import SAME, Reach, Sight, moved_span
from paramcalc.layers.base.spatial import DataFormat, Spatial, data_format
from paramcalc.layers.base.words import words

Mode: TypeAlias = Annotated[Given[str], words("mode", "constant", "reflect", "replicate", "circular")]

_CUT = "how many positions are cut off: {sides}"
#: The positions of the input that these modes do not have to add: a mirror lacks the one that it stands on.
_MISSING = {"reflect": 1, "circular": 0}


class _Sided(Spatial, Ranked):
    inputs = (Axes("... c", c="channels"),)
    example = Example(inputs=[(8,)])
    products = no_products
    cached = nothing_cached


class _Padding(_Sided):
    padding: Sides = field("", "how many positions are added; a negative number cuts off: {sides}", 1)

    def output_shape(self, x: Shape) -> Shape:
        return (*map(self._padded, x, self.padding), x[-1])

    def _padded(self, length: Number, sides: tuple[Number, Number]) -> Number:
        before, behind = sides
        return length + before + behind


class _ZeroPadding(_Padding):
    """Adds zeros around {input}."""

    source = "keras.layers.ZeroPadding{rank}D; torch.nn.ZeroPad{rank}d"

    data_format: DataFormat = data_format()

    def _padded(self, length: Number, sides: tuple[Number, Number]) -> Number:
        _check_cut(length, sides)
        return super()._padded(length, sides)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        spans = (moved_span(-before) for before, _ in self.padding)
        return (tuple(Sight(axis, span) for axis, span in enumerate((*spans, SAME))),)


class ZeroPadding1D(_ZeroPadding, rank=1): ...


class ZeroPadding2D(_ZeroPadding, rank=2): ...


class ZeroPadding3D(_ZeroPadding, rank=3): ...


class _Mode(Ranked):
    # a class of its own, so that it is the first of the fields
    mode: Mode = field("", "what is added: constant, reflect, replicate or circular")


class _Pad(_Padding, _Mode):
    """Adds positions around {input}: a constant, its mirror image, its edge, or its other end."""

    source = "torch.nn.ConstantPad{rank}d, ReflectionPad{rank}d, ReplicationPad{rank}d, CircularPad{rank}d"
    example = Example({"mode": "reflect"}, [(8,)])

    value: Real = field("", "the number that 'constant' adds", 0)
    data_format: DataFormat = data_format()

    def _padded(self, length: Number, sides: tuple[Number, Number]) -> Number:
        # what is cut off is gone before anything is added; of these two, it was there to be repeated
        if self.mode in ("constant", "circular"):
            _check_cut(length, sides)
        if self.mode in _MISSING:
            _check_added(self.mode, length, sides)
        return super()._padded(length, sides)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        note = "" if self.mode == "constant" else f"what its padding repeats ({self.mode}) is not counted again"
        spans = (moved_span(-before) for before, _ in self.padding)
        return ((*(Sight(axis, span, note) for axis, span in enumerate(spans)), Sight(len(x) - 1, SAME)),)


class Pad1D(_Pad, rank=1): ...


class Pad2D(_Pad, rank=2): ...


class Pad3D(_Pad, rank=3): ...


class _Cropping(_Sided):
    """Cuts off the sides of {input}."""

    view = True
    source = "keras.layers.Cropping{rank}D"

    cropping: CutSides = field("", _CUT, 1)
    data_format: DataFormat = data_format()

    def output_shape(self, x: Shape) -> Shape:
        axes = zip(x, self.cropping, strict=False)
        return (*(length - before - after for length, (before, after) in axes), x[-1])

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        spans = (moved_span(before) for before, _ in self.cropping)
        return (tuple(Sight(axis, span) for axis, span in enumerate((*spans, SAME))),)


class Cropping1D(_Cropping, rank=1): ...


class Cropping2D(_Cropping, rank=2):
    cropping: CutSides = field("", _CUT, 0)


class Cropping3D(_Cropping, rank=3): ...


def _check_cut(length: Number, sides: tuple[Number, Number]) -> None:
    left = length + sum(algebra.lesser(added, 0) for added in sides)
    if not algebra.at_least(left, 0):
        raise refuse(
            "shape-mismatch", f"a padding of {list(sides)} cuts off more than the {quoted(length)} that are there"
        )


def _check_added(mode: str, length: Number, sides: tuple[Number, Number]) -> None:
    most = length - _MISSING[mode]
    for added in sides:
        if not algebra.at_least(most - added, 0):
            raise refuse(
                "shape-mismatch",
                f"a padding that is '{mode}' adds at most {quoted(most)} to a side of {quoted(length)},"
                f" not {quoted(added)}",
            )
