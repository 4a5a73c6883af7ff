"""Keras: convolution."""

from paramcalc.conventions.keras import CONVOLUTION, STRIDES_OR_DILATION, same

EQUIVALENTS = {
    "Conv1D": same("Conv1D", CONVOLUTION, STRIDES_OR_DILATION),
    "Conv2D": same("Conv2D", CONVOLUTION, STRIDES_OR_DILATION),
}
