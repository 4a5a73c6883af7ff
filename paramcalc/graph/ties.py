"""Tensors of a layer that are the same numbers as those of another."""

from __future__ import annotations

from paramcalc.core.errors import refuse
from paramcalc.graph.checks import plain_shape, same_numbers, tensor_of
from paramcalc.graph.scope import Copy
from paramcalc.graph.tree import Leaf
from paramcalc.graph.walk import Walk


def tie(walk: Walk, copy: Copy, leaf: Leaf) -> None:
    """Tie the tensors of a leaf as its node says. Raises `unknown-tensor`, `tie-mismatch`, `missing-counter`."""
    assert copy.node is not None
    for name, ties in copy.node.tie.items():
        with walk.asking("tie", name, at_key=True):
            use = tensor_of(leaf, name, type(leaf.layer).__name__)
        holding = next((each for each in ties if walk.condition(copy, each.when, ("tie", name))), None)
        if holding is None:
            continue
        with walk.asking("tie", name):
            target = holding.to.path(walk.environment(copy.values, copy.inputs, copy.entry.scope))
            owner_leaf = _owner_leaf(copy, target)
            path, _, tensor = target.rpartition(".")
            owner = tensor_of(owner_leaf, tensor, f"'{path}'")
            if not same_numbers(use.tensor.shape, owner.tensor.shape):
                raise refuse(
                    "tie-mismatch",
                    f"'{name}' has the shape {plain_shape(use.tensor.shape)}, and '{target}' the shape"
                    f" {plain_shape(owner.tensor.shape)}: neither the same nor its transpose",
                )
        use.owner, use.owner_leaf = owner.owner or owner, owner.owner_leaf or owner_leaf
        use.tied_as = target
        use.trainable, use.dtype = use.owner.trainable, use.owner.dtype


def _owner_leaf(copy: Copy, target: str) -> Leaf:
    """Return the layer of the tensor that a path names."""
    path, _, name = target.rpartition(".")
    entry, owner = copy.entry.scope.find(path)
    if owner is None and entry.node.is_repeated:
        raise refuse("missing-counter", f"'{path}' is repeated: say which copy, as in {path}.0")
    owners = [] if owner is None else owner.owners
    if not owners:
        raise refuse("unknown-tensor", f"'{path}' is no layer that owns tensors")
    return next((each for each in owners if any(use.tensor.name == name for use in each.uses)), owners[0])
