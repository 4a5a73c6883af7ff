"""What shapes and tensors must meet: outputs, calls of the same layer again, ties."""

from __future__ import annotations

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import LIMITS, listed, refuse, suggest
from paramcalc.core.expression import bounded
from paramcalc.graph.scope import Copy
from paramcalc.graph.tree import Flow, Leaf, Use
from paramcalc.layers.base.axes import shape_text
from paramcalc.layers.base.declaration import Layer


def check_output(layer: Layer, output: Shape, inputs: tuple[Flow, ...], least: int) -> None:
    """Refuse an output with a size below the least, or with too many axes: `empty-output`, `limit`."""
    name = type(layer).__name__
    if len(output) > LIMITS.axes:
        raise refuse("limit", f"{name} would have an output of {len(output)} axes; {LIMITS.axes} are the most")
    for size in output:
        bounded(size)
        if not algebra.at_least(size, least):
            given = ", ".join(shape_text(flow.shape) for flow in inputs)
            hint = layer.way_out_of_nothing(inputs[0].shape) if inputs else ""
            raise refuse("empty-output", f"{name} of {given} would have the output {shape_text(output)}", hint)


def agree(shape: Shape, other: Shape) -> bool:
    """Return whether two shapes agree; of symbols that differ it is assumed."""
    return len(shape) == len(other) and all(map(algebra.equal, shape, other))


def borrowed(first: Copy | None, uses: list[Use]) -> list[Use]:
    """Return the tensors of the first call, where the second asks for the same."""
    if first is None or first.leaf is None:
        raise refuse("share-mismatch", "it is absent at its first place, and has no tensors to share")
    theirs = first.leaf.uses
    if len(theirs) != len(uses) or not all(
        agree(use.tensor.shape, other.tensor.shape) for use, other in zip(uses, theirs, strict=True)
    ):
        raise refuse("share-mismatch", f"its tensors are {_listed(theirs)}; here they would be {_listed(uses)}")
    return theirs


def _listed(uses: list[Use]) -> str:
    return ", ".join(f"{use.tensor.name} {plain_shape(use.tensor.shape)}" for use in uses)


def tensor_of(leaf: Leaf, name: str, what: str) -> Use:
    """Return the tensor of a layer by its own name. Raises `unknown-tensor`."""
    for use in leaf.uses:
        if use.tensor.name == name:
            # one of several that are a symbol together
            algebra.number_of_copies(use.tensor.copies)
            return use
    names = [use.tensor.name for use in leaf.uses]
    hint = suggest(name, names) or listed("its tensors", names) or "it owns none"
    raise refuse("unknown-tensor", f"{what} has no tensor '{name}'", hint)


def same_numbers(shape: Shape, other: Shape) -> bool:
    """Return whether a shape is another or its transpose: first what needs the fewest assumptions."""
    if len(shape) != len(other):
        return False

    def assumptions(candidate: Shape) -> int:
        return sum(not algebra.same(left, right) for left, right in zip(shape, candidate, strict=True))

    candidates = sorted((other, tuple(reversed(other))), key=assumptions)
    return any(agree(shape, candidate) for candidate in candidates)


def plain_shape(shape: Shape) -> str:
    """Return the shape of a tensor as messages write it."""
    return "(" + ", ".join(str(size) for size in shape) + ")"
