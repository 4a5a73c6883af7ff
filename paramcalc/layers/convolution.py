"""Layers that slide a learned window over their input."""

from collections.abc import Iterator
from typing import Literal

from paramcalc import algebra
from paramcalc.algebra import Shape
from paramcalc.fields import Count, Flag, Padding2D, Size, Window2D, field
from paramcalc.layer import Axes, Layer, Remark, Tensor
from paramcalc.window import output_lengths


class Conv2D(Layer):
    """Each output pixel and filter is a weighted sum of a window of the input, plus an offset."""

    inputs = (Axes("h w c", h="height", w="width", c="channels of the input"),)
    source = "LeCun et al. 1998; keras.layers.Conv2D; torch.nn.Conv2d"
    remarks = (
        Remark(
            "Why do height and width of the image not count?",
            "Each filter is one window of weights, which slides over all places: a larger image uses the same"
            " window more often.",
        ),
        Remark(
            "Why do the channels of the input count?",
            "A filter is as deep as its input: its window has weights for every channel, and makes one channel of"
            " the output.",
            when="groups == 1",
        ),
        Remark(
            "Why is the window's depth less than the channels of the input?",
            "The channels are dealt out to the groups, and a filter sees those of its own group only.",
            when="groups > 1",
        ),
    )

    filters: Size = field("f", "filters: the channels of the output")
    kernel_size: Window2D = field("k", "height and width of the window")
    strides: Window2D = field("", "how far the window moves", (1, 1))
    padding: Padding2D = field("", "valid, same, or the pixels added on each side", "valid")
    dilation_rate: Window2D = field("", "the spacing of the window's elements", (1, 1))
    groups: Count = field("g", "groups: each sees its own share of the channels", 1)
    use_bias: Flag = field("use_bias", "whether an offset is added", True)
    activation: str = field("", "the function applied to the result", "linear")
    data_format: Literal["channels_last", "channels_first"] = field("", "where the channels are", "channels_last")

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        channels = algebra.divide(x[-1], self.groups, "the groups must divide the channels")
        algebra.divide(self.filters, self.groups, "the groups must divide the filters")
        yield Tensor("kernel", (*self.kernel_size, channels, self.filters), "a window of weights for each filter")
        yield Tensor("bias", (self.filters,), "an offset for each filter", when=self.use_bias)

    def output_shape(self, x: Shape) -> Shape:
        lengths = output_lengths(x[:-1], self.kernel_size, self.strides, self.padding, self.dilation_rate)
        return (*lengths, self.filters)

    @property
    def channel_axis(self) -> int:
        return 1 if self.data_format == "channels_first" else -1
