"""PyTorch: layers that hand on what they are given."""

from paramcalc.conventions import Equivalent

EQUIVALENTS = {
    "Identity": (Equivalent("torch.nn.Identity"),),
    "Masking": (),
}
