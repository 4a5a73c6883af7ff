"""Convolutions that keep the channels apart, and those that run backwards."""

from collections.abc import Iterator
from typing import ClassVar

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.layers.base.axes import Axes
from paramcalc.layers.base.caching import nothing_cached
from paramcalc.layers.base.convolution import POSITIONS, Filters, Windowed
from paramcalc.layers.base.declaration import Example, Phrase, Remark, Tensor
from paramcalc.layers.base.fields import Count, Flag, Size, field
from paramcalc.layers.base.products import Product
from paramcalc.layers.base.ranked import OptionalAmount, Padding, Ranked, Window
from paramcalc.layers.base.reach import EVERYTHING, Reach, Sight, grouped_span, repeated_span, transposed_span
from paramcalc.layers.base.spatial import DataFormat, Spatial, data_format
from paramcalc.layers.base.windows import transposed_lengths
from paramcalc.layers.base.words import Function

# --- Channel by channel ----------------------------------------------------------------


class _DepthwiseConv(Windowed):
    """Each output {position} is a weighted sum of a window of a single channel, plus a bias."""

    phrases: ClassVar[tuple[Phrase, ...]] = (Phrase(", plus a bias", when="use_bias"),)
    inputs = (Axes("... c", c="channels"),)
    source = "Chollet 2017; keras.layers.DepthwiseConv{rank}D; torch.nn.Conv{rank}d with as many groups as channels"
    example = Example({"kernel_size": 3}, [(8,)])
    remarks = (
        Remark(
            "Why has it so many fewer weights than a convolution?",
            "Each output sees a window of a single channel: {kernel} weights. In a convolution, each filter has"
            " weights for all channels.",
        ),
        Remark(
            "Why are there no filters?",
            "Each channel has windows of its own, depth_multiplier of them: the number of outputs follows from that"
            " of the channels.",
        ),
        POSITIONS,
    )
    cached = nothing_cached

    depth_multiplier: Count = field("m", "windows for each channel", 1)
    use_bias: Flag = field("use_bias", "whether a bias is added", True)
    activation: Function = field("", "the function applied to the result", "linear")
    data_format: DataFormat = data_format()

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        yield self._kernel("kernel", x)
        yield Tensor("bias", (self._channels(x),), "a bias for each output", when=self.use_bias)

    def products(self, x: Shape) -> Iterator[Product]:
        yield self._product("kernel", x)

    def output_shape(self, x: Shape) -> Shape:
        return (*self.lengths(x), self._channels(x))

    def _product(self, name: str, x: Shape) -> Product:
        return Product(name, (*self.lengths(x), *self.kernel_size, x[-1], self.depth_multiplier), (0,), (name,))

    def _kernel(self, name: str, x: Shape) -> Tensor:
        return Tensor(name, (*self.kernel_size, x[-1], self.depth_multiplier), "windows of weights for each channel")

    def _channels(self, x: Shape) -> Number:
        return x[-1] * self.depth_multiplier

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        return ((*self.sights(x), Sight(len(x) - 1, repeated_span(self.depth_multiplier))),)


class DepthwiseConv1D(_DepthwiseConv, rank=1): ...


class DepthwiseConv2D(_DepthwiseConv, rank=2): ...


class _SeparableConv(_DepthwiseConv, Filters):
    """Slides windows over each channel on its own, then mixes the channels at each {position}."""

    inputs = (Axes("... c", c="channels of the input"),)
    source = "Chollet 2017; keras.layers.SeparableConv{rank}D"
    example = Example({"filters": 16, "kernel_size": 3}, [(8,)])
    remarks = (
        Remark(
            "Why has it so many fewer weights than a convolution?",
            "A convolution has a window for each pair of a channel and a filter. Here the windows see one channel each"
            " ({depthwise_kernel} weights), and a sum at each position mixes them ({pointwise_kernel}).",
        ),
        Remark(
            "Why is there one bias only?",
            "It stands behind the second of the two steps; one before the sum would add the same.",
            when="use_bias",
        ),
        POSITIONS,
    )
    phrases: ClassVar[tuple[Phrase, ...]] = ()

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        single = (1,) * (len(x) - 1)
        yield self._kernel("depthwise_kernel", x)
        yield Tensor(
            "pointwise_kernel",
            (*single, self._channels(x), self.filters),
            "from all windows to each filter, by position",
        )
        yield Tensor("bias", (self.filters,), "a bias for each filter", when=self.use_bias)

    def products(self, x: Shape) -> Iterator[Product]:
        yield self._product("depthwise_kernel", x)
        mixed = (0, "depthwise_kernel")
        sizes = (*self.lengths(x), self._channels(x), self.filters)
        yield Product("pointwise_kernel", sizes, mixed, ("pointwise_kernel",))

    def output_shape(self, x: Shape) -> Shape:
        return (*self.lengths(x), self.filters)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        return ((*self.sights(x), EVERYTHING),)


class SeparableConv1D(_SeparableConv, rank=1): ...


class SeparableConv2D(_SeparableConv, rank=2): ...


# --- Backwards -------------------------------------------------------------------------


class _ConvTranspose(Spatial, Ranked):
    """Each input {position} adds a window of weighted values to the output, which strides make {larger}."""

    inputs = (Axes("... c", c="channels of the input"),)
    source = (
        "Zeiler et al. 2010; Dumoulin and Visin 2016 (the shapes); keras.layers.Conv{rank}DTranspose;"
        " torch.nn.ConvTranspose{rank}d"
    )
    example = Example({"filters": 16, "kernel_size": 3}, [(8,)])
    remarks = (
        Remark(
            "Why has it as many weights as a convolution between the same channels?",
            "Each pair of a channel and a filter has a window, in either direction: {kernel} weights. Only the bias"
            " follows the output, with one for each filter.",
            when="use_bias",
        ),
        Remark(
            "Why has it as many weights as a convolution between the same channels?",
            "Each pair of a channel and a filter has a window, in either direction: {kernel} weights.",
            when="not use_bias",
        ),
        Remark(
            "Why do the strides not count?",
            "They say how far apart the windows are put down, and so how large the output is: the windows stay the"
            " same.",
        ),
    )
    cached = nothing_cached

    filters: Size = field("f", "filters: the channels of the output")
    kernel_size: Window = field("k", "{extent} of the window")
    strides: Window = field("", "how far apart the windows are", 1)
    padding: Padding = field("", "valid, same, or the {positions} taken from each side", "valid")
    output_padding: OptionalAmount = field(
        "", "what is added at the end of each axis; what the padding asks for, if absent", None
    )
    dilation_rate: Window = field("", "the spacing of the window's elements", 1)
    groups: Count = field("g", "groups: each sees its own share of the channels", 1)
    use_bias: Flag = field("use_bias", "whether a bias is added", True)
    activation: Function = field("", "the function applied to the result", "linear")
    data_format: DataFormat = data_format()

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        algebra.divide(x[-1], self.groups, "the groups must divide the channels")
        filters = algebra.divide(self.filters, self.groups, "the groups must divide the filters")
        yield Tensor("kernel", (*self.kernel_size, filters, x[-1]), "a window of weights for each channel")
        yield Tensor("bias", (self.filters,), "a bias for each filter", when=self.use_bias)

    def products(self, x: Shape) -> Iterator[Product]:
        # a window is put down at each position of the input
        filters = algebra.divide(self.filters, self.groups)
        yield Product("kernel", (*x[:-1], *self.kernel_size, filters, x[-1]), (0,), ("kernel",))

    def output_shape(self, x: Shape) -> Shape:
        lengths = transposed_lengths(
            x[:-1], self.kernel_size, self.strides, self.padding, self.dilation_rate, self.output_padding
        )
        return (*lengths, self.filters)

    def _taken_away(self) -> Shape:
        """Give what is taken from the beginning of each axis: of `same`, half of what is taken from both ends."""
        if isinstance(self.padding, tuple):
            return self.padding
        ones = (1,) * len(self.kernel_size)
        if self.padding == "valid":
            return tuple(0 for _ in ones)
        lengths = (
            transposed_lengths(ones, self.kernel_size, self.strides, padding, self.dilation_rate, added)
            for padding, added in (("valid", (0,) * len(ones)), (self.padding, self.output_padding))
        )
        return tuple(
            algebra.floor_divide(algebra.largest((whole - left, 0)), 2) for whole, left in zip(*lengths, strict=True)
        )

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        spans = map(transposed_span, self.kernel_size, self.strides, self._taken_away(), self.dilation_rate)
        channels = grouped_span(x[-1], self.groups, self.filters)
        return (tuple(Sight(axis, span) for axis, span in enumerate((*spans, channels))),)


class Conv1DTranspose(_ConvTranspose, rank=1): ...


class Conv2DTranspose(_ConvTranspose, rank=2): ...


class Conv3DTranspose(_ConvTranspose, rank=3): ...
