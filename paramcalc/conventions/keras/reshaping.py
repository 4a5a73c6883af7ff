"""Keras: reshaping."""

from paramcalc.conventions.keras import same

EQUIVALENTS = {
    "Flatten": same("Flatten", ""),
    "Reshape": same("Reshape", "target_shape"),
    "Slice": (),
}
