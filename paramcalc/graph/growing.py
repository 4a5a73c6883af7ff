"""Copies whose input grows by a rule, summed by a symbol for their number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from paramcalc.core import algebra
from paramcalc.core.algebra import Number
from paramcalc.graph.any_copy import AnyCopy
from paramcalc.graph.scope import Copy, Values
from paramcalc.graph.tree import Branch, Flow, Tree
from paramcalc.graph.values import value_of
from paramcalc.graph.walk import Walk


class Growth:
    """The copies of a node from the second on, `times` in all with the first, as one for each number."""

    def __init__(
        self,
        walk: Walk,
        content: Callable[[Copy], Tree],
        second: Copy,
        counter: str | None,
        times: Number,
        carried: Values,
    ) -> None:
        self.walk = walk
        self.second = second
        #: the name of the counter, if anything in the copies mentions it
        self.counter = counter
        self.times = times
        #: the values that the second copy passes on
        self.carried = carried
        self.any_copy = AnyCopy(walk, content, 1, times - 1)
        #: the symbol for the number of a copy
        self.number = self.any_copy.number

    def tree(self, before: Flow | None, after: Flow | None) -> Branch | None:
        """Return the tree of the copies; None where they follow no rule that is known here.

        `before` flows into the second copy, and `after` out of it. The first input is guessed to
        grow on as it did there, by a step or by a factor, and the guess is proved by what flows out.
        """
        if before is None or after is None or len(before.shape) != len(after.shape):
            return None
        for grown in (algebra.by_steps, algebra.by_factors):
            pairs = zip(before.shape, after.shape, strict=True)
            shape = tuple(grown(size, following, self.number) for size, following in pairs)
            carried = self._carried(grown)
            if carried is None:
                continue
            copy = self._copy(Flow(shape, before.leaf), carried)
            tree = self.any_copy.tree(copy)
            following = tuple(map(self._of_next, shape))
            grows = copy.flow is not None and algebra.same_shapes(copy.flow.shape, following)
            if tree is not None and grows and self._carries_on(copy, carried):
                tree.label = ""
                output = tuple(algebra.substituted(size, self.number, self.times) for size in shape)
                counter = (self.number, 1, self.times - 1)
                flow = replace(copy.flow, shape=output) if copy.flow else None
                return Branch(self.second.label, [tree], output, role="copies", flow=flow, counter=counter)
        return None

    def _of_next(self, size: Number) -> Number:
        """Return what a size that grows with the number of the copy is in the next one."""
        return algebra.substituted(size, self.number, self.number + 1)

    def _carried(self, grown: Callable[[Number, Number, Number], Number]) -> Values | None:
        """Return the carried values of the copy of any number, if they grow so; None where one is no number."""
        found = {}
        for name, following in self.carried.items():
            value = self.second.values[name]
            if not algebra.is_number(value) or not algebra.is_number(following):
                return None
            found[name] = grown(value, following, self.number)
        return found

    def _carries_on(self, copy: Copy, carried: Values) -> bool:
        """Return whether the copy of any number passes on what the next one has."""
        environment = self.walk.environment(copy.values, copy.inputs, copy.entry.scope)
        following = self.second.entry.node.following
        return all(
            algebra.same(value_of(following[name], environment), self._of_next(value))
            for name, value in carried.items()
        )

    def _copy(self, flow: Flow, carried: Values) -> Copy:
        """Return the copy of any number, on a first input."""
        values = {**self.second.values, **carried}
        if self.counter is not None:
            values[self.counter] = self.number
        return replace(self.second, inputs=(flow, *self.second.inputs[1:]), values=values, scope=None)
