"""Layers that slide a learned window over a volume."""

from paramcalc.layers.base.convolution import Convolution
from paramcalc.layers.base.declaration import Axes
from paramcalc.layers.base.fields import Padding3D, Window3D, field


class Conv3D(Convolution):
    """Each output voxel and filter is a weighted sum of a window of the input, plus an offset."""

    inputs = (Axes("d h w c", d="depth", h="height", w="width", c="channels of the input"),)
    source = "Ji et al. 2013; Hu et al. 2021 (low-rank update); keras.layers.Conv3D; torch.nn.Conv3d"

    kernel_size: Window3D = field("k", "depth, height and width of the window")
    strides: Window3D = field("", "how far the window moves", (1, 1, 1))
    padding: Padding3D = field("", "valid, same, or the voxels added on each side", "valid")
    dilation_rate: Window3D = field("", "the spacing of the window's elements", (1, 1, 1))
