"""Layers that make one of several inputs, element by element, besides the sum and the product."""

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.layers.base.declaration import Axes, Layer


class _Elementwise(Layer):
    variadic = 2

    def output_shape(self, *inputs: Shape) -> Shape:
        return algebra.broadcast_shapes(inputs)


class Subtract(Layer):
    """The first input less the second, element by element; axes of size 1 are repeated."""

    inputs = (Axes("..."), Axes("..."))
    source = "keras.layers.Subtract; torch.sub"

    def output_shape(self, x: Shape, y: Shape) -> Shape:
        return algebra.broadcast_shapes((x, y))


class Average(_Elementwise):
    """The mean of its inputs, element by element; axes of size 1 are repeated."""

    source = "keras.layers.Average"


class Maximum(_Elementwise):
    """The largest of its inputs, element by element; axes of size 1 are repeated."""

    source = "keras.layers.Maximum; torch.maximum"


class Minimum(_Elementwise):
    """The smallest of its inputs, element by element; axes of size 1 are repeated."""

    source = "keras.layers.Minimum; torch.minimum"
