"""Keras: convolution of each channel on its own."""

from paramcalc.conventions.keras import same

_ARGUMENTS = "kernel_size strides padding dilation_rate depth_multiplier use_bias activation data_format"

EQUIVALENTS = {
    "DepthwiseConv1D": same("DepthwiseConv1D", _ARGUMENTS),
    "DepthwiseConv2D": same("DepthwiseConv2D", _ARGUMENTS),
    "SeparableConv1D": same("SeparableConv1D", f"filters {_ARGUMENTS}"),
    "SeparableConv2D": same("SeparableConv2D", f"filters {_ARGUMENTS}"),
}
