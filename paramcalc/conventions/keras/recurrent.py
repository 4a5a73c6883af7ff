"""Keras: recurrent."""

from paramcalc.conventions import Equivalent

EQUIVALENTS = {
    "LSTM": (
        Equivalent(
            "keras.layers.LSTM",
            {"units": "units", "use_bias": "use_bias", "return_sequences": "return_sequences"},
            {
                "kernel": "lstm_cell/kernel",
                "recurrent_kernel": "lstm_cell/recurrent_kernel",
                "bias": "lstm_cell/bias",
            },
            when="not (use_bias and recurrent_bias)",
        ),
    ),
}
