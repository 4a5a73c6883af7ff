"""Layers that take one number from each window; they learn nothing."""

from typing import Literal

from paramcalc import algebra
from paramcalc.algebra import Shape
from paramcalc.fields import Flag, OptionalWindow2D, Padding2D, Window2D, field
from paramcalc.layer import Axes, Layer
from paramcalc.window import output_lengths


class _Pool2D(Layer):
    inputs = (Axes("h w c", h="height", w="width", c="channels"),)

    pool_size: Window2D = field("", "height and width of the window", (2, 2))
    strides: OptionalWindow2D = field("", "how far the window moves; its own size, if absent", None, "pool_size")
    padding: Padding2D = field("", "valid, same, or the pixels added on each side", "valid")
    data_format: Literal["channels_last", "channels_first"] = field("", "where the channels are", "channels_last")

    def output_shape(self, x: Shape) -> Shape:
        return (*output_lengths(x[:-1], self.pool_size, self.strides, self.padding), x[-1])

    @property
    def channel_axis(self) -> int:
        return 1 if self.data_format == "channels_first" else -1


class MaxPool2D(_Pool2D):
    """Takes the largest number of each window."""

    source = "keras.layers.MaxPooling2D; torch.nn.MaxPool2d"


class AveragePool2D(_Pool2D):
    """Takes the mean of each window."""

    source = "keras.layers.AveragePooling2D; torch.nn.AvgPool2d"


class GlobalAveragePool2D(Layer):
    """Takes the mean of each channel over all places."""

    inputs = (Axes("h w c", h="height", w="width", c="channels"),)
    source = "Lin, Chen and Yan 2013; keras.layers.GlobalAveragePooling2D; torch.nn.AdaptiveAvgPool2d(1)"

    keepdims: Flag = field("", "whether height and width stay, with size 1", False)
    data_format: Literal["channels_last", "channels_first"] = field("", "where the channels are", "channels_last")

    def output_shape(self, x: Shape) -> Shape:
        return (1, 1, x[-1]) if algebra.truth(self.keepdims) else (x[-1],)

    @property
    def channel_axis(self) -> int:
        return 1 if self.data_format == "channels_first" else -1
