"""The copies of a node side by side: each takes the node's inputs; those that are alike stand there once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import LIMITS, quoted, refuse
from paramcalc.core.expression import bounded
from paramcalc.graph.folding import folded, range_label
from paramcalc.graph.scope import Copy, Entry
from paramcalc.graph.tree import BROKEN, Branch, Flow, Leaf, Tree, leaves
from paramcalc.graph.walk import Walk
from paramcalc.layers.base.declaration import Layer


class Parallel:
    """The copies of a node side by side while they are evaluated.

    `content` makes the tree of one copy, and sets its flow; `first` is the first call of a node called again.
    """

    def __init__(
        self,
        walk: Walk,
        content: Callable[[Copy], Tree],
        entry: Entry,
        inputs: tuple[Flow, ...],
        first: Entry | None,
    ) -> None:
        self.walk = walk
        self.content = content
        self.entry = entry
        self.inputs = inputs
        self.first = first
        self.number = entry.times = walk.number(entry, "parallel", inputs)
        node = entry.node
        #: the name of their counter, if anything in them mentions it
        self.counter = node.index if node.index in walk.mentions(node) else None
        scope = entry.scope
        self.inherited = replace(scope.inherited, copies=bounded(scope.inherited.copies * self.number))
        #: what flows out of each copy that is evaluated
        self.flows: list[Flow] = []

    def tree(self) -> Branch | None:
        """Return the tree of all copies; None where none is there. Sets the flow of the node."""
        node = self.entry.node
        self.entry.scope.entries[self.entry.name] = self.entry
        trees = [tree for number in self._numbers() if (tree := self._tree_of(number)) is not None]
        if not trees:
            return None
        trees = folded(trees) if self.walk.fold and len(trees) > 1 else trees
        for tree in trees:
            tree.label = range_label(int(tree.label), tree.copies)
        branch = Branch(self.entry.name, trees, (), role="copies", inputs=self.inputs[:1])
        if node.active is not None:
            branch.active = self._active(trees)
        self.entry.flow = self._joined(branch)
        branch.output = self.entry.flow.shape
        return branch

    def _numbers(self) -> range:
        """Return the numbers of the copies to evaluate: one of those that are alike stands for all."""
        if self.counter is None and self.walk.fold:
            return range(1 if algebra.at_least(self.number, 1) else 0)
        return range(algebra.number_of_copies(self.number))

    def _tree_of(self, number: int) -> Tree | None:
        self.walk.spend((*self.entry.path, "parallel"))
        values = self.entry.scope.values
        if self.counter is not None:
            values = {**values, self.counter: number}
        theirs = self.first.copy(number) if self.first is not None else None
        copy = Copy(self.entry, str(number), self.inputs, values, self.inherited, theirs, number=number, last=number)
        self.walk.trail.append(copy.label)
        tree = None
        if self.walk.choose(copy):
            self.entry.copies.append(copy)
            tree = self.content(copy)
            times: Number = 1
            if self.counter is None and self.walk.fold:
                times = tree.times = self.number
                copy.last = self.number - 1
            self.flows.append(replace(copy.flow or BROKEN, times=times))
        self.walk.trail.pop()
        return tree

    # --- what flows out of them

    def _joined(self, branch: Branch) -> Flow:
        """Return what flows out of the node: of one copy its own, of several what joins them, or all of them."""
        if any(flow.broken for flow in self.flows):
            return BROKEN
        number = sum((flow.times for flow in self.flows), start=0)
        if type(number) is int and number == 1:
            return self.flows[0]
        if self.entry.node.merge is None:
            return Flow(self.flows[0].shape, bundle=tuple(self.flows), name=self.entry.name)
        layer = self.walk.resolved_layer(self.entry.node.merge, self.entry.scope.values, self.inputs)
        with self.walk.asking("merge"):
            outputs = merged(layer, self.flows)
        leaf = Leaf("merge", layer, tuple(self.flows), outputs, [], path=self.entry.path)
        branch.children.append(leaf)
        return Flow(outputs[0], leaf)

    # --- how many of them an example passes through

    def _active(self, trees: list[Tree]) -> Number:
        """Return how many copies are active. Raises `unlike-copies`, `invalid-value`."""
        with self.walk.asking("active"):
            active = self.walk.size(self.entry, "active", self.inputs)
            if not algebra.at_least(self.number - active, 0):
                raise refuse("invalid-value", f"{quoted(active)} copies are active, of {quoted(self.number)}")
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


def merged(layer: Layer, flows: list[Flow]) -> tuple[Shape, ...]:
    """Return the output of a layer that joins these outputs, each as often as it stands there.

    Of outputs that are alike, what joins two says what joins any number: it adds up in the axis along which it
    stands, and is the same in the others. Raises `limit` where unlike ones are too many to be written out.
    """
    if len(flows) == 1:
        shape, times = flows[0].shape, flows[0].times
        (two,) = layer.infer(shape, shape)[0]
        return (tuple(one if algebra.same(one, both) else one * times for one, both in zip(shape, two, strict=True)),)
    number = sum(algebra.number_of_copies(flow.times) for flow in flows)
    if number > LIMITS.list_length:
        raise refuse("limit", f"{number:,} outputs that differ are joined; {LIMITS.list_length:,} are the most")
    shapes = [flow.shape for flow in flows for _ in range(algebra.number_of_copies(flow.times))]
    return layer.infer(*shapes)[0]


def _elements(tree: Tree) -> Number:
    """Return the elements of the tensors that one copy owns."""
    total: Number = 0
    for leaf, times in leaves(tree):
        total = total + times * sum((use.elements for use in leaf.owned), start=0)
    return total if tree.times is None else algebra.divide(total, tree.times)
