"""Keras: group_normalization."""

from paramcalc.conventions import Equivalent
from paramcalc.conventions.keras import same

EQUIVALENTS = {
    "GroupNorm": same("GroupNormalization", "groups axis center scale"),
    "InstanceNorm": (
        Equivalent(
            "keras.layers.GroupNormalization",
            {"groups": "-1", "axis": "axis", "center": "center", "scale": "scale"},
            when="not track_running_stats",
        ),
    ),
}
