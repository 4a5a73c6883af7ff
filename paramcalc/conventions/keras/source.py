"""Keras: source."""

from paramcalc.conventions import Equivalent

EQUIVALENTS = {
    "Input": (
        Equivalent("keras.Input", {"shape": "shape", "dtype": "dtype"}),
        Equivalent("keras.layers.InputLayer", {"shape": "shape", "dtype": "dtype"}, alias=True),
    ),
    "Weights": (),
}
