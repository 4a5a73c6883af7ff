"""Copies of a repeated node that are alike, made one."""

from __future__ import annotations

from typing import Any

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.graph.tree import Branch, Flow, Tree, leaves


def alike_from_here(before: Flow | None, after: Flow | None) -> bool:
    """Return whether a copy gives the next one just what it was given itself."""
    if before is None or after is None:
        return True
    return algebra.same_shapes(before.shape, after.shape)


def alike(one: Tree, other: Tree) -> bool:
    """Return whether the layers of two copies have the same types, shapes and tensors."""
    return bool(_signature(one) == _signature(other))


def folded(copies: list[Tree]) -> list[Tree]:
    """Return copies in sequence, labelled by their numbers; those that follow one another and are alike made one."""
    result = copies[:1]
    last = _signature(copies[0])
    for tree in copies[1:]:
        signature, before = _signature(tree), result[-1]
        if signature == last and int(tree.label) == int(before.label) + before.times:
            before.times = before.times + tree.times
            for (leaf, _), (standing, _) in zip(leaves(tree), leaves(before), strict=True):
                leaf.alike = standing
        else:
            result.append(tree)
        last = signature
    return result


def range_label(first: int, times: Number) -> str:
    """Return the label of a run of copies: `3`, or `3..11`."""
    if type(times) is int and times == 1:
        return str(first)
    return f"{first}.." if algebra.is_array(times) else f"{first}..{first + times - 1}"


def _signature(tree: Tree) -> Any:
    """Return what makes copies alike: the types, shapes and tensors of their layers."""
    if isinstance(tree, Branch):
        inner = tuple((child.label, _hashable((child.times,)), _signature(child)) for child in tree.children)
        return _hashable(tree.output), inner
    uses = tuple(
        (use.tensor.name, _hashable(use.tensor.shape), use.trainable, use.dtype, use.tied_as) for use in tree.uses
    )
    return type(tree.layer).__name__, tuple(map(_hashable, tree.outputs)), tree.shared, uses


def _hashable(sizes: Shape) -> tuple[Any, ...]:
    return tuple(tuple(size.flat) if algebra.is_array(size) else size for size in sizes)
