"""The document: dims, blocks and nodes, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from paramcalc.core.display import Displayed
from paramcalc.core.errors import ParamcalcError, Problem, Source, refuse
from paramcalc.core.expression import Expression
from paramcalc.layers.base.declaration import Layer, default_name
from paramcalc.layers.base.fields import read_dtype, read_flag
from paramcalc.layers.base.values import plain
from paramcalc.spec import checking
from paramcalc.spec.values import (
    FRAMEWORKS,
    VERSION,
    Value,
    names_in,
    of_key,
    read_arguments,
    read_counter,
    read_name,
    read_reference,
    read_references,
    read_ties,
    read_times,
    read_values,
    unknown_convention,
)


@dataclass(slots=True)
class Node:
    """One entry of a spec's `layers`.

    It holds one of four: a `layer`; a group of `layers`; a call of a `block`, its arguments in
    `arguments`; or the `share` of an earlier node. The other fields are its place in the graph,
    as the page on the spec file describes them.

    Raises `ParamcalcError` where a value is not of its key's form.
    """

    layer: Layer | None = None
    layers: tuple[Node, ...] | None = field(default=None, kw_only=True)
    block: str | None = field(default=None, kw_only=True)
    arguments: dict[str, Value] = field(default_factory=dict, kw_only=True)
    share: str | None = field(default=None, kw_only=True)
    name: str | None = field(default=None, kw_only=True)
    inputs: tuple[str, ...] | None = field(default=None, kw_only=True)
    times: Value = field(default=None, kw_only=True)
    index: str | None = field(default=None, kw_only=True)
    when: Value = field(default=True, kw_only=True)
    residual: Value = field(default=False, kw_only=True)
    trainable: Value = field(default=None, kw_only=True)
    tie: dict[str, str] = field(default_factory=dict, kw_only=True)
    dtype: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if isinstance(self.layers, Sequence):
            self.layers = as_nodes(self.layers)
        contents = [self.layer, self.layers, self.block, self.share]
        if sum(content is not None for content in contents) != 1:
            raise refuse("invalid-value", "a node is one of a layer kind, 'layers', 'block' and 'share'")
        problems: list[Problem] = []
        for key in NODE_KEYS:
            attribute = ATTRIBUTES.get(key, key)
            value = getattr(self, attribute)
            if value is not None and value is not _DEFAULTS[attribute] and value != {}:
                try:
                    setattr(self, attribute, read_key(key, value))
                except ParamcalcError as error:
                    problems += error.problems
        problems += self._conflicts()
        if problems:
            raise ParamcalcError(problems)

    def _conflicts(self) -> Iterator[Problem]:
        if self.index is not None and self.times is None:
            yield Problem("missing-key", "'index' names the counter of 'times', and there is none", "", ("index",))
        if self.arguments and self.block is None:
            yield Problem("unknown-key", "'with' gives arguments to a 'block', and there is none", "", ("with",), True)
        if self.tie and self.layer is None:
            yield Problem("unknown-key", "'tie' names tensors of a layer, and this node is none", "", ("tie",), True)

    @property
    def default_name(self) -> str:
        """The name it takes where it is given none, before numbers make it unique."""
        if self.layer is not None:
            return default_name(type(self.layer).__name__)
        if self.share is not None:
            return self.share.replace(".", "_")
        return self.block or "group"

    def expressions(self) -> Iterator[tuple[str, frozenset[str]]]:
        """Return the names that each key of the node mentions, its layer's fields under the kind's."""
        if self.layer is not None and (names := self.layer.names):
            yield type(self.layer).__name__, names
        for key in ("times", "when", "residual", "trainable"):
            value = getattr(self, key)
            if isinstance(value, Expression):
                yield key, value.names
        if self.arguments and (names := frozenset().union(*map(names_in, self.arguments.values()))):
            yield "with", names

    def plain(self) -> Any:
        """Return the node as YAML and JSON have it."""
        data: dict[str, Any] = {}
        if self.layer is not None:
            data[type(self.layer).__name__] = self.layer.stated() or None
        for key in ("block", "share", *NODE_KEYS):
            attribute = ATTRIBUTES.get(key, key)
            value = getattr(self, attribute)
            if value is not None and value != _DEFAULTS[attribute]:
                data[key] = plain(value[0] if key == "inputs" and len(value) == 1 else value)
        if self.layers is not None:
            data["layers"] = [node.plain() for node in self.layers]
        if self.layer is not None and data == {type(self.layer).__name__: None}:
            return type(self.layer).__name__
        return data


@dataclass(slots=True)
class Block:
    """A group to be called by name. An argument with the value None must be given."""

    layers: tuple[Node, ...]
    arguments: dict[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.layers = as_nodes(self.layers)
        self.arguments = read_values(self.arguments, "an argument")

    def plain(self) -> dict[str, Any]:
        """Return the block as YAML and JSON have it."""
        arguments = {"arguments": plain(self.arguments)} if self.arguments else {}
        return {**arguments, "layers": [node.plain() for node in self.layers]}


@dataclass(slots=True)
class Spec(Displayed):
    """A network: what a spec file holds.

    `dims` are the named sizes: whole numbers, truths, lists, expressions of the dims above, or
    None for a free one. `framework` is the layout, and the convention where none is asked for.

    Raises `ParamcalcError` with all that is wrong and can be seen without computing shapes.
    """

    layers: tuple[Node, ...]
    name: str = ""
    description: str = ""
    framework: str = "keras"
    dims: dict[str, Value] = field(default_factory=dict)
    blocks: dict[str, Block] = field(default_factory=dict)
    outputs: tuple[str, ...] | None = None
    source: Source | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.layers = as_nodes(self.layers)
        self.dims = read_values(self.dims, "a dim")
        if self.framework not in FRAMEWORKS:
            raise unknown_convention(self.framework)
        if self.outputs is not None:
            self.outputs = read_references(self.outputs)
        problems = list(checking.problems(self))
        if problems:
            raise ParamcalcError(problems)

    def plain(self) -> dict[str, Any]:
        """Return the spec as YAML and JSON have it."""
        data: dict[str, Any] = {"paramcalc": VERSION}
        for key in ("name", "description"):
            if getattr(self, key):
                data[key] = getattr(self, key)
        if self.framework != "keras":
            data["framework"] = self.framework
        if self.dims:
            data["dims"] = plain(self.dims)
        if self.blocks:
            data["blocks"] = {name: block.plain() for name, block in self.blocks.items()}
        data["layers"] = [node.plain() for node in self.layers]
        if self.outputs is not None:
            data["outputs"] = list(self.outputs)
        return data


def as_nodes(items: Iterable[Node | Layer]) -> tuple[Node, ...]:
    """Nodes of what may be nodes or bare layers."""
    return tuple(Node(item) if isinstance(item, Layer) else item for item in items)


def read_key(key: str, value: Any) -> Any:
    """Read the value of one of the keys of a node."""
    try:
        return NODE_KEYS[key](value)
    except ParamcalcError as error:
        raise of_key(key, error) from None


#: The keys of a node's place in the graph, and how the value of each is read.
NODE_KEYS: dict[str, Any] = {
    "with": read_arguments,
    "name": read_name,
    "inputs": read_references,
    "times": read_times,
    "index": read_counter,
    "when": read_flag,
    "residual": read_flag,
    "trainable": read_flag,
    "tie": read_ties,
    "dtype": read_dtype,
}
#: How the name of a block or of a node to share is read.
CONTENT_READERS: dict[str, Any] = {"block": read_name, "share": read_reference}
ATTRIBUTES = {"with": "arguments"}
_DEFAULTS: dict[str, Any] = {
    item.name: {} if item.name in ("arguments", "tie") else item.default for item in fields(Node)
}
