"""A node: what it is, and its place in the graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, fields
from typing import Any

from paramcalc.core.errors import ParamcalcError, Path, Problem, quoted, refuse
from paramcalc.core.expression import Expression
from paramcalc.core.registry import kind
from paramcalc.layers.base.declaration import Layer, default_name
from paramcalc.layers.base.fields import Converted, Truth, Whole, named, read_dtype, read_flag, read_shape, read_size
from paramcalc.layers.base.nesting import read_layer
from paramcalc.layers.base.values import expressions, plain
from paramcalc.spec.misuse import refusing_misuse
from paramcalc.spec.references import Reference, read_reference, read_references
from paramcalc.spec.ties import Ties, plain_ties, read_ties
from paramcalc.spec.values import (
    GivenValue,
    Value,
    names_in,
    of_key,
    read_arguments,
    read_block_name,
    read_counter,
    read_name,
    read_times,
    read_values,
)


def converted(**default: Any) -> Any:
    """Make a field of a `Converted` type: to type checkers a value of any type, as what `field` makes is not."""
    return field(**default)


@refusing_misuse('pc.Node(pc.Dense(units=8), name="head")')
@dataclass(slots=True)
class Node:
    """One entry of a spec's `layers`.

    It holds one of four: a `layer`; a group of `layers`; a call of a `block`, its arguments in
    `arguments`; or the `share` of an earlier node. `otherwise` is what stands in its place where `when` is
    false: a node without a place of its own, or the nodes of a group. The other fields are its place in the
    graph, as the page on the spec file describes them; `following` is the key `next` there.

    Raises `ParamcalcError` where a value is not of its key's form.
    """

    layer: Layer | None = None
    _: KW_ONLY
    layers: Converted[Sequence[Node | Layer] | None, tuple[Node, ...] | None] = converted(default=None)
    block: str | None = None
    arguments: Converted[Mapping[str, GivenValue], dict[str, Value]] = converted(default_factory=dict)
    share: Converted[str | None, Reference | None] = converted(default=None)
    name: str | None = None
    inputs: Converted[str | Sequence[str] | None, tuple[Reference, ...] | None] = converted(default=None)
    times: Converted[Whole | None, Value] = converted(default=None)
    parallel: Converted[Whole | None, Value] = converted(default=None)
    index: str | None = None
    carry: Converted[Mapping[str, GivenValue], dict[str, Value]] = converted(default_factory=dict)
    following: Converted[Mapping[str, GivenValue], dict[str, Value]] = converted(default_factory=dict)
    active: Converted[Whole | None, Value] = converted(default=None)
    merge: Converted[Layer | str | None, Layer | None] = converted(default=None)
    when: Converted[Truth, Value] = converted(default=True)
    otherwise: Converted[Node | Layer | Sequence[Node | Layer] | None, Node | None] = converted(default=None)
    residual: Converted[Truth, Value] = converted(default=False)
    trainable: Converted[Truth | None, Value] = converted(default=None)
    tensors: Converted[Mapping[str, Any] | Layer | None, Layer | None] = converted(default=None)
    tie: Converted[Mapping[str, Any], Ties] = converted(default_factory=dict)
    dtype: str | None = None
    of: Converted[Sequence[Any] | None, tuple[Any, ...] | None] = converted(default=None)
    connections: str | None = None
    recompute: Converted[Truth, Value] = converted(default=False)
    #: whether it is what stands otherwise, written as a mere list of nodes
    listed: bool = field(default=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.layers is not None:
            self.layers = as_nodes(self.layers)
        if self.layer is not None and not isinstance(self.layer, Layer):
            raise _no_node(self.layer)
        contents = [self.layer, self.layers, self.block, self.share]
        if sum(content is not None for content in contents) != 1:
            raise refuse("invalid-value", "a node is one of a layer type, 'layers', 'block' and 'share'")
        problems: list[Problem] = []
        stated: set[str] = set()
        for key, attribute, default in _PLACES:
            value = getattr(self, attribute)
            if value is not None and value is not default and value != {}:
                stated.add(key)
                try:
                    setattr(self, attribute, read_key(key, value))
                except ParamcalcError as error:
                    problems += error.problems
        if stated:
            problems += self._conflicts(stated)
        if problems:
            raise ParamcalcError(problems)
        if self.otherwise is not None:
            self.otherwise = self._side(self.otherwise)

    def _conflicts(self, stated: set[str]) -> Iterator[Problem]:
        """Yield what stated keys need of one another, and do not have."""
        repeated, beside = self.times is not None, self.parallel is not None
        if repeated and beside:
            message = "copies stand one behind the other ('times') or side by side ('parallel'), not both"
            yield Problem("invalid-value", message, "put a group around the node", ("parallel",), True)
        for key, what, there in (
            ("index", "names the counter of 'times' or 'parallel'", repeated or beside),
            ("carry", "passes values from one copy of 'times' to the next", repeated),
            ("active", "says how many copies of 'parallel' an example passes through", beside),
            ("merge", "joins the outputs of the copies of 'parallel'", beside),
        ):
            if key in stated and not there:
                yield Problem("missing-key", f"'{key}' {what}, and there is none", "", (key,))
        if "else" in stated and self.when is True:
            message = "'else' is what stands there where 'when' is false, and here it never is"
            yield Problem("missing-key", message, "give the node a condition: when: …", ("else",))
        yield from self._carried()
        yield from self._foreign_keys(stated)

    def _carried(self) -> Iterator[Problem]:
        """Each carried value has a beginning and a next."""
        for name in self.carry:
            if name not in self.following:
                yield Problem(
                    "missing-key", f"'carry' needs the next value of '{name}'", f"next: {{{name}: …}}", ("carry", name)
                )
        for name in self.following:
            if name not in self.carry:
                message = f"'next' has a value for '{name}', which is not carried"
                yield Problem("unknown-key", message, f"carry: {{{name}: …}}", ("next", name), True)

    def _foreign_keys(self, stated: set[str]) -> Iterator[Problem]:
        """Keys that go with some contents only."""
        group = self.layers is not None
        owns = self.layer is not None or self.tensors is not None
        for key, what, allowed in (
            ("with", "gives arguments to a 'block'", self.block is not None),
            ("tie", "names tensors of a layer, or of a group that owns some", owns),
            ("tensors", "declares the tensors of a group", group),
            ("connections", "says of a group whether its connections are known", group),
            ("recompute", "says of a group that its forward pass is computed again", group or self.block is not None),
            ("of", "states the input of a layer", self.layer is not None),
        ):
            if key in stated and not allowed:
                yield Problem("unknown-key", f"'{key}' {what}, and this node is none", "", (key,), True)

    def _side(self, side: Node) -> Node:
        """Give the other side of the node its place."""
        for key in PLACE_KEYS:
            attribute = ATTRIBUTES.get(key, key)
            setattr(side, attribute, getattr(self, attribute))
        if side.otherwise is not None:
            side.otherwise = side._side(side.otherwise)
        return side

    @property
    def is_repeated(self) -> bool:
        """Whether it has copies with numbers, one behind the other or side by side."""
        return self.times is not None or self.parallel is not None

    def is_inventory(self, around: bool) -> bool:
        """Whether the nodes in it are a mere list; where it does not say, as those `around` it are."""
        return around if self.connections is None else self.connections == "none"

    @property
    def way_inside(self) -> Path:
        """The path from the node to the list of the nodes in it."""
        return () if self.listed else ("layers",)

    @property
    def default_name(self) -> str:
        """The name it takes where it is given none, before numbers make it unique."""
        if self.layer is not None:
            return default_name(type(self.layer).__name__)
        if self.share is not None:
            found: list[str] = []
            for part in self.share.parts:
                if isinstance(part, str):
                    found += filter(None, part.split("."))
                elif str(part).isidentifier() or str(part).isdecimal():
                    found.append(str(part))
            return "_".join(found)
        return self.block or "group"

    @property
    def sides(self) -> Iterator[tuple[Path, Node]]:
        """The node, and what stands in its place otherwise, each with its path from the node."""
        side: Node | None = self
        path: Path = ()
        while side is not None:
            yield path, side
            side, path = side.otherwise, (*path, "else")

    def expressions(self) -> Iterator[tuple[Path, frozenset[str]]]:
        """Yield the names that each key of the node mentions, its layer's fields under its type's name.

        What stands in its place otherwise is left out.
        """
        if self.layer is not None and (names := self.layer.names):
            yield (type(self.layer).__name__,), names
        for key in ("times", "parallel", "active", "when", "residual", "trainable", "recompute"):
            value = getattr(self, key)
            if isinstance(value, Expression):
                yield (key,), value.names
        for key in ("with", "carry", "next", "of"):
            value = getattr(self, ATTRIBUTES.get(key, key))
            if value and (
                names := frozenset().union(*map(names_in, value.values() if isinstance(value, dict) else value))
            ):
                yield (key,), names
        for layer, key in ((self.merge, "merge"), (self.tensors, "tensors")):
            if layer is not None and (names := layer.names):
                yield (key,), names
        for path, reference in self.references():
            if reference.names:
                yield path, reference.names
        for tensor, ties in self.tie.items():
            if names := frozenset().union(*(each.when.names for each in ties if isinstance(each.when, Expression))):
                yield ("tie", tensor), names

    def all_expressions(self) -> Iterator[Expression]:
        """Yield the expressions of the node, of what stands in its place otherwise, and of all in both."""
        for _, side in self.sides:
            yield from side.own_expressions()
            for child in side.layers or ():
                yield from child.all_expressions()

    def own_expressions(self) -> Iterator[Expression]:
        """Yield the expressions of the node itself."""
        for key in (*NODE_KEYS, "layer"):
            if key not in ("else", "tie", "inputs"):
                yield from expressions(getattr(self, ATTRIBUTES.get(key, key)))
        for ties in self.tie.values():
            yield from expressions(tuple(each.when for each in ties))

    def references(self) -> Iterator[tuple[Path, Reference]]:
        """Yield the references of the node to others, each with its path in the node."""
        for index, reference in enumerate(self.inputs or ()):
            yield ("inputs", index), reference
        if self.share is not None:
            yield ("share",), self.share
        for tensor, ties in self.tie.items():
            for each in ties:
                yield ("tie", tensor), each.to

    def plain(self) -> Any:
        """Return the node as YAML and JSON have it."""
        return self._plain(NODE_KEYS)

    def _plain(self, keys: Iterable[str]) -> Any:
        data: dict[str, Any] = {}
        if self.layer is not None:
            data[type(self.layer).__name__] = self.layer.stated() or None
        for key in ("block", "share", *keys):
            value = getattr(self, ATTRIBUTES.get(key, key))
            if value is not None and value != _DEFAULTS[ATTRIBUTES.get(key, key)]:
                data[key] = _WRITERS.get(key, plain)(value)
        if self.layers is not None:
            data["layers"] = [node.plain() for node in self.layers]
        if self.layer is not None and data == {type(self.layer).__name__: None}:
            return type(self.layer).__name__
        return data

    def plain_side(self) -> Any:
        """Return what stands in the place of a node as YAML and JSON have it: without the keys of the place."""
        keys = [key for key in NODE_KEYS if key not in PLACE_KEYS]
        if self.listed:
            return [node.plain() for node in self.layers or ()]
        written = self._plain(keys)
        return {written: None} if isinstance(written, str) else written


def as_nodes(items: Iterable[Node | Layer]) -> tuple[Node, ...]:
    """Read nodes of what may be nodes or bare layers. Raises `wrong-type`."""
    if not isinstance(items, Iterable) or isinstance(items, (str, Mapping, Layer)):
        what = "one of them" if isinstance(items, (Layer, Node)) else named(items)
        raise refuse("wrong-type", f"'layers' is a list of layers and nodes, not {what}", "", ("layers",))
    return tuple(item if isinstance(item, Node) else _as_node(item) for item in items)


def _as_node(item: Any) -> Node:
    if isinstance(item, Layer):
        return Node(item)
    raise _no_node(item)


def _no_node(item: Any) -> ParamcalcError:
    """Refuse what stands where a layer or a node must."""
    if isinstance(item, type) and issubclass(item, Layer):
        return refuse("wrong-type", f"takes a layer, not the type {item.__name__}", f"as in pc.{item.example_call()}")
    return refuse("wrong-type", f"takes a layer or a node, not {named(item)}")


def _is_stated(node: Node, key: str) -> bool:
    """Return whether a key of a node has another value than where it is absent."""
    attribute = ATTRIBUTES.get(key, key)
    value = getattr(node, attribute)
    return value is not None and value != _DEFAULTS[attribute]


# --- How each key is read and written ----------------------------------------------------


def _read_side(value: Any) -> Node:
    """Read what stands in the place of a node: a node, a layer, or the nodes of a group."""
    if isinstance(value, Layer):
        return Node(value)
    if isinstance(value, (list, tuple)):
        if not value:
            raise refuse("invalid-value", "'else' is a list without nodes", "leave it out: the node is then absent")
        return Node(layers=value, listed=True)
    if not isinstance(value, Node):
        raise refuse("wrong-type", f"takes a node, or a list of nodes, not {named(value)}")
    for key in PLACE_KEYS:
        if _is_stated(value, key):
            message = f"'{key}' belongs to the place of the node, and holds for both sides"
            raise refuse("unknown-key", message, "write it beside 'when'", (key,), True)
    return value


def _read_tensors(value: Any) -> Layer:
    """Read the tensors of a group, as those of Weights."""
    if isinstance(value, Layer):
        return value
    try:
        return kind("Weights")(tensors=value)
    except ParamcalcError as error:
        raise ParamcalcError(
            Problem(each.code, each.message, each.hint, each.path[1:], each.at_key) for each in error.problems
        ) from None


def _read_carried(value: Any) -> dict[str, Value]:
    return read_values(value, "a carried value")


def _read_merge(value: Any) -> Layer:
    layer: Layer = read_layer(value)
    if not layer.merges:
        raise refuse("invalid-value", f"{type(layer).__name__} does not join any number of inputs", "as in merge: Add")
    return layer


def _read_connections(value: Any) -> str:
    if value not in CONNECTIONS:
        raise refuse("invalid-value", f"'connections' is known or none, not {quoted(value)}")
    return str(value)


def read_key(key: str, value: Any) -> Any:
    """Read the value of one of the keys of a node."""
    try:
        return _KEYS_READ[key](value)
    except ParamcalcError as error:
        raise of_key(key, error) from None


#: What `connections` may say: that layers stand in the order of their inputs, or that they are a mere list.
CONNECTIONS = ("known", "none")
#: The keys of a node beside its content, and how the value of each is read.
NODE_KEYS: dict[str, Callable[[Any], Any]] = {
    "with": read_arguments,
    "name": read_name,
    "inputs": read_references,
    "of": read_shape,
    "times": read_times,
    "parallel": read_times,
    "index": read_counter,
    "carry": _read_carried,
    "next": _read_carried,
    "active": read_size,
    "merge": _read_merge,
    "when": read_flag,
    "residual": read_flag,
    "trainable": read_flag,
    "recompute": read_flag,
    "connections": _read_connections,
    "tensors": _read_tensors,
    "tie": read_ties,
    "dtype": read_dtype,
    "else": _read_side,
}
#: Words that people write for a key of a node.
OTHER_KEYS = {
    "repeat": "times", "repeats": "times", "copies": "times", "number": "times", "if": "when", "condition": "when",
    "from": "inputs", "takes": "inputs", "counter": "index", "skip": "residual", "shortcut": "residual",
    "frozen": "trainable", "reuse": "share", "call": "block", "arguments": "with", "id": "name",
    "checkpoint": "recompute",
}  # fmt: skip
#: Those that hold for both sides of a node that is another one otherwise.
PLACE_KEYS = (
    "name", "inputs", "of", "times", "parallel", "index", "carry", "next", "merge", "residual", "trainable", "dtype",
)  # fmt: skip
#: How the name of a block or of a node to share is read.
CONTENT_READERS: dict[str, Callable[[Any], Any]] = {"block": read_block_name, "share": read_reference}
_KEYS_READ = {**CONTENT_READERS, **NODE_KEYS}
#: The keys whose attribute has another name.
ATTRIBUTES = {"with": "arguments", "else": "otherwise", "next": "following"}
_WRITERS: dict[str, Callable[[Any], Any]] = {
    "share": str,
    "inputs": lambda references: str(references[0]) if len(references) == 1 else [*map(str, references)],
    "tie": plain_ties,
    "tensors": lambda layer: layer.stated()["tensors"],
    "else": lambda side: side.plain_side(),
}
_DEFAULTS: dict[str, Any] = {
    item.name: {} if item.name in ("arguments", "tie", "carry", "following") else item.default for item in fields(Node)
}
#: Each key, with its attribute and what that is where the key is absent.
_PLACES = tuple((key, name, _DEFAULTS[name]) for key in _KEYS_READ for name in [ATTRIBUTES.get(key, key)])
