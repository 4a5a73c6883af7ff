"""Where a network begins, and tensors that belong to no other layer type."""

from collections.abc import Iterator

from paramcalc.core.algebra import Shape
from paramcalc.core.errors import refuse, suggest
from paramcalc.layers.base.axes import Axes
from paramcalc.layers.base.caching import nothing_cached
from paramcalc.layers.base.declaration import Example, Layer, Tensor
from paramcalc.layers.base.declared import TensorShapes, cached_tensors, declared_tensors
from paramcalc.layers.base.fields import DataDType, OpenShape, aliased, field
from paramcalc.layers.base.products import no_products
from paramcalc.layers.base.reach import NOTHING, Reach, same


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


class Weights(Layer):
    """Tensors that no other layer type declares; the input passes through, or one of them is the output."""

    inputs = (Axes("...", optional=True),)
    layout = "as_given"
    view = True
    source = "torch.nn.Parameter; keras.layers.Layer.add_weight"
    example = Example({"tensors": {"lora_a": (64, 4), "lora_b": (4, 64)}}, [(64,)])
    products = no_products

    tensors_: TensorShapes = aliased("", "the shape of each parameter, by its name", default={}, alias="tensors")
    states: TensorShapes = field("", "the shape of each tensor that no optimizer updates, by its name", {})
    output: str | None = field("", "the tensor that is the output, the same for each example", None)

    def tensors(self, x: Shape | None = None) -> Iterator[Tensor]:
        both = self.tensors_.keys() & self.states.keys()
        if both or not (self.tensors_ or self.states):
            problem = f"'{min(both)}' twice" if both else "no tensor"
            raise refuse("invalid-value", f"Weights declares {problem}", "name each once, in 'tensors' or in 'states'")
        yield from declared_tensors(self.tensors_)
        yield from declared_tensors(self.states, "state")

    def reaches_output(self, tensor: str) -> bool:
        return tensor == self.output

    @property
    def leaves_out(self) -> str:
        shapes = [tensor.shape for tensor in declared_tensors(self.tensors_)]
        several = self.output is None and any(len(shape) > 1 for shape in shapes)
        return "what is computed with its tensors, which the spec does not say," if several else ""

    def cached(self, x: Shape | None = None) -> Iterator[Tensor]:
        yield from cached_tensors(self.tensors_)
        yield from cached_tensors(self.states)

    def output_shape(self, x: Shape | None = None) -> Shape:
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
        return (same(x) if self.output is None else tuple(NOTHING for _ in x),)
