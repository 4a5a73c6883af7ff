"""What is carried along the flows of a graph, from layer to layer: whether a gradient is needed, what is stored.

Copies of a repeated node stand once in the tree, and may differ all the same in what flows into them. So the first is
gone through, and again as long as what flows out of a copy is not what flowed into it: from there on all are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Undecided
from paramcalc.graph import Branch, Flow, Leaf, Tree, active_copies
from paramcalc.measures.measure import NotAlike, Visit

#: What is carried: it can be compared, and says nothing of which copy it stands in.
S = TypeVar("S")

#: After so many copies that all differ, it is given up.
_MOST = 100


class Met(Generic[S]):
    """A leaf as it was met: how often, what flowed into it, and how many groups around it are computed again."""

    __slots__ = ("again", "leaf", "often", "states")

    def __init__(self, leaf: Leaf, states: tuple[S, ...]) -> None:
        self.leaf = leaf
        self.states = states
        self.often: Number = 1
        self.again = 0


class Propagation(Generic[S]):
    """Carries something along the flows of a graph. A subclass says in `step` what a layer makes of it."""

    def __init__(self, of_active: bool = False) -> None:
        #: whether of copies side by side those count alone that an example passes through
        self.of_active = of_active
        self._outputs: dict[int, tuple[S, ...]] = {}
        #: what a flow carries into the copies of a repeated node, and out of the last of them
        self._flows: dict[int, S] = {}
        #: the leaves whose copies do not give the same
        self._unlike: set[int] = set()

    def step(self, leaf: Leaf, inputs: tuple[S, ...]) -> tuple[S, ...]:
        """Return what flows out of a layer, for each of its outputs."""
        raise NotImplementedError

    def run(self, root: Branch) -> dict[int, list[Visit]]:
        """Return for each leaf, by its `id`, the states in which it was met, and how often.

        Raises `NotAlike`.
        """
        found: dict[int, list[Visit]] = {}
        for met in self._inside(root):
            found.setdefault(id(met.leaf), []).append(Visit(met.often, self.state_of(met)))
        return found

    def state_of(self, met: Met[S]) -> Any:
        """Return the state that a measure is told: here, what flowed into the leaf, as a tuple."""
        return met.states

    def carried(self, flow: Flow) -> S:
        """Return what a flow carries. Raises `NotAlike`."""
        if id(flow) in self._flows:
            return self._flows[id(flow)]
        leaf = flow.leaf.standing if flow.leaf is not None else None
        if leaf is None or id(leaf) in self._unlike or id(leaf) not in self._outputs:
            raise NotAlike
        return self._outputs[id(leaf)][flow.place]

    def leave(self, group: Branch, met: list[Met[S]]) -> None:
        """Do what is to be done with all that was met in a group: here, nothing."""

    def _inside(self, tree: Tree) -> list[Met[S]]:
        """Return what is met in one copy of a tree."""
        if isinstance(tree, Leaf):
            inputs = tuple(map(self.carried, tree.inputs))
            self._outputs[id(tree)] = self.step(tree, inputs)
            return [Met(tree, inputs)]
        found: list[Met[S]] = []
        chained = tree.role == "copies" and not tree.parallel and bool(tree.inputs)
        state = self.carried(tree.inputs[0]) if chained else None
        for child, times in self._children(tree):
            content = child.children[0] if isinstance(child, Branch) and child.counter is not None else child
            if chained and content.inputs:
                inside, state = self._copies(content, times, state)  # type: ignore[arg-type]
            else:
                inside = _times(self._inside(content), times)
            found += inside
        if chained and tree.flow is not None:
            self._flows[id(tree.flow)] = state  # type: ignore[assignment]
        self.leave(tree, found)
        return found

    def _children(self, tree: Branch) -> Iterator[tuple[Tree, Number]]:
        """Yield what is in a branch, each with the number of its copies that count."""
        for child, among in active_copies(tree):
            yield child, child.copies if among is None or not self.of_active else among

    def _copies(self, content: Tree, times: Number, state: S) -> tuple[list[Met[S]], S]:
        """Return what is met in copies one behind the other, and what flows out of the last."""
        entry = content.inputs[0]
        found: list[Met[S]] = []
        for number in range(_MOST):
            self._flows[id(entry)] = state
            before = dict(self._outputs)
            inside = self._inside(content)
            if number:
                self._unlike.update(key for key, was in before.items() if self._outputs[key] != was)
            following = self._output_of(content)
            left = times - number
            if following == state or (type(left) is int and left == 1):
                self._check_number(times, number)
                return found + _times(inside, left), following
            found += inside
            state = following
        raise Undecided(times)

    def _check_number(self, times: Number, differing: int) -> None:
        """Assume of a number of copies that is a symbol that it is at least that of the first that differ."""
        if type(times) is int or differing < 2:
            return
        if algebra.is_array(times):
            raise NotAlike
        algebra.chosen_at_least(times, differing)

    def _output_of(self, content: Tree) -> S:
        """Return what flows out of one copy."""
        if isinstance(content, Leaf):
            return self._outputs[id(content)][0]
        if content.flow is None:
            raise NotAlike
        return self.carried(content.flow)


def _times(met: list[Met[S]], times: Number) -> list[Met[S]]:
    """Have what was met be met so many times."""
    for each in met:
        each.often = each.often * times
    return met
