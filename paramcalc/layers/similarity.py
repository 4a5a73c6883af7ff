"""Layers that make one number of two vectors: how alike, or how far apart, they are."""

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import quoted, refuse
from paramcalc.layers.base.declaration import Axes, Layer, axis_position, shape_text
from paramcalc.layers.base.fields import Flag, Integer, OrderedAxes, field


class Dot(Layer):
    """The scalar product of its two inputs along an axis of each; the other axes stay, the first input's first."""

    inputs = (Axes("..."), Axes("..."))
    source = "keras.layers.Dot"

    axes: OrderedAxes = field("", "the axis of both inputs, or one of each, the batch counted as 0")
    normalize: Flag = field("", "whether each vector is first divided by its length", False)

    def output_shape(self, x: Shape, y: Shape) -> Shape:
        axes = self.axes if isinstance(self.axes, tuple) else (self.axes, self.axes)
        if len(axes) != 2:
            raise refuse("invalid-value", f"Dot takes an axis, or one of each of its two inputs, not {len(axes)}")
        first, second = axis_position(axes[0], len(x)), axis_position(axes[1], len(y))
        if not algebra.equal(x[first], y[second]):
            raise refuse(
                "shape-mismatch",
                f"Dot multiplies axis {axes[0]} of {shape_text(x)} with axis {axes[1]} of {shape_text(y)}:"
                f" sizes {quoted(x[first])} and {quoted(y[second])} differ",
            )
        return _without(x, first) + _without(y, second) or (1,)


class CosineSimilarity(Layer):
    """The cosine of the angle between its two inputs along an axis; in others, axes of size 1 are repeated."""

    inputs = (Axes("..."), Axes("..."))
    source = "torch.nn.CosineSimilarity"

    axis: Integer = field("", "the axis of the vectors, the batch counted as 0", 1)

    def output_shape(self, x: Shape, y: Shape) -> Shape:
        return _without(_of_one_rank(self, x, y), axis_position(self.axis, len(x)))


class PairwiseDistance(Layer):
    """The distance between its two inputs along their last axis; in others, axes of size 1 are repeated."""

    inputs = (Axes("... n", n="the length of a vector"), Axes("... m", m="the length of the other: the same, or 1"))
    source = "torch.nn.PairwiseDistance"

    keepdims: Flag = field("", "whether the last axis stays, with size 1", False)

    def output_shape(self, x: Shape, y: Shape) -> Shape:
        others = _of_one_rank(self, x, y)[:-1]
        return (*others, 1) if algebra.truth(self.keepdims) else others


def _of_one_rank(layer: Layer, x: Shape, y: Shape) -> Shape:
    """The shape of both together; PyTorch would take the batch of one for another axis of the other."""
    if len(x) != len(y):
        raise refuse(
            "shape-mismatch",
            f"{type(layer).__name__} takes two inputs of the same number of axes,"
            f" not {shape_text(x)} and {shape_text(y)}",
        )
    return algebra.broadcast_shapes((x, y))


def _without(shape: Shape, position: int) -> Shape:
    return (*shape[:position], *shape[position + 1 :])
