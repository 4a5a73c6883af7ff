"""PyTorch: linear."""

from paramcalc.conventions import Equivalent

EQUIVALENTS = {
    "Dense": (
        Equivalent(
            "torch.nn.Linear",
            {"in_features": "size(-1)", "out_features": "units", "bias": "use_bias"},
            {"kernel": "weight: i o -> o i"},
            when="lora_rank == None and quantization == None",
        ),
    ),
}
