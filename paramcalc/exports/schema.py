"""The JSON Schema of a spec, for editors that complete and check as one types."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from paramcalc.core.registry import kind, kind_names
from paramcalc.exports.definitions import closed, with_definitions
from paramcalc.layers.base.fields import DTYPES, SIZE, FieldType
from paramcalc.layers.base.values import plain
from paramcalc.layers.base.words import FUNCTION, FUNCTION_OF_SEVERAL
from paramcalc.spec import FRAMEWORKS, VERSION
from paramcalc.spec.node import CONNECTIONS
from paramcalc.spec.values import MAY_BE_UNKNOWN

_NAME = {"type": "string", "pattern": r"^[^\W\d][\w-]*$"}
#: Of a node: a name, a whole number, or `.`, which adds nothing to the path.
_NODE_NAME = {
    "anyOf": [
        {"type": "string", "pattern": r"^([^\W\d][\w-]*|0|[1-9]\d*|\.)$"},
        {"type": "integer", "minimum": 0},
    ]
}
#: A path, in which the number of a copy may be an expression: `down[depth - 1 - level].conv`.
_REFERENCE = {
    "anyOf": [
        {"type": "string", "pattern": r"^[\w-]+(\[.+\])?(\.[\w-]+(\[.+\])?)*$"},
        {"type": "integer", "minimum": 0},
    ]
}
_REFERENCES = {"anyOf": [_REFERENCE, {"type": "array", "items": _REFERENCE, "minItems": 1}]}
_EXPRESSION = {"type": "string", "description": "an expression in the dims of the spec"}
_TRUTH = {"anyOf": [{"type": "boolean"}, _EXPRESSION]}
_VALUE = {
    "anyOf": [
        {"type": ["integer", "boolean", "null"]},
        _EXPRESSION,
        {"type": "array", "items": {"$ref": "#/$defs/value"}},
    ]
}
_VALUES = {"type": "object", "additionalProperties": {"$ref": "#/$defs/value"}}
_COPIES = {"anyOf": [{"type": "integer", "minimum": 0}, _EXPRESSION]}
_MEANING = {"type": "string", "description": "what the dim is, in a few words"}
_RECOMPUTE = {
    **_TRUTH,
    "description": "whether its forward pass is computed again for the backward pass, and what is in it not kept",
}
_CONNECTIONS = {"enum": [*CONNECTIONS], "description": "`none`: the layers are a list of what is there"}
_REQUIRES = {
    "anyOf": [_TRUTH, {"type": "array", "items": _TRUTH}],
    "description": "conditions that the dims must meet",
}

#: What stands beside a node's content.
_PLACE: dict[str, Any] = {
    "name": {**_NODE_NAME, "description": "the node's name, unique in its group"},
    "inputs": {**_REFERENCES, "description": "the nodes whose outputs it takes; the node before, if absent"},
    "times": {**_COPIES, "description": "how many copies follow one another"},
    "parallel": {**_COPIES, "description": "how many copies stand side by side"},
    "active": {**_COPIES, "description": "how many copies of `parallel` an example passes through"},
    "merge": {"$ref": "#/$defs/layer", "description": "the layer that joins the outputs of `parallel`"},
    "carry": {**_VALUES, "description": "values of names in the first copy"},
    "next": {**_VALUES, "description": "the values of the same names in the next copy"},
    "index": {**_NAME, "description": "the name of the counter of the copies, from 0"},
    "when": {**_TRUTH, "description": "the condition under which the node is there"},
    "else": {
        "anyOf": [{"$ref": "#/$defs/node"}, {"$ref": "#/$defs/nodes"}],
        "description": "what is there in its place where `when` is false",
    },
    "residual": {**_TRUTH, "description": "whether the first input is added to the output"},
    "trainable": {**_TRUTH, "description": "whether its parameters are trained"},
    "dtype": {"enum": [*DTYPES], "description": "the dtype of its tensors"},
}
_ONE_TIE = {
    "anyOf": [
        _REFERENCE,
        {
            "type": "object",
            "properties": {"to": _REFERENCE, "when": _TRUTH},
            "required": ["to"],
            "additionalProperties": False,
        },
    ]
}
_TIE = {
    "type": "object",
    "additionalProperties": {"anyOf": [_ONE_TIE, {"type": "array", "items": _ONE_TIE, "minItems": 1}]},
    "description": "tensors of this node that are those of an earlier one",
}
_OF = {
    "type": "array",
    "items": {"anyOf": [{"type": ["integer", "null"]}, _EXPRESSION]},
    "description": "in an inventory: the axes of the layer's input, without the batch",
}


#: What many properties take.
_SHARED: dict[str, dict[str, Any]] = {"expression": _EXPRESSION, "truth": _TRUTH, "size": SIZE, "reference": _REFERENCE}

#: How the types of JSON are called in a sentence, and what definitions of the whole take.
_TYPES = {
    "integer": "a whole number", "number": "a number", "boolean": "true or false", "string": "a text",
    "array": "a list", "object": "a mapping", "null": "null",
}  # fmt: skip
_REFERRED = {"layer": "a layer", "function": "the name of a function", "function_of_several": "the name of a function"}
#: So many words of a list are shown.
_FEW_WORDS = 6


def spec_schema() -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of a spec, with every layer type."""
    names = kind_names()
    return with_definitions(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "A spec of paramcalc",
            "type": "object",
            "properties": {
                "paramcalc": {"const": VERSION, "description": "the version of this format"},
                "name": {"type": "string"},
                "description": {"type": "string"},
                "framework": {"enum": [*FRAMEWORKS], "description": "the layout, and the default convention"},
                "dtype": {"enum": [*DTYPES], "description": "the dtype of tensors that state none"},
                "include": {
                    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
                    "description": "files with dims, blocks and conditions, relative to this one",
                },
                "dims": {"type": ["object", "null"], "additionalProperties": {"$ref": "#/$defs/dim"}},
                "requires": _REQUIRES,
                "connections": _CONNECTIONS,
                "unknown": {
                    "type": "array",
                    "items": {"enum": [*MAY_BE_UNKNOWN]},
                    "description": "what was not known of the model that it was read from: "
                    + "; ".join(f"{name}: {meaning}" for name, meaning in MAY_BE_UNKNOWN.items()),
                },
                "blocks": {"type": ["object", "null"], "additionalProperties": {"$ref": "#/$defs/block"}},
                "layers": {"$ref": "#/$defs/nodes"},
                "outputs": _REFERENCES,
            },
            "required": ["paramcalc", "layers"],
            "additionalProperties": False,
            "$defs": {
                "value": _VALUE,
                "dim": {"anyOf": [_VALUE, *_described_dims()]},
                "nodes": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                "node": {"oneOf": _nodes(names)},
                **_places(),
                "bare": {"enum": [name for name in names if not _required(name)]},
                "layer": {"anyOf": [{"$ref": "#/$defs/bare"}, _layer(names)]},
                "function": FUNCTION.schema,
                "function_of_several": FUNCTION_OF_SEVERAL.schema,
                "block": {
                    "type": "object",
                    "properties": {
                        "arguments": _VALUES,
                        "requires": _REQUIRES,
                        "layers": {"$ref": "#/$defs/nodes"},
                    },
                    "required": ["layers"],
                    "additionalProperties": False,
                },
                **{name: _fields(name) for name in names},
            },
        },
        _SHARED,
        taken,
    )


def as_text(schema: dict[str, Any]) -> str:
    """Print a schema as JSON, each definition on a line: editors read it more than people do."""

    def lines(part: dict[str, Any], indent: str) -> str:
        return ",\n".join(
            f"{indent}{json.dumps(key)}: {json.dumps(each, ensure_ascii=False)}" for key, each in part.items()
        )

    head = {key: each for key, each in schema.items() if key != "$defs"}
    return f'{{\n{lines(head, "  ")},\n  "$defs": {{\n{lines(schema["$defs"], "    ")}\n  }}\n}}'


def _described_dims() -> Iterator[dict[str, Any]]:
    """Describe a dim that is a mapping, by the key of its value."""
    text = {"type": "string"}
    for sort, form in (
        ("value", {"$ref": "#/$defs/value"}),
        ("text", text),
        ("texts", {"type": "array", "items": text, "minItems": 1}),
        ("number", {"type": "number"}),
        ("numbers", {"type": "array", "items": {"type": "number"}, "minItems": 1}),
    ):
        choices = {"one_of": {"type": "array", "items": text, "minItems": 1}} if sort == "text" else {}
        yield closed({sort: form}, {**choices, "meaning": _MEANING})


def _layer(names: Sequence[str]) -> dict[str, Any]:
    """Describe a layer on its own: a mapping from its type to its fields."""
    types = {name: {"$ref": f"#/$defs/{name}"} for name in names}
    return {
        "type": "object",
        "properties": types,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }


def _nodes(names: Sequence[str]) -> list[dict[str, Any]]:
    """Describe the forms of a node, one of which it has: a layer of each type, a group, a call."""
    return [
        {"$ref": "#/$defs/bare"},
        *(_beside("layer_place", name, {"$ref": f"#/$defs/{name}"}) for name in names),
        _beside("group_place", "layers", {"$ref": "#/$defs/nodes"}),
        _beside("call_place", "block", {**_NAME, "description": "the block that is called"}),
        _beside("share_place", "share", {**_REFERENCE, "description": "the earlier node that is called again"}),
    ]


def _beside(place: str, key: str, content: dict[str, Any]) -> dict[str, Any]:
    """Describe a node by its content, and by what stands beside it.

    What is required stands apart: an editor would offer a whole node beside each property that is. It stands first,
    so that most forms are told at once not to be the one of a node.
    """
    return {"allOf": [{"required": [key]}, {"$ref": f"#/$defs/{place}"}], "properties": {key: content}}


def _places() -> dict[str, Any]:
    """Describe what stands beside each sort of content; the type of a layer begins with a capital."""
    weights = kind("Weights")
    tensors = _field(weights.model_fields[weights.spelled_fields()["tensors"]])
    of_group = {
        "tie": _TIE,
        "tensors": {**tensors, "description": "tensors that the group itself has"},
        "connections": _CONNECTIONS,
        "recompute": _RECOMPUTE,
    }
    of_call = {"with": {**_VALUES, "description": "the arguments of the block"}, "recompute": _RECOMPUTE}
    return {
        "layer_place": _place("^[A-Z]", {"tie": _TIE, "of": _OF}),
        "group_place": _place("^layers$", of_group),
        "call_place": _place("^block$", of_call),
        "share_place": _place("^share$", {}),
    }


def _place(content: str, more: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**more, **_PLACE},
        "patternProperties": {content: True},
        "additionalProperties": False,
    }


def _required(name: str) -> list[str]:
    cls = kind(name)
    return [outside for outside, inside in cls.spelled_fields().items() if cls.model_fields[inside].is_required()]


def _form(name: str) -> Iterator[str]:
    """Give the general form of a layer type, if it has one."""
    cls = kind(name)
    if cls.has_general_form():
        # SymPy takes longer to load than all the rest of a schema
        from paramcalc.core import notation
        from paramcalc.results.formula import form_of_kind

        yield f"parameters = {notation.text(form_of_kind(cls, 'keras').expr)}"


def field_schema(info: FieldInfo) -> dict[str, Any]:
    """Describe what a field takes; a reference in it is to the schema of a spec.

    Pydantic is asked only where the declaration does not say: it adds to what it is given, and does
    not know the definition of the whole that a layer within the layer refers to.
    """
    annotation: Any = info.annotation
    own = next((item.schema for item in info.metadata if isinstance(item, FieldType)), None)
    return own or TypeAdapter(annotation).json_schema()


def _field(info: FieldInfo) -> dict[str, Any]:
    """Describe a field: what it takes, what it means, its default."""
    schema = field_schema(info)
    default = {} if info.is_required() else {"default": plain(info.default)}
    stated = "".join(f"; default {json.dumps(each)}" for each in default.values())
    # an editor shows the description alone
    return {**schema, "description": f"{info.description or 'a field'} ({taken(schema)}{stated})", **default}


def taken(schema: dict[str, Any]) -> str:
    """Say in words what a schema takes."""
    *others, last = dict.fromkeys(_words(schema))
    return f"{', '.join(others)} or {last}" if others else last


def _words(schema: dict[str, Any]) -> Iterator[str]:
    if "$ref" in schema:
        yield _REFERRED.get(schema["$ref"].rpartition("/")[2], "a value")
    elif "enum" in schema:
        few = schema["enum"][:_FEW_WORDS]
        yield ", ".join(map(str, few)) + (" …" if len(schema["enum"]) > len(few) else "")
    elif "const" in schema:
        yield str(schema["const"])
    elif "anyOf" in schema:
        for each in schema["anyOf"]:
            yield from _words(each)
    else:
        types = schema.get("type", [])
        for name in [types] if isinstance(types, str) else types:
            yield (
                "an expression"
                if name == "string" and schema.get("description", "").startswith("an expression")
                else _TYPES[name]
            )


def _fields(name: str) -> dict[str, Any]:
    """Describe the fields of a layer type, as its declaration has them; nothing, where none is needed."""
    cls = kind(name)
    fields = {outside: _field(cls.model_fields[inside]) for outside, inside in cls.spelled_fields().items()}
    required = _required(name)
    return {
        "title": name,
        "description": "\n\n".join([cls.summary(), *_form(name)]),
        "type": "object" if required else ["object", "null"],
        "properties": fields,
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }
