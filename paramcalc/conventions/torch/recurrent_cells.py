"""PyTorch: recurrent cells."""

from paramcalc.conventions import Equivalent

_ARGUMENTS = {"input_size": "size(-1)", "hidden_size": "units", "bias": "use_bias"}
_TENSORS = {
    "kernel": "weight_ih: n g -> g n",
    "recurrent_kernel": "weight_hh: u g -> g u",
    "bias": "bias_ih",
    "recurrent_bias": "bias_hh",
}
_TWO_BIASES = "recurrent_bias or not use_bias"

EQUIVALENTS = {
    "SimpleRNNCell": (Equivalent("torch.nn.RNNCell", _ARGUMENTS, _TENSORS, when=_TWO_BIASES),),
    "GRUCell": (Equivalent("torch.nn.GRUCell", _ARGUMENTS, _TENSORS, when="reset_after"),),
    "LSTMCell": (Equivalent("torch.nn.LSTMCell", _ARGUMENTS, _TENSORS, when=_TWO_BIASES),),
    "StackedRNNCells": (),
    "RNN": (),
}

CHOICES = {
    "SimpleRNNCell": {"recurrent_bias": True},
    "LSTMCell": {"recurrent_bias": True},
}
