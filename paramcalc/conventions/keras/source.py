"""Keras: source."""

from paramcalc.conventions import Equivalent

EQUIVALENTS = {
    "Input": (Equivalent("keras.Input", {"shape": "shape", "dtype": "dtype"}),),
    "Weights": (),
}
