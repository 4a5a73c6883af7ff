"""Layers that disturb their input in training; they learn nothing."""

from paramcalc.layers.base.declaration import Layer
from paramcalc.layers.base.fields import Rate, field


class GaussianNoise(Layer):
    """In training, adds a number drawn anew from a normal distribution to each element."""

    source = "keras.layers.GaussianNoise"

    stddev: Rate = field("", "the standard deviation of what is added")
