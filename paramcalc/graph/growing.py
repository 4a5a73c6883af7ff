"""Copies whose input grows by a rule, summed by a symbol for their number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Undecided
from paramcalc.core.errors import ParamcalcError
from paramcalc.graph.scope import Copy
from paramcalc.graph.tree import Branch, Flow, Tree
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
    ) -> None:
        self.walk = walk
        self.content = content
        self.second = second
        #: the name of the counter, if anything in the copies mentions it
        self.counter = counter
        self.times = times
        #: the symbol for the number of a copy
        self.number = algebra.counter()

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
            copy = self._copy(Flow(shape, before.leaf))
            tree = self._attempt(copy)
            following = tuple(algebra.substituted(size, self.number, self.number + 1) for size in shape)
            if tree is not None and copy.flow is not None and all(map(algebra.same, copy.flow.shape, following)):
                tree.label = ""
                output = tuple(algebra.substituted(size, self.number, self.times) for size in shape)
                counter = (self.number, 1, self.times - 1)
                return Branch(self.second.label, [tree], output, role="copies", counter=counter)
        return None

    def _copy(self, flow: Flow) -> Copy:
        """Return the copy of any number, on a first input."""
        values = self.second.values
        if self.counter is not None:
            values = {**values, self.counter: self.number}
        return replace(self.second, inputs=(flow, *self.second.inputs[1:]), values=values, scope=None)

    def _attempt(self, copy: Copy) -> Tree | None:
        """Return the tree of a copy; None, and all as before, where a symbol for its number decides too little."""
        walk = self.walk
        problems, trail, steps = dict(walk.problems), len(walk.trail), walk.budget.steps
        try:
            with algebra.assuming() as conditions:
                tree = self.content(copy) if walk.truth(copy, "when") else None
        except (Undecided, ParamcalcError):
            tree = None
        if tree is None or len(walk.problems) > len(problems) or algebra.mentions(conditions, self.number):
            walk.problems, walk.budget.steps = problems, steps
            del walk.trail[trail:]
            return None
        for condition in conditions:
            algebra.assume(*condition)
        return tree
