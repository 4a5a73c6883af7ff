"""Keras: recurrent cells."""

from paramcalc.conventions import Equivalent

_ARGUMENTS = {"units": "units", "use_bias": "use_bias"}
_ONE_BIAS = "not (use_bias and recurrent_bias)"

EQUIVALENTS = {
    "SimpleRNNCell": (Equivalent("keras.layers.SimpleRNNCell", _ARGUMENTS, when=_ONE_BIAS),),
    "GRUCell": (
        Equivalent(
            "keras.layers.GRUCell",
            {**_ARGUMENTS, "reset_after": "reset_after"},
            {"bias recurrent_bias": "bias: g -> () g"},
        ),
    ),
    "LSTMCell": (Equivalent("keras.layers.LSTMCell", _ARGUMENTS, when=_ONE_BIAS),),
    "StackedRNNCells": (Equivalent("keras.layers.StackedRNNCells", {"cells": "cells"}, parts={"cell_*": "{class}"}),),
    "RNN": (
        Equivalent(
            "keras.layers.RNN",
            {
                "cell": "cell",
                "return_sequences": "return_sequences",
                "return_state": "return_state",
                "go_backwards": "go_backwards",
            },
            parts={"cell": "{class}"},
        ),
    ),
}
