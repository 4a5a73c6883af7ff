"""Keras: layers that hand on what they are given."""

from paramcalc.conventions import Equivalent
from paramcalc.conventions.keras import same

EQUIVALENTS = {
    "Identity": (*same("Identity"), Equivalent("keras.layers.ActivityRegularization", alias=True)),
    "Masking": same("Masking", "mask_value"),
}
