"""The whole numbers among the arguments of a constructor: found wherever they stand, and put back with other values."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any, TypeAlias

from paramcalc.core.errors import ParamcalcError, refuse
from paramcalc.core.expression import RESERVED, check_name
from paramcalc.frameworks.names import free_name

#: The values of dims: whole numbers, or lists of them.
Values: TypeAlias = dict[str, Any]
#: How deep a configuration is looked into.
_DEEPEST = 6


@dataclass(frozen=True)
class Place:
    """Where a dim stands: the keys, attributes and positions that lead to it from the arguments."""

    path: tuple[Any, ...]
    value: Any


@dataclass
class Arguments:
    """The arguments of a call, with the dims among them."""

    constructor: Callable[..., Any]
    positional: tuple[Any, ...]
    named: dict[str, Any]
    #: where each dim stands, by its name
    places: dict[str, Place] = field(default_factory=dict)

    @property
    def values(self) -> Values:
        """The dims at the values that were given."""
        return {name: place.value for name, place in self.places.items()}

    def call(self, values: Mapping[str, Any]) -> Any:
        """Call the constructor with other values of its dims; nothing that was given is changed."""
        arguments: dict[Any, Any] = {**dict(enumerate(self.positional)), **self.named}
        given = _with(arguments, [(place.path, values[name]) for name, place in self.places.items()])
        positional = [given[place] for place in range(len(self.positional))]
        return self.constructor(*positional, **{name: given[name] for name in self.named})


def read_arguments(
    constructor: Callable[..., Any], positional: Sequence[Any], named: Mapping[str, Any], chosen: Collection[str] | None
) -> Arguments:
    """Find the dims among the arguments of a call; those that are chosen, if any are.

    Raises `not-derivable` where there are none, `unknown-dim` for one that is chosen and is not there.
    """
    while isinstance(constructor, partial):
        positional = (*constructor.args, *positional)
        named = {**constructor.keywords, **named}
        constructor = constructor.func
    names = _names(constructor, len(positional))
    found = Arguments(constructor, tuple(positional), dict(named))
    seen = [
        *_found(dict(zip(names, positional, strict=False)), dict(zip(names, range(len(positional)), strict=False))),
        *_found(found.named, {name: name for name in found.named}),
    ]
    found.places = _named(seen)
    if chosen is not None:
        missing = [name for name in chosen if name not in found.places]
        if missing:
            raise refuse(
                "unknown-dim",
                f"no argument '{missing[0]}' is a whole number or a list of them",
                f"the dims are {', '.join(found.places)}",
            )
        found.places = {name: place for name, place in found.places.items() if name in chosen}
    if not found.places:
        raise refuse(
            "not-derivable",
            "none of the arguments is a whole number",
            "give the sizes as arguments, as in width=768",
        )
    return found


def _names(constructor: Callable[..., Any], count: int) -> list[str]:
    """Return the names of the positional arguments, as far as the constructor says them."""
    try:
        parameters = list(inspect.signature(constructor).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    names = [each.name for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    return [*names[:count], *(f"argument_{place}" for place in range(len(names), count))]


def _is_size(value: Any) -> bool:
    return type(value) is int and value > 0


def _is_list(value: Any) -> bool:
    return (
        isinstance(value, (list, tuple)) and type(value) in (list, tuple) and bool(value) and all(map(_is_size, value))
    )


def _found(arguments: Mapping[str, Any], keys: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Place]]:
    """Yield the names that lead to each dim, and its place."""
    for name, value in arguments.items():
        yield from _within(value, (name,), (keys[name],))


def _within(value: Any, names: tuple[str, ...], path: tuple[Any, ...]) -> Iterator[tuple[tuple[str, ...], Place]]:
    if _is_size(value) or _is_list(value):
        yield names, Place(path, list(value) if isinstance(value, (list, tuple)) else value)
    elif len(path) < _DEEPEST:
        for key, inner in _content(value):
            yield from _within(inner, (*names, str(key)), (*path, key))


def _content(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield what stands in a list, a mapping, a dataclass or a configuration."""
    if isinstance(value, Mapping):
        yield from value.items()
    elif type(value) in (list, tuple):
        yield from enumerate(value)
    elif _is_configuration(value):
        yield from ((key, inner) for key, inner in vars(value).items() if not key.startswith("_"))


def _is_configuration(value: Any) -> bool:
    if isinstance(value, type) or not hasattr(value, "__dict__"):
        return False
    return (
        is_dataclass(value)
        or isinstance(value, SimpleNamespace)
        or type(value).__name__.lower().endswith(("config", "cfg", "args", "arguments", "params", "hparams", "options"))
    )


def _named(found: Sequence[tuple[tuple[str, ...], Place]]) -> dict[str, Place]:
    """Name each dim by the last of the names that lead to it; joined by dots, where two are alike."""
    lasts = [names[-1] for names, _ in found]
    named: dict[str, Place] = {}
    for names, place in found:
        short = names[-1] if lasts.count(names[-1]) == 1 and not names[-1].isdigit() else ".".join(names)
        named[free_name(_legal(short), named)] = place
    return named


def _legal(name: str) -> str:
    """Return a name as a spec may have it: a word of the language gets an underscore, as does what is no letter."""
    words = ["".join(each if f"_{each}".isidentifier() else "_" for each in part) or "_" for part in name.split(".")]
    parts = [f"_{word}" if word[:1].isdigit() else word for word in words]
    name = ".".join(parts)
    if name in RESERVED:
        return f"{name}_"
    try:
        return check_name(name, "a dim", dotted=True)
    except ParamcalcError:
        return ".".join(f"{part}_" for part in parts)


def _with(value: Any, changes: Sequence[tuple[tuple[Any, ...], Any]]) -> Any:
    """Return a copy of what holds dims with other values in it."""
    if not changes:
        return value
    if not changes[0][0]:
        new = changes[0][1]
        return type(value)(new) if isinstance(value, (list, tuple)) else new
    inside: dict[Any, list[tuple[tuple[Any, ...], Any]]] = {}
    for (key, *rest), new in changes:
        inside.setdefault(key, []).append((tuple(rest), new))
    if isinstance(value, Mapping):
        changed = copy.copy(value)
        for key, below in inside.items():
            changed[key] = _with(value[key], below)  # type: ignore[index]
        return changed
    if isinstance(value, (list, tuple)):
        return type(value)(_with(each, inside.get(place, [])) for place, each in enumerate(value))
    changed = copy.copy(value)
    for key, below in inside.items():
        object.__setattr__(changed, key, _with(getattr(value, key), below))
    return changed
