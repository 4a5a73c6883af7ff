"""The document: dims, blocks and nodes, as plain data.

    Spec        what a file holds
      .blocks   Block   a group with arguments, to be called by name
      .layers   Node    a layer, a group, the call of a block, or the sharing of another node

`read_spec` makes one of the mappings and lists that YAML and JSON give; `Spec.plain` goes
the other way. All that can be refused without computing a shape is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeAlias

from paramcalc import algebra
from paramcalc.errors import LIMITS, ParamcalcError, Path, Problem, Source, listed, quoted, refuse, suggest
from paramcalc.expression import Expression, bounded, check_name, unknown_dim
from paramcalc.fields import read_dtype, read_flag, read_integer
from paramcalc.layer import Layer, default_name, kind, plain

#: What a dim or an argument may be: a size, a truth, a list, an expression; None where it is open.
Value: TypeAlias = Any

FRAMEWORKS = ("keras", "torch")
VERSION = 1


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
        for key in _NODE_KEYS:
            attribute = _ATTRIBUTES.get(key, key)
            value = getattr(self, attribute)
            if value is not None and value is not _DEFAULTS[attribute] and value != {}:
                try:
                    setattr(self, attribute, _read_key(key, value))
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
            return next(part for part in reversed(self.share.split(".")) if not part.isdigit())
        return self.block or "group"

    def expressions(self) -> Iterator[tuple[str, frozenset[str]]]:
        """The names that each key of the node mentions, its layer's fields under the kind's."""
        if self.layer is not None and (names := self.layer.names):
            yield type(self.layer).__name__, names
        for key in ("times", "when", "residual", "trainable"):
            value = getattr(self, key)
            if isinstance(value, Expression):
                yield key, value.names
        if self.arguments and (names := frozenset().union(*map(names_in, self.arguments.values()))):
            yield "with", names

    def plain(self) -> Any:
        """The node as YAML and JSON have it."""
        data: dict[str, Any] = {}
        if self.layer is not None:
            data[type(self.layer).__name__] = self.layer.stated() or None
        for key in ("block", "share", *_NODE_KEYS):
            attribute = _ATTRIBUTES.get(key, key)
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
        self.arguments = _read_values(self.arguments, "an argument")

    def plain(self) -> dict[str, Any]:
        """The block as YAML and JSON have it."""
        arguments = {"arguments": plain(self.arguments)} if self.arguments else {}
        return {**arguments, "layers": [node.plain() for node in self.layers]}


@dataclass(slots=True)
class Spec:
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
        self.dims = _read_values(self.dims, "a dim")
        if self.framework not in FRAMEWORKS:
            raise unknown_convention(self.framework)
        if self.outputs is not None:
            self.outputs = _read_references(self.outputs)
        problems = list(_Check(self).problems())
        if problems:
            raise ParamcalcError(problems)

    def plain(self) -> dict[str, Any]:
        """The spec as YAML and JSON have it."""
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


def unknown_convention(name: object) -> ParamcalcError:
    """The refusal of a framework that is none of ours."""
    hint = suggest(name, FRAMEWORKS) or listed("the conventions", FRAMEWORKS)
    return refuse("unknown-convention", f"there is no convention {quoted(name)}", hint)


def as_nodes(items: Iterable[Node | Layer]) -> tuple[Node, ...]:
    """Nodes of what may be nodes or bare layers."""
    return tuple(Node(item) if isinstance(item, Layer) else item for item in items)


def node_names(nodes: Sequence[Node]) -> list[str]:
    """The name of each node of a group: its own, or one made of its kind and its place."""
    taken = {node.name for node in nodes if node.name is not None}
    following: dict[str, int] = {}
    names: list[str] = []
    for node in nodes:
        name = node.name
        if name is None:
            base = node.default_name
            number = following.get(base, 0)
            name = f"{base}_{number}" if number else base
            while name in taken:
                number += 1
                name = f"{base}_{number}"
            following[base] = number + 1
        names.append(name)
    return names


def names_in(value: Value) -> frozenset[str]:
    """The dims, arguments and counters that a value mentions."""
    if isinstance(value, Expression):
        return value.names
    if isinstance(value, tuple):
        return frozenset().union(*map(names_in, value))
    return frozenset()


# --- Reading the values of keys --------------------------------------------------------


def read_value(value: Any) -> Value:
    """The value of a dim or an argument. Raises `wrong-type`, `limit`, `invalid-expression`."""
    if value is None or isinstance(value, (bool, Expression)):
        return value
    if isinstance(value, str):
        return Expression.parse(value)
    if isinstance(value, (list, tuple)):
        if any(item is None for item in value):
            raise refuse("wrong-type", "takes a list without empty elements")
        return bounded(tuple(read_value(item) for item in value))
    if isinstance(value, (float, dict)):
        what = f"the fraction {value}" if isinstance(value, float) else "a mapping"
        raise refuse("wrong-type", f"takes a whole number, true or false, a list or an expression, not {what}")
    return bounded(algebra.as_number(value))


def _of_key(key: str, error: ParamcalcError) -> ParamcalcError:
    """The refusal of a key's value, with the key as the subject of its message."""
    return ParamcalcError(
        replace(problem, message=f"'{key}' {problem.message}") if not problem.path and takes else problem
        for problem in error.problems
        for takes in [problem.message.startswith(("takes ", "must "))]
    ).within(key)


def _read_key(key: str, value: Any) -> Any:
    """The value of one of the keys of a node."""
    try:
        return _NODE_KEYS[key](value)
    except ParamcalcError as error:
        raise _of_key(key, error) from None


def _read_values(values: Any, what: str) -> dict[str, Value]:
    if not isinstance(values, Mapping):
        raise refuse("wrong-type", f"takes a mapping of names to values, not {quoted(values)}")
    problems: list[Problem] = []
    result: dict[str, Value] = {}
    for name, value in values.items():
        try:
            check_name(name, what)
        except ParamcalcError as error:
            problems += [Problem(p.code, p.message, p.hint, (name,), True) for p in error.problems]
        try:
            result[name] = read_value(value)
        except ParamcalcError as error:
            problems += _of_key(name, error).problems
            result[name] = None
    if problems:
        raise ParamcalcError(problems)
    return result


def _read_name(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[^\W\d][\w-]*", value) or len(value) > 200:
        raise refuse(
            "invalid-name",
            f"{quoted(value)} cannot name a node",
            "a name begins with a letter or _, and goes on with letters, digits, _ and -",
        )
    if value == "input":
        raise refuse("invalid-name", "'input' cannot name a node: it stands for the input of the group")
    return value


def _read_reference(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[^\W\d][\w-]*(\.[\w-]+)*", value):
        raise refuse("wrong-type", f"takes the name of a node, or a path as in body.3.mlp, not {quoted(value)}")
    return value


def _read_references(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (_read_reference(value),)
    if not isinstance(value, (list, tuple)) or not value:
        raise refuse("wrong-type", f"takes a list of the names of nodes, not {quoted(value)}")
    return tuple(_read_reference(item) for item in value)


def _read_times(value: Any) -> Value:
    number = read_integer(value)
    if isinstance(number, Expression) or algebra.at_least(number, 0):
        return bounded(number)
    raise refuse("invalid-value", f"must be at least 0, not {quoted(value)}")


def _read_counter(value: Any) -> str:
    return check_name(value, "a counter")


def _read_ties(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping) or not value:
        raise refuse("wrong-type", f"takes a mapping of this layer's tensors to others, not {quoted(value)}")
    for name, target in value.items():
        if not isinstance(name, str) or not isinstance(target, str) or "." not in target:
            raise refuse(
                "wrong-type",
                f"a tensor is tied to one of an earlier node, not to {quoted(target)}",
                "as in kernel: embed.embeddings",
                (name,),
            )
        try:
            _read_reference(target)
        except ParamcalcError as error:
            raise _of_key(name, error) from None
    return dict(value)


def _read_arguments(value: Any) -> dict[str, Value]:
    values = _read_values(value, "an argument")
    for name, given in values.items():
        if given is None:
            raise refuse("wrong-type", f"the argument '{name}' is given nothing", path=(name,))
    return values


#: The keys of a node's place in the graph, and how the value of each is read.
_NODE_KEYS: dict[str, Any] = {
    "with": _read_arguments,
    "name": _read_name,
    "inputs": _read_references,
    "times": _read_times,
    "index": _read_counter,
    "when": read_flag,
    "residual": read_flag,
    "trainable": read_flag,
    "tie": _read_ties,
    "dtype": read_dtype,
}
#: How the name of a block or of a node to share is read.
_REFERENCES: dict[str, Any] = {"block": _read_name, "share": _read_reference}
_ATTRIBUTES = {"with": "arguments"}
_DEFAULTS: dict[str, Any] = {
    item.name: {} if item.name in ("arguments", "tie") else item.default for item in fields(Node)
}


# --- Reading plain data ----------------------------------------------------------------

_SPEC_KEYS = ("paramcalc", "name", "description", "framework", "dims", "blocks", "layers", "outputs")
_BLOCK_KEYS = ("arguments", "layers")
_CONTENT_KEYS = ("layers", "block", "share")


def read_spec(data: Any, source: Source | None = None) -> Spec:
    """The spec of plain data: mappings, lists, texts, numbers.

    Raises `ParamcalcError` with all problems that can be found together, each with its path.
    """
    reader = _Reader()
    try:
        spec = reader.spec(data, source)
    except _Enough:
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
        if "paramcalc" not in data:
            self.refuse("missing-key", "the version of the format is missing", "begin with the line 'paramcalc: 1'")
        elif data["paramcalc"] != VERSION or data["paramcalc"] is True:
            message = f"the version of the format is {VERSION}, not {_form(data['paramcalc'])}"
            self.refuse("invalid-value", message, "", "paramcalc")
        if "layers" not in data:
            self.refuse("missing-key", "the 'layers' of the spec are missing", "as in layers: [Input: {shape: [4]}]")
        blocks = self.blocks(data.get("blocks"))
        layers = self.nodes(data.get("layers", []), ("layers",))
        dims = self.values(data.get("dims"), ("dims",), "a dim")
        texts = {key: self.text(data, key) for key in ("name", "description") if data.get(key) is not None}
        framework = data.get("framework", "keras")
        if framework not in FRAMEWORKS:
            problem = unknown_convention(framework).problems[0]
            self.refuse(problem.code, problem.message, problem.hint, "framework")
            framework = "keras"
        outputs = data.get("outputs")
        try:
            outputs = None if outputs is None else _read_references(outputs)
        except ParamcalcError as error:
            self.problems += _of_key("outputs", error).problems
            outputs = None
        complete = not self.problems
        spec = Spec((), framework=framework, source=source, **texts)
        spec.dims, spec.blocks, spec.layers, spec.outputs = dims, blocks, layers, outputs
        self.problems += _Check(spec).problems(complete)
        return spec

    def refuse(self, code: str, message: str, hint: str = "", *path: str | int, at_key: bool = False) -> None:
        self.problems.append(Problem(code, message, hint, path, at_key))
        if len(self.problems) > LIMITS.problems:
            raise _Enough

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
            return _read_values({} if data is None else data, what)
        except ParamcalcError as error:
            self.problems += _of_key(str(path[-1]), error).within(*path[:-1]).problems
            return dict.fromkeys(data) if isinstance(data, dict) else {}

    def blocks(self, data: Any) -> dict[str, Block]:
        blocks: dict[str, Block] = {}
        if data is not None and not isinstance(data, dict):
            self.refuse("wrong-type", f"'blocks' is a mapping of names to blocks, not {_form(data)}", "", "blocks")
            return blocks
        for name, body in (data or {}).items():
            path = ("blocks", name)
            try:
                _read_name(name)
            except ParamcalcError as error:
                problem = error.problems[0]
                self.refuse(problem.code, problem.message.replace("a node", "a block"), problem.hint, *path, at_key=True)
            if not isinstance(body, dict):
                self.refuse("wrong-type", f"a block is a mapping with 'layers', not {_form(body)}", "", *path)
                continue
            self.keys(body, _BLOCK_KEYS, path, "a block")
            if "layers" not in body:
                self.refuse("missing-key", f"the block '{name}' has no 'layers'", "", *path, at_key=True)
            block = Block(self.nodes(body.get("layers", []), (*path, "layers")))
            block.arguments = self.values(body.get("arguments"), (*path, "arguments"), "an argument")
            blocks[name] = block
        return blocks

    def nodes(self, data: Any, path: Path) -> tuple[Node, ...]:
        if not isinstance(data, list):
            self.refuse("wrong-type", f"'layers' is a list of nodes, not {_form(data)}", "begin each with '- '", *path)
            return ()
        self.nodes_written += len(data)
        if self.nodes_written > LIMITS.nodes:
            self.refuse("limit", f"a spec has at most {LIMITS.nodes:,} nodes", "", *path)
            raise _Enough
        result: list[Node] = []
        for index, item in enumerate(data):
            try:
                result.append(self.node(item, (*path, index)))
            except ParamcalcError as error:
                self.problems += error.within(*path, index).problems
                if len(self.problems) > LIMITS.problems:
                    raise _Enough from None
        return tuple(result)

    def node(self, data: Any, path: Path) -> Node:
        if isinstance(data, str):
            return Node(self.layer(data, None, ()))
        if not isinstance(data, dict):
            raise refuse("wrong-type", f"a node is a layer kind or a mapping, not {_form(data)}")
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
                else:
                    self.node_key(key, contents[0])
                    _read_key(key, value)
                    values[_ATTRIBUTES.get(key, key)] = value
            except ParamcalcError as error:
                problems += error.problems
        if not problems:
            return Node(**values)
        raise ParamcalcError(problems)

    def content(self, key: str, value: Any, path: Path) -> dict[str, Any]:
        if key == "layers":
            return {"layers": self.nodes(value, path)}
        if key in _REFERENCES:
            try:
                return {key: _REFERENCES[key](value)}
            except ParamcalcError as error:
                raise _of_key(key, error) from None
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
            return layer_kind(**(fields or {}))
        except ParamcalcError as error:
            raise error.within(*path) from None
        except TypeError:
            raise refuse("unknown-field", f"the fields of {name} are named by texts", path=path) from None

    def node_key(self, key: Any, content: str) -> None:
        if key in _NODE_KEYS:
            return
        if _is_kind(content):
            layer_fields = kind(content).spelled_fields()
            if key in layer_fields:
                hint = f"'{key}' is a field of {content}: write it inside, {content}: {{{key}: …}}"
                raise refuse("unknown-key", f"a node has no key '{key}'", hint, (key,), True)
        hint = suggest(key, _NODE_KEYS) or listed("the keys of a node", _NODE_KEYS)
        raise refuse("unknown-key", f"a node has no key {quoted(key)}", hint, (key,), True)


def _is_kind(key: Any) -> bool:
    return isinstance(key, str) and key[:1].isupper()


def _not_one_content(contents: list[str], data: dict[Any, Any]) -> ParamcalcError:
    if contents:
        message = f"a node is one thing, not {' and '.join(map(quoted, contents[:4]))}"
        return refuse("invalid-value", message, "begin each node with '- '", (contents[1],), at_key=True)
    for key in data:
        if isinstance(key, str) and key[:1].islower():
            try:
                name = kind(key).__name__
            except ParamcalcError as error:
                hint = error.problems[0].hint
                if "did you mean" in hint and key not in _NODE_KEYS:
                    return refuse("unknown-kind", f"no layer kind '{key}': kinds begin with a capital", hint, (key,), True)
            else:
                return refuse("unknown-kind", f"no layer kind '{key}'", f"did you mean '{name}'?", (key,), True)
    return refuse("missing-key", "a node names a layer kind, or has 'layers', 'block' or 'share'")


def _form(value: Any) -> str:
    """What a value is, as messages name it."""
    return "nothing" if value is None else quoted(value)


# --- Checking what needs no shapes -----------------------------------------------------


class _Enough(Exception):
    """More problems are found than are reported."""


class _Check:
    """Names, blocks, arguments and references of a whole spec."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.found: list[Problem] = []

    def problems(self, complete: bool = True) -> list[Problem]:
        """The problems; where nodes are missing, references are not looked at."""
        self.complete = complete
        try:
            self._all()
        except _Enough:
            pass
        return self.found

    def _all(self) -> None:
        self._dims()
        for name, block in self.spec.blocks.items():
            known = {*self.spec.dims}
            path = ("blocks", name, "arguments")
            for argument, value in block.arguments.items():
                if argument in self.spec.dims:
                    message = f"the argument '{argument}' has the name of a dim"
                    self._add(Problem("invalid-name", message, "give it another", (*path, argument), True))
                self._names(names_in(value), known, (*path, argument))
                known.add(argument)
            self._group(block.layers, known, [set()], True, ("blocks", name, "layers"))
        self._recursion()
        earlier: set[str] = set()
        self._group(self.spec.layers, {*self.spec.dims}, [earlier], False, ("layers",))
        for index, output in enumerate(self.spec.outputs or ()):
            self._reference(output, [earlier], (), False, ("outputs", index))

    def _add(self, problem: Problem) -> None:
        self.found.append(problem)
        if len(self.found) > LIMITS.problems:
            raise _Enough

    def _names(self, names: Iterable[str], known: set[str], path: Path) -> None:
        for name in sorted(names):
            if name not in known:
                problem = unknown_dim(name, known).problems[0]
                self._add(Problem(problem.code, problem.message, problem.hint, path))

    def _dims(self) -> None:
        above: set[str] = set()
        for name, value in self.spec.dims.items():
            for used in sorted(names_in(value)):
                if used in self.spec.dims and used not in above:
                    message = f"'{name}' uses '{used}', which does not stand above it"
                    self._add(Problem("unknown-dim", message, "a dim uses the dims above it", ("dims", name)))
                else:
                    self._names([used], {*above}, ("dims", name))
            above.add(name)

    def _group(
        self, nodes: Sequence[Node], known: set[str], scopes: list[set[str]], nested: bool, path: Path
    ) -> None:
        if len(scopes) > LIMITS.nesting:
            self._add(Problem("limit", f"more than {LIMITS.nesting} groups within one another", "", path))
            raise _Enough
        names = node_names(nodes)
        for place, (name, node) in enumerate(zip(names, nodes, strict=True)):
            here = (*path, place)
            if name in scopes[-1]:
                message = f"the name '{name}' is in use already in this group"
                self._add(Problem("invalid-name", message, "give it another", (*here, "name")))
            inner = known
            if node.index is not None:
                inner = known | {node.index}
                if node.index in known:
                    message = f"the counter '{node.index}' has the name of a dim, an argument or another counter"
                    self._add(Problem("invalid-name", message, "give it another", (*here, "index")))
            for key, used in node.expressions():
                self._names(used, known if key == "times" else inner, self._place(node, key, used, inner, here))
            self._block(node, here)
            # the call of another node is named for it, unless it is given a name
            later = names[place + (node.share is not None and node.name is None) :]
            for within, reference in _references(node):
                self._reference(reference, scopes, later, nested, (*here, *within))
            if node.layers is not None:
                self._group(node.layers, inner, [*scopes, set()], True, (*here, "layers"))
            scopes[-1].add(name)

    def _place(self, node: Node, key: str, used: frozenset[str], known: set[str], path: Path) -> Path:
        """The path of the field or argument that mentions a name which is not known."""
        if key == "with":
            values: Mapping[str, Any] = node.arguments
        elif node.layer is not None and key == type(node.layer).__name__:
            values = {out: getattr(node.layer, name) for out, name in node.layer.spelled_fields().items()}
        else:
            return (*path, key)
        for name, value in values.items():
            if names_in(value) - known:
                return (*path, key, name)
        return (*path, key)

    def _block(self, node: Node, path: Path) -> None:
        if node.block is None:
            return
        block = self.spec.blocks.get(node.block)
        if block is None:
            if self.complete:
                blocks = self.spec.blocks
                hint = suggest(node.block, blocks) or listed("the blocks", blocks) or "this spec has no 'blocks'"
                self._add(Problem("unknown-block", f"there is no block '{node.block}'", hint, (*path, "block")))
            return
        for name in node.arguments:
            if name not in block.arguments:
                hint = suggest(name, block.arguments) or listed("its arguments", block.arguments) or "it takes none"
                message = f"the block '{node.block}' has no argument '{name}'"
                self._add(Problem("unknown-key", message, hint, (*path, "with", name), True))
        for name, value in block.arguments.items():
            if value is None and name not in node.arguments:
                message = f"the block '{node.block}' needs its argument '{name}'"
                self._add(Problem("missing-key", message, f"with: {{{name}: …}}", (*path, "block")))

    def _recursion(self) -> None:
        calls = {name: sorted(_blocks_called(block.layers)) for name, block in self.spec.blocks.items()}
        finished: set[str] = set()
        for start in calls:
            stack = [(start, iter(calls[start]))] if start not in finished else []
            active = {start}
            while stack:
                name, rest = stack[-1]
                called = next(rest, None)
                if called is None:
                    finished.add(name)
                    active.discard(name)
                    stack.pop()
                elif called in active and called not in finished:
                    names = [name for name, _ in stack]
                    through = " → ".join([*names[names.index(called) :], called])
                    message = f"the block '{called}' calls itself: {through}"
                    self._add(Problem("recursive-block", message, "", ("blocks", called), True))
                    finished.add(called)
                elif called not in finished and called in calls:
                    active.add(called)
                    stack.append((called, iter(calls[called])))

    def _reference(
        self, reference: str, scopes: list[set[str]], later: Sequence[str], nested: bool, path: Path
    ) -> None:
        first = reference.split(".")[0]
        if not self.complete or any(first in scope for scope in scopes) or (first == "input" and nested):
            return
        if first in later:
            hint = f"'{first}' comes later, or is this node itself: references go to earlier nodes"
        elif first == "input":
            hint = "'input' stands for the input of a group or a block, and this is the top of the spec"
        else:
            names = sorted(set().union(*scopes))
            hint = suggest(first, names) or listed("earlier nodes", names)
        self._add(Problem("unknown-node", f"no earlier node '{first}' is in sight", hint, path))


def _references(node: Node) -> Iterator[tuple[Path, str]]:
    """The names that a node mentions of others, each with its path in the node."""
    for index, name in enumerate(node.inputs or ()):
        yield ("inputs", index), name
    if node.share is not None:
        yield ("share",), node.share
    for tensor, target in node.tie.items():
        yield ("tie", tensor), target


def _blocks_called(nodes: Sequence[Node]) -> set[str]:
    called: set[str] = set()
    for node in nodes:
        if node.block is not None:
            called.add(node.block)
        elif node.layers is not None:
            called |= _blocks_called(node.layers)
    return called
