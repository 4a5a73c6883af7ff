"""Whether a spec has what a constructor makes at a point: every tensor's name, shape, role, dtype, training and tie."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from paramcalc.conventions import Convention, convention
from paramcalc.core.errors import ParamcalcError
from paramcalc.frameworks.deriving.arguments import Values
from paramcalc.frameworks.deriving.parts import Entry, Path, common
from paramcalc.graph import Graph, Leaf, Tree, evaluate
from paramcalc.measures.measure import spelled
from paramcalc.spec import Spec


def agrees(spec: Spec, values: Values, entries: Iterable[Entry], made: frozenset[str]) -> bool:
    """Whether the tensors of a spec at some values of its dims are these; `made` are names that no part has.

    Those of one name are compared in their order.
    """
    try:
        found = entries_of(spec, values, made)
    except ParamcalcError:
        return False
    ours, theirs = _by_path(found), _by_path(entries)
    return ours.keys() == theirs.keys() and all(
        len(ours[path]) == len(theirs[path]) and all(map(_are_alike, ours[path], theirs[path])) for path in ours
    )


def _are_alike(ours: Entry, theirs: Entry) -> bool:
    """Whether two tensors are the same; that of which they hold the numbers has the language's name in a spec."""
    if ours.tied_to is None or theirs.tied_to is None:
        return ours == theirs
    # tensors of the model itself stand at no path
    owner = () if ours.tied_to[:-1] == ("weights",) else ours.tied_to[:-1]
    return theirs.tied_to[: len(owner)] == owner and ours._replace(tied_to=theirs.tied_to) == theirs


def same_tensors(found: Iterable[Entry], entries: Iterable[Entry]) -> bool:
    """Whether the tensors of a spec whose layers stand in the order of their calls are these, in any order.

    Of one name are `heads_topic` in a spec and `heads.topic` in a model.
    """
    return Counter(map(_joined, found)) == Counter(map(_joined, entries))


def _joined(entry: Entry) -> Entry:
    return entry._replace(path=("".join(entry.path[:-1]), entry.path[-1]), tied_to=() if entry.tied_to else None)


def at(spec: Spec, values: Mapping[str, Any]) -> Spec:
    """Return a spec at other values of its dims."""
    return replace(spec, dims=_dims(spec, values))


def _dims(spec: Spec, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(values[name]) if isinstance(values[name], list) else values[name] for name in spec.dims}


def entries_of(spec: Spec, values: Mapping[str, Any], made: frozenset[str]) -> list[Entry]:
    """List the tensors of a spec at some values of its dims. Raises what evaluating it does."""
    # copies are made one where their layers state and take the same, and then their tensors are the same
    return entries_in(evaluate(spec, dims=_dims(spec, values), by_layers=True), spec, made)


def entries_in(graph: Graph, spec: Spec, made: frozenset[str]) -> list[Entry]:
    """List the tensors of a spec that is evaluated."""
    return _entries(graph.root, convention(spec.framework), made)


def _entries(tree: Tree, target: Convention, made: frozenset[str]) -> list[Entry]:
    """List the tensors of a tree, those of every copy that it stands for."""
    if isinstance(tree, Leaf):
        found = [] if tree.shared or not tree.uses else _entries_of_leaf(tree, target, made)
    else:
        found = [entry for child in tree.children for entry in _entries(child, target, made)]
    return found * int(tree.times)


def _entries_of_leaf(leaf: Leaf, target: Convention, made: frozenset[str]) -> list[Entry]:
    separator = target.separator
    found = []
    for name, shape, members in spelled(leaf, target):
        use = leaf.uses[members[0]]
        tied = use.owner_path
        found.append(
            Entry(
                _place(leaf.names, name, separator, made),
                tuple(shape),
                use.tensor.role,
                use.dtype,
                bool(use.trainable),
                _common(tied.replace(separator, "."), made) if tied is not None else None,
            )
        )
    return found


@lru_cache(maxsize=100_000)
def _place(path: Path, tensor: str, separator: str, made: frozenset[str]) -> Path:
    """Return the names of a tensor of a spec as those of a model are given; the same at all points."""
    return common(".".join([*(name for name in path if name not in made), tensor.replace(separator, ".")]))


def _common(path: str, made: frozenset[str]) -> Path:
    return common(".".join(name for name in path.split(".") if name not in made))


def _by_path(entries: Iterable[Entry]) -> dict[Path, list[Entry]]:
    """Return the tensors by their names, those of one name in their order."""
    found = defaultdict(list)
    for entry in entries:
        found[entry.path].append(entry)
    return found
