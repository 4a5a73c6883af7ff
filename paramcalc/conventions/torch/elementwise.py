"""PyTorch: elementwise."""

from paramcalc.conventions import Equivalent

EQUIVALENTS = {
    "Activation": (),
    "Dropout": (Equivalent("torch.nn.Dropout", {"p": "rate"}),),
}
