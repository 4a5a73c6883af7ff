"""PyTorch: reshaping."""

from paramcalc.conventions import Equivalent

EQUIVALENTS = {
    "Flatten": (Equivalent("torch.nn.Flatten", {"start_dim": "start_dim", "end_dim": "end_dim"}, when="rank > 0"),),
    "Reshape": (),
    "Unflatten": (Equivalent("torch.nn.Unflatten", {"dim": "axis", "unflattened_size": "target_shape"}),),
    "Slice": (),
}
