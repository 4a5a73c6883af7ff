"""The schema of derivations."""

from __future__ import annotations

from typing import Any

from paramcalc.core.registry import MEASURES
from paramcalc.exports.data_schemas.words import (
    CONVENTION,
    EXPRESSION,
    MEANING,
    TEXT,
    TOTALS,
    UNIT,
    list_of,
    map_of,
    or_null,
    row_keys,
    shape_of,
    tensor_keys,
)
from paramcalc.exports.definitions import closed
from paramcalc.exports.derivations import data as derivation_data
from paramcalc.exports.languages.tree import COPIES, DRAFT, NUMBER, PATH, form_schema


def derivation_schema() -> dict[str, Any]:
    """Return the schema of what `explain --format json` prints: of the parameters, or of another measure."""
    group = {"$ref": "#/$defs/group"}
    form = form_schema()
    version = {"paramcalc_derivation": {"const": derivation_data.VERSION, "description": "the version of this format"}}
    keys = {
        **version,
        "name": TEXT,
        "convention": CONVENTION,
        "node": {"type": ["string", "null"], "description": "the path asked for; null: the whole model"},
        "dims": map_of({"$ref": "#/$defs/value"}),
        "form": or_null({"$ref": "#/$defs/form"}, "the closed form; null where there is none, or too long a one"),
    }
    derivation = {
        "layers": list_of({"$ref": "#/$defs/layer"}, "in order of the graph"),
        "groups": list_of(group, "outer ones before those in them; one with a single part is that part"),
        "model": or_null(group),
    }
    of_measure = {
        "measure": {"enum": [*MEASURES]},
        "unit": UNIT,
        "questions": _QUESTIONS,
        "layers": list_of({"$ref": "#/$defs/measured_layer"}, "those that come to anything, in order of the graph"),
    }
    return {
        "$schema": DRAFT,
        "title": "A derivation of paramcalc",
        "anyOf": [{"$ref": "#/$defs/derivation"}, {"$ref": "#/$defs/measure_derivation"}],
        "$defs": {
            **form["$defs"],
            "derivation": closed({**keys, **derivation}),
            "measure_derivation": closed({**keys, **of_measure}),
            "form": {key: value for key, value in form.items() if key not in ("$schema", "$defs")},
            "layer": _derived_layer(),
            "tensor": _derived_tensor(),
            "group": _group(),
            "measured_layer": _measured_layer(),
        },
    }


_SYMBOLS = list_of(closed({"name": TEXT, "value": NUMBER, "meaning": MEANING}))
_QUESTIONS = list_of(closed({"question": TEXT, "answer": TEXT}), "what people ask of it")
_SUBSTITUTION = {"$ref": "#/$defs/expression", "description": "the formula with numbers in place of its symbols"}
_IF_KNOWN = or_null(NUMBER, "null where it is not known")
_ONE = {"$ref": "#/$defs/number", "description": "of one copy"}


def _derived_layer() -> dict[str, Any]:
    keys = {
        **row_keys(NUMBER),
        **dict.fromkeys(TOTALS, NUMBER),
        **dict.fromkeys(("buffers", "active"), _IF_KNOWN),
        "summary": {"type": "string", "description": "what it does"},
        "input_shapes": list_of(shape_of(NUMBER)),
        "symbols": _SYMBOLS,
        "tensors": list_of({"$ref": "#/$defs/tensor"}),
        "formula": {"$ref": "#/$defs/expression", "description": "the parameters of one copy"},
        "substitution": _SUBSTITUTION,
        "value": _ONE,
        "questions": _QUESTIONS,
    }
    return closed(keys, {"further_output_shapes": list_of(shape_of(NUMBER))})


def _measured_layer() -> dict[str, Any]:
    term = closed(
        {
            "name": TEXT,
            "factors": list_of(EXPRESSION),
            "formula": {"$ref": "#/$defs/expression", "description": "the product of its factors"},
            "substitution": _SUBSTITUTION,
            "value": NUMBER,
            "meaning": MEANING,
        }
    )
    keys = {
        **row_keys(NUMBER),
        "total": NUMBER,
        "input_shapes": list_of(shape_of(NUMBER)),
        "symbols": _SYMBOLS,
        "terms": list_of(term, "what one copy is made of"),
        "formula": {"$ref": "#/$defs/expression", "description": "the sum of the terms"},
        "substitution": _SUBSTITUTION,
        "value": _ONE,
    }
    once = {**NUMBER, "description": "what all copies together have beside their number times one"}
    return closed(keys, {"further_output_shapes": list_of(shape_of(NUMBER)), "once": once})


def _derived_tensor() -> dict[str, Any]:
    return closed(
        {
            **tensor_keys(list_of(NUMBER)),
            "members": list_of(TEXT, "the layer type's own tensors that it holds, as `layers` names them"),
            "symbolic_shape": list_of(EXPRESSION),
            "formula": {"$ref": "#/$defs/expression", "description": "the product of its sizes"},
            "substitution": _SUBSTITUTION,
            "value": NUMBER,
            "counts": {"type": "boolean", "description": "whether it is part of the layer's formula"},
            "meaning": MEANING,
        }
    )


def _group() -> dict[str, Any]:
    times = {**NUMBER, "description": "in one copy of the group"}
    index = {"type": "integer", "minimum": 0, "description": "where it is in `layers`, or in `groups`"}
    role = {"enum": ["layer", "group", "copies"]}
    part = closed({"role": role, "path": PATH, "index": index, "times": times, "value": _ONE})
    return closed(
        {
            "name": TEXT,
            "path": PATH,
            "copies": COPIES,
            "role": {"enum": ["model", "group", "copies"]},
            "block": {"type": ["string", "null"], "description": "the block that it is a call of"},
            "times": NUMBER,
            **dict.fromkeys(TOTALS, NUMBER),
            "buffers": _IF_KNOWN,
            "parts": list_of(part, "the layers and groups in it, whose values times their numbers add up"),
            "value": _ONE,
        }
    )
