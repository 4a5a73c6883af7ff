"""Layers that bring their input to a common scale, and have nothing to train."""

from collections.abc import Iterator

from paramcalc.core.algebra import Shape
from paramcalc.layers.base.declaration import Axes, Layer, Tensor, axis_position
from paramcalc.layers.base.fields import Axis, Count, Flag, OptionalAxis, field


class UnitNorm(Layer):
    """Divides each example by its length, so that it has the length 1."""

    source = "keras.layers.UnitNormalization"

    axis: Axis = field("", "the axis or axes over which the length is taken, the batch counted as 0", -1)

    def output_shape(self, x: Shape) -> Shape:
        _positions(self.axis, x)
        return x


class LocalResponseNorm(Layer):
    """Divides each element by a sum over the channels beside its own."""

    inputs = (Axes("... n c", n="places", c="channels"),)
    source = "Krizhevsky, Sutskever and Hinton 2012; torch.nn.LocalResponseNorm"

    window: Count = field("", "the channels that are summed")


class Normalization(Layer):
    """Subtracts a mean and divides by a standard deviation, both taken from data before training."""

    source = "keras.layers.Normalization"

    axis: OptionalAxis = field("", "the axes whose every place has its own; absent: one for all elements", -1)
    adapted: Flag = field("adapted", "whether mean and variance are kept with the layer, or given as constants", True)

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        sizes = tuple(x[place] for place in _positions(self.axis, x))
        yield Tensor("mean", sizes, "mean of the data", "state", when=self.adapted)
        yield Tensor("variance", sizes, "variance of the data", "state", when=self.adapted)
        yield Tensor("count", (), "kept from older versions, and unused", "state", "int64", when=self.adapted)


def _positions(axis: int | tuple[int, ...] | None, x: Shape) -> list[int]:
    """The places of axes in a shape, in order."""
    axes = axis if isinstance(axis, tuple) else () if axis is None else (axis,)
    return sorted(axis_position(each, len(x)) for each in axes)
