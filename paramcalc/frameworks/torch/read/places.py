"""The nodes of a spec while a module is read: places in groups, and what each takes from which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from paramcalc.core.algebra import Shape
from paramcalc.frameworks.names import FreeNames
from paramcalc.layers.base.declaration import Layer
from paramcalc.spec import Node


@dataclass(eq=False)
class Place:
    """A node that is no group: a layer, or another call of one."""

    name: str
    group: Group
    layer: Layer | None = None
    share: Item | None = None
    #: what it takes
    sources: list[Source] = field(default_factory=list)
    #: the shapes of what it gives
    outputs: tuple[Shape, ...] = ()
    trainable: bool | None = None
    dtype: str | None = None
    #: the modules that it stands for
    modules: list[Any] = field(default_factory=list)
    #: each tensor of PyTorch, and the shapes of the kind's tensors that it is
    tensors: list[tuple[Any, Mapping[str, Shape]]] = field(default_factory=list)
    #: its tensors that are those of another place: its name, the place, the name there
    ties: list[tuple[str, Place, str]] = field(default_factory=list)


@dataclass(eq=False)
class Group:
    """A module that holds others, or the whole (without a group around it)."""

    name: str
    group: Group | None
    items: list[Item] = field(default_factory=list)
    names: FreeNames = field(default_factory=FreeNames)

    def new_group(self, wanted: str) -> Group:
        """Put a group at its end."""
        group = Group(self.names.new(wanted), self)
        self.items.append(group)
        return group

    def remove(self, group: Group) -> None:
        """Leave out a group at its end; its name is free again."""
        self.items.remove(group)
        self.names.discard(group.name)

    def new_place(self, wanted: str, **content: Any) -> Place:
        """Put a place at its end."""
        place = Place(self.names.new(wanted), self, **content)
        self.items.append(place)
        return place


Item: TypeAlias = Place | Group
#: An output: of which item, and which of its outputs.
Source: TypeAlias = tuple[Item, int]


def places(group: Group) -> Iterator[Place]:
    """Yield the places of a group, in order."""
    for item in group.items:
        if isinstance(item, Group):
            yield from places(item)
        else:
            yield item


def prune(root: Group, outputs: list[Source]) -> None:
    """Leave out what owns nothing and gives nothing to anything, and groups in which nothing stands."""
    if outputs:
        needed = {id(item) for item, _ in outputs}
        for place in reversed([*places(root)]):
            if place.tensors or place.share is not None or id(place) in needed:
                needed |= {id(place), *(id(item) for item, _ in place.sources)}
            if isinstance(place.share, Group):
                needed |= {id(each) for each in places(place.share)}
        _keep(root, needed)
    else:
        _keep(root, {id(place) for place in places(root)})


def _keep(group: Group, needed: set[int]) -> None:
    for item in group.items:
        if isinstance(item, Group):
            _keep(item, needed)
    group.items = [item for item in group.items if (item.items if isinstance(item, Group) else id(item) in needed)]


def matching(first: Group, second: Group) -> list[Source] | None:
    """Return what a group takes from outside, in the order in which an earlier group, called alike, does.

    None where they are not alike: where the second does not share all that the first owns, in the same order.
    """
    pairs = dict(zip(places(second), places(first), strict=False))
    taken: dict[Source, Source] = {}
    if len([*places(second)]) != len([*places(first)]) or not _same_names(first, second):
        return None
    for mine, theirs in pairs.items():
        owned = mine.share is not None and mine.share is (theirs.share or theirs)
        same = mine.share is None and theirs.share is None and mine.layer == theirs.layer and not mine.tensors
        if not (owned or same) or len(mine.sources) != len(theirs.sources) or not mine.sources:
            return None
        for (item, output), other in zip(mine.sources, theirs.sources, strict=True):
            inside = pairs.get(item) if isinstance(item, Place) else None
            if inside is not None:
                if (inside, output) != other:
                    return None
            elif is_below(other[0], first) or taken.setdefault(other, (item, output)) != (item, output):
                return None
    return [*taken.values()]


def _same_names(first: Group, second: Group) -> bool:
    """Whether two groups hold the same, by the names."""
    return len(first.items) == len(second.items) and all(
        one.name == other.name
        and isinstance(one, Group) == isinstance(other, Group)
        and (not isinstance(one, Group) or not isinstance(other, Group) or _same_names(one, other))
        for one, other in zip(first.items, second.items, strict=True)
    )


def _chain(item: Item) -> list[Item]:
    """Return the groups around an item, from the outermost, and the item."""
    return [*(_chain(item.group) if item.group is not None else ()), item]


def _below(item: Item, group: Group) -> list[Item]:
    """Return the way from a group to an item in it; empty if it is not in it."""
    way = _chain(item)
    return way[way.index(group) + 1 :] if group in way else []


def is_below(item: Item, group: Group) -> bool:
    """Whether an item stands in a group, or in one within it."""
    return bool(_below(item, group))


def path_from(item: Item, place: Item) -> str:
    """Return the path by which a place names an earlier item."""
    outer = next(each for each in reversed(_chain(place)[:-1]) if isinstance(each, Group) and _below(item, each))
    return ".".join(each.name for each in _below(item, outer))


class NodeWriter:
    """Writes the items of a group as nodes."""

    def __init__(self, root: Group) -> None:
        self.root = root
        self.given: dict[int, list[Source]] = {}

    def nodes(self) -> tuple[Node, ...]:
        """Write the nodes of the whole."""
        return tuple(self._nodes(self.root))

    def reference(self, source: Source, group: Group) -> str:
        """How a node of a group names what it takes."""
        item, output = source
        way = _below(item, group)
        if not way:
            place = self._inputs(group).index(source)
            return f"input.{place}" if place else "input"
        while len(way) > 1 and isinstance(way[-2], Group) and way[-2].items[-1] is way[-1]:
            way.pop()
        return ".".join(each.name for each in way) + (f".{output}" if output else "")

    def _nodes(self, group: Group) -> Iterator[Node]:
        before: str | None = "input" if self._inputs(group) else None
        for item in group.items:
            sources = self._sources(item)
            inputs = tuple(self.reference(source, group) for source in sources) or None
            if inputs == (before,):
                inputs = None
            yield self._node(item, inputs)
            before = item.name

    def _node(self, item: Item, inputs: tuple[str, ...] | None) -> Node:
        if isinstance(item, Group):
            return Node(layers=tuple(self._nodes(item)), name=item.name, inputs=inputs)
        if item.share is not None:
            return Node(share=path_from(item.share, item), name=item.name, inputs=inputs)
        return Node(
            item.layer,
            name=item.name,
            inputs=inputs,
            trainable=item.trainable,
            dtype=item.dtype,
            tie={name: f"{path_from(owner, item)}.{other}" for name, owner, other in item.ties},
        )

    def _inputs(self, group: Group) -> list[Source]:
        """Return what the nodes of a group take from outside of it, each once."""
        if id(group) not in self.given:
            found = [source for item in group.items for source in self._sources(item) if not _below(source[0], group)]
            self.given[id(group)] = list(dict.fromkeys(found))
        return self.given[id(group)]

    def _sources(self, item: Item) -> list[Source]:
        """Return what an item takes; a group that is called again, what it took first."""
        if isinstance(item, Group):
            return self._inputs(item)
        return self._inputs(item.share) if isinstance(item.share, Group) and not item.sources else item.sources
