"""What the schemas have in common: descriptions of texts, numbers, shapes, rows and tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paramcalc.exports.definitions import closed
from paramcalc.exports.languages.tree import COPIES, DRAFT, PATH
from paramcalc.layers.base.fields import DTYPES
from paramcalc.spec import FRAMEWORKS

TEXT = {"type": "string"}
FLAG = {"type": "boolean"}
WHOLE = {"type": "integer"}
CONVENTION = {"enum": [*FRAMEWORKS], "description": "how it counts"}
DTYPE = {"enum": [*DTYPES]}
ROLE = {"enum": ["parameter", "state"], "description": "`parameter`: the optimizer may update it"}
EXPRESSION = {"$ref": "#/$defs/expression"}
MEANING = {"type": "string", "description": "what it is, in a few words"}
TOTALS = ("total", "trainable", "non_trainable", "buffers")
UNIT = {"type": "string", "description": "what a number of it counts, such as FLOPs"}
_SIZES = "the batch in front, as null; an unknown size is the name of its dim, one computed of it null"


def shape_of(number: Mapping[str, Any]) -> dict[str, Any]:
    """Describe the shape of an input or an output."""
    return list_of({"anyOf": [number, {"type": ["string", "null"]}]}, _SIZES)


def list_of(items: Mapping[str, Any], description: str = "") -> dict[str, Any]:
    """Describe a list."""
    return {"type": "array", "items": items, **({"description": description} if description else {})}


def map_of(values: Mapping[str, Any], description: str = "") -> dict[str, Any]:
    """Describe an object with keys of any names."""
    described = {"description": description} if description else {}
    return {"type": "object", "additionalProperties": values, **described}


def or_null(schema: Mapping[str, Any], description: str = "") -> dict[str, Any]:
    """Describe what may also be null."""
    return {"anyOf": [schema, {"type": "null"}], **({"description": description} if description else {})}


def of_both(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Describe an object with a key for each framework."""
    return closed({str(name): schema for name in FRAMEWORKS})


def versioned(title: str, version: str, number: int, keys: Mapping[str, Any], defined: Mapping[str, Any]) -> Any:
    """Return the schema of an object that names its version."""
    every = {version: {"const": number, "description": "the version of this format"}, **keys}
    return {"$schema": DRAFT, "title": title, **closed(every), "$defs": defined}


def row_keys(number: Mapping[str, Any]) -> dict[str, Any]:
    """Describe where a layer is, and what goes in and out."""
    return {
        "name": {"type": "string", "description": "the path joined by dots, with the numbers of all copies"},
        "path": PATH,
        "copies": COPIES,
        "kind": {"type": "string", "description": "the layer type; of a row for a group, its block or `group`"},
        "inputs": list_of(TEXT, "the names of the rows whose outputs it takes"),
        "times": {**number, "description": "how many copies it stands for"},
        "output_shape": shape_of(number),
    }


def tensor_keys(shape: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a tensor, but for what it comes to."""
    return {
        "name": {"type": "string", "description": "the framework's"},
        "shape": shape,
        "role": ROLE,
        "trainable": FLAG,
        "dtype": DTYPE,
        "tied_to": {"type": ["string", "null"], "description": "the path of the tensor whose numbers these are"},
    }
