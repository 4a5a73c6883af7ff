"""Layers that slide a window over each channel on its own, and maybe mix the channels after it."""

from collections.abc import Iterator
from typing import Any

from paramcalc.core.algebra import Shape
from paramcalc.layers.base.declaration import Axes, Layer, Phrase, Tensor
from paramcalc.layers.base.fields import Count, Flag, Function, Padding1D, Padding2D, Size, Window1D, Window2D, field
from paramcalc.layers.base.spatial import DataFormat, Spatial, data_format
from paramcalc.layers.base.windows import output_lengths


class _DepthwiseConv(Spatial):
    kernel_size: Any
    strides: Any
    padding: Any
    dilation_rate: Any
    depth_multiplier: Count = field("m", "windows for each channel", 1)
    use_bias: Flag = field("use_bias", "whether an offset is added", True)
    activation: Function = field("", "the function applied to the result", "linear")
    data_format: DataFormat = data_format()

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        yield self._windows("kernel", x)
        yield Tensor("bias", (self._channels(x),), "an offset for each output", when=self.use_bias)

    def output_shape(self, x: Shape) -> Shape:
        return (*self._lengths(x), self._channels(x))

    def _windows(self, name: str, x: Shape) -> Tensor:
        return Tensor(name, (*self.kernel_size, x[-1], self.depth_multiplier), "windows of weights for each channel")

    def _channels(self, x: Shape) -> Any:
        return x[-1] * self.depth_multiplier

    def _lengths(self, x: Shape) -> Shape:
        return output_lengths(x[:-1], self.kernel_size, self.strides, self.padding, self.dilation_rate)


class _Filters(Layer):
    # a class of its own, so that it is the first of the fields
    filters: Size = field("f", "filters: the channels of the output")


class _SeparableConv(_DepthwiseConv, _Filters):
    def tensors(self, x: Shape) -> Iterator[Tensor]:
        single = (1,) * (len(x) - 1)
        yield self._windows("depthwise_kernel", x)
        yield Tensor(
            "pointwise_kernel", (*single, self._channels(x), self.filters), "from all windows to each filter, by place"
        )
        yield Tensor("bias", (self.filters,), "an offset for each filter", when=self.use_bias)

    def output_shape(self, x: Shape) -> Shape:
        return (*self._lengths(x), self.filters)


class DepthwiseConv1D(_DepthwiseConv):
    """Each output step is a weighted sum of a window of a single channel, plus an offset."""

    phrases = (Phrase(", plus an offset", when="use_bias"),)
    inputs = (Axes("t c", t="steps of the sequence", c="channels"),)
    source = "Chollet 2017; keras.layers.DepthwiseConv1D; torch.nn.Conv1d with as many groups as channels"

    kernel_size: Window1D = field("k", "length of the window")
    strides: Window1D = field("", "how far the window moves", (1,))
    padding: Padding1D = field("", "valid, same, or the steps added on each side", "valid")
    dilation_rate: Window1D = field("", "the spacing of the window's elements", (1,))


class DepthwiseConv2D(_DepthwiseConv):
    """Each output pixel is a weighted sum of a window of a single channel, plus an offset."""

    phrases = (Phrase(", plus an offset", when="use_bias"),)
    inputs = (Axes("h w c", h="height", w="width", c="channels"),)
    source = "Chollet 2017; keras.layers.DepthwiseConv2D; torch.nn.Conv2d with as many groups as channels"

    kernel_size: Window2D = field("k", "height and width of the window")
    strides: Window2D = field("", "how far the window moves", (1, 1))
    padding: Padding2D = field("", "valid, same, or the pixels added on each side", "valid")
    dilation_rate: Window2D = field("", "the spacing of the window's elements", (1, 1))


class SeparableConv1D(_SeparableConv):
    """Slides windows over each channel on its own, then mixes the channels at each step."""

    inputs = (Axes("t c", t="steps of the sequence", c="channels of the input"),)
    source = "Chollet 2017; keras.layers.SeparableConv1D"

    kernel_size: Window1D = field("k", "length of the window")
    strides: Window1D = field("", "how far the window moves", (1,))
    padding: Padding1D = field("", "valid, same, or the steps added on each side", "valid")
    dilation_rate: Window1D = field("", "the spacing of the window's elements", (1,))


class SeparableConv2D(_SeparableConv):
    """Slides windows over each channel on its own, then mixes the channels at each pixel."""

    inputs = (Axes("h w c", h="height", w="width", c="channels of the input"),)
    source = "Chollet 2017; keras.layers.SeparableConv2D"

    kernel_size: Window2D = field("k", "height and width of the window")
    strides: Window2D = field("", "how far the window moves", (1, 1))
    padding: Padding2D = field("", "valid, same, or the pixels added on each side", "valid")
    dilation_rate: Window2D = field("", "the spacing of the window's elements", (1, 1))
