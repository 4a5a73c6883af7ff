"""PyTorch: pooling over three axes."""

from paramcalc.conventions.torch import CHANNELS_FIRST, average_pool, global_pool, max_pool

EQUIVALENTS = {
    "MaxPool3D": max_pool("MaxPool3d"),
    "AveragePool3D": average_pool("AvgPool3d"),
    "GlobalMaxPool3D": global_pool("AdaptiveMaxPool3d", {"return_indices": "false"}),
    "GlobalAveragePool3D": global_pool("AdaptiveAvgPool3d"),
}

LAYOUT = dict.fromkeys(EQUIVALENTS, CHANNELS_FIRST)
