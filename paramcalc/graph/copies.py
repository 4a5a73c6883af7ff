"""The copies of a repeated node, each on the one before; those that are alike stand there once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Undecided
from paramcalc.core.errors import ParamcalcError
from paramcalc.graph.folding import alike_from_here
from paramcalc.graph.repeated import Repeated
from paramcalc.graph.scope import Copy, Entry, Values
from paramcalc.graph.tree import Branch, Flow, Tree
from paramcalc.graph.values import same_values, value_of
from paramcalc.graph.walk import Walk

if TYPE_CHECKING:
    from paramcalc.graph.classes import Class


class Copies(Repeated):
    """The copies of a node one behind the other, while they are evaluated."""

    key = "times"

    def __init__(
        self,
        walk: Walk,
        content: Callable[[Copy], Tree],
        entry: Entry,
        inputs: tuple[Flow, ...],
        first: Entry | None,
    ) -> None:
        super().__init__(walk, content, entry, inputs, first)
        self.trees: list[Tree] = []
        #: the values that one copy passes on to the next, as the next copy has them
        self.carried: Values = self._carried()
        #: what flows out of the last of them so far
        # a flow of its own, which tells what a copy takes of the one before from what it takes by name
        self.flow = replace(inputs[0]) if inputs and not inputs[0].broken else next(iter(inputs), None)
        #: what flows into the first of them
        self.begin = self.flow

    def tree(self) -> Branch | None:
        """Return the tree of all copies; None where none is there. Sets the flow of the node."""
        if self._is_of_symbols() and self.entry.scope.inventory:
            self._assume_one()
            trees = self._by_classes()
            if trees:
                return self.branch(trees, None)
        way = len(self.walk.trail)
        try:
            with algebra.trying() as succeed:
                self._one_by_one()
                succeed()
        except Undecided:
            del self.walk.trail[way:]
            self.trees = self._by_classes() if self._is_of_symbols() else []
            if not self.trees:
                raise
        self._remark()
        if self.trees and self.flow and not self.flow.broken:
            # what flows out of all copies, apart from what flows out of the last
            self.flow = replace(self.flow)
        self.entry.flow = self.flow
        return self.branch(self.trees, self.flow) if self.trees else None

    def _one_by_one(self) -> None:
        """Evaluate the copies in sequence, until all that follow are alike."""
        following = 0
        for number in self._numbers():
            if number < following:
                continue
            copy = self.copy(number, self._next_inputs(), {**self.entry.scope.values, **self.carried})
            with algebra.asked_from(number + 1, self.times):
                tree = self.tree_of(copy)
            before_carried, self.carried = self.carried, self._next(copy)
            if tree is None:
                if self.counter is None and not self.carried:
                    break
                continue
            self.trees.append(tree)
            before, self.flow = self.flow, copy.flow
            if self._repeats_from_here(copy, tree, before, before_carried):
                copy.last = self.times - 1
                tree.times = self.times - number
                break
            if algebra.is_symbol(self.times):
                with algebra.asked_from(number + 1, self.times):
                    is_sum = self._sum_from_here(copy, before)
                if is_sum:
                    break
            if not self.carried and alike_from_here(before, self.flow):
                tree.times = self.run_from(number, tree) or 1
                following = number + tree.times
                copy.last = following - 1

    def _is_of_symbols(self) -> bool:
        """Return whether there are a symbol's number of copies, which depend on nothing else than their number."""
        return self.counter is not None and not self.carried and algebra.is_symbol(self.times)

    def _by_classes(self) -> list[Tree]:
        """Return the trees of the classes of copies; none where they are not known."""
        self.flow = self.begin
        found = self.classes()
        if found:
            self.flow = found[-1].copy.flow
        return [each.as_copies() for each in found]

    def copy_of_any(self, number: Number) -> Copy:
        """Return the copy of a number in symbols, on what flows into the first."""
        return replace(super().copy_of_any(number), inputs=self._next_inputs())

    def stands_for_all(self, one: Class) -> bool:
        """Return whether the copies of a class give the next ones what they are given; where it counts, in a row."""
        if self.entry.scope.inventory:
            return True
        if self.walk.by_layers and self.walk.in_order and one.scattered:
            return False
        return alike_from_here(self.begin, one.copy.flow)

    def _assume_one(self) -> None:
        """Assume of a number of copies in symbols that there is one."""
        algebra.assume("≥", algebra.needed(self.times), 1)
        algebra.choose("≥", self.times, 1)

    def _carried(self) -> Values:
        """Return the carried values of the first copy."""
        environment = self.walk.environment(self.entry.scope.values, self.inputs, self.entry.scope)
        found = {}
        for name, expression in self.entry.node.carry.items():
            with self.walk.asking("carry", name):
                found[name] = value_of(expression, environment)
        return found

    def _numbers(self) -> Iterator[int]:
        """Yield the numbers of the copies, as far as it is sure that they are there."""
        if type(self.times) is int:
            yield from range(self.times)
        elif algebra.is_array(self.times):
            number = 0
            while algebra.truth(self.times > number):
                yield number
                number += 1
        else:
            self._assume_one()
            yield from range(2)
            undecided = Undecided(self.times)
            undecided.expression = str(self.entry.node.times)
            raise undecided

    def _next_inputs(self) -> tuple[Flow, ...]:
        """Return what the next copy takes: what flows out of the one before, and the further inputs of the node."""
        return (self.flow, *self.inputs[1:]) if self.inputs and self.flow else self.inputs

    def _remark(self) -> None:
        """Remark on copies that take one input by name, and then the other outputs of one another."""
        node, copies = self.entry.node, self.entry.copies
        if node.inputs is None or not copies or node.carry or type(self.times) is not int or self.times < 2:
            return
        first = copies[0]
        if first.flow is None or first.flow.broken or alike_from_here(first.inputs[0], first.flow):
            return
        self.walk.remarks.append(
            f"{'.'.join(self.walk.trail)}: each copy takes the output of the one before, and only the first"
            f" takes '{node.inputs[0]}'; copies side by side are written 'parallel' in place of 'times'"
        )

    def _next(self, copy: Copy) -> Values:
        """Return the values that the copy passes on to the next."""
        environment = self.walk.environment(copy.values, copy.inputs, self.entry.scope)
        found = {}
        for name, expression in self.entry.node.following.items():
            with self.walk.asking("next", name):
                found[name] = value_of(expression, environment)
        return found

    def _repeats_from_here(self, copy: Copy, tree: Tree, before: Flow | None, carried: Values) -> bool:
        """Return whether all copies that are left would be the same again as this one on what flowed into it."""
        if self.flow is not None and self.flow.broken:
            return True
        if self.flow is None and self.counter is None and not self.carried:
            return self.walk.fold
        alike = all(same_values(value, self.carried[name]) for name, value in carried.items())
        return alike and alike_from_here(before, self.flow) and self.rest_is_alike(copy, tree)

    def _sum_from_here(self, first: Copy, before: Flow | None) -> bool:
        """Make one of the copies from this one on, where they grow by a rule. Returns whether they do."""
        # only where there are symbols
        from paramcalc.graph.growing import Growth

        growth = Growth(self.walk, self.content, first, self.counter, self.times, self.carried)
        grown = growth.tree(before, self.flow)
        if grown is None:
            return False
        if first.number == 0:
            self._make_second()
        self.trees[-1], self.flow = grown, grown.flow
        return True

    def _make_second(self) -> None:
        """Evaluate the second copy, for references that name it; what it assumes, that for any number has assumed."""
        walk, copies = self.walk, self.entry.copies
        known, way = len(copies), len(walk.trail)
        try:
            with algebra.trying():
                self.tree_of(self.copy(1, self._next_inputs(), {**self.entry.scope.values, **self.carried}))
        except (Undecided, ParamcalcError):
            # at the sizes at hand there is none
            del copies[known:], walk.trail[way:]
