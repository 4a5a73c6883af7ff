"""The copies of a node side by side: each takes the node's inputs; those that are alike stand there once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import LIMITS, quoted, refuse
from paramcalc.graph.repeated import Repeated
from paramcalc.graph.tree import BROKEN, Branch, Flow, Leaf, Tree, leaves
from paramcalc.layers.base.declaration import Layer

if TYPE_CHECKING:
    from paramcalc.graph.classes import Class


class Parallel(Repeated):
    """The copies of a node side by side, while they are evaluated."""

    key = "parallel"

    def tree(self) -> Branch | None:
        """Return the tree of all copies; None where none is there. Sets the flow of the node."""
        there = self._as_one() or list(self._one_by_one())
        if not there:
            if self.entry.node.merge is None:
                self.entry.flow = Flow((), bundle=(), name=self.entry.name)
            return None
        branch = self.branch([tree for tree, _ in there], None)
        branch.parallel = True
        if self.entry.node.active is not None:
            branch.active = self._active(branch.children)
        self.entry.flow = self._joined([flow for _, flow in there], branch)
        branch.output, branch.flow = self.entry.flow.shape, self.entry.flow
        return branch

    def _one_by_one(self) -> Iterator[tuple[Tree, Flow]]:
        """Yield the tree of each copy and what flows out of it; those that are alike are evaluated once."""
        following = 0
        for number in self._numbers():
            if number < following:
                continue
            copy = self.copy(number, self.inputs, self.entry.scope.values)
            tree = self.tree_of(copy)
            if tree is None:
                continue
            alike = self.rest_is_alike(copy, tree)
            tree.times = self.times - number if alike else self.run_from(number, tree) or 1
            following = number + tree.times
            copy.last = following - 1
            yield tree, replace(copy.flow or BROKEN, times=tree.times)
            if alike:
                return

    def _numbers(self) -> range:
        """Return the numbers of the copies that may have to be evaluated."""
        if self.counter is None and self.walk.fold:
            return range(1 if self._is_there() else 0)
        return range(self.times if type(self.times) is int else algebra.number_of_copies(self.times))

    def _is_there(self) -> bool:
        """Return whether there is a copy at all; of a symbol's number it is assumed."""
        return algebra.chosen_at_least(self.times, 1)

    def _as_one(self) -> list[tuple[Tree, Flow]]:
        """Return the tree of copies of which there are a symbol's number, and what flows out of each; or nothing."""
        if self.counter is None or not algebra.is_symbol(self.times) or not self._is_there():
            return []
        found = []
        for each in self.classes():
            assert each.copy.flow is not None
            found.append((each.as_copies(), replace(each.copy.flow, times=each.numbers.count)))
        return found

    def stands_for_all(self, one: Class) -> bool:
        """Return whether all copies of a class give the same, and own as much where that has to be known."""
        flow = one.copy.flow
        if flow is None:
            return False
        differs = flow.shape if self.entry.node.active is None else (*flow.shape, _elements(one.tree))
        return one.place is None or not algebra.depends(differs, one.place)

    # --- what flows out of them

    def _joined(self, flows: list[Flow], branch: Branch) -> Flow:
        """Return what flows out of the node: of one copy its own, of several what joins them, or all of them."""
        if any(flow.broken for flow in flows):
            return BROKEN
        number = self.times if algebra.is_symbol(self.times) else _number(flows)
        if self._is_one(number):
            return flows[0]
        if self.entry.node.merge is None:
            return Flow(flows[0].shape, bundle=tuple(flows), name=self.entry.name)
        if self.walk.by_layers and algebra.is_symbol(number):
            # nothing joins a single one
            algebra.chosen_at_least(number, 2)
        layer = self.walk.resolved_layer(self.entry.node.merge, self.entry.scope.values, self.inputs, self.entry.scope)
        flows = _alike_as_one(flows)
        with self.walk.asking("merge"):
            outputs = merged(layer, flows, number)
        leaf = Leaf("merge", layer, tuple(flows), outputs, [], path=self.entry.path)
        branch.children.append(leaf)
        return Flow(outputs[0], leaf)

    def _is_one(self, number: Number) -> bool:
        """Return whether there is one copy, which nothing joins. Raises `Undecided` where of an array some are."""
        if algebra.is_array(number) and self.walk.by_layers:
            return algebra.truth(number == 1)
        return type(number) is int and number == 1

    # --- how many of them an example passes through

    def _active(self, trees: list[Tree]) -> Number:
        """Return how many copies are active. Raises `unlike-copies`, `invalid-value`."""
        with self.walk.asking("active"):
            active = self.walk.size(self.entry, "active", self.inputs)
            if not algebra.at_least(self.times - active, 0):
                message = f"{quoted(active)} copies are active, of {quoted(self.times)}"
                raise refuse("invalid-value", message, f"'active' is 1 to {quoted(self.times)}, or left out: all are")
            elements = [_elements(tree) for tree in trees]
            other = next((each for each in elements[1:] if not algebra.same(elements[0], each)), None)
            if other is not None:
                unlike = f"{quoted(elements[0])} parameters, and another {quoted(other)}"
                raise refuse(
                    "unlike-copies",
                    f"one copy of '{self.entry.name}' has {unlike}",
                    "of copies that differ, it is not known how many parameters are active",
                )
        return active


def _alike_as_one(flows: list[Flow]) -> list[Flow]:
    """Return what flows out of copies that are folded into one as one, as often as they stand there."""
    found: list[Flow] = []
    for flow in flows:
        last = found[-1].leaf if found else None
        if last is not None and flow.leaf is not None and last.standing is flow.leaf.standing:
            found[-1] = replace(found[-1], times=found[-1].times + flow.times)
        else:
            found.append(flow)
    return found


def _number(flows: Sequence[Flow]) -> Number:
    return sum((flow.times for flow in flows), start=0)


def merged(layer: Layer, flows: Sequence[Flow], number: Number | None = None) -> tuple[Shape, ...]:
    """Return the output of a layer that joins this number of outputs, each as often as it stands there.

    Of outputs that are alike, what joins two says what joins any number: it adds up in the axis along which it
    stands, and is the same in the others. Raises `limit` where unlike ones are too many to be written out.
    """
    shape = flows[0].shape
    number = _number(flows) if number is None else number
    if len(flows) == 1 or (
        algebra.is_symbol(number) and all(algebra.same_shapes(shape, other.shape) for other in flows)
    ):
        (two,) = _outputs(layer, shape, shape)
        return (tuple(one if algebra.same(one, both) else one * number for one, both in zip(shape, two, strict=True)),)
    number = sum(algebra.number_of_copies(flow.times) for flow in flows)
    if number > LIMITS.list_length:
        raise refuse("limit", f"{number:,} outputs that differ are joined; {LIMITS.list_length:,} are the most")
    shapes = [flow.shape for flow in flows for _ in range(algebra.number_of_copies(flow.times))]
    return _outputs(layer, *shapes)


def _outputs(layer: Layer, *shapes: Shape) -> tuple[Shape, ...]:
    """Return the outputs of a layer that joins copies. Raises `invalid-value` for one that owns something."""
    outputs, tensors = layer.infer(*shapes)
    if tensors:
        name = type(layer).__name__
        hint = f"without 'merge', a node of its own takes all of them: {name} with 'inputs'"
        raise refuse("invalid-value", f"{name} owns tensors, and what joins copies owns none", hint)
    return outputs


def _elements(tree: Tree) -> Number:
    """Return the elements of the tensors that one copy owns."""
    total: Number = 0
    for leaf, times in leaves(tree):
        total = total + times * sum((use.elements for use in leaf.owned), start=0)
    return total if tree.times is None else algebra.divide(total, tree.times)
