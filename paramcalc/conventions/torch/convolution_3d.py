"""PyTorch: convolution of volumes."""

from paramcalc.conventions.torch import convolution_row

EQUIVALENTS = {
    "Conv3D": convolution_row("Conv3d", "d h w"),
}

LAYOUT = {
    "Conv3D": {"data_format": "channels_first"},
}
