"""Layers that act on each element on its own, and own nothing."""

from typing import Literal

from paramcalc.core.algebra import Shape
from paramcalc.core.functions import ALONG_AN_AXIS, ALONG_OTHER_AXES, CUSTOM
from paramcalc.layers.base.caching import nothing_cached
from paramcalc.layers.base.declaration import Example, Layer
from paramcalc.layers.base.fields import Rate, field
from paramcalc.layers.base.products import no_products
from paramcalc.layers.base.reach import Reach, mixing, same, unsaid
from paramcalc.layers.base.words import Function


class Activation(Layer):
    """Applies a function to each element."""

    source = "keras.layers.Activation; torch.nn.ReLU and its kin"
    example = Example({"activation": "relu"}, [(64,)])
    products = no_products
    cached = nothing_cached

    activation: Function = field("", "the function")

    @property
    def is_view(self) -> bool:
        return bool(self.activation == "linear")

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        name = self.activation
        if name in ALONG_OTHER_AXES or name.startswith(CUSTOM):
            return (tuple(unsaid(f"along which axes '{name}' works is not stated") for _ in x),)
        if name == "softmax2d":
            # of images with the channels first
            return (mixing(x, -3),)
        return (mixing(x, -1) if x and name in ALONG_AN_AXIS else same(x),)


class Dropout(Layer):
    """In training, sets a share of the elements to zero, drawn anew each time; it learns nothing."""

    source = "Srivastava et al. 2014; keras.layers.Dropout; torch.nn.Dropout"
    example = Example({"rate": 0.5}, [(64,)])
    products = no_products
    cached = nothing_cached

    rate: Rate = field("", "the share of elements set to zero")
    variant: Literal["element", "channel", "gaussian", "alpha", "channel_alpha"] = field(
        "",
        "what is drawn: elements, whole channels, factors around 1 (gaussian); alpha keeps mean and variance",
        "element",
    )

    @property
    def is_view(self) -> bool:
        return bool(self.rate == 0)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        return (same(x),)
