"""Keras: embedding."""

from paramcalc.conventions.keras import same

EQUIVALENTS = {
    "Embedding": same("Embedding", "input_dim output_dim"),
}
