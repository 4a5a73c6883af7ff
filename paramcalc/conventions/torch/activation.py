"""PyTorch: activation."""

from paramcalc.conventions import Equivalent

EQUIVALENTS = {
    "PReLU": (
        Equivalent(
            "torch.nn.PReLU",
            {"num_parameters": "size(axis) if slopes == 'channel' else 1"},
            {"alpha": "weight"},
            when="shared_axes == None and (slopes == 'single' or slopes == 'channel' and (axis == 1 or axis == -rank))",
        ),
    ),
    "GLU": (Equivalent("torch.nn.GLU", {"dim": "axis"}),),
}

CHOICES = {
    "PReLU": {"slopes": "single"},
}

LAYOUT = {
    "PReLU": {"axis": 1},
}
