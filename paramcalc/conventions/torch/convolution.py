"""PyTorch: convolution."""

from paramcalc.conventions.torch import convolution_row

EQUIVALENTS = {
    "Conv1D": convolution_row("Conv1d", "t"),
    "Conv2D": convolution_row("Conv2d", "h w"),
}

LAYOUT = {
    "Conv1D": {"data_format": "channels_first"},
    "Conv2D": {"data_format": "channels_first"},
}
