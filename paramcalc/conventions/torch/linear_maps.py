"""PyTorch: linear_maps."""

from paramcalc.conventions import Equivalent

EQUIVALENTS = {
    "EinsumDense": (),
    "Bilinear": (
        Equivalent(
            "torch.nn.Bilinear",
            {
                "in1_features": "features[0]",
                "in2_features": "features[1]",
                "out_features": "units",
                "bias": "use_bias",
            },
            {"kernel": "weight"},
        ),
    ),
}
