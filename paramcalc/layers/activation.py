"""Functions that own tensors or change the shape, and layers that hand on what they are given."""

from collections.abc import Iterator
from typing import Literal

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import quoted, refuse
from paramcalc.layers.base.axes import axis_position
from paramcalc.layers.base.caching import nothing_cached
from paramcalc.layers.base.declaration import Example, Layer, Remark, Tensor
from paramcalc.layers.base.fields import Integer, OptionalAxis, Rate, Real, field
from paramcalc.layers.base.products import no_products
from paramcalc.layers.base.reach import Reach, Sight, Span, same


class PReLU(Layer):
    """Keeps numbers above zero, and multiplies those below by a slope that is learned."""

    layout = "as_given"
    source = "He et al. 2015; keras.layers.PReLU; torch.nn.PReLU"
    example = Example(inputs=[(64,)])
    remarks = (
        Remark(
            "Why does the size of the input count?",
            "Each element has a slope of its own, as Keras has it: {alpha}. With shared_axes, positions share theirs;"
            " PyTorch learns one slope, or one for each channel.",
            when="slopes == 'element' and shared_axes == None",
        ),
        Remark(
            "Why does the size of the input not count?",
            "All elements share one slope, as PyTorch has it unless it is told a number of channels. Keras has one for"
            " each element.",
            when="slopes == 'single' and shared_axes == None",
        ),
        Remark(
            "Why does the number of positions not count?",
            "They share the slopes: there are {alpha}.",
            when="slopes == 'channel' or shared_axes != None",
        ),
    )
    products = no_products
    cached = nothing_cached

    slopes: Literal["element", "channel", "single"] = field(
        "", "what has a slope of its own: each element, each channel, or the whole", "element"
    )
    shared_axes: OptionalAxis = field(
        "", "axes, from 1, along which elements share a slope; where given, the others do not, as in Keras", None
    )
    axis: Integer = field("", "the axis of the channels, the batch counted as 0", -1)

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        yield Tensor("alpha", self._slopes(x), "slopes below zero")

    def _slopes(self, x: Shape) -> Shape:
        if self.shared_axes is not None:
            shared = self._shared(len(x))
            return tuple(1 if place in shared else size for place, size in enumerate(x))
        if self.slopes == "channel":
            return (x[axis_position(self.axis, len(x))],)
        return x if self.slopes == "element" else (1,)

    def _shared(self, rank: int) -> set[int]:
        axes = self.shared_axes if isinstance(self.shared_axes, tuple) else (self.shared_axes,)
        if any(axis < 1 for axis in axes):
            raise refuse(
                "invalid-value",
                f"'shared_axes' of PReLU count from 1, not {quoted(min(axes))}",
                "Keras takes -1 for the axis before the last one",
            )
        return {axis_position(axis, rank) for axis in axes}

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        return (same(x),)


class GLU(Layer):
    """Splits an axis in half, and multiplies the first half by the sigmoid of the second."""

    layout = "as_given"
    source = "Dauphin et al. 2017; torch.nn.GLU"
    example = Example(inputs=[(64,)])
    products = no_products
    cached = nothing_cached

    axis: Integer = field("", "the axis that is halved, the batch counted as 0", -1)

    def output_shape(self, x: Shape) -> Shape:
        position = axis_position(self.axis, len(x))
        half = algebra.divide(x[position], 2, f"GLU halves axis {self.axis}")
        return (*x[:position], half, *x[position + 1 :])

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        position = axis_position(self.axis, len(x))
        half = algebra.divide(x[position], 2)
        seen = Sight(position, Span((0,), (half,), step=half) if type(half) is int else None)
        return ((*same(x)[:position], seen, *same(x)[position + 1 :]),)


class Identity(Layer):
    """Hands on its input as it is."""

    view = True
    source = "keras.layers.Identity; keras.layers.ActivityRegularization; torch.nn.Identity"
    example = Example(inputs=[(64,)])
    products = no_products
    cached = nothing_cached

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        return (same(x),)


class Masking(Layer):
    """Hands on its input, and tells the layers after it which steps to leave out."""

    source = "keras.layers.Masking"
    example = Example(inputs=[(64,)])
    products = no_products
    cached = nothing_cached

    mask_value: Real = field("", "the number that all features of a step to leave out have", 0)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        return (same(x),)


class GaussianNoise(Layer):
    """In training, adds a number drawn anew from a normal distribution to each element."""

    source = "keras.layers.GaussianNoise"
    example = Example({"stddev": 0.1}, [(64,)])
    products = no_products
    cached = nothing_cached

    stddev: Rate = field("", "the standard deviation of what is added")

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        return (same(x),)
