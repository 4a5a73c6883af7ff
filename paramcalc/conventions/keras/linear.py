"""Keras: linear."""

from paramcalc.conventions.keras import same

EQUIVALENTS = {
    "Dense": same("Dense", "units use_bias activation"),
}
