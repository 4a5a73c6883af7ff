"""PyTorch: normalization."""

from paramcalc.conventions import Equivalent
from paramcalc.conventions.torch import SCALE_AND_OFFSET, STATISTICS


def _batch_norm(name: str, when: str, alias: bool = False) -> Equivalent:
    return Equivalent(
        f"torch.nn.{name}",
        {
            "num_features": "size(axis)",
            "affine": "scale",
            "bias": "center",
            "track_running_stats": "track_running_stats",
        },
        SCALE_AND_OFFSET | STATISTICS,
        f"(scale or not center) and (batch_counter or not track_running_stats) and renorm != true and {when}",
        alias=alias,
    )


EQUIVALENTS = {
    "BatchNorm": (
        _batch_norm("BatchNorm1d", "rank <= 2"),
        _batch_norm("BatchNorm2d", "rank == 3"),
        _batch_norm("BatchNorm3d", "rank == 4"),
        _batch_norm("SyncBatchNorm", "true", alias=True),
    ),
    "LayerNorm": (
        Equivalent(
            "torch.nn.LayerNorm",
            {"normalized_shape": "size(axis)", "elementwise_affine": "scale", "bias": "center"},
            SCALE_AND_OFFSET,
            when="scale or not center",
        ),
    ),
    "RMSNorm": (
        Equivalent(
            "torch.nn.RMSNorm",
            {"normalized_shape": "size(axis)", "elementwise_affine": "scale"},
            {"scale": "weight"},
        ),
    ),
}

CHOICES = {
    "BatchNorm": {"batch_counter": True},
}

LAYOUT = {
    "BatchNorm": {"axis": 1},
}
