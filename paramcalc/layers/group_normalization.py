"""Layers that normalise the channels of each example on their own, in groups or one by one."""

from collections.abc import Iterator

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.layers.base.declaration import Axes, Layer, Phrase, Tensor
from paramcalc.layers.base.fields import Flag, Groups, Integer, field


class GroupNorm(Layer):
    """Normalises the channels of each example in groups, then scales and shifts each channel."""

    inputs = (Axes("... c", c="channels"),)
    source = "Wu and He 2018; keras.layers.GroupNormalization; torch.nn.GroupNorm"
    phrases = (
        Phrase(", then scales and shifts each channel", when="scale or center"),
        Phrase("scales and ", when="scale"),
        Phrase(" and shifts", when="center"),
    )

    groups: Groups = field("", "groups of channels; -1: each channel is one", 32)
    axis: Integer = field("", "the axis of the channels, the batch counted as 0", -1)
    center: Flag = field("center", "whether beta is added", True)
    scale: Flag = field("scale", "whether gamma multiplies", True)

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        if not (type(self.groups) is int and self.groups == -1):
            algebra.divide(x[-1], self.groups, "the groups must divide the channels")
        yield Tensor("gamma", (x[-1],), "scale of each channel", when=self.scale)
        yield Tensor("beta", (x[-1],), "offset of each channel", when=self.center)

    @property
    def channel_axis(self) -> int:
        return int(self.axis)


class InstanceNorm(Layer):
    """Normalises each channel of each example over all its places, then may scale and shift it."""

    inputs = (Axes("... c", c="channels"),)
    source = "Ulyanov, Vedaldi and Lempitsky 2016; torch.nn.InstanceNorm2d"

    axis: Integer = field("", "the axis of the channels, the batch counted as 0", -1)
    center: Flag = field("center", "whether beta is added", False)
    scale: Flag = field("scale", "whether gamma multiplies", False)
    track_running_stats: Flag = field("track_running_stats", "whether the running mean and variance are kept", False)
    batch_counter: Flag = field("batch_counter", "whether the batches seen are counted, as PyTorch does", False)

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        c, tracked = x[-1], self.track_running_stats
        yield Tensor("gamma", (c,), "scale of each channel", when=self.scale)
        yield Tensor("beta", (c,), "offset of each channel", when=self.center)
        yield Tensor("moving_mean", (c,), "running mean, used at inference", "state", when=tracked)
        yield Tensor("moving_variance", (c,), "running variance, used at inference", "state", when=tracked)
        counted = (tracked, self.batch_counter)
        yield Tensor("batch_counter", (), "number of batches seen", "state", "int64", when=counted)

    @property
    def channel_axis(self) -> int:
        return int(self.axis)
