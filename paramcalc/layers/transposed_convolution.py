"""Layers that put down a learned window at each place of their input: the shapes of a convolution, backwards."""

from collections.abc import Iterator
from typing import Any

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.layers.base.declaration import Axes, Tensor
from paramcalc.layers.base.fields import (
    Count,
    Flag,
    Function,
    OptionalAmount1D,
    OptionalAmount2D,
    OptionalAmount3D,
    Padding1D,
    Padding2D,
    Padding3D,
    Size,
    Window1D,
    Window2D,
    Window3D,
    field,
)
from paramcalc.layers.base.spatial import DataFormat, Spatial, data_format
from paramcalc.layers.base.windows import transposed_lengths

_PAPERS = "Zeiler et al. 2010; Dumoulin and Visin 2016 (the shapes)"
_ADDED = "what is added at the end of each axis; what the padding asks for, if absent"


class _ConvTranspose(Spatial):
    filters: Size = field("f", "filters: the channels of the output")
    kernel_size: Any
    strides: Any
    padding: Any
    output_padding: Any
    dilation_rate: Any
    groups: Count = field("g", "groups: each sees its own share of the channels", 1)
    use_bias: Flag = field("use_bias", "whether an offset is added", True)
    activation: Function = field("", "the function applied to the result", "linear")
    data_format: DataFormat = data_format()

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        algebra.divide(x[-1], self.groups, "the groups must divide the channels")
        filters = algebra.divide(self.filters, self.groups, "the groups must divide the filters")
        yield Tensor("kernel", (*self.kernel_size, filters, x[-1]), "a window of weights for each channel")
        yield Tensor("bias", (self.filters,), "an offset for each filter", when=self.use_bias)

    def output_shape(self, x: Shape) -> Shape:
        lengths = transposed_lengths(
            x[:-1], self.kernel_size, self.strides, self.padding, self.dilation_rate, self.output_padding
        )
        return (*lengths, self.filters)


class Conv1DTranspose(_ConvTranspose):
    """Each input step adds a window of weighted values to the output, which strides make longer."""

    inputs = (Axes("t c", t="steps of the sequence", c="channels of the input"),)
    source = f"{_PAPERS}; keras.layers.Conv1DTranspose; torch.nn.ConvTranspose1d"

    kernel_size: Window1D = field("k", "length of the window")
    strides: Window1D = field("", "how far apart the windows are", (1,))
    padding: Padding1D = field("", "valid, same, or the steps taken from each side", "valid")
    output_padding: OptionalAmount1D = field("", _ADDED, None)
    dilation_rate: Window1D = field("", "the spacing of the window's elements", (1,))


class Conv2DTranspose(_ConvTranspose):
    """Each input pixel adds a window of weighted values to the output, which strides make larger."""

    inputs = (Axes("h w c", h="height", w="width", c="channels of the input"),)
    source = f"{_PAPERS}; keras.layers.Conv2DTranspose; torch.nn.ConvTranspose2d"

    kernel_size: Window2D = field("k", "height and width of the window")
    strides: Window2D = field("", "how far apart the windows are", (1, 1))
    padding: Padding2D = field("", "valid, same, or the pixels taken from each side", "valid")
    output_padding: OptionalAmount2D = field("", _ADDED, None)
    dilation_rate: Window2D = field("", "the spacing of the window's elements", (1, 1))


class Conv3DTranspose(_ConvTranspose):
    """Each input voxel adds a window of weighted values to the output, which strides make larger."""

    inputs = (Axes("d h w c", d="depth", h="height", w="width", c="channels of the input"),)
    source = f"{_PAPERS}; keras.layers.Conv3DTranspose; torch.nn.ConvTranspose3d"

    kernel_size: Window3D = field("k", "depth, height and width of the window")
    strides: Window3D = field("", "how far apart the windows are", (1, 1, 1))
    padding: Padding3D = field("", "valid, same, or the voxels taken from each side", "valid")
    output_padding: OptionalAmount3D = field("", _ADDED, None)
    dilation_rate: Window3D = field("", "the spacing of the window's elements", (1, 1, 1))
