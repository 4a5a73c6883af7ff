"""PyTorch: folding."""

from paramcalc.conventions import Equivalent

_WINDOW = {"kernel_size": "kernel_size", "dilation": "dilation_rate", "padding": "padding", "stride": "strides"}

EQUIVALENTS = {
    "Unfold": (Equivalent("torch.nn.Unfold", _WINDOW),),
    "Fold": (Equivalent("torch.nn.Fold", {"output_size": "output_size"} | _WINDOW),),
}

LAYOUT = {
    "Unfold": {"data_format": "channels_first"},
    "Fold": {"data_format": "channels_first"},
}
