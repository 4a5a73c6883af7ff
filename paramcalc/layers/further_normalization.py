"""Layers that bring their input to a common scale, besides the three in common use."""

from collections.abc import Iterator

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.layers.base.axes import Axes, axis_position
from paramcalc.layers.base.caching import nothing_cached
from paramcalc.layers.base.declaration import Example, Layer, Phrase, Remark, Tensor
from paramcalc.layers.base.fields import Axis, Count, Flag, Groups, Integer, OptionalAxis, field
from paramcalc.layers.base.products import no_products
from paramcalc.layers.base.reach import EVERYTHING, Reach, Sight, Span, grouped_span, mixing, same
from paramcalc.layers.base.spatial import DataFormat, Spatial, data_format


class GroupNorm(Layer):
    """Normalises the channels of each example in groups, then scales and shifts each channel."""

    inputs = (Axes("... c", c="channels"),)
    layout = "axis"
    source = "Wu and He 2018; keras.layers.GroupNormalization; torch.nn.GroupNorm"
    example = Example({"groups": 4}, [(8,)])
    remarks = (
        Remark(
            "Why do the groups not change the count?",
            "They say over what a mean and a variance are taken, and these are not kept. What is learned belongs to"
            " each channel.",
        ),
        Remark(
            "Why is no running mean or variance kept, as in a batch normalisation?",
            "Each example is measured on its own, in training and at inference alike: there is nothing to keep.",
        ),
    )
    phrases = (
        Phrase(", then scales and shifts each channel", when="scale or center"),
        Phrase("scales and ", when="scale"),
        Phrase(" and shifts", when="center"),
    )
    products = no_products
    cached = nothing_cached

    groups: Groups = field("", "groups of channels; -1: each channel is one", 32)
    axis: Integer = field("", "the axis of the channels, the batch counted as 0", -1)
    center: Flag = field("center", "whether beta is added", True)
    scale: Flag = field("scale", "whether gamma multiplies", True)

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        if not (type(self.groups) is int and self.groups == -1):
            algebra.divide(x[-1], self.groups, "the groups must divide the channels")
        yield Tensor("gamma", (x[-1],), "scale of each channel", when=self.scale)
        yield Tensor("beta", (x[-1],), "shift of each channel", when=self.center)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        channels = grouped_span(x[-1], x[-1] if self.groups == -1 else self.groups, x[-1])
        return ((*(EVERYTHING for _ in x[:-1]), Sight(len(x) - 1, channels)),)


class InstanceNorm(Layer):
    """Normalises each channel of each example over all its positions, then may scale and shift it."""

    inputs = (Axes("... c", c="channels"),)
    layout = "axis"
    source = "Ulyanov, Vedaldi and Lempitsky 2016; torch.nn.InstanceNorm2d"
    example = Example(inputs=[(8,)])
    remarks = (
        Remark(
            "Why does it own nothing?",
            "Each channel of each example is measured on its own, so that nothing is kept; and unless the spec says"
            " scale or center, nothing is learned.",
            when="not scale and not center and not track_running_stats",
        ),
    )
    products = no_products
    cached = nothing_cached

    axis: Integer = field("", "the axis of the channels, the batch counted as 0", -1)
    center: Flag = field("center", "whether beta is added", False)
    scale: Flag = field("scale", "whether gamma multiplies", False)
    track_running_stats: Flag = field("track_running_stats", "whether the running mean and variance are kept", False)
    batch_counter: Flag = field("batch_counter", "whether the batches seen are counted, as PyTorch does", False)

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        c, tracked = x[-1], self.track_running_stats
        yield Tensor("gamma", (c,), "scale of each channel", when=self.scale)
        yield Tensor("beta", (c,), "shift of each channel", when=self.center)
        yield Tensor("moving_mean", (c,), "running mean, used at inference", "state", when=tracked)
        yield Tensor("moving_variance", (c,), "running variance, used at inference", "state", when=tracked)
        counted = (tracked, self.batch_counter)
        yield Tensor("batch_counter", (), "number of batches seen", "state", "int64", when=counted)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        return (mixing(x, *range(len(x) - 1)),)


class UnitNorm(Layer):
    """Divides each example by its length, so that it has the length 1."""

    layout = "as_given"
    source = "keras.layers.UnitNormalization"
    example = Example(inputs=[(64,)])
    products = no_products
    cached = nothing_cached

    axis: Axis = field("", "the axis or axes over which the length is taken, the batch counted as 0", -1)

    def output_shape(self, x: Shape) -> Shape:
        _positions(self.axis, x)
        return x

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        return (mixing(x, *_positions(self.axis, x)),)


class LocalResponseNorm(Spatial):
    """Divides each element by a sum over the channels beside its own."""

    inputs = (Axes("... n c", n="positions", c="channels"),)
    source = "Krizhevsky, Sutskever and Hinton 2012; torch.nn.LocalResponseNorm"
    example = Example({"window": 5}, [(64, 8)])
    products = no_products
    cached = nothing_cached

    window: Count = field("", "the channels that are summed")
    data_format: DataFormat = data_format()

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        window = self.window
        seen = Span((-(window // 2),), ((window - 1) // 2,)) if type(window) is int else None
        return ((*same(x)[:-1], Sight(len(x) - 1, seen)),)


class Normalization(Layer):
    """Subtracts a mean and divides by a standard deviation, both taken from data before training."""

    layout = "as_given"
    source = "keras.layers.Normalization"
    example = Example(inputs=[(64,)])
    products = no_products
    cached = nothing_cached

    axis: OptionalAxis = field("", "the axes along which each position has its own; absent: one for all elements", -1)
    adapted: Flag = field("adapted", "whether mean and variance are kept with the layer, or given as constants", True)

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        sizes = tuple(x[position] for position in _positions(self.axis, x))
        yield Tensor("mean", sizes, "mean of the data", "state", when=self.adapted)
        yield Tensor("variance", sizes, "variance of the data", "state", when=self.adapted)
        yield Tensor("count", (), "kept from older versions, and unused", "state", "int64", when=self.adapted)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        return (same(x),)


def _positions(axis: int | tuple[int, ...] | None, x: Shape) -> list[int]:
    """Give the positions of axes in a shape, in order."""
    axes = axis if isinstance(axis, tuple) else () if axis is None else (axis,)
    return sorted(axis_position(each, len(x)) for each in axes)
