"""The names of a spec while it is evaluated, and what references find."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeAlias

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape, Undecided
from paramcalc.core.errors import LIMITS, ParamcalcError, Path, listed, quoted, refuse, suggest
from paramcalc.graph.tree import Flow, Leaf
from paramcalc.layers.base.fields import DEFAULT_DTYPE
from paramcalc.spec import Node, node_names

#: What the names of expressions stand for.
Values: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Inherited:
    """What the nearest group states for the nodes in it."""

    trainable: Any = True
    dtype: str = DEFAULT_DTYPE
    #: whether a node states it, and not the spec for the whole
    states_dtype: bool = False
    #: how many copies there are of it
    copies: Number = 1


@dataclass(slots=True, eq=False, repr=False)
class Scope:
    """A group while it is evaluated: its nodes, and their names as they become known."""

    nodes: Sequence[Node]
    path: Path
    #: the group around it; a block has none, since it sees nothing of its caller
    parent: Scope | None
    inputs: tuple[Flow, ...]
    values: Values
    inherited: Inherited
    #: of a group called again, the first call
    first: Scope | None = None
    #: of a group called again, what stood before its first call: nodes around it from this on are out of sight
    horizon: int | None = None
    #: whether it is the top of the spec, where `input` stands for nothing
    top: bool = False
    #: whether its nodes are a mere list, whose connections are not known
    inventory: bool = False
    entries: dict[str, Entry] = field(default_factory=dict)
    #: the layers in it that add nothing to the path: what they own is owned by the group, as its path says
    unnamed: list[Leaf] = field(default_factory=list)

    def output_of(self, reference: str) -> Flow:
        """Return what flows out of the node that a reference names.

        Raises `unknown-node`, `missing-counter`, `missing-input`.
        """
        parts = reference.split(".")
        if parts[0] == "input" and not self.top:
            return self._input(reference, parts[1:])
        place = self._output_place(reference)
        path = reference if place is None else reference.rpartition(".")[0]
        entry, copy, among = self._way(path)
        flow = copy.flow if copy is not None and entry.node.is_repeated else entry.flow
        if flow is None:
            raise refuse("missing-input", f"nothing flows out of '{reference}'")
        if among and flow.bundle is None:
            flow = replace(flow, among=among)
        if place is None or flow.broken:
            return flow
        output = flow.output(place)
        if output is None:
            message = f"'{path}' has no output {place}"
            raise refuse("unknown-node", message, f"'{path}' is its first output, '{path}.1' the second of several")
        return output

    def output_of_any(self, path: str, number: Number, rest: str) -> Flow:
        """Return what flows out of a copy whose number is a symbol, or out of a node in it, which the `rest` names.

        That the copy is there is assumed. Raises `Undecided` where no copy stands for all, and what `find` does.
        """
        entry, _ = self.find(path)
        standing = entry.any_copy
        found = _output_in(standing.copy, rest) if standing is not None else None
        if standing is None or found is None:
            raise Undecided(number)
        _, symbol, first, last = standing
        # those before may follow the same rule
        while first > 0:
            before = _output_in(entry.copy(first - 1), rest)
            if before is None or not algebra.same_shapes(before.shape, _at(found.shape, symbol, first - 1)):
                break
            first -= 1
        algebra.at_least(number - first, 0)
        algebra.at_least(last - number, 0)
        return Flow(_at(found.shape, symbol, number), found.leaf, found.place)

    def shape_of(self, reference: str) -> Shape:
        """Return the shape of what flows out of the node that a reference names.

        Raises `missing-input`, `several-outputs`, and what a reference is refused for.
        """
        flow = self.output_of(reference)
        if flow.broken:
            raise refuse("missing-input", f"the shape of '{reference}' is not known")
        if flow.bundle is not None:
            message = f"'{reference}' has several outputs side by side"
            raise refuse("several-outputs", message, f"name one: {reference}.0")
        return flow.shape

    def _output_place(self, reference: str) -> int | None:
        """Return the number of the output that a reference names, where its last part does not say a copy."""
        head, _, last = reference.rpartition(".")
        if not head or not last.isdecimal() or len(last) > LIMITS.digits:
            return None
        entry, copy = self.find(head)
        if entry.node.is_repeated and copy is None:
            return None
        children = copy.scope.entries if copy is not None and copy.scope is not None else {}
        return None if any(name.isdecimal() for name in children) else int(last)

    def _input(self, reference: str, rest: list[str]) -> Flow:
        place = int(rest[0]) if len(rest) == 1 and rest[0].isdecimal() and len(rest[0]) < 9 else 0
        if len(rest) > 1 or (rest and not rest[0].isdecimal()) or place >= len(self.inputs):
            raise refuse(
                "unknown-node",
                f"{quoted(reference)} is no input of this group, which is given {len(self.inputs)}",
                "'input' is the first, 'input.1' the second",
            )
        return self.inputs[place]

    def find(self, reference: str) -> tuple[Entry, Copy | None]:
        """Return the node that a path names, and its copy: its only one, or the one that the path says.

        Names are looked up from the inside out. Raises `unknown-node`, `missing-counter`.
        """
        entry, copy, _ = self._way(reference)
        return entry, copy

    def _way(self, reference: str) -> tuple[Entry, Copy | None, tuple[str, ...]]:
        """Return what `find` does, and the numbers in the path that each say one of copies that stand there once."""
        first, *rest = reference.split(".")
        among: list[str] = []
        found = self._look_up(first)
        if found is None:
            names = sorted(self._names_in_sight())
            hint = suggest(first, names) or listed("earlier nodes", names)
            raise refuse("unknown-node", f"no earlier node '{first}' is in sight", hint)
        entry, copy = found, found.only_copy
        while rest:
            if entry.node.is_repeated:
                counter = rest.pop(0)
                copy = entry.copy_of_counter(counter, reference)
                if copy.is_several:
                    among.append(counter)
                if not rest:
                    break
            inside: Mapping[str, Entry] = copy.scope.entries if copy is not None and copy.scope is not None else {}
            name = rest.pop(0)
            if name not in inside:
                raise _not_inside(name, inside, entry, reference)
            entry = inside[name]
            copy = entry.only_copy
        return entry, copy, tuple(among)

    def add(self, entry: Entry) -> None:
        """Make a node known by its name; of one that adds nothing to the path, what is in it."""
        copy = entry.only_copy
        if entry.name != ".":
            self.entries[entry.name] = entry
        elif copy is not None:
            self.unnamed += copy.owners
            self.entries.update(copy.scope.entries if copy.scope is not None else {})

    def _look_up(self, name: str) -> Entry | None:
        """Return the node of a name, from the inside out."""
        scope: Scope | None = self
        horizon: int | None = None
        while scope is not None:
            entry = scope.entries.get(name)
            if entry is not None and (horizon is None or entry.order < horizon):
                return entry
            horizon = scope.horizon if scope.horizon is not None else horizon
            scope = scope.parent
        return None

    def _names_in_sight(self) -> Iterator[str]:
        scope: Scope | None = self
        while scope is not None:
            yield from scope.entries
            scope = scope.parent


def _not_inside(name: str, inside: Mapping[str, Entry], entry: Entry, reference: str) -> ParamcalcError:
    """Return the refusal of a name that is not in a node, or in the side of it that is not there."""
    for _, side in entry.node.sides:
        if side.layers is not None and name in node_names(side.layers):
            message = f"'{reference}' goes into a side of '{entry.name}' that is not there"
            return refuse("absent-node", message, "give it the condition of that side")
    hint = suggest(name, inside) or listed("it holds", inside)
    return refuse("unknown-node", f"there is no '{name}' in '{reference}'", hint)


@dataclass(slots=True, eq=False, repr=False)
class Entry:
    """What a name in a scope stands for: a node, with the copies that are there so far."""

    name: str
    node: Node
    path: Path
    scope: Scope
    #: how many copies there are in the end, once that is known
    times: Number = 1
    copies: list[Copy] = field(default_factory=list)
    #: what flows out of it; of an absent node, what would have flowed in
    flow: Flow | None = None
    #: its place in the order in which nodes were met
    order: int = 0
    #: of a node that calls another again, by its path, that one, and the copy of it that the path says
    targets: dict[str, tuple[Entry, Copy | None]] = field(default_factory=dict)
    #: of copies of which there are a symbol's number, the one that stands for them
    any_copy: Standing | None = None

    @property
    def label(self) -> str:
        """What it adds to the paths of what is in it: nothing, where its name is a dot."""
        return "" if self.name == "." else self.name

    @property
    def only_copy(self) -> Copy | None:
        """The copy of a node that is there and not repeated."""
        return self.copies[0] if not self.node.is_repeated and self.copies else None

    def copy(self, number: int) -> Copy | None:
        """Return the copy of a number, or the one that stands for it."""
        for copy in self.copies:
            if copy.number <= number and not (type(copy.last) is int and number > copy.last):
                return copy
        return None

    def copy_of_counter(self, counter: str, reference: str) -> Copy:
        """Return the copy that a part of a path says. Raises `missing-counter`, `unknown-node`."""
        if not counter.isdecimal() or len(counter) > LIMITS.digits:
            raise refuse(
                "missing-counter",
                f"'{reference}' goes into a repeated node without saying which copy",
                "the counter follows its name, from 0: body.0",
            )
        copy = self.copy(int(counter))
        # of copies whose number is a symbol, it is assumed that there are as many
        if copy is None or not algebra.at_least(self.times, int(counter) + 1):
            last = self.copies[-1].last if self.copies else None
            hint = f"the copies of '{self.name}' are numbered 0 to {last}" if type(last) is int else ""
            raise refuse("no-such-copy", f"'{reference}' names a copy that is not there, or not yet", hint)
        return copy


@dataclass(slots=True, eq=False, repr=False)
class Copy:
    """One copy of a node, or the first of copies that are alike; a node that is not repeated has one."""

    entry: Entry
    label: str
    inputs: tuple[Flow, ...]
    values: Values
    inherited: Inherited
    #: of a node called again, the copy of the first call
    first: Copy | None
    #: the node, or what stands in its place otherwise; None until that is decided
    node: Node | None = None
    #: the path from the node to what stands in its place
    side: Path = ()
    number: Number = 0
    #: the number of the last copy that it stands for
    last: Number = 0
    flow: Flow | None = None
    #: of a layer
    leaf: Leaf | None = None
    #: of a group
    scope: Scope | None = None

    @property
    def is_several(self) -> bool:
        """Whether it stands for more copies than itself."""
        return not (type(self.last) is int and type(self.number) is int and self.last <= self.number)

    @property
    def owners(self) -> list[Leaf]:
        """What owns the tensors at its path: a layer; or a group, and what is in it without a name."""
        own = [] if self.leaf is None else [self.leaf]
        return own if self.scope is None else [*own, *self.scope.unnamed]


class Standing(NamedTuple):
    """The copy that stands for all from one on: its number is a symbol."""

    copy: Copy
    symbol: Number
    first: int
    last: Number


def _output_in(copy: Copy | None, rest: str) -> Flow | None:
    """Return what flows out of a copy, or out of the node in it that a path names; None for what is not one shape."""
    if copy is None:
        return None
    flow = copy.flow
    if rest:
        is_inside = copy.scope is not None and rest.partition(".")[0] in copy.scope.entries
        flow = copy.scope.output_of(rest) if copy.scope is not None and is_inside else None
    return flow if flow is not None and flow.bundle is None and not flow.broken else None


def _at(shape: Shape, symbol: Number, number: Number) -> Shape:
    return tuple(algebra.substituted(size, symbol, number) for size in shape)
