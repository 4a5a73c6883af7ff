"""Plain data to spec: the mappings and lists that YAML and JSON give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from paramcalc.core.errors import LIMITS, ParamcalcError, Path, Problem, Source, listed, quoted, refuse, suggest
from paramcalc.core.expression import Expression
from paramcalc.core.registry import kind, written_for
from paramcalc.layers.base.declaration import Layer
from paramcalc.layers.base.fields import read_dtype
from paramcalc.spec import checking
from paramcalc.spec.checking import Enough
from paramcalc.spec.dims import Described, read_dims
from paramcalc.spec.document import Block, Spec
from paramcalc.spec.node import (
    ATTRIBUTES,
    CONNECTIONS,
    CONTENT_READERS,
    NODE_KEYS,
    OTHER_KEYS,
    PLACE_KEYS,
    Node,
    read_key,
)
from paramcalc.spec.references import Reference, read_references
from paramcalc.spec.values import (
    FRAMEWORKS,
    VERSION,
    Value,
    of_key,
    read_block_name,
    read_conditions,
    read_unknown,
    read_values,
    unknown_convention,
)

_SPEC_KEYS = (
    "paramcalc", "name", "description", "framework", "dtype", "include", "dims", "requires", "connections", "unknown",
    "blocks", "layers", "outputs",
)  # fmt: skip
_BLOCK_KEYS = ("arguments", "requires", "layers")
_CONTENT_KEYS = ("layers", "block", "share")
#: What people write a layer type behind, as other formats have it.
_KEYS_OF_KIND = ("type", "kind", "layer", "class", "class_name", "module", "op")
#: Stands for a layer that could not be read, so that the nodes behind it keep their places.
_UNREADABLE = Layer()


def read_spec(data: Any, source: Source | None = None) -> Spec:
    """Read the spec of plain data: mappings, lists, texts, numbers.

    Raises `ParamcalcError` with all problems that can be found together, each with its path.
    """
    reader = _Reader()
    try:
        spec = reader.spec(data, source)
    except Enough:
        pass
    except ParamcalcError as error:
        reader.problems += error.problems
    if reader.problems:
        raise ParamcalcError(reader.problems)
    return spec


class _Reader:
    """Reads the parts of a document and goes on after a problem, to find the others."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.nodes_written = 0

    def spec(self, data: Any, source: Source | None) -> Spec:
        if not isinstance(data, dict):
            raise refuse(
                "wrong-type",
                f"a spec is a mapping with the keys 'paramcalc' and 'layers'; this is {_form(data)}",
                "begin with the line 'paramcalc: 1'",
            )
        self.keys(data, _SPEC_KEYS, (), "a spec")
        self.version(data)
        if "layers" not in data:
            self.refuse("missing-key", "the 'layers' of the spec are missing", "as in layers: [Input: {shape: [4]}]")
        blocks = self.blocks(data.get("blocks"))
        layers = self.nodes(data.get("layers", []), ("layers",))
        dims, described = self.dims(data.get("dims"))
        requires = self.conditions(data.get("requires"), ())
        texts: dict[str, Any] = {
            key: self.text(data, key) for key in ("name", "description") if data.get(key) is not None
        }
        framework = self.framework(data)
        outputs = self.outputs(data.get("outputs"))
        dtype, connections = (
            self.key(data, "dtype", read_dtype),
            self.key(data, "connections", NODE_KEYS["connections"]),
        )
        unknown = self.key(data, "unknown", read_unknown)
        complete = not self.problems
        spec = Spec((), framework=framework, source=source, **texts)
        spec.dims, spec.described, spec.requires = dims, described, requires
        spec.dtype, spec.connections = dtype, connections or CONNECTIONS[0]
        spec.unknown = unknown or ()
        spec.blocks, spec.layers, spec.outputs = blocks, layers, outputs
        self.problems += checking.problems(spec, complete)
        return spec

    def version(self, data: dict[Any, Any]) -> None:
        if "paramcalc" not in data:
            self.refuse("missing-key", "the version of the format is missing", "begin with the line 'paramcalc: 1'")
        elif data["paramcalc"] != VERSION or data["paramcalc"] is True:
            message = f"the version of the format is {VERSION}, not {_form(data['paramcalc'])}"
            self.refuse("invalid-value", message, "", "paramcalc")

    def framework(self, data: dict[Any, Any]) -> Any:
        framework = data.get("framework", "keras")
        if framework in FRAMEWORKS:
            return framework
        problem = unknown_convention(framework).problems[0]
        self.refuse(problem.code, problem.message, problem.hint, "framework")
        return "keras"

    def outputs(self, data: Any) -> tuple[Reference, ...] | None:
        try:
            return None if data is None else read_references(data)
        except ParamcalcError as error:
            self.problems += of_key("outputs", error).problems
            return None

    def key(self, data: dict[Any, Any], key: str, read: Callable[[Any], Any]) -> Any:
        """Read the value of a key that may be absent."""
        try:
            return read(data[key]) if key in data else None
        except ParamcalcError as error:
            self.problems += of_key(key, error).problems
            return None

    def dims(self, data: Any) -> tuple[dict[str, Value], dict[str, Described]]:
        try:
            return read_dims({} if data is None else data)
        except ParamcalcError as error:
            self.problems += of_key("dims", error).problems
            return (dict.fromkeys(data) if isinstance(data, dict) else {}), {}

    def conditions(self, data: Any, path: Path) -> tuple[Expression, ...]:
        try:
            return () if data is None else read_conditions(data)
        except ParamcalcError as error:
            self.problems += of_key("requires", error).within(*path).problems
            return ()

    def refuse(self, code: str, message: str, hint: str = "", *path: str | int, at_key: bool = False) -> None:
        self.problems.append(Problem(code, message, hint, path, at_key))
        if len(self.problems) > LIMITS.problems:
            raise Enough

    def keys(self, data: dict[Any, Any], known: Sequence[str], path: Path, what: str) -> None:
        for key in data:
            if key not in known:
                hint = suggest(key, known) or listed(f"the keys of {what}", known)
                self.refuse("unknown-key", f"{what} has no key {quoted(key)}", hint, *path, key, at_key=True)

    def text(self, data: dict[str, Any], key: str) -> str:
        value = data[key]
        if isinstance(value, str):
            return value
        self.refuse("wrong-type", f"'{key}' is a text, not {_form(value)}", "put it in quotes", key)
        return ""

    def values(self, data: Any, path: Path, what: str) -> dict[str, Value]:
        try:
            return read_values({} if data is None else data, what)
        except ParamcalcError as error:
            self.problems += of_key(str(path[-1]), error).within(*path[:-1]).problems
            return dict.fromkeys(data) if isinstance(data, dict) else {}

    def blocks(self, data: Any) -> dict[str, Block]:
        blocks: dict[str, Block] = {}
        if data is not None and not isinstance(data, dict):
            self.refuse("wrong-type", f"'blocks' is a mapping of names to blocks, not {_form(data)}", "", "blocks")
            return blocks
        for name, body in (data or {}).items():
            path = ("blocks", name)
            try:
                read_block_name(name)
            except ParamcalcError as error:
                problem = error.problems[0]
                self.refuse(problem.code, problem.message, problem.hint, *path, at_key=True)
            if isinstance(body, dict):
                blocks[name] = self.block(name, body, path)
            else:
                self.refuse("wrong-type", f"a block is a mapping with 'layers', not {_form(body)}", "", *path)
        return blocks

    def block(self, name: str, body: dict[Any, Any], path: Path) -> Block:
        self.keys(body, _BLOCK_KEYS, path, "a block")
        if "layers" not in body:
            self.refuse("missing-key", f"the block '{name}' has no 'layers'", "", *path, at_key=True)
        block = Block(self.nodes(body.get("layers", []), (*path, "layers")))
        block.arguments = self.values(body.get("arguments"), (*path, "arguments"), "an argument")
        block.requires = self.conditions(body.get("requires"), path)
        return block

    def nodes(self, data: Any, path: Path) -> tuple[Node, ...]:
        if not isinstance(data, list):
            self.refuse("wrong-type", f"'layers' is a list of nodes, not {_form(data)}", "begin each with '- '", *path)
            return ()
        self.nodes_written += len(data)
        self.bound(path)
        result: list[Node] = []
        for index, item in enumerate(data):
            try:
                result.append(self.node(item, (*path, index)))
                self.bound((*path, index))
            except ParamcalcError as error:
                self.problems += error.within(*path, index).problems
                if len(self.problems) > LIMITS.problems:
                    raise Enough from None
                result.append(Node(_UNREADABLE))
        return tuple(result)

    def bound(self, path: Path) -> None:
        """Stop where more nodes are written, layers within layers counted, than a spec may have."""
        if self.nodes_written > LIMITS.nodes:
            self.refuse("limit", f"a spec has at most {LIMITS.nodes:,} nodes", "", *path)
            raise Enough

    def node(self, data: Any, path: Path) -> Node:
        if isinstance(data, str):
            return Node(self.layer(data, None, ()))
        if not isinstance(data, dict):
            raise refuse("wrong-type", f"a node is a layer type or a mapping, not {_form(data)}")
        kinds = [key for key in data if _is_kind(key)]
        contents = kinds + [key for key in _CONTENT_KEYS if key in data]
        if len(contents) != 1:
            raise _not_one_content(contents, data)
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        for key, value in data.items():
            try:
                if key == contents[0]:
                    values.update(self.content(key, value, (*path, key)))
                elif key == "else":
                    values["otherwise"] = self.side(value, (*path, key))
                else:
                    self.node_key(key, contents[0])
                    # a Node takes nothing for absent; in a document, what is written must be something
                    read_key(key, value)
                    values[ATTRIBUTES.get(key) or key] = value
            except ParamcalcError as error:
                problems += error.problems
        if not problems:
            return Node(**values)
        raise ParamcalcError(problems)

    def side(self, value: Any, path: Path) -> Node | tuple[Node, ...]:
        """Read what stands in the place of a node otherwise: a node without keys of its place, or a list of nodes."""
        if isinstance(value, list):
            if not value:
                raise refuse("invalid-value", "'else' is a list without nodes", "leave it out", ("else",))
            return self.nodes(value, path)
        if not isinstance(value, (dict, str)):
            raise refuse("wrong-type", f"'else' is a node or a list of nodes, not {_form(value)}", path=("else",))
        for key in value if isinstance(value, dict) else ():
            if key in PLACE_KEYS:
                message = f"'{key}' belongs to the place of the node, and holds for both sides"
                raise refuse("unknown-key", message, "write it beside 'when'", ("else", key), True)
        try:
            return self.node(value, path)
        except ParamcalcError as error:
            raise error.within("else") from None

    def content(self, key: str, value: Any, path: Path) -> dict[str, Any]:
        if key == "layers":
            return {"layers": self.nodes(value, path)}
        if key in CONTENT_READERS:
            return {key: read_key(key, value)}
        return {"layer": self.layer(key, value, (key,))}

    def layer(self, name: str, fields: Any, path: Path) -> Layer:
        try:
            layer_kind = kind(name)
        except ParamcalcError as error:
            raise error.within(*path) from None
        if fields is not None and not isinstance(fields, dict):
            only = next(iter(layer_kind.spelled_fields()), None)
            hint = f"write {name}: {{{only}: …}}" if only else f"{name} has no fields"
            raise refuse("wrong-type", f"{name} takes a mapping of fields, not {_form(fields)}", hint, path)
        try:
            layer = layer_kind(**(fields or {}))
            self.nodes_written += layer.layers_within
            return layer
        except ParamcalcError as error:
            raise error.within(*path) from None
        except TypeError:
            raise refuse("unknown-field", f"the fields of {name} are named by texts", path=path) from None

    def node_key(self, key: Any, content: str) -> None:
        if key in NODE_KEYS:
            return
        if _is_kind(content):
            layer_fields = kind(content).spelled_fields()
            if key in layer_fields:
                hint = f"'{key}' is a field of {content}: write it inside, {content}: {{{key}: …}}"
                raise refuse("unknown-key", f"a node has no key '{key}'", hint, (key,), True)
        other = OTHER_KEYS.get(key) if isinstance(key, str) else None
        hint = f"it is '{other}' here" if other else suggest(key, NODE_KEYS) or listed("the keys of a node", NODE_KEYS)
        raise refuse("unknown-key", f"a node has no key {quoted(key)}", hint, (key,), True)


def _is_kind(key: Any) -> bool:
    return isinstance(key, str) and key[:1].isupper()


def _not_one_content(contents: list[str], data: dict[Any, Any]) -> ParamcalcError:
    if contents:
        message = f"a node is one thing, not {' and '.join(map(quoted, contents[:4]))}"
        return refuse("invalid-value", message, "begin each node with '- '", (contents[1],), at_key=True)
    for key in data:
        meant = _kind_named(key, data) or _kind_meant(key)
        if meant is not None:
            return meant
    return refuse("missing-key", "a node names a layer type, or has 'layers', 'block' or 'share'")


def _kind_named(key: Any, data: dict[Any, Any]) -> ParamcalcError | None:
    """Return the refusal of a layer type that stands behind a key such as `type`; None of any other key."""
    if key not in _KEYS_OF_KIND or not isinstance(data[key], str):
        return None
    fields = [name for name in data if isinstance(name, str) and name != key and name not in NODE_KEYS]
    values = [data[name] if isinstance(data[name], str) else quoted(data[name]) for name in fields[:3]]
    shown = ", ".join(f"{name}: {value[:40]}" for name, value in zip(fields, values, strict=False))
    more = ", …" if len(fields) > 3 else ""
    hint = f"write {data[key][:80]}: {{{shown}{more}}}" if fields else f"write {data[key][:80]}"
    return refuse("missing-key", f"the layer type of a node is a key, and not behind '{key}'", hint, (key,), True)


def _kind_meant(key: Any) -> ParamcalcError | None:
    """Return the refusal of a key that a layer type is meant by, written without its capital; None of any other."""
    if not isinstance(key, str) or not key[:1].islower() or key in NODE_KEYS:
        return None
    hint = written_for(key)
    if not hint:
        return None
    return refuse("unknown-kind", f"no layer type '{key}': layer types begin with a capital", hint, (key,), True)


def _form(value: Any) -> str:
    """Return what a value is, as messages name it."""
    return "nothing" if value is None else quoted(value)
