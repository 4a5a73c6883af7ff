"""Functions of one or several inputs; they learn nothing."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import quoted, refuse
from paramcalc.core.functions import WITHOUT_GRADIENT
from paramcalc.layers.base.axes import Axes, axis_position, shape_text, together
from paramcalc.layers.base.caching import nothing_cached
from paramcalc.layers.base.declaration import Example, Layer
from paramcalc.layers.base.fields import FieldType, Flag, Given, Integer, OptionalAxis, OrderedAxes, field, named
from paramcalc.layers.base.products import Product, no_products
from paramcalc.layers.base.reach import EVERYTHING, SAME, Reach, Sight, broadcast, same
from paramcalc.layers.base.words import FunctionOfSeveral

_PRODUCT = re.compile(r"([a-zA-Z])[a-zA-Z]*(,\1[a-zA-Z]*)*->\1[a-zA-Z]*")


def _read_product(value: Any) -> str:
    if not isinstance(value, str) or not _PRODUCT.fullmatch(value):
        raise refuse(
            "invalid-value", f"must be as in abc,adc->abd, the batch the first letter of each term, not {named(value)}"
        )
    *terms, output = re.split(",|->", value)
    if any(len({*term}) < len(term) for term in (*terms, output)) or not {*output} <= {*"".join(terms)}:
        raise refuse(
            "invalid-value", f"must have a letter once in a term, those of the output in an input: {quoted(value)}"
        )
    return value


_Product: TypeAlias = Annotated[
    Given[str], FieldType(_read_product, {"type": "string", "pattern": "^[a-zA-Z]+(,[a-zA-Z]+)*->[a-zA-Z]+$"})
]


class Elementwise(Layer):
    """A function of its inputs, element by element; all have as many axes, and those of size 1 are repeated."""

    variadic = 2
    layout = "as_given"
    source = "keras.ops.power, keras.ops.where and their kin; torch.pow, torch.where and their kin"
    example = Example({"function": "power"}, [(20, 64), (1, 64)])
    products = no_products
    cached = nothing_cached

    function: FunctionOfSeveral = field("", "the function")

    @property
    def is_differentiable(self) -> bool:
        return self.function not in WITHOUT_GRADIENT

    def output_shape(self, *inputs: Shape) -> Shape:
        if len({*map(len, inputs)}) > 1:
            # the batch of one would be taken for an axis of another
            shapes = ", ".join(map(shape_text, inputs))
            raise refuse("shape-mismatch", f"Elementwise takes inputs with the same number of axes, not {shapes}")
        return together(inputs)

    def reach(self, *inputs: Shape) -> tuple[Reach, ...]:
        return broadcast(inputs)


class Einsum(Layer):
    """Sums of products of its inputs, along the axes that an equation names.

    In `bij,bkj->bik` the first input has the axes b, i and j; what the output does not name is summed over.
    """

    variadic = 1
    layout = "as_given"
    moves_axes = True
    source = "keras.ops.einsum; torch.einsum"
    example = Example({"equation": "bij,bkj->bik"}, [(20, 64), (30, 64)])
    cached = nothing_cached

    equation: _Product = field("", "the axes of each input, and of the output; the first is the batch")

    def products(self, *inputs: Shape) -> Iterator[Product]:
        *terms, output = re.split(",|->", self.equation)
        if len(terms) > 2:
            reason = "the order in which its inputs are multiplied is not stated"
            raise refuse(
                "not-measurable", f"what Einsum with {self.equation} multiplies cannot be said exactly: {reason}"
            )
        if len(terms) == 1:
            return
        sizes = {
            letter: size
            for term, shape in zip(terms, inputs, strict=True)
            for letter, size in zip(term[1:], shape, strict=True)
        }
        first, second = terms
        if not ({*first} & {*second}) - {*output}:
            # nothing is summed: it is a product element by element
            return
        # what one input alone has, and the output has not, is summed before
        kept = {*output} | ({*first} & {*second})
        yield Product("product", tuple(sizes[letter] for letter in sizes if letter in kept), (0,), (1,))

    def output_shape(self, *inputs: Shape) -> Shape:
        *terms, output = re.split(",|->", self.equation)
        if [len(term) - 1 for term in terms] != [*map(len, inputs)]:
            shapes = ", ".join(map(shape_text, inputs))
            raise refuse("shape-mismatch", f"Einsum with {self.equation} does not take {shapes}")
        sizes: dict[str, Number] = {}
        for term, shape in zip(terms, inputs, strict=True):
            for letter, size in zip(term[1:], shape, strict=True):
                if not algebra.equal(sizes.setdefault(letter, size), size):
                    raise refuse(
                        "shape-mismatch",
                        f"in {self.equation}, '{letter}' is {quoted(sizes[letter])} in one input,"
                        f" and {quoted(size)} in another",
                    )
        return tuple(sizes[letter] for letter in output[1:])

    def reach(self, *inputs: Shape) -> tuple[Reach, ...]:
        *terms, output = re.split(",|->", self.equation)
        kept = output[1:]
        return tuple(
            tuple(Sight(kept.index(letter), SAME) if letter in kept else EVERYTHING for letter in term[1:])
            for term in terms
        )


class Subtract(Layer):
    """The first input less the second, element by element; axes of size 1 are repeated."""

    inputs = (Axes("..."), Axes("..."))
    layout = "as_given"
    source = "keras.layers.Subtract; torch.sub"
    example = Example(inputs=[(64,), (64,)])
    products = no_products
    cached = nothing_cached

    def output_shape(self, x: Shape, y: Shape) -> Shape:
        return together((x, y))

    def reach(self, *inputs: Shape) -> tuple[Reach, ...]:
        return broadcast(inputs)


class Dot(Layer):
    """The scalar product of its two inputs along an axis of each; the other axes stay, the first input's first."""

    inputs = (Axes("..."), Axes("..."))
    layout = "as_given"
    source = "keras.layers.Dot"
    example = Example({"axes": -1}, [(64,), (64,)])
    cached = nothing_cached

    axes: OrderedAxes = field("", "the axis of both inputs, or one of each, the batch counted as 0")
    normalize: Flag = field("", "whether each vector is first divided by its length", False)

    def products(self, x: Shape, y: Shape) -> Iterator[Product]:
        axes = self.axes if isinstance(self.axes, tuple) else (self.axes, self.axes)
        yield Product("product", (*x, *_without(y, axis_position(axes[1], len(y)))), (0,), (1,))

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

    def reach(self, x: Shape, y: Shape) -> tuple[Reach, ...]:
        axes = self.axes if isinstance(self.axes, tuple) else (self.axes, self.axes)
        first, second = axis_position(axes[0], len(x)), axis_position(axes[1], len(y))
        others = (Sight(len(x) - 1 + place, SAME) for place in range(len(y) - 1))
        return tuple(
            (*sights[:position], EVERYTHING, *sights[position:])
            for sights, position in ((same(x[1:]), first), (tuple(others), second))
        )


class CosineSimilarity(Layer):
    """The cosine of the angle between its two inputs along an axis; in others, axes of size 1 are repeated."""

    inputs = (Axes("..."), Axes("..."))
    layout = "as_given"
    source = "torch.nn.CosineSimilarity"
    example = Example(inputs=[(64,), (64,)])
    products = no_products
    cached = nothing_cached

    axis: Integer = field("", "the axis of the vectors, the batch counted as 0", 1)

    def output_shape(self, x: Shape, y: Shape) -> Shape:
        return _without(_of_one_rank(self, x, y), axis_position(self.axis, len(x)))

    def reach(self, x: Shape, y: Shape) -> tuple[Reach, ...]:
        return _of_vectors((x, y), axis_position(self.axis, len(x)))


class PairwiseDistance(Layer):
    """The distance between its two inputs along their last axis; in others, axes of size 1 are repeated."""

    inputs = (Axes("... n", n="the length of a vector"), Axes("... m", m="the length of the other: the same, or 1"))
    layout = "channels_last"
    source = "torch.nn.PairwiseDistance"
    example = Example(inputs=[(64,), (64,)])
    products = no_products
    cached = nothing_cached

    keepdims: Flag = field("", "whether the last axis stays, with size 1", False)

    def output_shape(self, x: Shape, y: Shape) -> Shape:
        others = _of_one_rank(self, x, y)[:-1]
        return (*others, 1) if algebra.truth(self.keepdims) else others

    def reach(self, x: Shape, y: Shape) -> tuple[Reach, ...]:
        return _of_vectors((x, y), len(x) - 1)


def _of_one_rank(layer: Layer, x: Shape, y: Shape) -> Shape:
    """Give the shape of both together; PyTorch would take the batch of one for another axis of the other."""
    if len(x) != len(y):
        raise refuse(
            "shape-mismatch",
            f"{type(layer).__name__} takes two inputs of the same number of axes,"
            f" not {shape_text(x)} and {shape_text(y)}",
        )
    return together((x, y))


def _of_vectors(inputs: tuple[Shape, Shape], position: int) -> tuple[Reach, ...]:
    """Give the reach of a number that is made of the whole of an axis, which is gone; axes of size 1 are repeated."""
    found = []
    for sights in broadcast(inputs):
        left = (
            each if each.axis is None or each.axis < position else Sight(each.axis - 1, each.span) for each in sights
        )
        found.append(tuple(EVERYTHING if axis == position else each for axis, each in enumerate(left)))
    return tuple(found)


def _without(shape: Shape, position: int) -> Shape:
    return (*shape[:position], *shape[position + 1 :])


class Reduce(Layer):
    """One number of all that stand along some axes, such as their sum or the largest of them."""

    layout = "as_given"
    source = "keras.ops.sum, keras.ops.mean and their kin; torch.sum, torch.mean and their kin"
    example = Example({"function": "mean", "axis": 1}, [(20, 64)])
    products = no_products
    cached = nothing_cached

    function: Literal[
        "sum", "mean", "max", "min", "prod", "std", "var", "median", "logsumexp", "norm", "any", "all", "argmax",
        "argmin", "count_nonzero",
    ] = field("", "what is made of the numbers")  # fmt: skip
    axis: OptionalAxis = field("", "the axis or axes, the batch counted as 0; all but the batch, if absent", None)
    keepdims: Flag = field("", "whether the axes stay, with size 1", False)

    def output_shape(self, x: Shape) -> Shape:
        gone = self._positions(len(x))
        if algebra.truth(self.keepdims):
            return tuple(1 if place in gone else size for place, size in enumerate(x))
        return tuple(size for place, size in enumerate(x) if place not in gone)

    @property
    def is_differentiable(self) -> bool:
        return self.function not in ("any", "all", "argmax", "argmin", "count_nonzero")

    def _positions(self, rank: int) -> set[int]:
        if self.axis is None:
            return {*range(rank)}
        axes = self.axis if isinstance(self.axis, tuple) else (self.axis,)
        positions = {axis_position(axis, rank) for axis in axes}
        if not 0 < len(axes) == len(positions):
            raise refuse("invalid-value", f"'axis' of Reduce is one or more axes, each named once, not {[*axes]}")
        return positions

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        gone, stays = self._positions(len(x)), algebra.truth(self.keepdims)
        kept = [axis for axis in range(len(x)) if stays or axis not in gone]
        return (tuple(EVERYTHING if axis in gone else Sight(kept.index(axis), SAME) for axis in range(len(x))),)
