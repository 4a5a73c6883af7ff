"""Keras: normalization."""

from paramcalc.conventions import Equivalent
from paramcalc.conventions.keras import same

EQUIVALENTS = {
    "BatchNorm": (
        Equivalent(
            "keras.layers.BatchNormalization",
            {"axis": "axis", "center": "center", "scale": "scale", "renorm": "renorm"},
            when="track_running_stats and not batch_counter",
        ),
    ),
    "LayerNorm": (
        Equivalent(
            "keras.layers.LayerNormalization",
            {"axis": "axis", "center": "center", "scale": "scale", "rms_scaling": "false"},
        ),
    ),
    "RMSNorm": same("RMSNormalization", "axis", when="scale"),
}
