"""PyTorch: parameters count; states are buffers, reported apart.

Source: pytorch.org/docs, torch.nn of 2.13, whose `named_parameters` and `named_buffers`
give the names.
"""

from paramcalc.conventions import Convention

CONVENTION = Convention(name="torch", states_count=False, separator=".", channel_axis=1)

#: The names that PyTorch has for what a normalisation is scaled and shifted by.
SCALE_AND_OFFSET = {"gamma": "weight", "beta": "bias"}

#: The names that PyTorch has for the states of a normalisation.
STATISTICS = {
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
    "batch_counter": "num_batches_tracked",
}
