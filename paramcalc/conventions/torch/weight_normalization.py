"""PyTorch: weight_normalization."""

from paramcalc.conventions import Equivalent

# both take other tensors than `weight` by name; the kinds compute the kernel of a layer that has one alone
EQUIVALENTS = {
    "WeightNorm": (
        Equivalent(
            "torch.nn.utils.parametrizations.weight_norm",
            {"module": "layer", "name": "'weight'", "dim": "wrapped_axis"},
            {"magnitude": "parametrizations.weight.original0"},
            when="wrapped_name == 'weight' and wrapped_axis != -1",
            parts={"layer": "", "layer.weight": "parametrizations.weight.original1"},
        ),
        # what PyTorch had before, and deprecates
        Equivalent(
            "torch.nn.utils.weight_norm",
            {"module": "layer", "name": "'weight'", "dim": "wrapped_axis"},
            {"magnitude": "weight_g"},
            when="wrapped_name == 'weight' and wrapped_axis != -1",
            alias=True,
            parts={"layer": "", "layer.weight": "weight_v"},
        ),
    ),
    "SpectralNorm": (
        Equivalent(
            "torch.nn.utils.parametrizations.spectral_norm",
            {"module": "layer", "name": "'weight'", "dim": "wrapped_axis"},
            {
                "vector_u": "parametrizations.weight.0._u",
                "vector_v": "parametrizations.weight.0._v",
            },
            when="right_vector and wrapped_name == 'weight' and wrapped_axis != -1",
            parts={"layer": "", "layer.weight": "parametrizations.weight.original"},
        ),
        Equivalent(
            "torch.nn.utils.spectral_norm",
            {"module": "layer", "name": "'weight'", "dim": "wrapped_axis"},
            {"vector_u": "weight_u", "vector_v": "weight_v"},
            when="right_vector and wrapped_name == 'weight' and wrapped_axis != -1",
            alias=True,
            parts={"layer": "", "layer.weight": "weight_orig"},
        ),
    ),
}

CHOICES = {
    "SpectralNorm": {"right_vector": True},
}
