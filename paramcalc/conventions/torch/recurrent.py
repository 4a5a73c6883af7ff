"""PyTorch: recurrent."""

from paramcalc.conventions import Equivalent

EQUIVALENTS = {
    "LSTM": (
        Equivalent(
            "torch.nn.LSTM",
            {"input_size": "size(-1)", "hidden_size": "units", "bias": "use_bias", "batch_first": "true"},
            {
                "kernel": "weight_ih_l0: n g -> g n",
                "recurrent_kernel": "weight_hh_l0: u g -> g u",
                "bias": "bias_ih_l0",
                "recurrent_bias": "bias_hh_l0",
            },
            when="recurrent_bias or not use_bias",
        ),
    ),
}

CHOICES = {
    "LSTM": {"recurrent_bias": True},
}

LAYOUT = {
    "LSTM": {"return_sequences": True},
}
