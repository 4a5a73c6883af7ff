"""Copies whose input grows by a rule, summed by a symbol for their number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.graph.any_copy import AnyCopy
from paramcalc.graph.scope import Copy, Standing, Values
from paramcalc.graph.tree import Branch, Flow, Tree
from paramcalc.graph.values import value_of
from paramcalc.graph.walk import Walk


class Growth:
    """The copies of a node from one on, `times` in all with those before it, as one for each number."""

    def __init__(
        self,
        walk: Walk,
        content: Callable[[Copy], Tree],
        first: Copy,
        counter: str | None,
        times: Number,
        carried: Values,
    ) -> None:
        self.walk = walk
        self.first = first
        #: the name of the counter, if anything in the copies mentions it
        self.counter = counter
        self.times = times
        #: the values that the first of the copies passes on
        self.carried = carried
        self.any_copy = AnyCopy(walk, content, first.number, times - 1)
        #: the symbol for the number of a copy
        self.number = self.any_copy.number

    def tree(self, before: Flow | None, after: Flow | None) -> Branch | None:
        """Return the tree of the copies; None where they follow no rule that is known here.

        `before` flows into the first of the copies, and `after` out of it. The first input is guessed to
        grow on as it did there, by a step or by a factor, and the guess is proved by what flows out.
        """
        if before is None or after is None or len(before.shape) != len(after.shape):
            return None
        for grown in (algebra.by_steps, algebra.by_factors):
            with algebra.trying() as succeed:
                tree = self._grown(grown, before, after)
                if tree is not None:
                    succeed()
                    return tree
        return None

    def _grown(self, rule: Callable[[Number, Number, Number], Number], before: Flow, after: Flow) -> Branch | None:
        """Return the tree of the copies, if what flows through them grows by a rule."""
        # the rules are of a row from 1 on
        place = self.number + 1 - self.first.number
        shape = tuple(rule(size, following, place) for size, following in zip(before.shape, after.shape, strict=True))
        carried = self._carried(rule, place)
        if carried is None:
            return None
        copy = self._copy(Flow(shape, before.leaf), carried)
        tree = self.any_copy.tree(copy)
        if tree is None or copy.flow is None or not self._goes_on(copy.flow.shape, shape):
            return None
        if not self._carries_on(copy, carried):
            return None
        tree.label = ""
        output = tuple(algebra.substituted(size, self.number, self.times) for size in shape)
        self.first.entry.any_copy = Standing(copy, self.number, self.first.number, self.times - 1)
        counter = (self.number, self.first.number, self.times - 1)
        flow = replace(copy.flow, shape=output)
        return Branch(self.first.label, [tree], output, role="copies", flow=flow, counter=counter)

    def _goes_on(self, after: Shape, shape: Shape) -> bool:
        """Return whether a shape that flows out of a copy is that which flows into the next one."""
        whole = self.any_copy.whole
        return algebra.same_shapes(tuple(map(whole, after)), tuple(whole(self._of_next(size)) for size in shape))

    def _of_next(self, size: Number) -> Number:
        """Return what a size that grows with the number of the copy is in the next one."""
        return algebra.substituted(size, self.number, self.number + 1)

    def _carried(self, rule: Callable[[Number, Number, Number], Number], place: Number) -> Values | None:
        """Return the carried values of the copy of any number, if they grow so; None where one is no number."""
        found = {}
        for name, following in self.carried.items():
            value = self.first.values[name]
            if not algebra.is_number(value) or not algebra.is_number(following):
                return None
            found[name] = rule(value, following, place)
        return found

    def _carries_on(self, copy: Copy, carried: Values) -> bool:
        """Return whether the copy of any number passes on what the next one has."""
        environment = self.walk.environment(copy.values, copy.inputs, copy.entry.scope)
        following = self.first.entry.node.following
        return all(
            algebra.same(value_of(following[name], environment), self._of_next(value))
            for name, value in carried.items()
        )

    def _copy(self, flow: Flow, carried: Values) -> Copy:
        """Return the copy of any number, on a first input."""
        values = {**self.first.values, **carried}
        if self.counter is not None:
            values[self.counter] = self.number
        return replace(self.first, inputs=(flow, *self.first.inputs[1:]), values=values, scope=None)
