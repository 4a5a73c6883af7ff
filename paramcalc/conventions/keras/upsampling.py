"""Keras: upsampling."""

from paramcalc.conventions import Equivalent
from paramcalc.conventions.keras import same

EQUIVALENTS = {
    "Upsample": (),
    "UpSampling1D": (
        Equivalent("keras.layers.UpSampling1D", {"size": "size[0]"}, {}, "data_format == 'channels_last'"),
    ),
    "UpSampling2D": same("UpSampling2D", "size data_format interpolation"),
    "UpSampling3D": same("UpSampling3D", "size data_format"),
}
