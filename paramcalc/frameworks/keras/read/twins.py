"""Layers whose numbers are those of another place, where one of the two is within a layer: their tensors are tied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from paramcalc.core.algebra import Shape
from paramcalc.frameworks.keras.read.reading import NodePath, Twin, Way
from paramcalc.graph import Leaf
from paramcalc.layers.base.declaration import Layer, Part
from paramcalc.spec import Node


def tied(nodes: tuple[Node, ...], twins: list[Twin], leaves: Mapping[str, Leaf]) -> tuple[Node, ...]:
    """Return nodes in which the tensors of twins are tied to those of their first places.

    `leaves` are the layers of the evaluated spec, by their paths.
    """
    for twin in twins:
        leaf, owner = leaves.get(".".join(twin.path)), leaves.get(".".join(twin.owner.path))
        if leaf is None or owner is None:
            continue  # a model: the layers in it are twins themselves
        start, owned = (
            _prefix(leaf.layer, twin.way, leaf.input_shapes),
            _prefix(owner.layer, twin.owner.way, owner.input_shapes),
        )
        if start is None or owned is None:
            continue
        path = ".".join(_as_seen_from(twin.path, twin.owner.path))
        names = [use.tensor.name for use in leaf.uses if use.tensor.name.startswith(start)]
        ties = {name: f"{path}.{owned}{name.removeprefix(start)}" for name in names}
        if ties:
            nodes = _with_ties(nodes, twin.path, ties)
    return nodes


def _as_seen_from(path: NodePath, owner: NodePath) -> NodePath:
    """Return the path of an owner from the first group on that is not around both."""
    shared = 0
    while shared < min(len(path), len(owner)) - 1 and path[shared] == owner[shared]:
        shared += 1
    return owner[shared:]


def _prefix(layer: Layer, way: Way, inputs: tuple[Shape, ...]) -> str | None:
    """Return what the names of the tensors of a layer within another begin with; None where it is not found."""
    if not way:
        return ""
    (argument, place), *rest = way
    part = _part(layer, argument, place, inputs)
    inner = _prefix(part.layer, tuple(rest), part.inputs) if part is not None else None
    return None if part is None or inner is None else f"{part.name}_{inner}"


def _part(layer: Layer, argument: str, place: int, inputs: tuple[Shape, ...]) -> Part | None:
    """Return the part of a layer that is an argument of it, or at a place of one that is a list."""
    parts = [*layer.parts(*inputs)]
    named = [part for part in parts if argument.startswith(part.name)]
    if len(named) == 1:
        return named[0]
    value = getattr(layer, argument, None)
    listed = value if isinstance(value, tuple) else (value,)
    if place >= len(listed):
        return None
    # of several that are alike, as many stand before it as in the list
    alike = [part for part in parts if part.layer == listed[place]]
    before = sum(each == listed[place] for each in listed[:place])
    return alike[before] if before < len(alike) else None


def _with_ties(nodes: tuple[Node, ...], path: NodePath, ties: dict[str, Any]) -> tuple[Node, ...]:
    """Return nodes, the one at a path with ties."""
    name, *rest = path

    def changed(node: Node) -> Node:
        if node.name != name:
            return node
        if rest:
            return replace(node, layers=_with_ties(tuple(node.layers or ()), tuple(rest), ties))
        return replace(node, tie={**node.tie, **ties})

    return tuple(map(changed, nodes))
