"""Layers that hand on what they are given."""

from paramcalc.layers.base.declaration import Layer
from paramcalc.layers.base.fields import Real, field


class Identity(Layer):
    """Hands on its input as it is."""

    source = "keras.layers.Identity; keras.layers.ActivityRegularization; torch.nn.Identity"


class Masking(Layer):
    """Hands on its input, and tells the layers after it which steps to leave out."""

    source = "keras.layers.Masking"

    mask_value: Real = field("", "the number that all features of a step to leave out have", 0)
