"""Modules that are called one after another out of a list of modules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from paramcalc.frameworks.torch.read.places import Group
from paramcalc.frameworks.torch.read.tracing import Visit


def grouped(visit: Visit, group: Group) -> Iterator[tuple[Any, str, Group]]:
    """What is called in a module, each with its name and the group that it stands in.

    Modules that follow one another in a list of modules stand in a group of its name.
    """
    prefixes: list[tuple[str, ...]] = []
    for item in visit.content:
        path = item.path if isinstance(item, Visit) else item.target if item.op == "call_module" else None
        rest = str(path).removeprefix(f"{visit.path}.") if visit.path else str(path)
        prefixes.append(tuple(rest.split(".")) if path is not None else ())
    spans = _spans(prefixes)
    open_groups: dict[tuple[str, ...], Group] = {(): group}
    for place, item in enumerate(visit.content):
        around: tuple[str, ...] = ()
        for prefix, (start, stop) in spans.items():
            if start <= place < stop and len(prefix) > len(around):
                around = prefix
        for length in range(1, len(around) + 1):
            prefix = around[:length]
            if prefix not in open_groups:
                open_groups[prefix] = open_groups[prefix[:-1]].new_group(prefix[-1])
        yield item, "_".join(prefixes[place][len(around) :]), open_groups[around]


def _spans(paths: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], tuple[int, int]]:
    """Where the modules of a list of modules are called, if nothing else is called in between."""
    found: dict[tuple[str, ...], tuple[int, int]] = {}
    for place, path in enumerate(paths):
        for length in range(1, len(path)):
            start, _ = found.get(path[:length], (place, place))
            found[path[:length]] = start, place + 1
    return {
        prefix: span
        for prefix, span in found.items()
        if all(not path or path[: len(prefix)] == prefix for path in paths[slice(*span)])
        and (len(prefix) == 1 or prefix[:-1] in found)
    }
