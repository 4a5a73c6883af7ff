"""Names that nodes would have without being given them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from paramcalc.conventions import convention
from paramcalc.layers.base.declaration import default_name
from paramcalc.spec import Node, node_names


def is_default(node: Node, name: str) -> bool:
    """Whether a name is one that the node might have without being given it."""
    return re.fullmatch(rf"{re.escape(node.default_name)}(_\d+)?", name) is not None


def _is_numbered(node: Node, name: str) -> bool:
    classes = convention("keras").equivalents(type(node.layer).__name__) if node.layer is not None else ()
    stems = {node.default_name, *(default_name(row.name.rpartition(".")[2]) for row in classes)}
    return re.sub(r"_\d+$", "", name) in stems


def renumbered(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Nodes of a repeat, their default names counted within it: those of the first copy count all of a model.

    A name is a default if the kind, or its class in Keras, is named so.
    """
    names = node_names(nodes)
    plain = [
        replace(node, name=None) if _is_numbered(node, name) else node for node, name in zip(nodes, names, strict=True)
    ]
    new = dict(zip(names, node_names(plain), strict=True))

    def reference(text: str) -> str:
        node, dot, rest = text.partition(".")
        return f"{new.get(node, node)}{dot}{rest}"

    return tuple(
        replace(
            node,
            name=new[name],
            inputs=node.inputs and tuple(map(reference, node.inputs)),
            layers=node.layers and renumbered(node.layers),
        )
        for node, name in zip(nodes, names, strict=True)
    )


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
