"""PyTorch: pooling."""

from paramcalc.conventions.torch import CHANNELS_FIRST, average_pool, global_pool, max_pool

EQUIVALENTS = {
    "MaxPool2D": max_pool("MaxPool2d"),
    "AveragePool2D": average_pool("AvgPool2d"),
    "GlobalMaxPool2D": global_pool("AdaptiveMaxPool2d", {"return_indices": "false"}),
    "GlobalAveragePool2D": global_pool("AdaptiveAvgPool2d"),
}

LAYOUT = dict.fromkeys(EQUIVALENTS, CHANNELS_FIRST)
