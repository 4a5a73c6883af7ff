"""Keras: linear."""

from paramcalc.conventions.keras import quantised

EQUIVALENTS = {
    "Dense": quantised(
        "Dense", {"units": "units", "use_bias": "use_bias", "activation": "activation", "lora_rank": "lora_rank"}
    ),
}
