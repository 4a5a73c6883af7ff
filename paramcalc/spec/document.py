"""The document: dims, blocks and nodes, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, fields
from typing import Any

from paramcalc.core.display import Displayed
from paramcalc.core.errors import ParamcalcError, Problem, Source, refuse
from paramcalc.core.expression import Expression
from paramcalc.layers.base.declaration import Layer, default_name
from paramcalc.layers.base.fields import Converted, Truth, Whole, named, read_dtype, read_flag
from paramcalc.layers.base.values import plain
from paramcalc.spec import checking
from paramcalc.spec.values import (
    FRAMEWORKS,
    VERSION,
    Framework,
    GivenValue,
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


def _converted(**default: Any) -> Any:
    """Make a field of a `Converted` type: to type checkers a value of any type, as what `field` makes is not."""
    return field(**default)


@dataclass(slots=True)
class Node:
    """One entry of a spec's `layers`.

    It holds one of four: a `layer`; a group of `layers`; a call of a `block`, its arguments in
    `arguments`; or the `share` of an earlier node. The other fields are its place in the graph,
    as the page on the spec file describes them.

    Raises `ParamcalcError` where a value is not of its key's form.
    """

    layer: Layer | None = None
    _: KW_ONLY
    layers: Converted[Sequence[Node | Layer] | None, tuple[Node, ...] | None] = _converted(default=None)
    block: str | None = None
    arguments: Converted[Mapping[str, GivenValue], dict[str, Value]] = _converted(default_factory=dict)
    share: str | None = None
    name: str | None = None
    inputs: Converted[str | Sequence[str] | None, tuple[str, ...] | None] = _converted(default=None)
    times: Converted[Whole | None, Value] = _converted(default=None)
    index: str | None = None
    when: Converted[Truth, Value] = _converted(default=True)
    residual: Converted[Truth, Value] = _converted(default=False)
    trainable: Converted[Truth | None, Value] = _converted(default=None)
    tie: Converted[Mapping[str, str], dict[str, str]] = _converted(default_factory=dict)
    dtype: str | None = None

    def __post_init__(self) -> None:
        if self.layers is not None:
            self.layers = as_nodes(self.layers)
        if self.layer is not None and not isinstance(self.layer, Layer):
            raise _no_node(self.layer)
        contents = [self.layer, self.layers, self.block, self.share]
        if sum(content is not None for content in contents) != 1:
            raise refuse("invalid-value", "a node is one of a layer type, 'layers', 'block' and 'share'")
        problems: list[Problem] = []
        for key in _KEYS_READ:
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
        """Return the names that each key of the node mentions, its layer's fields under its type's name."""
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

    layers: Converted[Sequence[Node | Layer], tuple[Node, ...]] = _converted()
    arguments: Converted[Mapping[str, GivenValue], dict[str, Value]] = _converted(default_factory=dict)

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
    None for one that is unknown. `framework` is the layout, and the convention where none is asked for.

    Raises `ParamcalcError` with all that is wrong and can be seen without computing shapes.
    """

    layers: Converted[Sequence[Node | Layer], tuple[Node, ...]] = _converted()
    name: str = ""
    description: str = ""
    framework: Framework = "keras"
    dims: Converted[Mapping[str, GivenValue], dict[str, Value]] = _converted(default_factory=dict)
    blocks: dict[str, Block] = field(default_factory=dict)
    outputs: Converted[str | Sequence[str] | None, tuple[str, ...] | None] = _converted(default=None)
    source: Source | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.layers = as_nodes(self.layers)
        self._check_texts_and_blocks()
        self.dims = read_values(self.dims, "a dim")
        if self.framework not in FRAMEWORKS:
            raise unknown_convention(self.framework)
        if self.outputs is not None:
            self.outputs = read_references(self.outputs)
        problems = list(checking.problems(self))
        if problems:
            raise ParamcalcError(problems)

    def _check_texts_and_blocks(self) -> None:
        """Refuse what only Python can give: the reader of a document looks at these keys itself."""
        for key in ("name", "description"):
            if not isinstance(getattr(self, key), str):
                raise refuse("wrong-type", f"'{key}' is a text, not {named(getattr(self, key))}", "", (key,))
        blocks: Any = self.blocks
        if not isinstance(blocks, dict):
            raise refuse(
                "wrong-type", f"'blocks' is a mapping of names to blocks, not {named(blocks)}", "", ("blocks",)
            )
        for name, block in blocks.items():
            if not isinstance(block, Block):
                way_out = "as in pc.Block([…])"
                raise refuse("wrong-type", f"the block '{name}' is {named(block)}", way_out, ("blocks", name))

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


def read_key(key: str, value: Any) -> Any:
    """Read the value of one of the keys of a node."""
    try:
        return _KEYS_READ[key](value)
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
_KEYS_READ = {**CONTENT_READERS, **NODE_KEYS}
ATTRIBUTES = {"with": "arguments"}
_DEFAULTS: dict[str, Any] = {
    item.name: {} if item.name in ("arguments", "tie") else item.default for item in fields(Node)
}
