"""What a model owns, as a tree of parts under the names that its framework gives them: the same of any framework."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, TypeAlias

#: The names that lead to a part from the whole.
Path: TypeAlias = tuple[str, ...]


class Tie(NamedTuple):
    """Whose numbers a tensor holds: that of an earlier part."""

    path: Path
    tensor: str


@dataclass(frozen=True)
class Part:
    """A part of a model: a layer, or what holds others, with tensors of its own."""

    name: str
    #: the class that it is of
    type: str = ""
    #: the layer type, with its fields and the axes of its inputs; none for a group
    kind: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    of: list[Any] = field(default_factory=list)
    trainable: bool = True
    dtype: str = "float32"
    #: the tensors of a group itself, each as the language writes it
    tensors: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: by its own tensors, in the language's names
    ties: dict[str, Tie] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()

    @property
    def stem(self) -> str:
        """What its name says: nothing, where that is a number."""
        return "" if self.name.isdecimal() else self.name

    def paths(self, before: Path = ()) -> Iterator[tuple[Path, Part]]:
        """Yield every part below this one with its path, in order."""
        for part in self.parts:
            yield (*before, part.name), part
            yield from part.paths((*before, part.name))


class Entry(NamedTuple):
    """A tensor as a proof compares it."""

    #: the names that lead to it, without numbers, since those of copies are the same; its own name last
    path: Path
    shape: tuple[int, ...]
    role: str
    dtype: str
    trainable: bool
    #: the path of the tensor whose numbers it holds
    tied_to: Path | None


@dataclass
class Inventory:
    """A model as it is: its tensors one by one in their order, and its parts, read once they are asked for."""

    entries: tuple[Entry, ...]
    read: Callable[[], Part]
    #: whether a tensor has no elements, as at sizes that nobody means
    is_degenerate: bool = False

    @cached_property
    def root(self) -> Part:
        """The model with all its parts. Raises what reading it does."""
        return self.read()


@lru_cache(maxsize=100_000)
def common(path: str) -> Path:
    """Return the names of a tensor's path without their numbers, and without names that are mere numbers."""
    *around, last = path.split(".")
    return (*(word for word in (re.sub(r"[\d_]+", "", name) for name in around) if word), last)
