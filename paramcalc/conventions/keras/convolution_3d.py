"""Keras: convolution of volumes."""

from paramcalc.conventions.keras import CONVOLUTION, STRIDES_OR_DILATION, same

EQUIVALENTS = {
    "Conv3D": same("Conv3D", CONVOLUTION, STRIDES_OR_DILATION),
}
