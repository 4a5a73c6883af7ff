"""Keras: convolution."""

from paramcalc.conventions.keras import same

EQUIVALENTS = {
    "Conv2D": same(
        "Conv2D",
        "filters kernel_size strides padding dilation_rate groups use_bias activation data_format",
        when="max(strides) == 1 or max(dilation_rate) == 1",
    ),
}
