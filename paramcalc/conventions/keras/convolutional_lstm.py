"""Keras: convolutional LSTMs."""

from paramcalc.conventions import Equivalent

_FIELDS = (
    "filters kernel_size strides padding dilation_rate use_bias data_format return_sequences return_state go_backwards"
)


def _conv_lstm(name: str) -> tuple[Equivalent]:
    return (
        Equivalent(
            f"keras.layers.{name}",
            {each: each for each in _FIELDS.split()},
            {each: f"conv_lstm_cell/{each}" for each in ("kernel", "recurrent_kernel", "bias")},
            when="max(strides) == 1 or max(dilation_rate) == 1",
        ),
    )


EQUIVALENTS = {
    "ConvLSTM1D": _conv_lstm("ConvLSTM1D"),
    "ConvLSTM2D": _conv_lstm("ConvLSTM2D"),
    "ConvLSTM3D": _conv_lstm("ConvLSTM3D"),
}
