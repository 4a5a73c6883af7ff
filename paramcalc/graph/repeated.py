"""What all copies of a node have in common, one behind the other or side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from paramcalc.core.algebra import Number
from paramcalc.core.expression import bounded
from paramcalc.graph.folding import alike, folded, range_label
from paramcalc.graph.scope import Copy, Entry, Values
from paramcalc.graph.tree import Branch, Flow, Tree
from paramcalc.graph.walk import Walk

#: Copies that may differ by their number are evaluated one by one, if they are no more than these.
_FEW = 32


class Repeated:
    """The copies of a node while they are evaluated.

    `content` makes the tree of one copy, and sets its flow; `inputs` flow into the node; `first` is the first call
    of a node called again.
    """

    #: the key of the node that says how many copies there are
    key: ClassVar[str]

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
        self.times = entry.times = walk.number(entry, self.key, inputs)
        node, scope = entry.node, entry.scope
        #: the name of their counter, if anything in them mentions it
        self.counter = node.index if node.index in walk.mentions(node) else None
        self.inherited = replace(scope.inherited, copies=bounded(scope.inherited.copies * self.times))
        # references may go to the copies that are there already
        scope.entries[entry.name] = entry

    def copy(self, number: int, inputs: tuple[Flow, ...], values: Values) -> Copy:
        """Return the copy of a number, on its inputs. `values` are those in sight in it beside its counter."""
        self.walk.spend((*self.entry.path, self.key))
        if self.counter is not None:
            values = {**values, self.counter: number}
        theirs = self.first.copy(number) if self.first is not None else None
        return Copy(self.entry, str(number), inputs, values, self.inherited, theirs, number=number, last=number)

    def tree_of(self, copy: Copy) -> Tree | None:
        """Return the tree of a copy; None where it is absent."""
        tree = None
        self.walk.trail.append(copy.label)
        if self.walk.choose(copy):
            # before its content, which may refer to it
            self.entry.copies.append(copy)
            tree = self.content(copy)
        self.walk.trail.pop()
        return tree

    def as_one(self) -> tuple[Branch, Copy] | None:
        """Return the tree of all copies, of which there are a symbol's number, and the copy that stands for them.

        Their own number is a symbol too. Returns None where that decides too little.
        """
        # only where there are symbols
        from paramcalc.graph.any_copy import AnyCopy

        any_copy = AnyCopy(self.walk, self.content, 0, self.times - 1)
        copy = self.copy(0, self.inputs, self.entry.scope.values)
        copy.values = {**copy.values, str(self.counter): any_copy.number}
        tree = any_copy.tree(copy)
        if tree is None or not self.stands_for_all(copy, tree, any_copy.number):
            return None
        self.entry.copies.append(copy)
        copy.last = self.times - 1
        tree.label = ""
        output = copy.flow.shape if copy.flow else ()
        return Branch(copy.label, [tree], output, role="copies", counter=(any_copy.number, 0, copy.last)), copy

    def stands_for_all(self, copy: Copy, tree: Tree, number: Number) -> bool:
        """Return whether a copy whose number is a symbol is enough to know of all of them."""
        return True

    def rest_is_alike(self, copy: Copy, tree: Tree) -> bool:
        """Return whether all copies after this one have a tree like its own, if they are given what it is given.

        Of copies that mention their number this is proved by a symbol for it, where they are many.
        """
        if not self.walk.fold or self.counter is None:
            return self.walk.fold
        left = self.times - copy.number - 1
        # what holds from the third on, or later, is not looked for
        if type(left) is not int or left < _FEW or copy.number > 1:
            return False
        # SymPy takes longer to load than a few copies to evaluate
        from paramcalc.graph.any_copy import AnyCopy

        any_copy = AnyCopy(self.walk, self.content, copy.number, self.times - 1)
        values = {**copy.values, self.counter: any_copy.number}
        another = any_copy.tree(replace(copy, values=values, inherited=self.inherited, node=None, scope=None))
        return another is not None and alike(tree, another, self.walk.by_layers)

    def branch(self, trees: list[Tree], flow: Flow | None) -> Branch:
        """Return the tree of all copies, of their trees; those that are alike stand there once."""
        if self.walk.fold and len(trees) > 1:
            trees = folded(trees, self.walk.by_layers)
        for tree in trees:
            tree.number = int(tree.label)
            tree.label = range_label(tree.number, tree.copies)
        output = flow.shape if flow else ()
        return Branch(self.entry.name, trees, output, role="copies", inputs=self.inputs[:1], flow=flow)
