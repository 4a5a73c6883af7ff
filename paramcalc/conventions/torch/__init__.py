"""PyTorch: parameters count; states are buffers, reported apart.

Source: pytorch.org/docs, torch.nn of 2.13, whose `named_parameters` and `named_buffers`
give the names.
"""

from collections.abc import Mapping

from paramcalc.conventions import Convention, Equivalent

CONVENTION = Convention(name="torch", states_count=False, separator=".", channel_axis=1)

#: The names that PyTorch has for what a normalisation is scaled and shifted by.
SCALE_AND_OFFSET = {"gamma": "weight", "beta": "bias"}

#: The names that PyTorch has for the states of a normalisation.
STATISTICS = {
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
    "batch_counter": "num_batches_tracked",
}


def convolution_row(name: str, axes: str) -> tuple[Equivalent]:
    """A convolution whose window has these axes."""
    arguments = {
        "in_channels": "size(channel_axis)",
        "out_channels": "filters",
        "kernel_size": "kernel_size",
        "stride": "strides",
        "padding": "padding",
        "dilation": "dilation_rate",
        "groups": "groups",
        "bias": "use_bias",
    }
    tensors = {"kernel": f"weight: {axes} i o -> o i {axes}"}
    return (Equivalent(f"torch.nn.{name}", arguments, tensors, when="lora_rank == None"),)


#: The layout of a layer whose channels are its first axis.
CHANNELS_FIRST = {"data_format": "channels_first"}

#: The arguments of a window that slides.
_WINDOW = {"kernel_size": "pool_size", "stride": "strides"}


def average_pool(name: str) -> tuple[Equivalent]:
    """A pooling that adds as much on both sides of an axis, or nothing."""
    arguments = {**_WINDOW, "padding": "0 if padding == 'valid' else padding", "ceil_mode": "ceil_mode"}
    return (Equivalent(f"torch.nn.{name}", arguments, {}, "padding != 'same'"),)


def max_pool(name: str) -> tuple[Equivalent]:
    """The same, with a window that may be dilated, and the places of its numbers."""
    (row,) = average_pool(name)
    further = {"dilation": "dilation_rate", "return_indices": "return_indices"}
    return (Equivalent(row.name, {**row.arguments, **further}, {}, row.when),)


def global_pool(name: str, further: Mapping[str, str] | None = None) -> tuple[Equivalent]:
    """A pooling to one place, whose axes stay."""
    return (Equivalent(f"torch.nn.{name}", {"output_size": "1", **(further or {})}, {}, "keepdims"),)
