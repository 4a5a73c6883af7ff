"""Keras: embedding."""

from paramcalc.conventions.keras import quantised

EQUIVALENTS = {
    "Embedding": quantised(
        "Embedding", {"input_dim": "input_dim", "output_dim": "output_dim", "lora_rank": "lora_rank"}
    ),
}
