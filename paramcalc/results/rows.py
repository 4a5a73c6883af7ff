"""The rows of a network: one for each layer, or for copies of it that are alike, or for a group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from paramcalc.conventions import Convention
from paramcalc.core.algebra import Number, Shape, Undecided
from paramcalc.core.errors import ParamcalcError
from paramcalc.graph import Branch, CopyRange, Flow, Leaf, Tree, active_copies, leaves, undecided_problem
from paramcalc.spec import Spec
from paramcalc.spec.loading import located


@dataclass(frozen=True)
class Row:
    """Where a row stands, and what it is: a layer, copies of it that are alike, or a group."""

    name: str
    #: the names of the groups around it and its own, with the numbers of copies, those of the first that are alike
    path: tuple[str, ...]
    #: each number of a copy in the path, and the copies that it stands for; `times` is their product
    copies: tuple[CopyRange, ...]
    kind: str
    #: the names of the rows that it is given the outputs of
    inputs: tuple[str, ...]
    times: Number
    #: without the batch
    output_shape: Shape
    #: of a layer with several outputs, the shapes of the others
    further_output_shapes: tuple[Shape, ...]
    #: the layer itself; None for a row that stands for a group
    leaf: Leaf | None = field(repr=False, compare=False)
    convention: Convention = field(repr=False, compare=False)


R = TypeVar("R", bound=Row)


class Rows(Generic[R]):
    """Makes rows of the leaves of a graph; at a `depth`, one row of each group that many levels down."""

    def __init__(self, target: Convention, depth: int | None) -> None:
        self.target = target
        self.depth = depth
        #: the row in which each leaf is
        self.names: dict[int, str] = {}

    def row(self, leaf: Leaf, times: Number, active: Number, place: dict[str, Any]) -> R:
        """Return the row of a leaf; `place` are the fields of `Row`.

        `times` are its copies, and `active` those of them that an example passes through.
        """
        raise NotImplementedError

    def whole(self, rows: Sequence[R], place: dict[str, Any]) -> R:
        """Return one row for several."""
        raise NotImplementedError

    def rows(self, tree: Tree, times: Number, active: Number, level: int, among: Number | None = None) -> Iterator[R]:
        """Yield the rows of a tree, in order of the graph.

        `times` and `active` are the copies of what is around it, and those that an example passes through; `among`
        is how many of its own are, if not all.
        """
        times, active = times * tree.times, active * (tree.times if among is None else among)
        if isinstance(tree, Leaf):
            self.names[id(tree)] = tree.name
            yield self.row(tree, times, active, self._place(tree, times))
        elif self.depth is not None and level >= self.depth and _is_a_level(tree):
            yield self._group(tree, times, active)
        else:
            deeper = level + _is_a_level(tree)
            for child, its_active in active_copies(tree):
                yield from self.rows(child, times, active, deeper, its_active)

    def _group(self, tree: Branch, times: Number, active: Number) -> R:
        """Return one row for all of a group."""
        depth, self.depth = self.depth, None
        rows = [row for child, among in active_copies(tree) for row in self.rows(child, times, active, 0, among)]
        self.depth = depth
        for leaf, _ in leaves(tree):
            self.names[id(leaf)] = tree.name
        place = self._place(tree, times)
        if not any(row.inputs for row in rows):
            # what it is given goes past all that is in it
            place["inputs"] = ()
        return self.whole(rows, place)

    def _place(self, tree: Tree, times: Number) -> dict[str, Any]:
        """Return where a row stands, as fields of it."""
        leaf = tree if isinstance(tree, Leaf) else None
        return {
            "name": tree.name,
            "path": tree.names,
            "copies": tree.ranges,
            "kind": type(tree.layer).__name__ if isinstance(tree, Leaf) else tree.block or "group",
            "inputs": self._input_names(tree.inputs),
            "times": times,
            "output_shape": tree.output,
            "further_output_shapes": leaf.outputs[1:] if leaf is not None else (),
            "leaf": leaf,
            "convention": self.target,
        }

    def _input_names(self, inputs: Sequence[Flow]) -> tuple[str, ...]:
        """Return the names of the rows that inputs come from; of another output than the first, with its number."""
        return tuple(
            self.names[id(flow.leaf.standing)] + (f".{flow.place}" if flow.place else "")
            for flow in inputs
            if flow.leaf is not None
        )


def _is_a_level(tree: Branch) -> bool:
    """Whether what it holds is a level below it: what adds nothing to their path is none."""
    return tree.role == "model" or (tree.role == "group" and bool(tree.label))


@contextmanager
def located_in(spec: Spec) -> Iterator[None]:
    """Say of a refusal where in the spec's file it is about."""
    try:
        yield
    except ParamcalcError as error:
        raise located(error, spec.source) from None
    except Undecided as undecided:
        raise located(undecided_problem(undecided), spec.source) from None
