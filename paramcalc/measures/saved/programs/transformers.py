"""Layers of Transformers, which are made of parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from paramcalc.conventions.torch_saved import OPERATIONS
from paramcalc.core import algebra
from paramcalc.layers.base.declaration import Part
from paramcalc.measures.saved.programs.elementwise import activated, together
from paramcalc.measures.saved.run import Run, Shapes, Trained, Values, term
from paramcalc.measures.saved.values import Value


class _Parts:
    """The parts of a composite layer, to be run one by one."""

    def __init__(self, run: Run, layer: Any, inputs: Values, trained: Trained) -> None:
        self.run = run
        self.trained = trained
        self.rate = getattr(layer, "dropout", 0)
        self.parts: dict[str, Part] = {part.name: part for part in layer.parts(*(each.shape[1:] for each in inputs))}

    def __call__(self, name: str, *inputs: Value) -> Value:
        """Run a part on its inputs."""
        return self.layer(self.parts[name], *inputs)

    def layer(self, part: Part, *inputs: Value) -> Value:
        """Run one of the parts on its inputs."""
        layer = part.layer.filled(inputs[0].shape[1:])
        shapes = [(self.run.batch, *shape) for shape in layer.output_shapes(*(each.shape[1:] for each in inputs))]
        prefix = f"{part.name}_"
        return self.run.layer(layer, inputs, lambda name: self._trained(prefix, name), shapes)[0]

    def _trained(self, prefix: str, name: str) -> bool:
        return self.trained(f"{prefix}{name}") if name else self.trained(f"{prefix}*")

    def drop(self, x: Value) -> Value:
        """Set some of the elements to zero."""
        if self.rate == 0:
            return x
        return self.run.operate(OPERATIONS["dropout" if self.rate < 1 else "dropout_of_all"], [x], x.shape)

    def attend(self, name: str, *inputs: Value) -> Value:
        """Run an attention, which drops of its weights, and drop of its result."""
        self.run.rate = self.rate
        result = self(name, *inputs)
        self.run.rate = 0
        return self.drop(result)


def encoder_layer(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Attend to oneself, then two linear layers."""
    return [_blocks(run, layer, inputs, trained, ("self_attention",))]


def decoder_layer(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Attend to oneself and to the memory, then two linear layers."""
    return [_blocks(run, layer, inputs, trained, ("self_attention", "cross_attention"))]


def _blocks(run: Run, layer: Any, inputs: Values, trained: Trained, attentions: Sequence[str]) -> Value:
    """Run attentions and two linear layers, each added to its input and normalised."""
    parts = _Parts(run, layer, inputs, trained)
    x, *memory = inputs

    def attention(name: str) -> Callable[[Value], Value]:
        further = memory if name == "cross_attention" else []
        return lambda y: parts.attend(name, y, *further)

    def feedforward(y: Value) -> Value:
        inner = parts.drop(activated(run, layer.activation, parts("linear_1", y)))
        return parts.drop(parts("linear_2", inner))

    first = algebra.truth(layer.norm_first)
    for number, block in enumerate([*map(attention, attentions), feedforward], start=1):
        norm = f"norm_{number}"
        y = block(parts(norm, x) if first else x)
        x = together(run, [x, y], x.shape)
        if not first:
            x = parts(norm, x)
    return x


def stack(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Run layers one after another."""
    parts = _Parts(run, layer, inputs, trained)
    x, *memory = inputs
    for part in parts.parts.values():
        before = len(run.kept)
        x = parts.layer(part, x, *(memory if part.name != "norm" else ()))
        # a part that stands for several is as the one before it was, which has given what it is given itself
        if not algebra.same(part.copies, 1):
            run.kept[before:] = [term(each.name, (part.copies, *each.factors)) for each in run.kept[before:]]
    return [x]


def transformer(run: Run, layer: Any, inputs: Values, trained: Trained, shapes: Shapes) -> list[Value]:
    """Run the encoder, then the decoder on its output."""
    parts = _Parts(run, layer, inputs, trained)
    source, target = inputs
    return [parts("decoder", target, parts("encoder", source))]
