"""PyTorch: group_normalization."""

from paramcalc.conventions import Equivalent
from paramcalc.conventions.torch import SCALE_AND_OFFSET, STATISTICS


def _instance_norm(name: str, rank: int) -> Equivalent:
    return Equivalent(
        f"torch.nn.{name}",
        {
            "num_features": "size(axis)",
            "affine": "scale",
            "bias": "center",
            "track_running_stats": "track_running_stats",
        },
        SCALE_AND_OFFSET | STATISTICS,
        f"(scale or not center) and (batch_counter or not track_running_stats) and rank == {rank}",
    )


EQUIVALENTS = {
    "GroupNorm": (
        Equivalent(
            "torch.nn.GroupNorm",
            {
                "num_groups": "size(axis) if groups == -1 else groups",
                "num_channels": "size(axis)",
                "affine": "scale",
                "bias": "center",
            },
            SCALE_AND_OFFSET,
            when="scale or not center",
        ),
    ),
    "InstanceNorm": (
        _instance_norm("InstanceNorm1d", 2),
        _instance_norm("InstanceNorm2d", 3),
        _instance_norm("InstanceNorm3d", 4),
    ),
}

CHOICES = {
    "InstanceNorm": {"batch_counter": True},
}

LAYOUT = {
    "GroupNorm": {"axis": 1},
    "InstanceNorm": {"axis": 1},
}
