"""Where a network begins, and tensors that belong to no other layer type."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, TypeAlias

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import quoted, refuse, suggest
from paramcalc.layers.base.axes import Axes, shape_text
from paramcalc.layers.base.caching import nothing_cached
from paramcalc.layers.base.declaration import Example, Layer, Tensor
from paramcalc.layers.base.declared import TensorShapes, active_shape, cached_tensors, declared_tensors
from paramcalc.layers.base.fields import DataDType, FieldType, Given, OpenShape, aliased, field, named
from paramcalc.layers.base.products import Product, no_products
from paramcalc.layers.base.reach import EVERYTHING, NOTHING, SAME, Reach, Sight, same


class Input(Layer):
    """Where data enters the network; it owns nothing."""

    inputs = ()
    view = True
    source = "keras.Input"
    example = Example({"shape": (28, 28, 1)})
    products = no_products
    cached = nothing_cached

    shape: OpenShape = field("n", "the sizes of its axes without the batch; null is a length that varies")
    dtype: DataDType = field("", "the dtype of the data", "float32")

    def output_shape(self) -> Shape:
        return tuple(self.shape)

    def reach(self) -> tuple[Reach, ...]:
        return ()


_EQUATION = re.compile(r"\.\.\.([a-zA-Z]+),([a-zA-Z]+)->\.\.\.([a-zA-Z]+)")


def _read_equation(value: Any) -> Any:
    if value is None:
        return None
    found = _EQUATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise refuse("invalid-value", f"must be as in ...i,io->...o, not {named(value)}", "'...' is what stands before")
    x, kernel, output = found.groups()
    if any(len({*term}) < len(term) for term in (x, kernel, output)) or not {*output} <= {*x, *kernel}:
        raise refuse(
            "invalid-value", f"must have a letter once in a term, those of the output in another: {quoted(value)}"
        )
    return str(value)


_Equation: TypeAlias = Annotated[
    Given[str | None],
    FieldType(_read_equation, {"anyOf": [{"type": "string", "pattern": f"^{_EQUATION.pattern}$"}, {"type": "null"}]}),
]


class Weights(Layer):
    """Tensors that no other layer type declares; the input passes through, or one of them is the output.

    With an equation, the input is multiplied by the first tensor along the axes that it names, and the others are
    added. Of a tensor that is `active` in part, only that part is multiplied: so a token meets the experts that it is
    sent to.
    """

    inputs = (Axes("...", optional=True),)
    layout = "as_given"
    view = True
    source = "torch.nn.Parameter; keras.layers.Layer.add_weight; torch.einsum"
    example = Example({"tensors": {"lora_a": (64, 4), "lora_b": (4, 64)}}, [(64,)])

    tensors_: TensorShapes = aliased("", "the shape of each parameter, by its name", default={}, alias="tensors")
    states: TensorShapes = field("", "the shape of each tensor that no optimizer updates, by its name", {})
    output: str | None = field("", "the tensor that is the output, the same for each example", None)
    equation: _Equation = field(
        "", "the last axes of the input, those of the first tensor, and the last of the output: ...i,io->...o", None
    )

    def tensors(self, x: Shape | None = None) -> Iterator[Tensor]:
        both = self.tensors_.keys() & self.states.keys()
        if both or not (self.tensors_ or self.states):
            problem = f"'{min(both)}' twice" if both else "no tensor"
            raise refuse("invalid-value", f"Weights declares {problem}", "name each once, in 'tensors' or in 'states'")
        yield from declared_tensors(self.tensors_)
        yield from declared_tensors(self.states, "state")

    def products(self, x: Shape | None = None) -> Iterator[Product]:
        if self.equation is None:
            return
        left, kernel, output = self.terms()
        shape, sizes = self._sizes(x)
        if {*left, *kernel} <= {*output}:
            # nothing is summed: it is a product element by element
            return
        # what the input alone has, and the output has not, is summed before
        multiplied = [letter for letter in sizes if letter in output or letter in kernel]
        name = next(self.tensors()).name
        yield Product(name, (*shape, *(sizes[letter] for letter in multiplied)), (0,), (name,))

    @property
    def is_view(self) -> bool:
        return self.equation is None

    def reaches_output(self, tensor: str) -> bool:
        return self.equation is not None or tensor == self.output

    @property
    def leaves_out(self) -> str:
        shapes = [tensor.shape for tensor in declared_tensors(self.tensors_)]
        several = self.output is None and self.equation is None and any(len(shape) > 1 for shape in shapes)
        return "what is computed with its tensors, which the spec does not say," if several else ""

    def cached(self, x: Shape | None = None) -> Iterator[Tensor]:
        yield from cached_tensors(self.tensors_)
        yield from cached_tensors(self.states)

    def output_shape(self, x: Shape | None = None) -> Shape:
        if self.equation is not None:
            return self._multiplied(x)
        if self.output is not None:
            declared = {tensor.name: tensor.shape for tensor in self.tensors()}
            if self.output not in declared:
                hint = suggest(self.output, declared)
                raise refuse("unknown-tensor", f"Weights has no tensor '{self.output}' for its output", hint)
            return tuple(declared[self.output])
        if x is None:
            raise refuse("missing-input", "Weights has no input to pass on", "name the tensor that is its 'output'")
        return x

    def reach(self, x: Shape | None = None) -> tuple[Reach, ...]:
        if x is None:
            return ()
        if self.equation is None:
            return (same(x) if self.output is None else tuple(NOTHING for _ in x),)
        left, _, output = self.terms()
        before = len(x) - len(left)
        named = (Sight(before + output.index(each), SAME) if each in output else EVERYTHING for each in left)
        return ((*(Sight(axis, SAME) for axis in range(before)), *named),)

    def terms(self) -> tuple[str, str, str]:
        """Give the axes of the input, of the first tensor and of the output that an equation names."""
        found = _EQUATION.fullmatch(self.equation or "")
        assert found is not None
        left, kernel, output = found.groups()
        return left, kernel, output

    def _sizes(self, x: Shape | None) -> tuple[Shape, dict[str, Number]]:
        """Give the sizes that stand before those that the equation names, and the size of each of these."""
        left, kernel, _ = self.terms()
        if x is None or len(x) < len(left):
            given = "nothing" if x is None else shape_text(x)
            raise refuse("shape-mismatch", f"Weights with {self.equation} does not take {given}")
        first, *_ = self.tensors()
        if len(first.shape) != len(kernel):
            raise refuse(
                "shape-mismatch",
                f"in {self.equation}, the tensor '{first.name}' has {len(kernel)} axes, and here {len(first.shape)}",
            )
        before = len(x) - len(left)
        sizes: dict[str, Number] = dict(zip(left, x[before:], strict=True))
        for letter, size in zip(kernel, active_shape(first), strict=True):
            if not algebra.equal(sizes.setdefault(letter, size), size):
                raise refuse(
                    "shape-mismatch",
                    f"in {self.equation}, '{letter}' is {quoted(sizes[letter])} in the input,"
                    f" and {quoted(size)} in '{first.name}'",
                )
        return x[:before], sizes

    def _multiplied(self, x: Shape | None) -> Shape:
        """Give the shape of the product. Raises `shape-mismatch` for what cannot be multiplied, or added to it."""
        if self.output is not None:
            raise refuse("invalid-value", "Weights has an 'equation', and so no tensor for its 'output'")
        shape, sizes = self._sizes(x)
        output = (*shape, *(sizes[letter] for letter in self.terms()[2]))
        for tensor in [*self.tensors()][1:]:
            added = active_shape(tensor)
            if len(added) > len(output) or not algebra.equal_shapes(output[len(output) - len(added) :], added):
                raise refuse(
                    "shape-mismatch",
                    f"Weights adds '{tensor.name}' {shape_text(added)} to {shape_text(output)}: the last axes must"
                    " agree",
                )
        return output
