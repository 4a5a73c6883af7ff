"""Which tensors are the same, and under which conditions: read off the runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import NoneType
from typing import Any

from paramcalc.families.generator.bodies import Body, Copies, Way
from paramcalc.families.generator.learning import NotLearnt
from paramcalc.families.generator.models import Fields, Owned

#: What the layers of a spec call the tensors that a module of PyTorch calls `weight` and `bias`.
_NAMES = {
    "torch.nn.modules.linear.Linear": {"weight": "kernel", "bias": "bias"},
    "torch.nn.modules.sparse.Embedding": {"weight": "embeddings"},
    "torch.nn.modules.normalization.LayerNorm": {"weight": "gamma", "bias": "beta"},
}


@dataclass(frozen=True)
class Tied:
    """The tensor of which another is, and the condition under which it is."""

    owner: Way
    when: str
    #: the copy in which the owner stands, as an expression; the same as that of the other, if empty
    copy: str = ""
    names: Mapping[str, str] = field(default_factory=dict)


def ties(body: Body, runs: Sequence[tuple[Fields, Mapping[str, Owned]]]) -> dict[Way, Tied]:
    """Return the ties of a class of models: each run is its fields, as given, and its tensors. Raises `NotLearnt`."""
    by_pattern: dict[tuple[str, ...], Way] = {}
    for entry_way in body.entries:
        by_pattern[tuple(part if isinstance(part, str) else "*" for part in entry_way)] = entry_way
    seen: dict[Way, list[tuple[Fields, Way | None, tuple[int, ...], tuple[int, ...]]]] = {}
    same = _always_same([tensors for _, tensors in runs])
    for fields, tensors in runs:
        for name, each in tensors.items():
            way, copies = _found(name, by_pattern)
            if way is None:
                continue
            owner, owner_copies = (None, ()) if each.owner == name else _found(same.get(name, each.owner), by_pattern)
            seen.setdefault(way, []).append((fields, owner, copies, owner_copies))
    found: dict[Way, Tied] = {}
    for way, observed in seen.items():
        if any(owner is not None for _, owner, _, _ in observed):
            _add(found, body, way, observed)
    return found


def _always_same(runs: Sequence[Mapping[str, Owned]]) -> dict[str, str]:
    """Return, for tensors that are tied to several others, the one of these that is the same wherever one is tied."""
    owners: dict[str, set[str]] = {}
    for tensors in runs:
        for name, each in tensors.items():
            if each.owner != name:
                owners.setdefault(name, set()).add(each.owner)
    found = {}
    for name, several in owners.items():
        tied = [tensors for tensors in runs if name in tensors and tensors[name].owner != name]
        for other in sorted(several) if len(several) > 1 else ():
            if all(other in tensors and tensors[other].owner == tensors[name].owner for tensors in tied):
                found[name] = other
                break
    return found


def _found(name: str, ways: Mapping[tuple[str, ...], Way]) -> tuple[Way | None, tuple[int, ...]]:
    """Return the way that a name takes, and the copies in it."""
    parts = name.split(".")
    for pattern, way in _patterns(parts, ways):
        copies = tuple(int(part) for part, mark in zip(parts, pattern, strict=True) if mark == "*")
        return way, copies
    return None, ()


def _patterns(parts: Sequence[str], ways: Mapping[tuple[str, ...], Way]) -> Iterable[tuple[tuple[str, ...], Way]]:
    exact = tuple("*" if part.isdecimal() else part for part in parts)
    if exact in ways:
        yield exact, ways[exact]
        return
    for pattern, way in ways.items():
        if len(pattern) == len(parts) and all(
            mark == part or (mark == "*" and part.isdecimal()) for mark, part in zip(pattern, parts, strict=True)
        ):
            yield pattern, way


def _add(found: dict[Way, Tied], body: Body, way: Way, observed: Sequence[tuple[Fields, Any, Any, Any]]) -> None:
    """Add the tie of a tensor, at that of the two that stands later."""
    owners = {owner for _, owner, _, _ in observed if owner is not None}
    if len(owners) != 1:
        raise NotLearnt(f"{_text(way)} is tied to several tensors")
    owner = owners.pop()
    if owner is None:
        raise NotLearnt(f"{_text(way)} is tied to a tensor that is not known")
    copies = _copies(way, owner, observed)
    when = _condition(way, copies, observed)
    order = {each: place for place, each in enumerate(body.entries)}
    late = len(owner) < len(way) and owner[:-1] == way[: len(owner) - 1]
    first, second = (way, owner) if late or order[owner] > order[way] else (owner, way)
    if second in found:
        raise NotLearnt(f"{_text(second)} is tied to several tensors")
    if (first, second) != (owner, way) and (copies or any(isinstance(part, Copies) for part in way)):
        raise NotLearnt(f"{_text(way)} is tied, copy by copy, to one that stands behind it")
    entry = body.entries[first]
    found[second] = Tied(first, when, copies, _NAMES.get(entry.owner, {}) if entry.trainable else {})


def _copies(way: Way, owner: Way, observed: Sequence[tuple[Fields, Any, Any, Any]]) -> str:
    """Return the copy of the owner: the same number in all runs, or that of the tensor itself (empty)."""
    pairs = {(copies, theirs) for _, tied, copies, theirs in observed if tied is not None}
    if all(copies == theirs or not theirs for copies, theirs in pairs):
        return ""
    theirs = {each for _, each in pairs}
    if len(theirs) == 1 and len(next(iter(theirs))) == 1:
        return str(next(iter(theirs))[0])
    raise NotLearnt(f"the copies to which {_text(way)} is tied")


def _condition(way: Way, copy: str, observed: Sequence[tuple[Fields, Any, Any, Any]]) -> str:
    """Return the condition under which a tensor is tied: a truth among the fields, or none."""
    outcomes = [
        (fields, tied is not None) for fields, tied, copies, _ in observed if not copy or str(copies[-1]) != copy
    ]
    sites = [part.site for part in way if isinstance(part, Copies)]
    behind = f"{sites[-1]} > {copy}" if copy and sites else ""
    if all(tied for _, tied in outcomes):
        return behind or "true"
    names = [
        name
        for name in dict.fromkeys(name for fields, _ in outcomes for name in fields)
        if {*(type(fields.get(name)) for fields, _ in outcomes)} in ({bool}, {bool, NoneType})
    ]
    names.sort(key=lambda name: ("tie" not in name and "share" not in name, name.count("."), name))
    absent = {name for name in names if any(fields.get(name) is None for fields, _ in outcomes)}
    for name in names:
        for text, holds in ((_true(name, name in absent), True), (f"not ({name})", False)):
            if all((fields.get(name) is holds) == tied for fields, tied in outcomes) and (holds or name not in absent):
                return f"{behind} and {text}" if behind else text
    likely = [name for name in names if ("tie" in name or "share" in name) and name not in absent]
    for place, first in enumerate(likely):
        for second in likely[place + 1 :]:
            if all((fields[first] and fields[second]) == tied for fields, tied in outcomes):
                return f"{first} and {second}"
            if all((fields[first] or fields[second]) == tied for fields, tied in outcomes):
                return f"({first} or {second})"
    raise NotLearnt(f"the condition under which {_text(way)} is tied")


def _true(name: str, may_be_absent: bool) -> str:
    """Return the condition that a truth holds."""
    return f"{name} != none and {name}" if may_be_absent else name


def _text(way: Way) -> str:
    return ".".join(part if isinstance(part, str) else "*" for part in way)
