"""Layers that lay out the windows of an image one after another, or put them together again; they learn nothing."""

from typing import Any

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import refuse
from paramcalc.layers.base.declaration import Axes
from paramcalc.layers.base.fields import Amount2D, Window2D, field
from paramcalc.layers.base.spatial import DataFormat, Spatial, data_format
from paramcalc.layers.base.windows import output_lengths


class _Windows(Spatial):
    kernel_size: Window2D = field("", "height and width of a window")
    strides: Window2D = field("", "how far apart the windows are", (1, 1))
    padding: Amount2D = field("", "the pixels of padding on each side of the image", (0, 0))
    dilation_rate: Window2D = field("", "the spacing of a window's elements", (1, 1))
    data_format: DataFormat = data_format()

    def _places(self, lengths: Shape) -> Any:
        """The number of windows in an image. Raises `empty-output` where none fits."""
        places = output_lengths(lengths, self.kernel_size, self.strides, self.padding, self.dilation_rate)
        if not all(algebra.at_least(each, 1) for each in places):
            height, width = lengths
            raise refuse("empty-output", f"no window fits in an image of {height} by {width}")
        return algebra.product(places)


class Unfold(_Windows):
    """Lays out each window of an image as one row: the numbers of all its pixels and channels."""

    inputs = (Axes("h w c", h="height", w="width", c="channels"),)
    source = "torch.nn.Unfold"

    def output_shape(self, x: Shape) -> Shape:
        return (self._places(x[:-1]), x[-1] * algebra.product(self.kernel_size))


class Fold(_Windows):
    """Adds up windows, each laid out as one row, where they lie in an image."""

    inputs = (Axes("l p", l="windows", p="numbers of a window, over all channels"),)
    source = "torch.nn.Fold"

    output_size: Window2D = field("", "height and width of the image")

    def output_shape(self, x: Shape) -> Shape:
        places = self._places(self.output_size)
        if not algebra.equal(x[0], places):
            raise refuse("shape-mismatch", f"an image of this size has {places} windows, and the input {x[0]}")
        pixels = algebra.product(self.kernel_size)
        channels = algebra.divide(x[-1], pixels, "a window has the same number of pixels in each channel")
        return (*self.output_size, channels)
