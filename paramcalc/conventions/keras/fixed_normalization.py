"""Keras: fixed_normalization."""

from paramcalc.conventions import Equivalent
from paramcalc.conventions.keras import same

EQUIVALENTS = {
    "UnitNorm": same("UnitNormalization", "axis"),
    "LocalResponseNorm": (),
    "Normalization": (
        Equivalent(
            "keras.layers.Normalization",
            {"axis": "axis", "mean": "None", "variance": "None"},
            fields={"adapted": True},
        ),
        Equivalent(
            "keras.layers.Normalization",
            {"axis": "axis", "mean": "0", "variance": "1"},
            fields={"adapted": False},
        ),
    ),
}
