"""A spec that a reader gave, as a tree of parts that say what each takes: of any framework."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

from paramcalc.conventions import convention
from paramcalc.frameworks.deriving.parts import Part, Path, Tie
from paramcalc.layers.base.declaration import default_name
from paramcalc.layers.base.values import plain
from paramcalc.spec import Node, Spec, node_names


class Link(NamedTuple):
    """What a part takes: an output of another one; or, without a path, an input of the group around it."""

    path: Path | None
    output: int = 0
    #: whether it is what all copies in a group of these give
    is_whole: bool = False


#: The first of what a group is given.
INPUT = Link(None)


@dataclass(frozen=True)
class Called(Part):
    """A part at its place among the calls of a model."""

    links: tuple[Link, ...] = ()
    #: what flows out of the part before it
    before: Link = INPUT
    #: the part whose numbers it has, being called again
    share: Path | None = None
    #: its name without a number; nothing, where it is unnamed
    word: str = ""
    #: whether it has the name that a layer of its type has without being given one
    is_unnamed: bool = False
    #: whether it is tensors of the part around it, and no part itself
    is_loose: bool = False
    #: whether it stands for copies that were put into a group here
    is_run: bool = False

    @property
    def stem(self) -> str:
        """What its name says."""
        return self.word


@dataclass(frozen=True)
class Calls:
    """A model as it calls its parts."""

    root: Called
    #: what it gives, where that is not simply what its last part gives
    outputs: tuple[Link, ...]


def calls_of(spec: Spec, lists: Collection[str] = ()) -> Calls:
    """Return a spec as parts, each of which says what it takes.

    `lists` are the paths, joined by `_`, of what holds parts and is not itself called: these stand around it.
    """
    tree = _Parts(spec.framework, lists)
    parts = tree.parts(spec.layers, ())
    outputs = tuple(tree.link(str(each), [((), spec.layers)]) for each in spec.outputs or ())
    return Calls(Called("", parts=parts), outputs)


#: The groups around a node, from the outermost: the path of each, and its nodes.
Scopes: TypeAlias = "list[tuple[Path, Sequence[Node]]]"


class _Parts:
    """Makes parts of nodes."""

    def __init__(self, framework: str, lists: Collection[str]) -> None:
        self.framework = framework
        self.lists = lists
        #: what each list of parts takes, and the last part in it
        self.given: dict[Path, tuple[Link, ...]] = {}
        self.last: dict[Path, str] = {}

    def parts(
        self,
        nodes: Sequence[Node],
        path: Path,
        around: Scopes | None = None,
        before: Link = INPUT,
        flowing: Link | None = None,
    ) -> tuple[Called, ...]:
        """Return the parts of a group; `flowing` is what its first takes, where that is not what stands before it."""
        scopes = [*(around or ()), (path, nodes)]
        found: list[Called] = []
        for node, given in zip(nodes, node_names(nodes), strict=True):
            name = self.name(given)
            here = (*path, name)
            links = self.links(node, scopes, flowing or before)
            if node.layers is not None and "_".join(here) in self.lists:
                self.given[here] = links
                inner = self.parts(node.layers, here, scopes, before, links[0] if links else None)
                self.last[here] = inner[-1].name
                found += [self.in_list(each, name) for each in inner]
            else:
                found.append(self.part(node, name, scopes, before, links))
            before, flowing = Link(self.path((*path, name))), None
        return tuple(found)

    def in_list(self, part: Called, name: str) -> Called:
        """Return a part of a list of parts as one around it."""
        word = "" if part.is_unnamed else "_".join(filter(None, (_without_number(name), part.word)))
        return replace(part, name=f"{name}_{part.name}", word=word)

    def links(self, node: Node, scopes: Scopes, before: Link) -> tuple[Link, ...]:
        """Return what a node in a group takes."""
        if node.inputs is not None:
            return tuple(self.link(str(each), scopes) for each in node.inputs)
        begins = (node.layer is not None and not node.layer.inputs) or (before == INPUT and not scopes[-1][0])
        return () if begins else (before,)

    def part(self, node: Node, name: str, scopes: Scopes, before: Link, links: tuple[Link, ...]) -> Called:
        """Return the part of a node in a group."""
        layer, path = node.layer, (*scopes[-1][0], name)
        ties = {}
        for tensor, (each, *_) in node.tie.items():
            owner, _, theirs = str(each.to).rpartition(".")
            ties[tensor] = Tie(self.link(owner, scopes).path or (), theirs)
        return Called(
            name,
            "" if node.share is None else "share",
            type(layer).__name__ if layer is not None else "",
            {key: plain(value) for key, value in layer.stated().items()} if layer is not None else {},
            trainable=node.trainable is not False,
            dtype=node.dtype or "float32",
            ties=ties,
            parts=self.parts(node.layers, path, scopes) if node.layers is not None else (),
            links=links,
            before=before,
            share=self.link(str(node.share), scopes).path if node.share is not None else None,
            word="" if self.is_unnamed(node, name) else _without_number(name),
            is_unnamed=self.is_unnamed(node, name),
            is_loose=layer is not None
            and "tensors" in layer.stated()
            and re.fullmatch(r"own(_\d+)?", name) is not None,
        )

    def path(self, path: Path) -> Path:
        """Return a path without the lists of parts on it; of such a list, that of the last part in it."""
        found: tuple[str, ...] = ()
        start = 0
        while path in self.last:
            path = (*path, self.last[path])
        for place in range(1, len(path) + 1):
            if path[:place] not in self.given:
                found = (*found, "_".join(path[start:place]))
                start = place
        return found

    def name(self, name: str) -> str:
        """Return the name that the framework has for what a spec calls so: `layer_0` is a module's `0`."""
        found = re.fullmatch(r"layer_(\d+)", name) if self.framework == "torch" else None
        return found[1] if found is not None else name

    def is_unnamed(self, node: Node, name: str) -> bool:
        """Whether a node has a name that it has without being given it."""
        if node.layer is None:
            return False
        kind = type(node.layer).__name__
        classes = convention(self.framework).equivalents(kind)
        defaults = {node.default_name, *(default_name(row.name.rpartition(".")[2]) for row in classes)}
        return _without_number(name) in {*defaults, "own"}

    def link(self, reference: str, scopes: Scopes) -> Link:
        """Return what a reference names, from the inside out: a part, or an input of the group."""
        names = reference.split(".")
        if names[0] == "input" and "input" not in node_names(scopes[-1][1]):
            output = int(names[1]) if len(names) > 1 else 0
            given = self.given.get(scopes[-1][0])
            return Link(None, output) if given is None else given[output]
        for path, nodes in reversed(scopes):
            inside: Mapping[str, Node] = dict(zip(node_names(nodes), nodes, strict=True))
            place = 0
            while place < len(names) and names[place] in inside:
                path = (*path, self.name(names[place]))
                within = inside[names[place]].layers or ()
                inside = dict(zip(node_names(within), within, strict=True))
                place += 1
            if place:
                return Link(self.path(path), int(names[place]) if place < len(names) else 0)
        return Link((*scopes[-1][0], *map(self.name, names)))


def _without_number(name: str) -> str:
    """Return a name without the number at its end, and without those of lists within lists, as in `stages_0_1`."""
    return re.sub(r"_\d+(?=_)|_?\d+$", "", name)
