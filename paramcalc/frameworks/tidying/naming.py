"""Names that nodes would have without being given them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from paramcalc.spec import Node, node_names


def is_default(node: Node, name: str) -> bool:
    """Whether a name is one that the node might have without being given it."""
    return re.fullmatch(rf"{re.escape(node.default_name)}(_\d+)?", name) is not None


def unnamed(nodes: Sequence[Node], mentioned: set[str]) -> Iterator[Node]:
    """Nodes without the names that they would have anyway, unless something mentions them."""
    names = node_names(nodes)
    given = [name in mentioned or not is_default(node, name) for node, name in zip(nodes, names, strict=True)]
    while True:
        found = [
            replace(node, name=name if keeps else None) for node, name, keeps in zip(nodes, names, given, strict=True)
        ]
        # the number of a group says nothing
        others = [
            name != other and node.layers is None
            for node, name, other in zip(nodes, names, node_names(found), strict=True)
        ]
        if not any(others):
            break
        given = [keeps or other for keeps, other in zip(given, others, strict=True)]
    for node in found:
        yield node if node.layers is None else replace(node, layers=tuple(unnamed(node.layers, mentioned)))
