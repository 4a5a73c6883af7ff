"""Layers that bring their input to a common scale."""

from collections.abc import Iterator
from typing import Any

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.layers.base.axes import Axes, axis_position
from paramcalc.layers.base.caching import nothing_cached
from paramcalc.layers.base.declaration import Example, Layer, Phrase, Remark, Tensor
from paramcalc.layers.base.fields import Axis, Flag, Integer, field
from paramcalc.layers.base.products import no_products
from paramcalc.layers.base.reach import Reach, mixing, same

#: What of a normalisation's summary goes with its scale, and with its shift.
_PHRASES = (Phrase("scale · ", when="scale"), Phrase(" + shift", when="center"))


class BatchNorm(Layer):
    """Normalises each feature over the batch, then scales and shifts it: scale · (x - mean) / deviation + shift."""

    inputs = (Axes("... c", c="features: the size of the axis that is normalised"),)
    layout = "axis"
    source = "Ioffe and Szegedy 2015; keras.layers.BatchNormalization; torch.nn.BatchNorm2d"
    example = Example(inputs=[(8,)])
    remarks = (
        Remark(
            "Why are four numbers kept for each feature, and only two of them trained?",
            "The scale and the shift are parameters: the gradient reaches them, and the optimizer updates them."
            " The running mean and variance are measured from the batches, not learned; they are kept because"
            " at inference there may be no batch to measure.",
            when="scale and center",
        ),
        Remark(
            "Why is one number more kept for the whole layer?",
            "It counts the batches seen, so that a running mean can weigh all of them alike. Nothing is learned.",
            when="batch_counter",
        ),
        Remark(
            "Why does the size of the batch not change the count?",
            "The mean and the variance are taken over the batch: one of each for a feature, however many"
            " examples there are.",
        ),
    )
    phrases = (
        Phrase(", then scales and shifts it", when="scale or center"),
        Phrase("scales and ", when="scale"),
        Phrase(" and shifts", when="center"),
        *_PHRASES,
    )
    products = no_products
    cached = nothing_cached

    axis: Integer = field("", "the axis of the features, the batch counted as 0", -1)
    center: Flag = field("center", "whether beta is added", True)
    scale: Flag = field("scale", "whether gamma multiplies", True)
    track_running_stats: Flag = field("", "whether the running mean and variance are kept", True)
    renorm: Flag = field("renorm", "whether the batch is corrected by statistics of its own (Ioffe 2017)", None)
    batch_counter: Flag = field("batch_counter", "whether the batches seen are counted, as PyTorch does", False)

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        c, tracked, renorm = x[-1], self.track_running_stats, self.renorm
        yield Tensor("gamma", (c,), "scale of each feature", when=self.scale)
        yield Tensor("beta", (c,), "shift of each feature", when=self.center)
        yield Tensor("moving_mean", (c,), "running mean, used at inference", "state", when=tracked)
        yield Tensor("moving_variance", (c,), "running variance, used at inference", "state", when=tracked)
        yield Tensor("moving_stddev", (c,), "running standard deviation", "state", when=renorm)
        yield Tensor("renorm_mean", (c,), "running mean, used in training", "state", when=renorm)
        yield Tensor("renorm_stddev", (c,), "running standard deviation, used in training", "state", when=renorm)
        counted = (tracked, self.batch_counter)
        yield Tensor("batch_counter", (), "number of batches seen", "state", "int64", when=counted)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        # at inference the mean and the variance are known, unless none are kept
        tracked = algebra.truth(self.track_running_stats)
        return (same(x) if tracked else mixing(x, *range(len(x) - 1)),)


class LayerNorm(Layer):
    """Normalises each example over its last axis, or the axes named: scale · (x - mean) / deviation + shift."""

    inputs = (Axes("... c", c="features: the size of the last axis"),)
    layout = "channels_last"
    source = "Ba, Kiros and Hinton 2016; keras.layers.LayerNormalization; torch.nn.LayerNorm"
    example = Example(inputs=[(8,)])
    remarks = (
        Remark(
            "Why is no mean or variance kept, as in a batch normalisation?",
            "Each example is measured on its own, in training and at inference alike: there is nothing to keep.",
        ),
        Remark(
            "Why are there two numbers for each feature?",
            "One scales it and one shifts it, so that what was normalised away can be learned again.",
            when="scale and center",
        ),
    )
    phrases = _PHRASES
    products = no_products
    cached = nothing_cached

    axis: Axis = field("", "the axis or axes normalised, the batch counted as 0", -1)
    center: Flag = field("center", "whether beta is added", True)
    scale: Flag = field("scale", "whether gamma multiplies", True)

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        normalised = _sizes(x, self.axis)
        yield Tensor("gamma", normalised, "scale of each feature", when=self.scale)
        yield Tensor("beta", normalised, "shift of each feature", when=self.center)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        axes = self.axis if isinstance(self.axis, tuple) else (self.axis,)
        return (mixing(x, *(axis_position(axis, len(x)) for axis in axes)),)


class RMSNorm(Layer):
    """Divides each example by its root mean square over the last axis, then scales it: scale · x / rms."""

    inputs = (Axes("... c", c="features: the size of the last axis"),)
    layout = "channels_last"
    source = "Zhang and Sennrich 2019; keras.layers.RMSNormalization; torch.nn.RMSNorm"
    example = Example(inputs=[(8,)])
    remarks = (
        Remark(
            "Why is there no shift?",
            "The mean is not subtracted, so nothing has to put one back: only the scale is left to learn.",
        ),
    )
    phrases = (
        Phrase(", then scales it", when="scale"),
        Phrase("scale · ", when="scale"),
        Phrase(": only the scale is left to learn", when="scale"),
    )
    products = no_products
    cached = nothing_cached

    axis: Axis = field("", "the axis or axes normalised, the batch counted as 0", -1)
    scale: Flag = field("scale", "whether it is scaled", True)

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        yield Tensor("scale", _sizes(x, self.axis), "scale of each feature", when=self.scale)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        axes = self.axis if isinstance(self.axis, tuple) else (self.axis,)
        return (mixing(x, *(axis_position(axis, len(x)) for axis in axes)),)


def _sizes(x: Shape, axis: Any) -> Shape:
    """Give the sizes of the axes that are normalised together."""
    axes = axis if isinstance(axis, tuple) else (axis,)
    return tuple(x[axis_position(each, len(x))] for each in axes)
