"""PyTorch: transposed convolution."""

from paramcalc.conventions import Equivalent


def _transposed(name: str, axes: str) -> tuple[Equivalent]:
    arguments = {
        "in_channels": "size(channel_axis)",
        "out_channels": "filters",
        "kernel_size": "kernel_size",
        "stride": "strides",
        "padding": "0 if padding == 'valid' else padding",
        "output_padding": "0 if output_padding == None else output_padding",
        "groups": "groups",
        "bias": "use_bias",
        "dilation": "dilation_rate",
    }
    # the output's share of a group stands behind the input here, and before it in Keras
    return (Equivalent(f"torch.nn.{name}", arguments, {"kernel": f"weight: {axes} o i -> i o {axes}"}),)


EQUIVALENTS = {
    "Conv1DTranspose": _transposed("ConvTranspose1d", "t"),
    "Conv2DTranspose": _transposed("ConvTranspose2d", "h w"),
    "Conv3DTranspose": _transposed("ConvTranspose3d", "d h w"),
}

#: A padding of numbers leaves the end of the last stride as it is; Keras's `valid` fills it.
LAYOUT = {
    "Conv1DTranspose": {"data_format": "channels_first", "padding": (0,)},
    "Conv2DTranspose": {"data_format": "channels_first", "padding": (0, 0)},
    "Conv3DTranspose": {"data_format": "channels_first", "padding": (0, 0, 0)},
}
