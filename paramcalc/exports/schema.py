"""The JSON Schema of a spec, for editors that complete and check as one types."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from paramcalc.core.registry import kind, kind_names
from paramcalc.layers.base.fields import DTYPES, FieldType
from paramcalc.layers.base.values import plain
from paramcalc.layers.base.words import FUNCTION, FUNCTION_OF_SEVERAL
from paramcalc.spec import FRAMEWORKS, VERSION

_NAME = {"type": "string", "pattern": r"^[^\W\d][\w-]*$"}
_REFERENCE = {"type": "string", "pattern": r"^[^\W\d][\w-]*(\.[\w-]+)*$"}
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

#: What stands beside a node's content.
_PLACE: dict[str, Any] = {
    "name": {**_NAME, "description": "the node's name, unique in its group"},
    "inputs": {**_REFERENCES, "description": "the nodes whose outputs it takes; the node before, if absent"},
    "times": {
        "anyOf": [{"type": "integer", "minimum": 0}, _EXPRESSION],
        "description": "how many copies follow one another",
    },
    "index": {**_NAME, "description": "the name of the counter of the copies, from 0"},
    "when": {**_TRUTH, "description": "the condition under which the node is there"},
    "residual": {**_TRUTH, "description": "whether the first input is added to the output"},
    "trainable": {**_TRUTH, "description": "whether its parameters are trained"},
    "dtype": {"enum": [*DTYPES], "description": "the dtype of its tensors"},
}
_TIE = {
    "type": "object",
    "additionalProperties": _REFERENCE,
    "description": "tensors of this layer that are those of an earlier node",
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
            "dims": {"type": ["object", "null"], "additionalProperties": {"$ref": "#/$defs/value"}},
            "blocks": {"type": ["object", "null"], "additionalProperties": {"$ref": "#/$defs/block"}},
            "layers": {"$ref": "#/$defs/nodes"},
            "outputs": _REFERENCES,
        },
        "required": ["paramcalc", "layers"],
        "additionalProperties": False,
        "$defs": {
            "value": _VALUE,
            "nodes": {"type": "array", "items": {"$ref": "#/$defs/node"}},
            "node": {
                "anyOf": [
                    {"$ref": "#/$defs/bare"},
                    *(_node({name: {"$ref": f"#/$defs/{name}"}}, {"tie": _TIE}) for name in names),
                    _node({"layers": {"$ref": "#/$defs/nodes"}}),
                    _node({"block": _NAME}, {"with": {"type": "object", "additionalProperties": _VALUE}}),
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
                    "arguments": {"type": "object", "additionalProperties": {"$ref": "#/$defs/value"}},
                    "layers": {"$ref": "#/$defs/nodes"},
                },
                "required": ["layers"],
                "additionalProperties": False,
            },
            **{name: _fields(name) for name in names},
        },
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
