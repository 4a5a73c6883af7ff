"""PyTorch: fixed_normalization."""

from paramcalc.conventions import Equivalent

EQUIVALENTS = {
    "UnitNorm": (),
    "LocalResponseNorm": (
        Equivalent("torch.nn.LocalResponseNorm", {"size": "window"}),
        Equivalent("torch.nn.CrossMapLRN2d", {"size": "window"}, when="rank == 3", alias=True),
    ),
    "Normalization": (),
}
