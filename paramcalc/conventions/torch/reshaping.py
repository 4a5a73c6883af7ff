"""PyTorch: reshaping."""

from paramcalc.conventions import Equivalent

EQUIVALENTS = {
    "Flatten": (Equivalent("torch.nn.Flatten", when="rank > 0"),),
    "Reshape": (),
    "Slice": (),
}
