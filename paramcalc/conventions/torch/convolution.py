"""PyTorch: convolution."""

from paramcalc.conventions import Equivalent

EQUIVALENTS = {
    "Conv2D": (
        Equivalent(
            "torch.nn.Conv2d",
            {
                "in_channels": "size(channel_axis)",
                "out_channels": "filters",
                "kernel_size": "kernel_size",
                "stride": "strides",
                "padding": "padding",
                "dilation": "dilation_rate",
                "groups": "groups",
                "bias": "use_bias",
            },
            {"kernel": "weight: h w i o -> o i h w"},
        ),
    ),
}

LAYOUT = {
    "Conv2D": {"data_format": "channels_first"},
}
