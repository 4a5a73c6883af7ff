"""PyTorch: normalization."""

from paramcalc.conventions import Equivalent
from paramcalc.conventions.torch import SCALE_AND_OFFSET

_STATISTICS = {
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
    "batch_counter": "num_batches_tracked",
}


def _batch_norm(name: str, when: str) -> Equivalent:
    arguments = {"num_features": "size(axis)", "affine": "scale"}
    condition = f"scale == center and batch_counter and {when}"
    return Equivalent(f"torch.nn.{name}", arguments, SCALE_AND_OFFSET | _STATISTICS, condition)


EQUIVALENTS = {
    "BatchNorm": (
        _batch_norm("BatchNorm1d", "rank <= 2"),
        _batch_norm("BatchNorm2d", "rank == 3"),
        _batch_norm("BatchNorm3d", "rank == 4"),
    ),
    "LayerNorm": (
        Equivalent(
            "torch.nn.LayerNorm",
            {"normalized_shape": "[size(axis)]", "elementwise_affine": "scale", "bias": "center"},
            SCALE_AND_OFFSET,
            when="scale or not center",
        ),
    ),
    "RMSNorm": (Equivalent("torch.nn.RMSNorm", {"normalized_shape": "[size(axis)]"}, {"scale": "weight"}),),
}

CHOICES = {
    "BatchNorm": {"batch_counter": True},
}

LAYOUT = {
    "BatchNorm": {"axis": 1},
}
