"""Layers around another layer: both ways through a sequence, and the same for each of its steps."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import ParamcalcError, refuse
from paramcalc.layers.base.declaration import Axes, Layer, Part, shape_text
from paramcalc.layers.base.fields import FieldType, Given, field, optional
from paramcalc.layers.base.nesting import LAYER, OPTIONAL_LAYER, Nested, NestedLayer, read_layer
from paramcalc.layers.base.recurrence import OverTime


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
    source = "Schuster and Paliwal 1997; keras.layers.Bidirectional"

    layer: _Recurrent = field("", "the recurrent layer that goes forwards")
    merge_mode: Literal["concat", "sum", "mul", "ave", None] = field(
        "",
        "what becomes of the two outputs: one behind the other, their sum, product or mean; null: both stay",
        "concat",
    )
    backward_layer: _OptionalRecurrent = field("", "the layer that goes backwards; one like the first, if absent", None)

    def parts(self, x: Shape, *initial: Shape) -> Iterator[Part]:
        self._check_directions()
        half = len(initial) // 2
        yield Part("forward", self.layer, (x, *initial[:half]))
        yield Part("backward", self.backward_layer or self.layer, (x, *initial[half:]))

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


class TimeDistributed(Layer):
    """Applies one layer to each step of a sequence, with the same tensors each time."""

    inputs = (Axes("t ... n", t="steps of the sequence", n="size of the last axis of a step"),)
    source = "keras.layers.TimeDistributed"

    layer: NestedLayer = field("", "the layer that each step goes through")

    def parts(self, x: Shape) -> Iterator[Part]:
        yield Part("layer", self.layer, (x[1:],))

    def output_shape(self, x: Shape) -> Shape:
        step, *further = self.layer.output_shapes(x[1:])
        if further:
            message = f"TimeDistributed takes a layer with one output, not {1 + len(further)}"
            raise refuse("invalid-value", message, path=("layer",))
        return (x[0], *step)
