"""Layers that add places around their input, or cut some off; they learn nothing."""

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import quoted, refuse
from paramcalc.layers.base.fields import CutSides1D, CutSides2D, CutSides3D, Real, Sides1D, Sides2D, Sides3D, field
from paramcalc.layers.base.spatial import IMAGE, STEPS, VOLUME, DataFormat, Spatial, data_format

Mode: TypeAlias = Literal["constant", "reflect", "replicate", "circular"]

_ADDED = "how many places are added; a negative number cuts off: "
_CUT = "how many places are cut off: "
_STEPS = "one number, or those before and after"
_AXES = "one number, one for each axis, or two for each axis"
#: The places of the input that these modes do not have to add: a mirror lacks the one that it stands on.
_MISSING = {"reflect": 1, "circular": 0}


class _Padding(Spatial):
    if TYPE_CHECKING:
        padding: Any

    def output_shape(self, x: Shape) -> Shape:
        return (*map(self._padded, x, self.padding), x[-1])

    def _padded(self, length: Number, sides: tuple[Number, Number]) -> Number:
        before, behind = sides
        return length + before + behind


class _ZeroPadding(_Padding):
    def _padded(self, length: Number, sides: tuple[Number, Number]) -> Number:
        _check_cut(length, sides)
        return super()._padded(length, sides)


class _Pad(_Padding):
    if TYPE_CHECKING:
        mode: Mode

    def _padded(self, length: Number, sides: tuple[Number, Number]) -> Number:
        # what is cut off is gone before anything is added; of these two, it was there to be repeated
        if self.mode in ("constant", "circular"):
            _check_cut(length, sides)
        if self.mode in _MISSING:
            _check_added(self.mode, length, sides)
        return super()._padded(length, sides)


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


class _Cropping(Spatial):
    if TYPE_CHECKING:
        cropping: Any

    def output_shape(self, x: Shape) -> Shape:
        axes = zip(x, self.cropping, strict=False)
        return (*(length - before - after for length, (before, after) in axes), x[-1])


class ZeroPadding1D(_ZeroPadding):
    """Adds zeros around a sequence."""

    inputs = (STEPS,)
    source = "keras.layers.ZeroPadding1D; torch.nn.ZeroPad1d"

    padding: Sides1D = field("", _ADDED + _STEPS, ((1, 1),))
    data_format: DataFormat = data_format()


class ZeroPadding2D(_ZeroPadding):
    """Adds zeros around an image."""

    inputs = (IMAGE,)
    source = "keras.layers.ZeroPadding2D; torch.nn.ZeroPad2d"

    padding: Sides2D = field("", _ADDED + _AXES, ((1, 1), (1, 1)))
    data_format: DataFormat = data_format()


class ZeroPadding3D(_ZeroPadding):
    """Adds zeros around a volume."""

    inputs = (VOLUME,)
    source = "keras.layers.ZeroPadding3D; torch.nn.ZeroPad3d"

    padding: Sides3D = field("", _ADDED + _AXES, ((1, 1), (1, 1), (1, 1)))
    data_format: DataFormat = data_format()


class Pad1D(_Pad):
    """Adds places around a sequence: a constant, its mirror image, its edge, or its other end."""

    inputs = (STEPS,)
    source = "torch.nn.ConstantPad1d, ReflectionPad1d, ReplicationPad1d, CircularPad1d"

    mode: Mode = field("", "what is added: constant, reflect, replicate or circular")
    padding: Sides1D = field("", _ADDED + _STEPS, ((1, 1),))
    value: Real = field("", "the number that 'constant' adds", 0)
    data_format: DataFormat = data_format()


class Pad2D(_Pad):
    """Adds places around an image: a constant, its mirror image, its edge, or its other end."""

    inputs = (IMAGE,)
    source = "torch.nn.ConstantPad2d, ReflectionPad2d, ReplicationPad2d, CircularPad2d"

    mode: Mode = field("", "what is added: constant, reflect, replicate or circular")
    padding: Sides2D = field("", _ADDED + _AXES, ((1, 1), (1, 1)))
    value: Real = field("", "the number that 'constant' adds", 0)
    data_format: DataFormat = data_format()


class Pad3D(_Pad):
    """Adds places around a volume: a constant, its mirror image, its edge, or its other end."""

    inputs = (VOLUME,)
    source = "torch.nn.ConstantPad3d, ReflectionPad3d, ReplicationPad3d, CircularPad3d"

    mode: Mode = field("", "what is added: constant, reflect, replicate or circular")
    padding: Sides3D = field("", _ADDED + _AXES, ((1, 1), (1, 1), (1, 1)))
    value: Real = field("", "the number that 'constant' adds", 0)
    data_format: DataFormat = data_format()


class Cropping1D(_Cropping):
    """Cuts off the sides of a sequence."""

    inputs = (STEPS,)
    source = "keras.layers.Cropping1D"

    cropping: CutSides1D = field("", _CUT + _STEPS, ((1, 1),))
    data_format: DataFormat = data_format()


class Cropping2D(_Cropping):
    """Cuts off the sides of an image."""

    inputs = (IMAGE,)
    source = "keras.layers.Cropping2D"

    cropping: CutSides2D = field("", _CUT + _AXES, ((0, 0), (0, 0)))
    data_format: DataFormat = data_format()


class Cropping3D(_Cropping):
    """Cuts off the sides of a volume."""

    inputs = (VOLUME,)
    source = "keras.layers.Cropping3D"

    cropping: CutSides3D = field("", _CUT + _AXES, ((1, 1), (1, 1), (1, 1)))
    data_format: DataFormat = data_format()
