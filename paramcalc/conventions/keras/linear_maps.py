"""Keras: linear_maps."""

from paramcalc.conventions.keras import quantised

EQUIVALENTS = {
    "EinsumDense": quantised(
        "EinsumDense",
        {
            "equation": "equation",
            "output_shape": "output_sizes",
            "bias_axes": "bias_axes",
            "activation": "activation",
            "lora_rank": "lora_rank",
        },
    ),
    "Bilinear": (),
}
