"""What the reading of a model leaves: where each layer stands, and what is to be held against the spec."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from paramcalc.core.errors import quoted, refuse
from paramcalc.frameworks.keras.read.calls import CallNode, LayerCall, Output, Source
from paramcalc.frameworks.keras.read.description import (
    Description,
    StatedShape,
    is_model,
    is_of_keras,
    layers_within,
    mark_of,
)
from paramcalc.frameworks.keras.read.layers import Read, copied_arguments
from paramcalc.frameworks.keras.read.marks import without_marks

if TYPE_CHECKING:
    from paramcalc.frameworks.keras.read.model import ModelReader

#: The names of the groups around a node, and its own.
NodePath: TypeAlias = tuple[str, ...]
#: The way from a layer to one within it: arguments, each with the place in its list.
Way: TypeAlias = tuple[tuple[str, int], ...]


class Owner(NamedTuple):
    """Where a layer stands first: its node, the way to it within the layer of that node, a model's outputs."""

    path: NodePath
    way: Way
    outputs: Sequence[Source | None] | None = None


class Twin(NamedTuple):
    """A layer within another, or that such a layer is: its numbers are those of its first place."""

    path: NodePath
    way: Way
    owner: Owner


class Hidden(Exception):
    """A name by which a layer is called again, and that another node between the two has."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass
class Reading:
    """What the reading of a model leaves to be held against the spec, by the paths of its nodes."""

    #: the layers, each with what it was read from
    layers: dict[str, Read] = field(default_factory=dict)
    #: the layers by all that their descriptions say, since many are alike
    known: dict[str, Read] = field(default_factory=dict)
    #: the shapes of outputs that the description states
    shapes: dict[tuple[str, int], StatedShape] = field(default_factory=dict)
    #: of a model that is alive: what gives the node of a layer as it is there, where its description will not do
    alive: Callable[[ModelReader, LayerCall, NodePath], CallNode | None] | None = None
    #: of a model that is alive: the shapes of the outputs of its layers
    shapes_of: Callable[[Any], dict[Output, StatedShape]] = lambda model: {}
    #: the layers that are alive, by the paths of their nodes
    live: dict[str, Any] = field(default_factory=dict)
    #: the layers that are alive, each with the shapes that its tensors have by its description, and which are trained
    compared: list[tuple[Any, Counter[Any]]] = field(default_factory=list)
    #: where each layer stands first, by what tells it from others
    owners: dict[Hashable, Owner] = field(default_factory=dict)
    #: the layers whose numbers are those of another place, which `share` cannot say
    twins: list[Twin] = field(default_factory=list)
    #: whether the description marks a layer that stands in it several times
    is_marked: bool = False
    #: where it does not: the layers by class and name, with the paths of their nodes
    namesakes: dict[tuple[str, str], list[tuple[NodePath, Description]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    #: the classes of one's own of models whose layers their descriptions list
    classes: dict[str, None] = field(default_factory=dict)
    #: whether of anything only the shape is known that it gives, and not what it computes
    is_by_shapes: bool = False
    #: names that are for nodes of the groups around alone
    reserved: frozenset[str] = frozenset()

    def start_again(self, hidden: Hidden) -> None:
        """Forget what was read, and leave a name to the nodes of the groups around. Raises `invalid-name`."""
        if hidden.name in self.reserved:
            what = f"a layer within {quoted(hidden.name)} is called again where another node has this name"
            raise refuse("invalid-name", what, "rename one of the two")
        for kept in (self.layers, self.shapes, self.live, self.owners, self.twins, self.namesakes):
            kept.clear()
        self.classes.clear()
        self.reserved |= {hidden.name}

    def place(self, call: LayerCall, path: NodePath, outputs: Sequence[Source | None] | None, start: Way = ()) -> None:
        """Keep where a layer stands, and those within it; `start` leads to it within the layer of the node."""
        for identity, way, entry in identities(call.entry, call.live, start):
            if identity is None:
                self._keep_name(path, entry)
            elif identity in self.owners:
                self.twins.append(Twin(path, way, self.owners[identity]))
            else:
                self.owners[identity] = Owner(path, way, outputs if way == start else None)

    def keep_class(self, model: Description) -> None:
        """Keep the class of a model, if it is one's own and known by its description alone."""
        if self.alive is None and not is_of_keras(model):
            self.classes[str(model["class_name"])] = None

    def _keep_name(self, path: NodePath, entry: Description) -> None:
        if not self.is_marked and self.alive is None:
            name = entry["config"].get("name")
            if isinstance(name, str):
                self.namesakes[entry["class_name"], name].append((path, entry))

    def doubtful(self) -> Iterator[tuple[str, list[NodePath]]]:
        """Yield the names of layers that stand in several places, each the same by all that is said of it."""
        for (_, name), places in self.namesakes.items():
            first = places[0]
            alike = [path for path, entry in places[1:] if _says_the_same(entry, first[1])]
            if alike:
                yield name, [first[0], *alike]


def _says_the_same(entry: Description, other: Description) -> bool:
    return bool(without_marks(entry["config"]) == without_marks(other["config"]))


def identities(entry: Description, live: Any, way: Way = ()) -> Iterator[tuple[Hashable, Way, Description]]:
    """Yield what tells a layer from others, and those within it: the layer itself where it is alive, or its mark."""
    yield (id(live) if live is not None else mark_of(entry)), way, entry
    if is_model(entry):
        return
    copied = copied_arguments(entry)
    for name, place, each in layers_within(entry["config"]):
        if name not in copied:
            inner = _within(live, name, place) if live is not None else None
            if live is None or inner is not None:
                yield from identities(each, inner, (*way, (name, place)))


def _within(live: Any, name: str, place: int) -> Any:
    """Return the layer that is an argument of one that is alive; None where it does not keep it under that name."""
    value = getattr(live, name, None)
    if isinstance(value, (list, tuple)):
        return value[place] if place < len(value) else None
    return value if hasattr(value, "weights") else None
