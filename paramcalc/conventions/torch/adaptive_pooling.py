"""PyTorch: pooling to a given size."""

from paramcalc.conventions import Equivalent
from paramcalc.conventions.torch import CHANNELS_FIRST

_SIZE = {"output_size": "output_size"}
_INDICES = {**_SIZE, "return_indices": "return_indices"}

EQUIVALENTS = {
    **{f"AdaptiveAveragePool{rank}D": (Equivalent(f"torch.nn.AdaptiveAvgPool{rank}d", _SIZE),) for rank in (1, 2, 3)},
    **{f"AdaptiveMaxPool{rank}D": (Equivalent(f"torch.nn.AdaptiveMaxPool{rank}d", _INDICES),) for rank in (1, 2, 3)},
}

LAYOUT = dict.fromkeys(EQUIVALENTS, CHANNELS_FIRST)
