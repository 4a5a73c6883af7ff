"""The merged nodes as a spec: plain data, in the language of specs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from paramcalc.frameworks.deriving import expressions as ex
from paramcalc.frameworks.deriving.expressions import Expr
from paramcalc.frameworks.deriving.merging import Merged
from paramcalc.frameworks.names import FreeNames, legal_name
from paramcalc.layers.base.declaration import default_name

#: A name in the path of a node, and the counter of its copies if it is repeated.
Step: TypeAlias = tuple[str, str | None]


def written(nodes: Sequence[Merged]) -> tuple[list[dict[str, Any]], frozenset[str]]:
    """Return the nodes as plain data, and the names in them that no part of the model has."""
    made: set[str] = set()
    _give_names(nodes, made)
    paths: dict[int, list[Step]] = {}
    _find_paths(nodes, [], paths)
    return [_node(node, paths) for node in nodes], frozenset(made)


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
    found: dict[str, Any] = {}
    if node.kind and node.times is not None:
        # a layer that is repeated states its input in each copy: a group, whose layer adds nothing to the path
        layer = replace(node, name=".", times=None, when=None, otherwise=None)
        paths[id(layer)] = paths[id(node)]
        return _node(replace(node, kind="", parts=[layer], tensors={}, ties={}), paths)
    if node.kind:
        found[node.kind] = _plain(node.fields) or None
        found["of"] = _plain(node.of)
    found["name"] = int(node.name) if node.name.isdecimal() else node.name
    if node.when is not None:
        found["when"] = str(node.when)
    if node.times is not None:
        found["times"] = _plain(node.times)
        if any(node.counter in expr.names for expr in expressions([node])):
            found["index"] = node.counter
    if not node.trainable:
        found["trainable"] = False
    if node.dtype != "float32":
        found["dtype"] = node.dtype
    if node.tensors:
        found["tensors"] = {name: _tensor(tensor) for name, tensor in node.tensors.items()}
    if node.ties:
        found["tie"] = {
            name: _path(paths[id(owner)], copies, tensor, paths[id(node)])
            for name, (owner, tensor, copies) in node.ties.items()
        }
    if not node.kind:
        found["layers"] = [_node(each, paths) for each in node.parts]
    if node.otherwise is not None:
        other = _node(node.otherwise, paths)
        del other["name"]
        found["else"] = other
    return found


def _tensor(tensor: Mapping[str, Any]) -> Any:
    plain = _plain(dict(tensor))
    return plain["shape"] if [*plain] == ["shape"] else plain


def _path(names: Sequence[Step], copies: Sequence[Expr], tensor: str, own: Sequence[Step]) -> str:
    """Write the path of a tensor as it is in sight of a node, with the copies in which it stands."""
    waiting = iter(copies)
    owner = [(name, next(waiting) if counter is not None else None) for name, counter in names]
    here = [(name, ex.name(counter) if counter is not None else None) for name, counter in own]
    shared = 0
    while shared < min(len(owner), len(here)) - 1 and owner[shared] == here[shared]:
        shared += 1
    parts = [f"{name}[{copy}]" if copy is not None else name for name, copy in owner[shared:]]
    return ".".join([*parts, tensor])


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
