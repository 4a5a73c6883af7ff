"""The names of nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paramcalc.spec.node import Node


def node_names(nodes: Sequence[Node]) -> list[str]:
    """Return the name of each node of a group: its own, or one made of its type and its place."""
    taken = {node.name for node in nodes if node.name is not None}
    following: dict[str, int] = {}
    names: list[str] = []
    for node in nodes:
        name = node.name
        if name is None:
            base = node.default_name
            number = following.get(base, 0)
            name = f"{base}_{number}" if number else base
            while name in taken:
                number += 1
                name = f"{base}_{number}"
            following[base] = number + 1
            taken.add(name)
        names.append(name)
    return names
