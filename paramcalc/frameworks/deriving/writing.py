"""The merged nodes as a spec: plain data, in the language of specs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from paramcalc.frameworks.deriving import expressions as ex
from paramcalc.frameworks.deriving.expressions import Expr
from paramcalc.frameworks.deriving.nodes import Merged, Source
from paramcalc.frameworks.names import FreeNames, legal_name
from paramcalc.layers.base.declaration import default_name

#: A name in the path of a node, and the counter of its copies if it is repeated.
Step: TypeAlias = tuple[str, str | None]


class Written(NamedTuple):
    """Nodes as plain data."""

    layers: list[dict[str, Any]]
    #: the names in them that no part of the model has
    made: frozenset[str]
    #: the references to what the whole gives, where that is not simply what its last node does
    outputs: list[str]


def written(nodes: Sequence[Merged], outputs: Sequence[Source] = ()) -> Written:
    """Return nodes as plain data, and what they give."""
    made: set[str] = set()
    _give_names(nodes, made)
    paths: dict[int, list[Step]] = {}
    _find_paths(nodes, [], paths)
    layers = [_node(node, paths) for node in nodes]
    return Written(layers, frozenset(made), [_source(each, paths) for each in outputs])


def _give_names(nodes: Sequence[Merged], made: set[str]) -> None:
    """Give those nodes names that have none."""
    names = FreeNames({"input", *(node.name for node in nodes if not node.is_made)})
    for node in nodes:
        if node.is_made:
            node.name = names.new(default_name(node.kind) if node.kind else "copies" if node.times else "part")
            made.add(node.name)
        elif node.name != "." and not node.name.isdecimal():
            node.name = legal_name(node.name)
        _give_names(node.parts, made)
        if node.otherwise is not None:
            node.otherwise.name = node.name
            _give_names(node.otherwise.parts, made)


def _find_paths(nodes: Sequence[Merged], before: list[Step], paths: dict[int, list[Step]]) -> None:
    """Find the path of each node: names, and whether a copy has to be said behind each."""
    for node in nodes:
        here = before if node.name == "." else [*before, (node.name, node.counter if node.times is not None else None)]
        paths[id(node)] = here
        _find_paths(node.parts, here, paths)
        if node.otherwise is not None:
            _find_paths([node.otherwise], before, paths)


def _node(node: Merged, paths: dict[int, list[Step]]) -> dict[str, Any]:
    found = {**_what(node, paths), **_place(node, paths)}
    if node.tensors:
        found["tensors"] = {name: _tensor(tensor) for name, tensor in node.tensors.items()}
    if node.ties:
        found["tie"] = {
            name: _path(paths[id(owner)], copies, tensor, paths[id(node)])
            for name, (owner, tensor, copies) in node.ties.items()
        }
    if not node.kind and node.share is None:
        found["layers"] = [_node(each, paths) for each in node.parts]
    if node.times is not None and _mentions(found, node.counter):
        found = {key: value for name, each in found.items() for key, value in _with_index(name, each, node.counter)}
    if node.otherwise is not None:
        other = _node(node.otherwise, paths)
        del other["name"]
        found["else"] = other
    return found


def _what(node: Merged, paths: Mapping[int, list[Step]]) -> dict[str, Any]:
    """Return the layer type with its fields, or what is called again; nothing for a group."""
    if node.share is not None:
        return {"share": _source(node.share, paths, paths[id(node)])}
    if not node.kind:
        return {}
    layer = {node.kind: _plain(node.fields) or None}
    return layer if node.is_called else {**layer, "of": _plain(node.of)}


def _place(node: Merged, paths: Mapping[int, list[Step]]) -> dict[str, Any]:
    """Return what is said of the place of a node."""
    found: dict[str, Any] = {"name": int(node.name) if node.name.isdecimal() else node.name}
    if node.inputs is not None:
        found["inputs"] = [_source(each, paths, paths[id(node)]) for each in node.inputs]
    if node.when is not None:
        found["when"] = str(node.when)
    if node.times is not None:
        found["parallel" if node.is_parallel else "times"] = _plain(node.times)
    if not node.trainable:
        found["trainable"] = False
    if node.dtype != "float32":
        found["dtype"] = node.dtype
    return found


def _mentions(value: Any, counter: str) -> bool:
    """Whether the text of a node mentions a counter."""
    if isinstance(value, dict):
        return any(_mentions(each, counter) for each in value.values())
    if isinstance(value, list):
        return any(_mentions(each, counter) for each in value)
    return isinstance(value, str) and re.search(rf"\b{counter}\b", value) is not None


def _with_index(name: str, value: Any, counter: str) -> Iterator[tuple[str, Any]]:
    """Yield a key of a node; behind that of its copies, their counter."""
    yield name, value
    if name in ("times", "parallel"):
        yield "index", counter


def _tensor(tensor: Mapping[str, Any]) -> Any:
    plain = _plain(dict(tensor))
    return plain["shape"] if [*plain] == ["shape"] else plain


def _path(names: Sequence[Step], copies: Sequence[Expr], tensor: str, own: Sequence[Step]) -> str:
    """Write the path of a tensor as it is in sight of a node, with the copies in which it stands."""
    return ".".join([*_way(names, copies, own), tensor])


def _source(source: Source, paths: Mapping[int, list[Step]], own: Sequence[Step] = ()) -> str:
    """Write what a node takes as it is in sight of it; a repeated node without a copy is its last one."""
    way = ["input"] if source.node is None else _way(paths[id(source.node)], source.copies, own)
    return ".".join([*way, *([str(source.output)] if source.output else [])])


def _way(names: Sequence[Step], copies: Sequence[Expr], own: Sequence[Step]) -> list[str]:
    """Return the names that lead from a node to another, each with the copy in which the latter stands."""
    waiting = iter(copies)
    owner = [(name, next(waiting, None) if counter is not None else None) for name, counter in names]
    here = [(name, ex.name(counter) if counter is not None else None) for name, counter in own]
    shared = 0
    while shared < min(len(owner), len(here)) - 1 and owner[shared] == here[shared]:
        shared += 1
    return [f"{name}[{copy}]" if copy is not None else name for name, copy in owner[shared:]]


def _plain(value: Any) -> Any:
    if isinstance(value, Expr):
        return value.of[0] if value.op == "number" else str(value)
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def expressions(nodes: Sequence[Merged]) -> Iterator[Expr]:
    """Yield all expressions of nodes, and of those in them."""
    for node in nodes:
        yield from _within([node.fields, node.of, node.tensors, node.times, node.when])
        for _, _, copies in node.ties.values():
            yield from copies
        for source in [*(node.inputs or ()), *([node.share] if node.share is not None else [])]:
            yield from source.copies
        yield from expressions(node.parts)
        yield from expressions([node.otherwise] if node.otherwise is not None else [])


def _within(value: Any) -> Iterator[Expr]:
    if isinstance(value, Expr):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _within(each)
    elif isinstance(value, list):
        for each in value:
            yield from _within(each)
