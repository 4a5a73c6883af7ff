"""Layers that disturb their input in training; they learn nothing."""

from paramcalc.fields import Rate, field
from paramcalc.layer import Layer


class GaussianNoise(Layer):
    """In training, adds a number drawn anew from a normal distribution to each element."""

    source = "keras.layers.GaussianNoise"

    stddev: Rate = field("", "the standard deviation of what is added")
