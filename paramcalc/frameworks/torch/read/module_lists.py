"""Modules that are called one after another out of a list of modules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from paramcalc.frameworks.torch.read.places import Group
from paramcalc.frameworks.torch.read.tracing import Visit


def grouped(visit: Visit, group: Group) -> Iterator[tuple[Any, str, Group]]:
    """Yield what is called in a module, each with its name and the group that it stands in.

    Modules that follow one another in a list of modules stand in a group of its name.
    """
    paths = [_path_within(visit, item) for item in visit.content]
    spans = _spans(paths)
    open_groups: dict[tuple[str, ...], Group] = {(): group}
    for place, item in enumerate(visit.content):
        around = max((prefix for prefix, span in spans.items() if place in span), key=len, default=())
        for length in range(1, len(around) + 1):
            prefix = around[:length]
            if prefix not in open_groups:
                open_groups[prefix] = open_groups[prefix[:-1]].new_group(prefix[-1])
        yield item, "_".join(paths[place][len(around) :]), open_groups[around]


def uncallable(module: Any) -> frozenset[str]:
    """Return the paths of the modules in a module that are lists of others, and cannot be called; joined by `_`."""
    from torch.nn import Module

    return frozenset(
        path.replace(".", "_") for path, each in module.named_modules() if type(each).forward is Module.forward
    )


def _path_within(visit: Visit, item: Any) -> tuple[str, ...]:
    """Return the names on the way to a module that is called; of one that stands elsewhere, its own name."""
    path = item.path if isinstance(item, Visit) else item.target if item.op == "call_module" else ""
    names = tuple(path.split(".")) if path else ()
    around = tuple(visit.path.split(".")) if visit.path else ()
    return names[len(around) :] if names[: len(around)] == around else names[-1:]


def _spans(paths: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], range]:
    """Return where the modules of a list of modules are called, if nothing else is called in between."""
    found: dict[tuple[str, ...], range] = {}
    for place, path in enumerate(paths):
        for length in range(1, len(path)):
            first = found[path[:length]].start if path[:length] in found else place
            found[path[:length]] = range(first, place + 1)
    kept: dict[tuple[str, ...], range] = {}
    for prefix in sorted(found, key=len):
        called = (paths[place] for place in found[prefix])
        is_alone = all(not path or path[: len(prefix)] == prefix for path in called)
        # a list within a list needs the outer one
        if is_alone and (len(prefix) == 1 or prefix[:-1] in kept):
            kept[prefix] = found[prefix]
    return kept
