"""What layers that slide a learned window share."""

from paramcalc.core.algebra import Shape
from paramcalc.layers.base.axes import Axes
from paramcalc.layers.base.declaration import Example, Layer, Remark
from paramcalc.layers.base.fields import Size, field
from paramcalc.layers.base.ranked import Padding, Ranked, Window
from paramcalc.layers.base.reach import Sight, windows
from paramcalc.layers.base.spatial import Spatial
from paramcalc.layers.base.windows import output_lengths

#: What is asked of every layer that slides a window.
POSITIONS = Remark(
    "Why does the size of the input not count?",
    "The same windows of weights slide over all positions: a larger input uses them more often.",
)


class Filters(Layer):
    """A layer with filters: a class of its own, so that they are the first of the fields."""

    filters: Size = field("f", "filters: the channels of the output")


class Windowed(Spatial, Ranked):
    """A layer that slides a window of weights."""

    inputs = (Axes("... c", c="channels of the input"),)
    example = Example({"filters": 16, "kernel_size": 3}, [(8,)])

    kernel_size: Window = field("k", "{extent} of the window")
    strides: Window = field("", "how far the window moves", 1)
    padding: Padding = field("", "valid, same, or the {positions} added on each side", "valid")
    dilation_rate: Window = field("", "the spacing of the window's elements", 1)

    def lengths(self, x: Shape) -> Shape:
        """Give the number of positions of the window along each axis."""
        return output_lengths(x[:-1], self.kernel_size, self.strides, self.padding, self.dilation_rate)

    def sights(self, x: Shape) -> tuple[Sight, ...]:
        """Tell what an output sees along each axis of positions."""
        return windows(x[:-1], self.kernel_size, self.strides, self.padding, self.dilation_rate)
