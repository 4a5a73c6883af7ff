"""Layers that put the same elements elsewhere; they learn nothing."""

from dataclasses import replace
from typing import Any

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import refuse
from paramcalc.layers.base.axes import Axes
from paramcalc.layers.base.caching import nothing_cached
from paramcalc.layers.base.declaration import Example, Layer
from paramcalc.layers.base.fields import Amount2D, Count, OrderedAxes, Size, Window2D, field
from paramcalc.layers.base.products import no_products
from paramcalc.layers.base.reach import (
    SAME,
    Reach,
    Sight,
    Span,
    gathered_span,
    repeated_span,
    same,
    transposed_span,
    window_span,
)
from paramcalc.layers.base.spatial import DataFormat, Spatial, data_format
from paramcalc.layers.base.windows import output_lengths


class Permute(Layer):
    """The axes in another order."""

    layout = "as_given"
    moves_axes = True
    view = True
    source = "keras.layers.Permute"
    example = Example({"dims": (3, 1, 2)}, [(64, 32, 3)])
    products = no_products
    cached = nothing_cached

    dims: OrderedAxes = field("", "the axes of the input in the order of the output, the batch left out: [2, 1]")

    def output_shape(self, x: Shape) -> Shape:
        dims = self.dims if isinstance(self.dims, tuple) else (self.dims,)
        if sorted(dims) != list(range(1, len(x) + 1)):
            raise refuse(
                "invalid-value",
                f"'dims' of Permute has each axis from 1 to {len(x)} once, not {', '.join(map(str, dims))}",
            )
        return tuple(x[axis - 1] for axis in dims)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        dims = self.dims if isinstance(self.dims, tuple) else (self.dims,)
        return (tuple(Sight(dims.index(axis + 1), SAME) for axis in range(len(x))),)


class RepeatVector(Layer):
    """Makes a sequence of one vector, the same at each step."""

    inputs = (Axes("c", c="features"),)
    layout = "as_given"
    source = "keras.layers.RepeatVector"
    example = Example({"n": 10}, [(8,)])
    products = no_products
    cached = nothing_cached

    n: Size = field("n", "the steps")

    def way_out(self, shape: Shape) -> str:
        return (
            "it takes one vector: a recurrent layer without return_sequences, GlobalAveragePool1D or Flatten gives one"
        )

    def output_shape(self, x: Shape) -> Shape:
        return (self.n, *x)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        return ((Sight(1, SAME),),)


class _Pixels(Spatial):
    inputs = (Axes("... h w c", h="height", w="width", c="channels"),)
    products = no_products
    cached = nothing_cached

    @property
    def channel_axis(self) -> int:
        # there may be axes before those of the image
        return -3 if self.data_format == "channels_first" else -1


class PixelShuffle(_Pixels):
    """Spreads each group of channels over a square of pixels: a larger image of fewer channels."""

    source = "Shi et al. 2016; torch.nn.PixelShuffle"
    example = Example({"upscale_factor": 2}, [(32, 32, 8)])

    upscale_factor: Count = field("", "how many times as high and as wide the image is made")
    data_format: DataFormat = data_format()

    def output_shape(self, x: Shape) -> Shape:
        *leading, height, width, channels = x
        factor = self.upscale_factor
        rest = algebra.divide(channels, factor * factor, "the channels fill squares of 'upscale_factor'")
        return (*leading, height * factor, width * factor, rest)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        factor, rank = self.upscale_factor, len(x)
        pixels = (Sight(axis, repeated_span(factor)) for axis in (rank - 3, rank - 2))
        return ((*same(x)[:-3], *pixels, Sight(rank - 1, gathered_span(factor * factor))),)


class PixelUnshuffle(_Pixels):
    """Puts each square of pixels into channels: a smaller image of more channels."""

    source = "Shi et al. 2016; torch.nn.PixelUnshuffle"
    example = Example({"downscale_factor": 2}, [(32, 32, 8)])

    downscale_factor: Count = field("", "how many times less high and less wide the image is made")
    data_format: DataFormat = data_format()

    def output_shape(self, x: Shape) -> Shape:
        *leading, height, width, channels = x
        factor = self.downscale_factor
        rule = "squares of 'downscale_factor' fill the image"
        lengths = [algebra.divide(length, factor, rule) for length in (height, width)]
        return (*leading, *lengths, channels * factor * factor)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        factor, rank = self.downscale_factor, len(x)
        pixels = (Sight(axis, gathered_span(factor)) for axis in (rank - 3, rank - 2))
        return ((*same(x)[:-3], *pixels, Sight(rank - 1, repeated_span(factor * factor))),)


class ChannelShuffle(Spatial):
    """Deals the channels out anew, so that each group has some of every other."""

    inputs = (Axes("... n c", n="positions", c="channels"),)
    source = "Zhang et al. 2017; torch.nn.ChannelShuffle"
    example = Example({"groups": 4}, [(64, 8)])
    products = no_products
    cached = nothing_cached

    groups: Count = field("", "into how many groups the channels are parted")
    data_format: DataFormat = data_format()

    def output_shape(self, x: Shape) -> Shape:
        algebra.divide(x[-1], self.groups, "'groups' divides the channels")
        return x

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        channels, groups = x[-1], self.groups
        seen: Span | None = None
        if type(channels) is int and type(groups) is int:
            places = tuple(place % groups * (channels // groups) + place // groups for place in range(channels))
            seen = Span(places, places, channels).least()
        return ((*same(x)[:-1], Sight(len(x) - 1, seen)),)


class _Windows(Spatial):
    products = no_products
    cached = nothing_cached
    kernel_size: Window2D = field("", "height and width of a window")
    strides: Window2D = field("", "how far apart the windows are", (1, 1))
    padding: Amount2D = field("", "the pixels of padding on each side of the image", (0, 0))
    dilation_rate: Window2D = field("", "the spacing of a window's elements", (1, 1))
    data_format: DataFormat = data_format()

    def _along(self, lengths: Shape) -> Shape:
        """Count the windows along each axis of an image."""
        return output_lengths(lengths, self.kernel_size, self.strides, self.padding, self.dilation_rate)

    def _windows(self, lengths: Shape) -> Any:
        """Count the windows in an image. Raises `empty-output` where none fits."""
        numbers = self._along(lengths)
        if not all(algebra.at_least(each, 1) for each in numbers):
            height, width = lengths
            raise refuse("empty-output", f"no window fits in an image of {height} by {width}")
        return algebra.product(numbers)


class Unfold(_Windows):
    """Lays out each window of an image as one row: the numbers of all its pixels and channels."""

    inputs = (Axes("h w c", h="height", w="width", c="channels"),)
    source = "torch.nn.Unfold"
    example = Example({"kernel_size": 3}, [(32, 32, 8)])

    def output_shape(self, x: Shape) -> Shape:
        return (self._windows(x[:-1]), x[-1] * algebra.product(self.kernel_size))

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        window = zip(x[:-1], self.kernel_size, self.strides, self.padding, self.dilation_rate, strict=True)
        rows, columns = (window_span(*each) for each in window)
        _, across = self._along(x[:-1])
        pixels = algebra.product(self.kernel_size)
        if rows is None or columns is None or type(across) is not int:
            return ((Sight(0, None), Sight(0, None), Sight(1, repeated_span(pixels))),)
        # the windows are numbered row by row
        row, place = Span((0,) * across, (0,) * across), tuple(range(across))
        column = Span(place, place, 0)
        # of each, the positions under a window
        seen = (replace(one.of(other), step=other.step) for one, other in ((row, rows), (column, columns)))
        return ((*(Sight(0, span) for span in seen), Sight(1, repeated_span(pixels))),)


class Fold(_Windows):
    """Adds up windows, each laid out as one row, where they lie in an image."""

    inputs = (Axes("l p", l="windows", p="numbers of a window, over all channels"),)
    source = "torch.nn.Fold"
    example = Example({"kernel_size": 3, "output_size": 8}, [(36, 72)])

    output_size: Window2D = field("", "height and width of the image")

    def output_shape(self, x: Shape) -> Shape:
        windows = self._windows(self.output_size)
        if not algebra.equal(x[0], windows):
            raise refuse("shape-mismatch", f"an image of this size has {windows} windows, and the input {x[0]}")
        pixels = algebra.product(self.kernel_size)
        channels = algebra.divide(x[-1], pixels, "a window has the same number of pixels in each channel")
        return (*self.output_size, channels)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        rows = transposed_span(self.kernel_size[0], self.strides[0], self.padding[0], self.dilation_rate[0])
        _, across = self._along(self.output_size)
        numbered = gathered_span(across)
        seen = None if rows is None or numbered is None else rows.of(numbered)
        return ((Sight(0, seen), Sight(2, gathered_span(algebra.product(self.kernel_size)))),)
