"""A live Keras model as what it owns: its layers in their order, each with its weights."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from paramcalc.frameworks.deriving.parts import Entry, Inventory, Part, Path, Tie, common
from paramcalc.layers.base.declaration import default_name


def inventory(model: Any) -> Inventory:
    """Read what a model, or a layer, owns: the tensors of each layer, under the layer's name or number."""
    entries = tuple(_entries(model, "", {}))
    return Inventory(entries, lambda: _part(model, "", (), {}), any(0 in entry.shape for entry in entries))


def _part(layer: Any, name: str, path: Path, owners: dict[int, Tie]) -> Part:
    """Read a layer with all in it; a weight belongs to the layer that has it first."""
    tensors, ties = {}, {}
    for label, weight, role in _own(layer):
        stated: dict[str, Any] = {"shape": list(weight.shape)}
        if role == "state":
            stated["role"] = "state"
        elif not weight.trainable:
            stated["trainable"] = False
        if (dtype := _dtype(weight)) != "float32":
            stated["dtype"] = dtype
        tensors[label] = stated
        owner = owners.setdefault(id(weight), Tie(path, label))
        if owner != Tie(path, label):
            ties[label] = owner
    parts = [_part(child, label, (*path, label), owners) for label, child in _children(layer)]
    return Part(name, type(layer).__name__, tensors=tensors, ties=ties, parts=tuple(parts))


def _entries(layer: Any, path: str, owners: dict[int, str]) -> Iterator[Entry]:
    """Yield the weights of a layer, each layer's own before those of the layers in it."""
    for label, weight, role in _own(layer):
        here = f"{path}{label}"
        owner = owners.setdefault(id(weight), here)
        tied = common(owner) if owner != here else None
        trainable = role == "parameter" and bool(weight.trainable)
        yield Entry(common(here), tuple(weight.shape), role, _dtype(weight), trainable, tied)
    for label, child in _children(layer):
        yield from _entries(child, f"{path}{label}.", owners)


def _own(layer: Any) -> Iterator[tuple[str, Any, str]]:
    """Yield the weights that a layer has itself, and no layer in it, with their names and roles."""
    taken: set[str] = set()
    theirs = {id(weight) for _, child in _children(layer) for weight in child.weights}
    for weights, role in ((layer._trainable_variables, "parameter"), (layer._non_trainable_variables, "state")):
        for weight in weights:
            if id(weight) in theirs:
                continue
            label = re.sub(r"\W", "_", weight.name)
            while label in taken:
                label += "_"
            taken.add(label)
            yield label, weight, role


def _children(layer: Any) -> list[tuple[str, Any]]:
    """Return the layers in a layer that have weights; one that bears no name of its own has a number."""
    children = [child for child in _layers(layer) if child.weights]
    named = {id(value): name for name, value in vars(layer).items() if not name.startswith("_")}
    found: list[tuple[str, Any]] = []
    taken: set[str] = set()
    for number, child in enumerate(children):
        label = named.get(id(child), child.name)
        if label in taken or re.search(r"\d$", label) or label == default_name(type(child).__name__):
            label = str(number)
        taken.add(label)
        found.append((label, child))
    return found


def _layers(layer: Any) -> list[Any]:
    """Return the layers that a layer holds, each once, in the order in which they are built in."""
    found: dict[int, Any] = {}
    for child in getattr(layer, "layers", None) or layer._layers:
        found.setdefault(id(child), child)
    return [child for child in found.values() if hasattr(child, "weights")]


def _dtype(weight: Any) -> str:
    return str(weight.dtype).rpartition(".")[2]
