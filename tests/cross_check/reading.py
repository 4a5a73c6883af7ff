"""What both builders ask of a spec: the leaves of its graph, and what its text states for each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import paramcalc as pc
from paramcalc.conventions import Equivalent, convention, evaluated, field_environment
from paramcalc.core.algebra import Unknown
from paramcalc.core.expression import Environment, Expression
from paramcalc.graph import Leaf, evaluate
from paramcalc.spec import node_names


@dataclass(frozen=True)
class RealTensor:
    """A tensor of a real model."""

    shape: tuple[int, ...]
    trainable: bool
    dtype: str


@dataclass(frozen=True)
class RealModel:
    """What a framework says of the model that it built."""

    #: by the framework's own names
    tensors: dict[str, RealTensor]
    #: by the names of the layers, without the batch
    output_shapes: dict[str, tuple[int | None, ...]]
    #: as the framework itself adds them up
    total: int
    trainable: int
    non_trainable: int
    #: the bytes of the total
    bytes: int
    buffers: int = 0
    #: runs it on examples of zeros, two to a batch, and gives the shape of each output
    run: Callable[[], dict[str, tuple[int, ...]]] | None = None
    #: every use of a shared or tied tensor counted, where the framework can say so
    total_untied: int | None = None


@dataclass(frozen=True)
class Stated:
    """What the nearest node around a layer, or its own, states for it."""

    trainable: bool = True
    dtype: str = "float32"
    tie: Mapping[str, str] = field(default_factory=dict)


def leaves(spec: pc.Spec, framework: str, dims: Any = None) -> list[Leaf]:
    """The layers of a spec in order of the graph, every copy for itself."""
    return [leaf for leaf, _ in evaluate(spec, framework, dims, fold=False).leaves()]


def originals(found: list[Leaf]) -> dict[int, Leaf]:
    """For each layer that is shared, by its id: the layer whose tensors it uses."""
    owners = {id(leaf.uses): leaf for leaf in found if not leaf.shared}
    return {id(leaf): owners[id(leaf.uses)] for leaf in found if leaf.shared}


def equivalent(leaf: Leaf, framework: str) -> Equivalent | None:
    """The framework's class for a layer, as its table says."""
    return convention(framework).equivalent(leaf.layer, leaf.input_shapes)


def arguments(leaf: Leaf, row: Equivalent, **replaced: Any) -> dict[str, Any]:
    """The constructor's arguments, as the table says; some of them replaced."""
    environment = field_environment(leaf.layer, leaf.input_shapes)
    texts = {name: text for name, text in row.arguments.items() if name not in replaced}
    return {name: _plain(evaluated(text, environment)) for name, text in texts.items()} | replaced


def real_class(row: Equivalent) -> Any:
    """The class that a row of a table names."""
    module, _, name = row.name.rpartition(".")
    return getattr(import_module(module), name)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return None if isinstance(value, Unknown) else value


def stated(spec: pc.Spec, name: str) -> Stated:
    """What the text of a spec states for the layer of this path.

    Read from the nodes along the path, not from the graph: the nearest statement wins.
    """
    nodes, values = spec.layers, dict(spec.dims)
    found: dict[str, Any] = {}
    parts = iter(name.split("."))
    for part in parts:
        names = node_names(nodes)
        if part not in names:  # the Add of a residual
            break
        node = nodes[names.index(part)]
        if node.times is not None:
            counter = int(next(parts))
            values |= {node.index: counter} if node.index else {}
        if node.trainable is not None:
            found["trainable"] = _value(node.trainable, values)
        if node.dtype is not None:
            found["dtype"] = node.dtype
        if node.layer is not None or node.share is not None:
            found["tie"] = node.tie
            break
        nodes = node.layers if node.block is None else spec.blocks[node.block].layers
    return Stated(**found)


def _value(value: Any, values: Mapping[str, Any]) -> Any:
    return value.evaluate(Environment(values)) if isinstance(value, Expression) else value
