"""PyTorch: pooling by a fraction."""

from paramcalc.conventions import Equivalent
from paramcalc.conventions.torch import CHANNELS_FIRST

_ARGUMENTS = {
    "kernel_size": "pool_size",
    "output_size": "output_size",
    "output_ratio": "output_ratio",
    "return_indices": "return_indices",
}

EQUIVALENTS = {
    f"FractionalMaxPool{rank}D": (Equivalent(f"torch.nn.FractionalMaxPool{rank}d", _ARGUMENTS),) for rank in (2, 3)
}

LAYOUT = dict.fromkeys(EQUIVALENTS, CHANNELS_FIRST)
