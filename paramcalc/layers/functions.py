"""Functions of several inputs; they learn nothing."""

import re
from typing import Annotated, Any, TypeAlias

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import quoted, refuse
from paramcalc.layers.base.declaration import Layer, shape_text
from paramcalc.layers.base.fields import FieldType, Function, Given, field, named

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
    source = "keras.ops.power, keras.ops.where and their kin; torch.pow, torch.where and their kin"

    function: Function = field("", "the function")

    def output_shape(self, *inputs: Shape) -> Shape:
        if len({*map(len, inputs)}) > 1:
            # the batch of one would be taken for an axis of another
            shapes = ", ".join(map(shape_text, inputs))
            raise refuse("shape-mismatch", f"Elementwise takes inputs with the same number of axes, not {shapes}")
        return algebra.broadcast_shapes(inputs)


class Einsum(Layer):
    """Sums of products of its inputs, along the axes that an equation names.

    In `bij,bkj->bik` the first input has the axes b, i and j; what the output does not name is summed over.
    """

    variadic = 1
    source = "keras.ops.einsum; torch.einsum"

    equation: _Product = field("", "the axes of each input, and of the output; the first is the batch")

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
