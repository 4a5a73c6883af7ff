"""PyTorch: convolutional LSTMs."""

EQUIVALENTS = {
    "ConvLSTM1D": (),
    "ConvLSTM2D": (),
    "ConvLSTM3D": (),
}

LAYOUT = {
    "ConvLSTM1D": {"data_format": "channels_first"},
    "ConvLSTM2D": {"data_format": "channels_first"},
    "ConvLSTM3D": {"data_format": "channels_first"},
}
