"""Keras: recurrent."""

from paramcalc.conventions import Equivalent

_ARGUMENTS = {
    "units": "units",
    "use_bias": "use_bias",
    "return_sequences": "return_sequences",
    "return_state": "return_state",
    "go_backwards": "go_backwards",
}
#: Keras has each direction, and each layer of several, as a layer of its own.
_SINGLE = "num_layers == 1 and not bidirectional"


def _tensors(cell: str) -> dict[str, str]:
    return {name: f"{cell}/{name}" for name in ("kernel", "recurrent_kernel", "bias")}


EQUIVALENTS = {
    "SimpleRNN": (
        Equivalent(
            "keras.layers.SimpleRNN",
            _ARGUMENTS,
            _tensors("simple_rnn_cell"),
            when=f"{_SINGLE} and not (use_bias and recurrent_bias)",
        ),
    ),
    "GRU": (
        Equivalent(
            "keras.layers.GRU",
            {**_ARGUMENTS, "reset_after": "reset_after"},
            {"bias recurrent_bias": "gru_cell/bias: g -> () g", **_tensors("gru_cell")},
            when=_SINGLE,
        ),
    ),
    "LSTM": (
        Equivalent(
            "keras.layers.LSTM",
            _ARGUMENTS,
            _tensors("lstm_cell"),
            when=f"{_SINGLE} and not (use_bias and recurrent_bias) and proj_size == None",
        ),
    ),
}
