"""PyTorch: convolution of each channel on its own, which is one with a group for each channel."""

from paramcalc.conventions import Equivalent


def _depthwise(name: str, axes: str) -> tuple[Equivalent]:
    arguments = {
        "in_channels": "size(channel_axis)",
        "out_channels": "size(channel_axis) * depth_multiplier",
        "kernel_size": "kernel_size",
        "stride": "strides",
        "padding": "padding",
        "dilation": "dilation_rate",
        "groups": "size(channel_axis)",
        "bias": "use_bias",
    }
    # each output sees one channel: an axis of 1
    return (Equivalent(f"torch.nn.{name}", arguments, {"kernel": f"weight: {axes} c m -> (c m) () {axes}"}),)


EQUIVALENTS = {
    "DepthwiseConv1D": _depthwise("Conv1d", "t"),
    "DepthwiseConv2D": _depthwise("Conv2d", "h w"),
    "SeparableConv1D": (),
    "SeparableConv2D": (),
}

LAYOUT = {
    "DepthwiseConv1D": {"data_format": "channels_first"},
    "DepthwiseConv2D": {"data_format": "channels_first"},
    "SeparableConv1D": {"data_format": "channels_first"},
    "SeparableConv2D": {"data_format": "channels_first"},
}
