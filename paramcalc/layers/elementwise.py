"""Layers that act on each element on its own, and own nothing."""

from paramcalc.fields import Rate, field
from paramcalc.layer import Layer


class Activation(Layer):
    """Applies a function to each element."""

    source = "keras.layers.Activation; torch.nn.ReLU and its kin"

    activation: str = field("", "the function")


class Dropout(Layer):
    """In training, sets a share of the elements to zero, drawn anew each time; it learns nothing."""

    source = "Srivastava et al. 2014; keras.layers.Dropout; torch.nn.Dropout"

    rate: Rate = field("", "the share of elements set to zero")
