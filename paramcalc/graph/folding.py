"""Copies of a repeated node that are alike, made one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.graph.tree import Branch, Flow, Leaf, Tree, leaves
from paramcalc.layers.base.declaration import Layer


def alike_from_here(before: Flow | None, after: Flow | None) -> bool:
    """Return whether a copy gives the next one just what it was given itself."""
    if before is None or after is None:
        return True
    return algebra.same_shapes(before.shape, after.shape)


def alike(one: Tree, other: Tree, by_layers: bool = False) -> bool:
    """Return whether the layers of two copies have the same types, shapes and tensors.

    With `by_layers`, also the same fields, and the same inputs.
    """
    return bool(signature(one, by_layers) == signature(other, by_layers))


def depends_on(tree: Tree, number: Number) -> bool:
    """Return whether a size or a field of the layers of a tree depends on a symbol."""
    return algebra.depends(signature(tree, by_layers=True), number)


def folded(copies: list[Tree], signature_of: Callable[[Tree], Any]) -> list[Tree]:
    """Return copies in sequence, labelled by their numbers; those that follow one another and are alike made one."""
    result = copies[:1]
    last = signature_of(copies[0])
    for tree in copies[1:]:
        own, before = signature_of(tree), result[-1]
        if own == last and int(tree.label) == int(before.label) + before.times:
            before.times = before.times + tree.times
            for (leaf, _), (standing, _) in zip(leaves(tree), leaves(before), strict=True):
                leaf.alike = standing
        else:
            result.append(tree)
        last = own
    return result


def range_label(first: Number, times: Number) -> str:
    """Return the label of a run of copies: `3`, or `3..11`."""
    if type(times) is int and times == 1:
        return str(first)
    return f"{first}.." if algebra.is_array(times) else f"{first}..{first + times - 1}"


def signature(tree: Tree, by_layers: bool) -> Any:
    """Return what makes copies alike: the types, shapes and tensors of their layers, and what these state and take."""
    wiring = _Wiring(tree) if by_layers else None
    return _signature_of(tree, wiring)


def _signature_of(tree: Tree, wiring: _Wiring | None) -> Any:
    if isinstance(tree, Branch):
        inner = tuple((child.label, hashable((child.times,)), _signature_of(child, wiring)) for child in tree.children)
        return hashable(tree.output), inner, wiring is not None and tree.recompute
    uses = tuple(
        (use.tensor.name, hashable(use.tensor.shape), use.trainable, use.dtype, use.tied_as) for use in tree.uses
    )
    stated = (_plain(tree.layer), wiring.inputs(tree)) if wiring is not None else ()
    return type(tree.layer).__name__, tuple(map(hashable, tree.outputs)), tree.shared, uses, stated


class _Wiring:
    """What the layers of a copy take: of one another by their places, of what is outside by that itself."""

    def __init__(self, tree: Tree) -> None:
        self.places = {id(leaf): place for place, (leaf, _) in enumerate(leaves(tree))}
        self.entry = tree.inputs[0] if tree.inputs else None

    def inputs(self, leaf: Leaf) -> Any:
        """Return what a leaf takes, and its shape."""
        return tuple((self._origin(flow), flow.place, hashable(flow.shape)) for flow in leaf.inputs)

    def _origin(self, flow: Flow) -> Any:
        if flow is self.entry or flow.leaf is None:
            return flow is self.entry
        return ("inside", self.places[id(flow.leaf)]) if id(flow.leaf) in self.places else id(flow.leaf.standing)


def _plain(value: Any) -> Any:
    """Return the value of a field, of a layer all of them, as something that can be compared."""
    if isinstance(value, Layer):
        return type(value).__name__, _plain(vars(value))
    if isinstance(value, Mapping):
        return tuple((name, _plain(each)) for name, each in value.items())
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return tuple(value.flat) if algebra.is_array(value) else value


def hashable(sizes: Shape) -> tuple[Any, ...]:
    """Return sizes as something that can be compared and kept."""
    return tuple(tuple(size.flat) if algebra.is_array(size) else size for size in sizes)
