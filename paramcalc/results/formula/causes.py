"""Why a dim is fixed: the node and the expression that need its value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from paramcalc.core import notation
from paramcalc.core.algebra import Undecided
from paramcalc.core.errors import ParamcalcError
from paramcalc.core.expression import Expression
from paramcalc.graph import Branch, Tree
from paramcalc.layers.base.values import expressions
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
    """Return the first expression that depends on a dim: of a node, in order of the text, or else of what it requires.

    None where there is none.
    """
    depending = {dim}
    for name, value in spec.dims.items():
        if names_in(value) & depending:
            depending.add(name)
    return next(_all_mentions(spec, depending), None)


def _all_mentions(spec: Spec, dims: set[str]) -> Iterator[Cause]:
    yield from _mentions(spec.layers, "", dims)
    for name, block in spec.blocks.items():
        yield from _mentions(block.layers, name, dims)
        yield from _among((*expressions(tuple(block.arguments.values())), *block.requires), name, dims)
    yield from _among(spec.requires, "", dims)


def _among(found: Iterable[Expression], node: str, dims: set[str]) -> Iterator[Cause]:
    yield from (Cause(node, expression.text) for expression in found if expression.names & dims)


def _mentions(nodes: Sequence[Node], prefix: str, dims: set[str]) -> Iterator[Cause]:
    for name, node in zip(node_names(nodes), nodes, strict=True):
        path = ".".join(each for each in (prefix, name) if each not in ("", "."))
        for _, side in node.sides:
            yield from _among(side.own_expressions(), path, dims)
            yield from _mentions(side.layers or (), path, dims)
