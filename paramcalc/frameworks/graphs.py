"""Whether two specs are the same graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from paramcalc.core.algebra import Unknown
from paramcalc.graph import Flow, Graph, Use, evaluate
from paramcalc.layers.base.declaration import Layer
from paramcalc.spec import Spec


def same_graph(one: Spec, other: Spec) -> bool:
    """Whether two specs are the same graph, however they write it. Raises what `evaluate` does.

    Layer by layer: its type and fields, from which layers it takes what, the shapes of what it gives, its tensors.
    """
    return layers_of(_evaluated(one)) == layers_of(_evaluated(other))


#: What is said of a layer.
_SAID = (
    "its type is another",
    "its fields are others",
    "what it takes is another thing",
    "what it gives has another shape",
    "its tensors are those of another layer",
    "its tensors are others",
)


def first_difference(one: Spec, other: Spec) -> str:
    """Say at which layer two specs begin to be other graphs, and in what. Raises what `evaluate` does."""
    whole = _evaluated(other)
    names = [leaf.name for leaf, _ in whole.leaves()]
    ours, theirs = layers_of(_evaluated(one)), layers_of(whole)
    for name, mine, its in zip(names, ours, theirs, strict=False):
        if mine != its:
            what = next((text for text, a, b in zip(_SAID, mine, its, strict=False) if a != b), "it is the output")
            return f"{name}: {what}"
    return (
        f"{len(ours) - 1} layers are called instead of {len(theirs) - 1}" if len(ours) != len(theirs) else "the output"
    )


def _evaluated(spec: Spec) -> Graph:
    return evaluate(spec, spec.framework, fold=False)


def layers_of(graph: Graph) -> list[Any]:
    """List what makes a spec, evaluated without folding, the same graph as another: layer by layer, and its outputs."""
    return [*_said(graph)]


def _said(graph: Graph) -> Iterator[Any]:
    """Yield what is said of each layer, with the numbers of those that it takes from."""
    numbers: dict[int, int] = {}
    for number, (leaf, _) in enumerate(graph.leaves()):
        numbers[id(leaf)] = number
        tensors = [
            (use.tensor.name, use.tensor.shape, use.tensor.role, bool(use.trainable), use.dtype, _owner(use, numbers))
            for use in leaf.uses
        ]
        taken = [_taken(flow, numbers) for flow in leaf.inputs]
        yield type(leaf.layer), _values(leaf.layer), taken, _plain(leaf.outputs), leaf.shared, _plain(tensors)
    yield [_taken(flow, numbers) for output in graph.outputs for flow in output.single]


def _taken(flow: Flow, numbers: Mapping[int, int]) -> tuple[int, int]:
    """Return the number of the layer that something comes from, and of which of its outputs it is."""
    return (numbers.get(id(flow.leaf.standing), -1) if flow.leaf is not None else -1), flow.place


def _owner(use: Use, numbers: Mapping[int, int]) -> Any:
    if use.owner is None or use.owner_leaf is None:
        return None
    return numbers.get(id(use.owner_leaf.standing), -1), use.owner.tensor.name


def _values(layer: Layer) -> Any:
    """Return the values of a layer's fields."""
    return {name: _plain(value) for name, value in vars(layer).items() if name != "rate"}


def _plain(value: Any) -> Any:
    """Return a value whose unknown lengths are alike."""
    if isinstance(value, Unknown):
        return None
    if isinstance(value, Layer):
        return type(value), _values(value)
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, (list, tuple)) else value
