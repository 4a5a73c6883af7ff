"""PyTorch: recurrent."""

from paramcalc.conventions import Equivalent

_ARGUMENTS = {
    "input_size": "size(-1)",
    "hidden_size": "units",
    "num_layers": "num_layers",
    "bias": "use_bias",
    "bidirectional": "bidirectional",
    "batch_first": "true",
}
#: What our names begin with, and theirs end in: a layer and a direction.
_PLACES = {
    "": "l0",
    "backward_": "l0_reverse",
    "layer_*_": "l*",
    "layer_*_backward_": "l*_reverse",
}
_TENSORS = {
    f"{ours}{tensor}": spelled.format(theirs)
    for ours, theirs in _PLACES.items()
    for tensor, spelled in {
        "kernel": "weight_ih_{}: n g -> g n",
        "recurrent_kernel": "weight_hh_{}: u g -> g u",
        "bias": "bias_ih_{}",
        "recurrent_bias": "bias_hh_{}",
        "projection": "weight_hr_{}: u p -> p u",
    }.items()
}
_TWO_BIASES = "(recurrent_bias or not use_bias) and not go_backwards"

EQUIVALENTS = {
    "SimpleRNN": (Equivalent("torch.nn.RNN", _ARGUMENTS, _TENSORS, when=_TWO_BIASES),),
    "GRU": (Equivalent("torch.nn.GRU", _ARGUMENTS, _TENSORS, when="reset_after and not go_backwards"),),
    "LSTM": (
        Equivalent(
            "torch.nn.LSTM",
            {**_ARGUMENTS, "proj_size": "0 if proj_size == None else proj_size"},
            _TENSORS,
            when=_TWO_BIASES,
        ),
    ),
}

CHOICES = {
    "SimpleRNN": {"recurrent_bias": True},
    "LSTM": {"recurrent_bias": True},
}

LAYOUT = {
    "SimpleRNN": {"return_sequences": True},
    "GRU": {"return_sequences": True},
    "LSTM": {"return_sequences": True},
}
