"""PyTorch: the inverse of pooling."""

from paramcalc.conventions import Equivalent
from paramcalc.conventions.torch import CHANNELS_FIRST

_ARGUMENTS = {"kernel_size": "pool_size", "stride": "strides", "padding": "padding"}

EQUIVALENTS = {f"MaxUnpool{rank}D": (Equivalent(f"torch.nn.MaxUnpool{rank}d", _ARGUMENTS),) for rank in (1, 2, 3)}

LAYOUT = dict.fromkeys(EQUIVALENTS, CHANNELS_FIRST)
