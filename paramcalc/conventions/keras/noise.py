"""Keras: noise."""

from paramcalc.conventions.keras import same

EQUIVALENTS = {
    "GaussianNoise": same("GaussianNoise", "stddev"),
}
