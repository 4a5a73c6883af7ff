"""The document: dims, blocks and nodes, as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from paramcalc.core.display import Displayed
from paramcalc.core.errors import ParamcalcError, Path, Source, refuse
from paramcalc.core.expression import Expression
from paramcalc.layers.base.declaration import Layer
from paramcalc.layers.base.fields import Converted, named, read_dtype
from paramcalc.layers.base.values import expressions, plain
from paramcalc.spec import checking
from paramcalc.spec.dims import Described, Dim, read_dims
from paramcalc.spec.misuse import refusing_misuse
from paramcalc.spec.naming import node_names
from paramcalc.spec.node import CONNECTIONS, Node, as_nodes, converted
from paramcalc.spec.references import Reference, read_references
from paramcalc.spec.values import (
    FRAMEWORKS,
    VERSION,
    Framework,
    GivenValue,
    Value,
    read_conditions,
    read_unknown,
    read_values,
    unknown_convention,
)


@refusing_misuse("pc.Block(layers=[pc.Dense(units=8)])")
@dataclass(slots=True)
class Block:
    """A group to be called by name. An argument with the value None must be given.

    `requires` are conditions that the dims and the arguments must meet.
    """

    layers: Converted[Sequence[Node | Layer], tuple[Node, ...]] = converted()
    arguments: Converted[Mapping[str, GivenValue], dict[str, Value]] = converted(default_factory=dict)
    requires: Converted[Sequence[str | Expression], tuple[Expression, ...]] = converted(default=())

    def __post_init__(self) -> None:
        self.layers = as_nodes(self.layers)
        self.arguments = read_values(self.arguments, "an argument")
        self.requires = read_conditions(self.requires)

    def plain(self) -> dict[str, Any]:
        """Return the block as YAML and JSON have it."""
        arguments = {"arguments": plain(self.arguments)} if self.arguments else {}
        requires = {"requires": plain(self.requires)} if self.requires else {}
        return {**arguments, **requires, "layers": [node.plain() for node in self.layers]}


@refusing_misuse("pc.Spec(layers=[pc.Input(shape=(4,)), pc.Dense(units=8)])")
@dataclass(slots=True)
class Spec(Displayed):
    """A network: what a spec file holds.

    `dims` are the named sizes: whole numbers, truths, lists, expressions of the dims above, or
    None for one that is unknown; a `Dim` says more of one. `framework` is the layout, and the convention where none
    is asked for; `dtype` that of all tensors that state none. `requires` are conditions that the dims must meet.
    With `connections` "none", the layers are a mere list.

    Raises `ParamcalcError` with all that is wrong and can be seen without computing shapes.
    """

    layers: Converted[Sequence[Node | Layer], tuple[Node, ...]] = converted()
    name: str = ""
    description: str = ""
    framework: Framework = "keras"
    dtype: str | None = None
    dims: Converted[Mapping[str, GivenValue | Dim], dict[str, Value]] = converted(default_factory=dict)
    requires: Converted[Sequence[str | Expression], tuple[Expression, ...]] = converted(default=())
    connections: str = "known"
    blocks: dict[str, Block] = field(default_factory=dict)
    outputs: Converted[str | Sequence[str] | None, tuple[Reference, ...] | None] = converted(default=None)
    #: what dims say beside their values
    described: dict[str, Described] = field(default_factory=dict, repr=False)
    source: Source | None = field(default=None, repr=False, compare=False)
    #: of one that was read from a model: what a count of it is to say; a file has no place for it
    remarks: tuple[str, ...] = field(default=(), repr=False, compare=False)
    #: of one that was read from a model: what is not known of it, of `spec.values.MAY_BE_UNKNOWN`
    unknown: tuple[str, ...] = field(default=(), repr=False, compare=False)
    #: of one that was read from a model: the least that a size of a layer may be, 0 where tensors may have no elements
    least_size: int = field(default=1, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.layers = as_nodes(self.layers)
        self._check_texts_and_blocks()
        self.dims, described = read_dims(self.dims)
        self.described = {**self.described, **described}
        self.requires = read_conditions(self.requires)
        if self.dtype is not None:
            self.dtype = read_dtype(self.dtype)
        if self.connections not in CONNECTIONS:
            raise refuse("invalid-value", f"'connections' is known or none, not {named(self.connections)}")
        if self.framework not in FRAMEWORKS:
            raise unknown_convention(self.framework)
        self.unknown = read_unknown(self.unknown)
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
        if self.dtype is not None:
            data["dtype"] = self.dtype
        if self.connections != "known":
            data["connections"] = self.connections
        if self.unknown:
            data["unknown"] = [*self.unknown]
        if self.dims:
            data["dims"] = {name: self._plain_dim(name, plain(value)) for name, value in self.dims.items()}
        if self.requires:
            data["requires"] = plain(self.requires)
        if self.blocks:
            data["blocks"] = {name: block.plain() for name, block in self.blocks.items()}
        data["layers"] = [node.plain() for node in self.layers]
        if self.outputs is not None:
            data["outputs"] = [*map(str, self.outputs)]
        return data

    def expressions(self) -> Iterator[Expression]:
        """Yield all expressions of the spec."""
        yield from expressions(tuple(self.dims.values()))
        yield from self.requires
        for block in self.blocks.values():
            yield from block.requires
            yield from expressions(tuple(block.arguments.values()))
            for node in block.layers:
                yield from node.all_expressions()
        for node in self.layers:
            yield from node.all_expressions()

    def inventories(self) -> Iterator[tuple[Path, str]]:
        """Yield the path and the name of what says that its connections are not known; the spec has no name."""
        if self.connections == "none":
            yield ("connections",), ""
        for path, nodes in (
            (("layers",), self.layers),
            *((("blocks", name, "layers"), block.layers) for name, block in self.blocks.items()),
        ):
            yield from _inventories(nodes, path)

    def _plain_dim(self, name: str, value: Any) -> Any:
        """Return a dim as YAML and JSON have it."""
        return self.described[name].plain(value) if name in self.described else value


def _inventories(nodes: Sequence[Node], path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the path and the name of the groups among nodes, and in them, whose connections are not known."""
    for place, (name, node) in enumerate(zip(node_names(nodes), nodes, strict=True)):
        for within, side in node.sides:
            here = (*path, place, *within)
            if side.connections == "none":
                yield (*here, "connections"), name
            yield from _inventories(side.layers or (), (*here, *side.way_inside))
