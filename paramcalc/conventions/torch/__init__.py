"""PyTorch: parameters count; states are buffers, reported apart.

Source: pytorch.org/docs, torch.nn of 2.13, whose `named_parameters` and `named_buffers`
give the names.
"""

from paramcalc.conventions import Convention, Equivalent

CONVENTION = Convention(name="torch", states_count=False, separator=".", channel_axis=1)

#: The names that PyTorch has for what a normalisation is scaled and shifted by.
SCALE_AND_OFFSET = {"gamma": "weight", "beta": "bias"}


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
