"""Layers that only change the shape; they learn nothing."""

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import quoted, refuse
from paramcalc.layers.base.axes import axis_position, shape_text
from paramcalc.layers.base.caching import nothing_cached
from paramcalc.layers.base.declaration import Example, Layer, Remark
from paramcalc.layers.base.fields import Count, Flag, Integer, OptionalInteger, TargetShape, field
from paramcalc.layers.base.products import no_products
from paramcalc.layers.base.reach import SAME, Reach, Sight, moved_span, refolded


class Flatten(Layer):
    """Several axes, by default all but the batch, become one."""

    layout = "as_given"
    view = True
    source = "keras.layers.Flatten; torch.nn.Flatten"
    example = Example(inputs=[(64,)])
    remarks = (
        Remark(
            "Why has a Dense behind it so many parameters?",
            "It owns nothing itself, and hands on {output} features: the Dense has a weight from each of them to each"
            " of its outputs. A global pooling would hand on one number for each channel.",
            when="rank > 1 and start_dim == 1",
        ),
    )
    products = no_products
    cached = nothing_cached

    start_dim: Integer = field("", "the first of the axes, the batch counted as 0", 1)
    end_dim: Integer = field("", "the last of the axes", -1)

    def output_shape(self, x: Shape) -> Shape:
        if not x:
            return (1,)
        first, last = axis_position(self.start_dim, len(x)), axis_position(self.end_dim, len(x))
        if first > last:
            raise refuse("invalid-value", f"Flatten cannot go from axis {self.start_dim} back to axis {self.end_dim}")
        return (*x[:first], algebra.product(x[first : last + 1]), *x[last + 1 :])

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        return (refolded(x, self.output_shape(x)),)


class Reshape(Layer):
    """The same elements in another shape."""

    layout = "as_given"
    moves_axes = True
    view = True
    source = "keras.layers.Reshape; torch.nn.Unflatten"
    example = Example({"target_shape": (8, -1)}, [(64,)])
    products = no_products
    cached = nothing_cached

    target_shape: TargetShape = field("", "the sizes of the output's axes; one may be -1: what the others leave")

    def output_shape(self, x: Shape) -> Shape:
        return _filled("Reshape", x, self.target_shape)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        return (refolded(x, self.output_shape(x)),)


class Unflatten(Layer):
    """One axis becomes several."""

    layout = "as_given"
    view = True
    source = "torch.nn.Unflatten"
    example = Example({"target_shape": (8, -1)}, [(64,)])
    products = no_products
    cached = nothing_cached

    axis: Integer = field("", "the axis, the batch counted as 0", 1)
    target_shape: TargetShape = field("", "the sizes of the new axes; one may be -1: what the others leave")

    def output_shape(self, x: Shape) -> Shape:
        position = axis_position(self.axis, len(x))
        return (*x[:position], *_filled("Unflatten", (x[position],), self.target_shape), *x[position + 1 :])

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        return (refolded(x, self.output_shape(x)),)


class Slice(Layer):
    """A part of one axis, from `start` up to `stop`, or every `step`-th element of it."""

    layout = "as_given"
    view = True
    source = "indexing, x[:, start:stop:step], in Keras and PyTorch"
    example = Example(inputs=[(64,)])
    products = no_products
    cached = nothing_cached

    axis: Integer = field("", "the axis, the batch counted as 0", 1)
    start: Integer = field("", "the first element; a negative number counts from the end", 0)
    stop: OptionalInteger = field("", "the first element after it; the end, if absent", None)
    step: Count = field("", "how many elements further the next one is", 1)
    keepdims: Flag = field("", "whether the axis stays when one element is left of it", True)

    def output_shape(self, x: Shape) -> Shape:
        position = axis_position(self.axis, len(x))
        length = x[position]
        start = _from_start(self.start, length)
        stop = length if self.stop is None else _from_start(self.stop, length)
        reach = stop - start
        if not (algebra.at_least(start, 0) and algebra.at_least(reach, 1) and algebra.at_least(length - stop, 0)):
            raise refuse(
                "shape-mismatch",
                f"Slice from {quoted(self.start)} to {quoted(self.stop)} is no part of axis {self.axis}"
                f" of {shape_text(x)}",
            )
        kept = algebra.ceil_divide(reach, self.step)
        if algebra.truth(self.keepdims):
            return (*x[:position], kept, *x[position + 1 :])
        if not algebra.equal(kept, 1):
            raise refuse("shape-mismatch", f"Slice keeps {quoted(kept)} elements, so that its axis must stay")
        return (*x[:position], *x[position + 1 :])

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        position, stays = axis_position(self.axis, len(x)), algebra.truth(self.keepdims)
        seen = moved_span(_from_start(self.start, x[position]), self.step if stays else 0)
        before, behind = (
            tuple(Sight(axis if stays or axis < position else axis - 1, SAME) for axis in axes)
            for axes in (range(position), range(position + 1, len(x)))
        )
        return ((*before, Sight(position if stays else None, seen), *behind),)


def _filled(name: str, x: Shape, target: Shape) -> Shape:
    stated = [size for size in target if not _is_rest(size)]
    elements, known = algebra.product(x), algebra.product(stated)
    if len(stated) == len(target):
        if not algebra.equal(elements, known):
            raise refuse(
                "shape-mismatch",
                f"{name} of {shape_text(x)} to {shape_text(target)}:"
                f" {quoted(elements)} elements do not fill {quoted(known)}",
            )
        return tuple(target)
    if len(stated) + 1 < len(target):
        raise refuse("invalid-value", "only one size of 'target_shape' may be -1")
    rest = algebra.divide(elements, known, f"{shape_text(x)} does not fill 'target_shape'")
    return tuple(rest if _is_rest(size) else size for size in target)


def _is_rest(size: Number) -> bool:
    return type(size) is int and size == -1


def _from_start(index: Number, length: Number) -> Number:
    return length + index if type(index) is int and index < 0 else index
