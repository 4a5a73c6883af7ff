"""Keras: elementwise."""

from paramcalc.conventions.keras import same

EQUIVALENTS = {
    "Activation": same("Activation", "activation"),
    "Dropout": same("Dropout", "rate"),
}
