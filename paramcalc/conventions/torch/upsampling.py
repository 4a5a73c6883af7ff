"""PyTorch: upsampling."""

from paramcalc.conventions import Equivalent
from paramcalc.conventions.torch import CHANNELS_FIRST

_BY_FACTOR = {"size": "None", "scale_factor": "size"}
_REPEATED = (Equivalent("torch.nn.Upsample", {**_BY_FACTOR, "mode": "'nearest'"}),)
_TO_SIZE = {"size": "size", "scale_factor": "scale_factor"}

EQUIVALENTS = {
    "Upsample": (
        Equivalent(
            "torch.nn.Upsample",
            {**_TO_SIZE, "mode": "mode", "align_corners": "true if align_corners else None"},
        ),
        Equivalent("torch.nn.UpsamplingNearest2d", _TO_SIZE, fields={"mode": "nearest"}, alias=True),
        Equivalent(
            "torch.nn.UpsamplingBilinear2d", _TO_SIZE, fields={"mode": "bilinear", "align_corners": True}, alias=True
        ),
    ),
    "UpSampling1D": _REPEATED,
    "UpSampling2D": (
        Equivalent(
            "torch.nn.Upsample",
            {**_BY_FACTOR, "mode": "interpolation"},
            # PyTorch has the others only with a filter that Keras does not apply
            when="interpolation == 'nearest' or interpolation == 'bilinear' or interpolation == 'bicubic'",
        ),
    ),
    "UpSampling3D": _REPEATED,
}

LAYOUT = dict.fromkeys(EQUIVALENTS, CHANNELS_FIRST)
