"""PyTorch: roots of sums of powers."""

from paramcalc.conventions import Equivalent
from paramcalc.conventions.torch import CHANNELS_FIRST

_ARGUMENTS = {"norm_type": "norm_type", "ceil_mode": "ceil_mode", "kernel_size": "pool_size", "stride": "strides"}

EQUIVALENTS = {
    # it multiplies by the size of its window, and so takes no list
    "LPPool1D": (
        Equivalent("torch.nn.LPPool1d", {**_ARGUMENTS, "kernel_size": "pool_size[0]", "stride": "strides[0]"}),
    ),
    "LPPool2D": (Equivalent("torch.nn.LPPool2d", _ARGUMENTS),),
    "LPPool3D": (Equivalent("torch.nn.LPPool3d", _ARGUMENTS),),
}

LAYOUT = dict.fromkeys(EQUIVALENTS, CHANNELS_FIRST)
