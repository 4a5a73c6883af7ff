"""The JSON Schema of a spec, for editors that complete and check as one types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from paramcalc.core.registry import kind, kind_names
from paramcalc.layers.base.fields import DTYPES, FieldType
from paramcalc.layers.base.values import plain
from paramcalc.layers.base.words import FUNCTION, FUNCTION_OF_SEVERAL
from paramcalc.spec import FRAMEWORKS, VERSION
from paramcalc.spec.node import CONNECTIONS

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


def spec_schema() -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of a spec, with every layer type."""
    names = kind_names()
    return {
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
            "node": {
                "anyOf": [
                    {"$ref": "#/$defs/bare"},
                    *(_node({name: {"$ref": f"#/$defs/{name}"}}, {"tie": _TIE, "of": _OF}) for name in names),
                    _node({"layers": {"$ref": "#/$defs/nodes"}}, _group_keys()),
                    _node({"block": _NAME}, {"with": _VALUES}),
                    _node({"share": _REFERENCE}),
                ]
            },
            "bare": {"enum": [name for name in names if not _required(name)]},
            "layer": {
                "anyOf": [
                    {"$ref": "#/$defs/bare"},
                    *(_only({name: {"$ref": f"#/$defs/{name}"}}) for name in names),
                ]
            },
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
    }


def _described_dims() -> Iterator[dict[str, Any]]:
    """Describe a dim that is a mapping, by the key of its value."""
    text = {"type": "string"}
    for sort, form in (
        ("value", {"$ref": "#/$defs/value"}),
        ("text", text),
        ("texts", {"type": "array", "items": text, "minItems": 1}),
        ("number", {"type": "number"}),
    ):
        choices = {"one_of": {"type": "array", "items": text, "minItems": 1}} if sort == "text" else {}
        yield _only({sort: form}, {**choices, "meaning": _MEANING})


def _group_keys() -> dict[str, Any]:
    """Describe what stands beside the nodes of a group."""
    weights = kind("Weights")
    tensors = _field(weights.model_fields[weights.spelled_fields()["tensors"]])
    return {
        "tie": _TIE,
        "tensors": {**tensors, "description": "tensors that the group itself has"},
        "connections": _CONNECTIONS,
    }


def _node(content: dict[str, Any], more: dict[str, Any] | None = None) -> dict[str, Any]:
    return _only(content, {**(more or {}), **_PLACE})


def _only(content: dict[str, Any], more: dict[str, Any] | None = None) -> dict[str, Any]:
    """Describe a mapping with this content, and maybe more."""
    return {
        "type": "object",
        "properties": {**content, **(more or {})},
        "required": [*content],
        "additionalProperties": False,
    }


def _required(name: str) -> list[str]:
    cls = kind(name)
    return [outside for outside, inside in cls.spelled_fields().items() if cls.model_fields[inside].is_required()]


def _field(info: FieldInfo) -> dict[str, Any]:
    """Describe what a field takes.

    Pydantic is asked only where the declaration does not say: it adds to what it is given, and does
    not know the definition of the whole that a layer within the layer refers to.
    """
    own = next((item.schema for item in info.metadata if isinstance(item, FieldType)), None)
    default = {} if info.is_required() else {"default": plain(info.default)}
    annotation: Any = info.annotation
    return {**(own or TypeAdapter(annotation).json_schema()), "description": info.description, **default}


def _fields(name: str) -> dict[str, Any]:
    """Describe the fields of a layer type, as its declaration has them; nothing, where none is needed."""
    cls = kind(name)
    fields = {outside: _field(cls.model_fields[inside]) for outside, inside in cls.spelled_fields().items()}
    required = _required(name)
    return {
        "description": cls.summary(),
        "type": "object" if required else ["object", "null"],
        "properties": fields,
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }
