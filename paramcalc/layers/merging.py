"""Layers that make one of several inputs; they learn nothing."""

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import refuse
from paramcalc.layers.base.axes import axis_position, shape_text, together
from paramcalc.layers.base.caching import nothing_cached
from paramcalc.layers.base.declaration import Example, Layer
from paramcalc.layers.base.fields import Integer, field
from paramcalc.layers.base.products import no_products
from paramcalc.layers.base.reach import Reach, broadcast, same, unsaid


class _Elementwise(Layer):
    variadic = 2
    merges = True
    layout = "as_given"
    products = no_products
    cached = nothing_cached

    def output_shape(self, *inputs: Shape) -> Shape:
        return together(inputs)

    def reach(self, *inputs: Shape) -> tuple[Reach, ...]:
        return broadcast(inputs)


class Add(_Elementwise):
    """The sum of its inputs, element by element; axes of size 1 are repeated."""

    source = "keras.layers.Add; torch.add"
    example = Example(inputs=[(64,), (64,)])


class Multiply(_Elementwise):
    """The product of its inputs, element by element; axes of size 1 are repeated."""

    source = "keras.layers.Multiply; torch.mul"
    example = Example(inputs=[(64,), (64,)])


class Average(_Elementwise):
    """The mean of its inputs, element by element; axes of size 1 are repeated."""

    source = "keras.layers.Average"
    example = Example(inputs=[(64,), (64,)])


class Maximum(_Elementwise):
    """The largest of its inputs, element by element; axes of size 1 are repeated."""

    source = "keras.layers.Maximum; torch.maximum"
    example = Example(inputs=[(64,), (64,)])


class Minimum(_Elementwise):
    """The smallest of its inputs, element by element; axes of size 1 are repeated."""

    source = "keras.layers.Minimum; torch.minimum"
    example = Example(inputs=[(64,), (64,)])


class Concatenate(Layer):
    """Its inputs one behind the other along an axis; the other axes must agree."""

    variadic = 1
    merges = True
    layout = "as_given"
    source = "keras.layers.Concatenate; torch.cat"
    example = Example(inputs=[(64,), (64,)])
    products = no_products
    cached = nothing_cached

    axis: Integer = field("", "the axis, the batch counted as 0", -1)

    def output_shape(self, *inputs: Shape) -> Shape:
        first = inputs[0]
        position = axis_position(self.axis, len(first))
        for shape in inputs[1:]:
            agree = len(shape) == len(first) and all(
                index == position or algebra.equal(left, right)
                for index, (left, right) in enumerate(zip(first, shape, strict=True))
            )
            if not agree:
                raise refuse(
                    "shape-mismatch",
                    f"Concatenate joins along axis {self.axis}, and {shape_text(first)} and {shape_text(shape)}"
                    " differ in another",
                )
        joined = sum((shape[position] for shape in inputs[1:]), start=first[position])
        return (*first[:position], joined, *first[position + 1 :])

    def reach(self, *inputs: Shape) -> tuple[Reach, ...]:
        position = axis_position(self.axis, len(inputs[0]))
        joined = unsaid("an output sees a position of one of the inputs alone", position)
        return tuple((*same(x)[:position], joined, *same(x)[position + 1 :]) for x in inputs)
