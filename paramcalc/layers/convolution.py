"""Layers that slide a learned window over a sequence or an image."""

from paramcalc.layers.base.convolution import Convolution
from paramcalc.layers.base.declaration import Axes
from paramcalc.layers.base.fields import CausalPadding1D, Padding2D, Window1D, Window2D, field


class Conv1D(Convolution):
    """Each output step and filter is a weighted sum of a window of the input, plus an offset."""

    inputs = (Axes("t c", t="steps of the sequence", c="channels of the input"),)
    source = "Waibel et al. 1989; Hu et al. 2021 (low-rank update); keras.layers.Conv1D; torch.nn.Conv1d"

    kernel_size: Window1D = field("k", "length of the window")
    strides: Window1D = field("", "how far the window moves", (1,))
    padding: CausalPadding1D = field("", "valid, same, causal, or the steps added on each side", "valid")
    dilation_rate: Window1D = field("", "the spacing of the window's elements", (1,))


class Conv2D(Convolution):
    """Each output pixel and filter is a weighted sum of a window of the input, plus an offset."""

    inputs = (Axes("h w c", h="height", w="width", c="channels of the input"),)
    source = "LeCun et al. 1998; Hu et al. 2021 (low-rank update); keras.layers.Conv2D; torch.nn.Conv2d"

    kernel_size: Window2D = field("k", "height and width of the window")
    strides: Window2D = field("", "how far the window moves", (1, 1))
    padding: Padding2D = field("", "valid, same, or the pixels added on each side", "valid")
    dilation_rate: Window2D = field("", "the spacing of the window's elements", (1, 1))
