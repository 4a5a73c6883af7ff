"""A node of the spec that is made, while its numbers are expressions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from paramcalc.frameworks.deriving.expressions import Expr


@dataclass
class Merged:
    """A node of the spec that stands for a part at every point."""

    name: str
    kind: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    of: list[Any] = field(default_factory=list)
    trainable: bool = True
    dtype: str = "float32"
    tensors: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: to which node's tensor, and in which of its copies
    ties: dict[str, tuple[Merged, str, list[Expr]]] = field(default_factory=dict)
    parts: list[Merged] = field(default_factory=list)
    times: Expr | None = None
    #: whether its copies stand side by side
    is_parallel: bool = False
    counter: str = ""
    #: whether the name was made here, so that no part has it
    is_made: bool = False
    #: when it is there, and what is there in its place otherwise
    when: Expr | None = None
    otherwise: Merged | None = None
    #: of a part at its place among calls: what it takes, where that is not what the node before it gives
    inputs: list[Source] | None = None
    #: the node whose tensors it has, being called again
    share: Source | None = None
    #: whether it stands at such a place, and in no inventory
    is_called: bool = False


#: What a node takes over from the only one in it.
CONTENTS = (
    *("kind", "fields", "of", "trainable", "dtype", "tensors", "ties", "parts", "times", "counter"),
    *("inputs", "share", "is_called", "is_parallel"),
)


class Source(NamedTuple):
    """What a node takes: an output of another one, in one of its copies; without a node, an input of its group."""

    node: Merged | None
    copies: tuple[Expr, ...] = ()
    output: int = 0


def within(nodes: Sequence[Merged]) -> Iterator[Merged]:
    """Yield nodes, and all in them."""
    for node in nodes:
        yield node
        yield from within(node.parts)
        yield from within([node.otherwise] if node.otherwise is not None else [])
