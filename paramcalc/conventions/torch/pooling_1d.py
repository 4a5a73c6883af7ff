"""PyTorch: pooling over one axis."""

from paramcalc.conventions.torch import CHANNELS_FIRST, average_pool, global_pool, max_pool

EQUIVALENTS = {
    "MaxPool1D": max_pool("MaxPool1d"),
    "AveragePool1D": average_pool("AvgPool1d"),
    "GlobalMaxPool1D": global_pool("AdaptiveMaxPool1d", {"return_indices": "false"}),
    "GlobalAveragePool1D": global_pool("AdaptiveAvgPool1d"),
}

LAYOUT = dict.fromkeys(EQUIVALENTS, CHANNELS_FIRST)
