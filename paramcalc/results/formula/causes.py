"""Why a dim is fixed: the node and the expression that need its value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from paramcalc.core import notation
from paramcalc.core.algebra import Undecided
from paramcalc.core.errors import ParamcalcError
from paramcalc.graph import Branch, Tree
from paramcalc.spec import Node, Spec, names_in, node_names


class Cause(NamedTuple):
    """What fixes a dim: the path of a node, and the text of an expression there; empty where there is none."""

    node: str
    expression: str


def of_undecided(undecided: Undecided) -> Cause:
    """Return where one value was needed of a symbol."""
    return Cause(undecided.node, undecided.expression)


def of_refusal(error: ParamcalcError) -> Cause:
    """Return where something is refused in symbols that holds at the spec's own sizes; the refusal says what."""
    problem = error.problems[0]
    return Cause(problem.node, problem.message)


def of_copies(root: Branch, undecided: Undecided) -> Cause:
    """Return the node whose copies have no sum in closed form, and how many they are."""
    for tree in _branches(root):
        if tree.counter is not None and tree.counter[2] is undecided.value:
            return Cause(tree.name, notation.text(tree.counter[2] + 1))
    return of_undecided(undecided)


def _branches(tree: Tree) -> Iterator[Branch]:
    if isinstance(tree, Branch):
        yield tree
        for child in tree.children:
            yield from _branches(child)


def first_mention(spec: Spec, dim: str) -> Cause | None:
    """Return the first expression of a node that depends on a dim, in order of the text; None where there is none."""
    depending = {dim}
    for name, value in spec.dims.items():
        if names_in(value) & depending:
            depending.add(name)
    groups = [("", spec.layers), *((name, block.layers) for name, block in spec.blocks.items())]
    return next((cause for prefix, nodes in groups for cause in _mentions(nodes, prefix, depending)), None)


def _mentions(nodes: Sequence[Node], prefix: str, dims: set[str]) -> Iterator[Cause]:
    for name, node in zip(node_names(nodes), nodes, strict=True):
        path = f"{prefix}.{name}" if prefix else name
        for _, side in node.sides:
            for expression in side.own_expressions():
                if expression.names & dims:
                    yield Cause(path, expression.text)
            yield from _mentions(side.layers or (), path, dims)
