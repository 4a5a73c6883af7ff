"""Keras: normalization."""

from paramcalc.conventions import Equivalent
from paramcalc.conventions.keras import same

EQUIVALENTS = {
    "BatchNorm": (
        Equivalent(
            "keras.layers.BatchNormalization",
            {"axis": "axis", "center": "center", "scale": "scale"},
            when="not batch_counter",
        ),
    ),
    "LayerNorm": same("LayerNormalization", "axis center scale"),
    "RMSNorm": same("RMSNormalization", "axis"),
}
