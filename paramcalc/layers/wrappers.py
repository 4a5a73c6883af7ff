"""Layers around another layer: both ways through a sequence, each of its steps alike, its kernel computed anew."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, TypeAlias

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import ParamcalcError, refuse
from paramcalc.layers.base.axes import Axes, shape_text, without_steps
from paramcalc.layers.base.caching import nothing_cached
from paramcalc.layers.base.declaration import Example, Layer, Part, Remark, Tensor
from paramcalc.layers.base.fields import FieldType, Flag, Given, Integer, OptionalInteger, field, optional
from paramcalc.layers.base.nesting import LAYER, OPTIONAL_LAYER, Nested, NestedLayer, read_layer
from paramcalc.layers.base.products import Operand, Product, products_of_parts
from paramcalc.layers.base.reach import EVERYTHING, SAME, Reach, Sight, unsaid
from paramcalc.layers.base.recurrence import OverTime
from paramcalc.layers.base.words import words


def _read_recurrent(value: Any) -> Any:
    layer = read_layer(value)
    if not isinstance(layer, OverTime):
        name = type(layer).__name__
        raise refuse("invalid-value", f"takes a recurrent layer, not {name}", "as in {LSTM: {units: 8}}")
    return layer


_Recurrent: TypeAlias = Annotated[Given[Nested], FieldType(_read_recurrent, LAYER, nested=True)]
_OptionalRecurrent: TypeAlias = Annotated[
    Given[Nested | None], FieldType(optional(_read_recurrent), OPTIONAL_LAYER, nested=True)
]


class Bidirectional(Layer):
    """Goes through a sequence twice, from the first step to the last and back, and merges the two outputs.

    Each way has tensors of its own. The states to begin with, where they are given, are those of the way
    forwards, and then as many of the way back; with `return_state`, so are the further outputs.
    """

    inputs = (
        Axes("t ... n", t="steps of the sequence", n="size of the last axis of a step"),
        Axes("... s", optional=True, s="size of the last axis of a state to begin with"),
    )
    variadic = 1
    layout = "channels_last"
    source = "Schuster and Paliwal 1997; keras.layers.Bidirectional"
    example = Example({"layer": {"LSTM": {"units": 32}}}, [(20, 64)])
    remarks = (
        Remark(
            "Why has it twice the parameters of the layer within?",
            "One layer goes forwards and one backwards, each with tensors of its own; merging owns nothing.",
            when="backward_layer == None",
        ),
    )

    products = products_of_parts
    cached = nothing_cached

    layer: _Recurrent = field("", "the recurrent layer that goes forwards")
    merge_mode: Annotated[Given[str | None], words("merge mode", "concat", "sum", "mul", "ave", null=True)] = field(
        "",
        "what becomes of the two outputs: one behind the other, their sum, product or mean; null: both stay",
        "concat",
    )
    backward_layer: _OptionalRecurrent = field("", "the layer that goes backwards; one like the first, if absent", None)

    def way_out(self, shape: Shape) -> str:
        return without_steps(shape)

    def parts(self, x: Shape, *initial: Shape) -> Iterator[Part]:
        self._check_directions()
        half = len(initial) // 2
        first, second = ([(1 + place,) for place in range(start, start + half)] for start in (0, half))
        yield Part("forward", self.layer, (x, *initial[:half]), sources=((0,), *first))
        backward = self.backward_layer or self.layer
        yield Part("backward", backward, (x, *initial[half:]), sources=((0,), *second))

    def outputs(self, x: Shape, *initial: Shape) -> tuple[Shape, ...]:
        (forward, *states), (backward, *others) = (
            part.layer.output_shapes(*part.inputs) for part in self.parts(x, *initial)
        )
        return (*self._merged(forward, backward), *states, *others)

    def _merged(self, forward: Shape, backward: Shape) -> tuple[Shape, ...]:
        if self.merge_mode is None:
            return forward, backward
        try:
            if self.merge_mode != "concat":
                return (tuple(map(algebra.broadcast, forward, backward)),)
            if all(map(algebra.equal, forward[:-1], backward[:-1])):
                return ((*forward[:-1], forward[-1] + backward[-1]),)
        except ParamcalcError:
            # said below, with the whole shapes
            pass
        raise refuse(
            "shape-mismatch",
            f"the merge mode '{self.merge_mode}' does not go with outputs of the shapes"
            f" {shape_text(forward)} and {shape_text(backward)}",
            "with merge_mode: null they stay apart",
            ("merge_mode",),
        )

    def _check_directions(self) -> None:
        """Refuse two layers that do not go well together, as Keras does."""
        one, other = self.layer, self.backward_layer
        if algebra.truth(one.go_backwards) == (other is None or algebra.truth(other.go_backwards)):
            message = "exactly one of the two layers of Bidirectional goes backwards"
            hint = "leave 'go_backwards' out" if other is None else "write go_backwards: true in the backward layer"
            raise refuse("invalid-value", message, hint, ("layer" if other is None else "backward_layer",))
        for name in ("return_sequences", "return_state") if other is not None else ():
            if algebra.truth(getattr(one, name)) != algebra.truth(getattr(other, name)):
                message = f"the two layers of Bidirectional have the same '{name}'"
                raise refuse("invalid-value", message, path=("backward_layer",))

    def reach(self, x: Shape, *initial: Shape) -> tuple[Reach, ...] | None:
        states = unsaid("one way alone begins with it, and may make a part of the features")
        forward, backward = (part.layer.all_reach(*part.inputs) for part in self.parts(x, *initial))
        if forward is None or backward is None:
            return None
        differ = unsaid("its two ways do not see alike")
        pairs = zip(forward[0][1:], backward[0][1:], strict=True)
        others = (one if one == other else differ for one, other in pairs)
        # of the steps, all up to its own, and all from there on
        return ((EVERYTHING, *others), *((states,) * len(shape) for shape in initial))


class TimeDistributed(Layer):
    """Applies one layer to each step of a sequence, with the same tensors each time."""

    inputs = (Axes("t ... n", t="steps of the sequence", n="size of the last axis of a step"),)
    layout = "as_given"
    source = "keras.layers.TimeDistributed"
    example = Example({"layer": {"Dense": {"units": 32}}}, [(20, 64)])
    remarks = (
        Remark(
            "Why does the number of steps not count?",
            "One layer, with one set of tensors, goes over the steps one after the other.",
        ),
    )
    cached = nothing_cached

    layer: NestedLayer = field("", "the layer that each step goes through")

    def way_out(self, shape: Shape) -> str:
        return without_steps(shape)

    def parts(self, x: Shape) -> Iterator[Part]:
        yield Part("layer", self.layer, (x[1:],))

    def products(self, x: Shape) -> Iterator[Product]:
        yield from (product.repeated(x[0]) for product in products_of_parts(self, x))

    def cached_parts(self, x: Shape) -> Iterator[Part]:
        # each step is an example of its own to the layer
        return (replace(part, copies=x[0]) for part in self.parts(x))

    def output_shape(self, x: Shape) -> Shape:
        step, *further = self.layer.output_shapes(x[1:])
        if further:
            message = f"TimeDistributed takes a layer with one output, not {1 + len(further)}"
            raise refuse("invalid-value", message, path=("layer",))
        return (x[0], *step)

    def reach(self, x: Shape) -> tuple[Reach, ...] | None:
        found = self.layer.all_reach(x[1:])
        if found is None:
            return None
        inner = (replace(sight, axis=None if sight.axis is None else sight.axis + 1) for sight in found[0])
        return ((Sight(0, SAME), *inner),)


#: What the layer types call the tensor that is computed.
_KERNELS = ("kernel", "embeddings")


class _AroundKernel(Layer):
    inputs = (Axes("..."),)
    variadic = 1
    layout = "as_given"
    products = products_of_parts
    cached = nothing_cached

    layer: NestedLayer = field("", "the layer")
    axis: OptionalInteger = field(
        "", "the axis of its kernel, as the layer's own page has it; null: one length for all", -1
    )

    def parts(self, *inputs: Shape) -> Iterator[Part]:
        yield Part("layer", self.layer, inputs)

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        shapes: tuple[Shape, ...] = self.layer.output_shapes(*inputs)
        return shapes

    def wrapped(self, *inputs: Shape) -> tuple[Tensor, int | None]:
        (part,) = self.parts(*inputs)
        kernel = next((tensor for tensor in part.layer.owned_tensors(*inputs) if tensor.name in _KERNELS), None)
        name, inner = type(self).__name__, type(part.layer).__name__
        if kernel is None or kernel.dtype is not None:
            reason = "has none" if kernel is None else "keeps its own with few bits"
            hint = "'Weights' is the layer type for tensors that no other layer type declares"
            raise refuse("invalid-value", f"{name} computes the kernel of a layer, and {inner} {reason}", hint)
        rank = len(kernel.shape)
        if self.axis is not None and not -rank <= self.axis < rank:
            raise refuse(
                "invalid-value",
                f"the {kernel.name} of {inner} has no axis {self.axis}",
                f"its axes are 0 to {rank - 1}, or -1 to -{rank} from the end",
            )
        return kernel.within(part), None if self.axis is None else self.axis % rank

    def reach(self, *inputs: Shape) -> tuple[Reach, ...] | None:
        found: tuple[Reach, ...] | None = self.layer.all_reach(*inputs)
        return found


class WeightNorm(_AroundKernel):
    """Splits the kernel of a layer into its direction and its length, which are learned apart.

    Each position along an axis of the kernel has a length of its own: with the last axis each output of Dense, or
    each filter of Conv2D, as with PyTorch's dim=0. Of Embedding, that is axis 0. PyTorch can do so with a tensor of
    another name, such as `weight_hh_l0` of an LSTM: that is no layer type, and `Weights` says what such a layer owns.
    """

    source = "Salimans and Kingma 2016; torch.nn.utils.parametrizations.weight_norm"
    example = Example({"layer": {"Dense": {"units": 32}}}, [(64,)])
    remarks = (
        Remark(
            "Why has it more parameters than the layer within?",
            "The kernel keeps its direction, and the lengths are learned beside it: {magnitude} more.",
        ),
    )

    def products(self, *inputs: Shape) -> Iterator[Product]:
        kernel, _ = self.wrapped(*inputs)

        def computed(operand: Operand) -> Operand:
            return (*operand, "magnitude") if kernel.name in operand else operand

        for product in products_of_parts(self, *inputs):
            yield replace(product, left=computed(product.left), right=computed(product.right))

    def tensors(self, *inputs: Shape) -> Iterator[Tensor]:
        kernel, axis = self.wrapped(*inputs)
        if axis is None:
            yield Tensor("magnitude", (), "the length of the kernel")
            return
        shape = tuple(size if place == axis else 1 for place, size in enumerate(kernel.shape))
        yield Tensor("magnitude", shape, "the length of each part of the kernel", like=kernel)


class SpectralNorm(_AroundKernel):
    """Divides the kernel of a layer by its largest singular value, as a matrix.

    The matrix has an axis of the kernel on one side, and all others on the other: the last axis, as in Keras, or
    another, as in PyTorch for Embedding (0) and transposed convolutions (-2). The vectors are from the step before,
    so that one more step of the power method is enough.
    """

    source = "Miyato et al. 2018; keras.layers.SpectralNormalization; torch.nn.utils.parametrizations.spectral_norm"
    example = Example({"layer": {"Dense": {"units": 32}}}, [(64,)])

    remarks = (
        Remark(
            "Why are there vectors that are not trained?",
            "They are where the power method stood after the last step: {vector_u} numbers on the side of the axis.",
        ),
    )

    axis: Integer = field("", "the axis of its kernel, as the layer's page has it", -1)
    right_vector: Flag = field("right_vector", "whether a vector is kept for the other side too, as in PyTorch", False)

    @property
    def leaves_out(self) -> str:
        return "the power method that finds the largest singular value"

    def tensors(self, *inputs: Shape) -> Iterator[Tensor]:
        kernel, axis = self.wrapped(*inputs)
        assert axis is not None
        others = algebra.product(size for place, size in enumerate(kernel.shape) if place != axis)
        yield Tensor("vector_u", (kernel.shape[axis],), "singular vector on the side of the axis", "state")
        yield Tensor("vector_v", (others,), "singular vector on the other side", "state", when=self.right_vector)
