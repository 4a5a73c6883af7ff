"""The schema of layer types."""

from __future__ import annotations

from typing import Any

from paramcalc.exports import kind_data
from paramcalc.exports.data_schemas.words import (
    DTYPE,
    EXPRESSION,
    FLAG,
    MEANING,
    ROLE,
    TEXT,
    WHOLE,
    list_of,
    map_of,
    of_both,
    or_null,
    versioned,
)
from paramcalc.exports.definitions import closed
from paramcalc.exports.languages.tree import form_schema


def layers_schema() -> dict[str, Any]:
    """Return the schema of what `layers --format json` prints."""
    form = form_schema()
    defined = {
        **form["$defs"],
        "form": {key: value for key, value in form.items() if key not in ("$schema", "$defs")},
        "layer": _layer_type(),
        "field": _field(),
        "framework": _framework(),
    }
    keys = {"layers": list_of({"$ref": "#/$defs/layer"})}
    return dict(versioned("Layer types of paramcalc", "paramcalc_layers", kind_data.VERSION, keys, defined))


def _layer_type() -> dict[str, Any]:
    axes = closed(
        {
            "axes": list_of(TEXT, "the symbol of each axis, without the batch; `...`: any number of axes"),
            "meanings": map_of(TEXT, "of the symbols"),
            "optional": FLAG,
        }
    )
    tensor = closed(
        {
            "name": TEXT,
            "shape": list_of(EXPRESSION),
            "elements": EXPRESSION,
            "condition": {"$ref": "#/$defs/expression", "description": "1 where the layer has it, and 0 where not"},
            "role": ROLE,
            "trainable": FLAG,
            "dtype": or_null(DTYPE, "null: that of its node"),
            "meaning": MEANING,
        }
    )
    question = closed({"question": TEXT, "answer": TEXT, "when": {**TEXT, "description": "where it is asked"}})
    example = closed({"fields": map_of({}), "inputs": list_of(list_of(WHOLE))})
    forms = of_both({"$ref": "#/$defs/form"})
    return closed(
        {
            "name": TEXT,
            "family": TEXT,
            "summary": TEXT,
            "description": TEXT,
            "fields": list_of({"$ref": "#/$defs/field"}),
            "inputs": list_of(axes, "where it takes more, all further ones are as the last"),
            "fewest_inputs": WHOLE,
            "most_inputs": {"type": ["integer", "null"], "description": "null: any number"},
            "layout": {"enum": ["data_format", "axis", "channels_last", "as_given", None]},
            "symbols": list_of(closed({"name": TEXT, "minimum": {"enum": [0, 1]}, "meaning": TEXT})),
            "tensors": or_null(list_of(tensor)),
            "forms": or_null(forms, "the general form under each convention"),
            "forms_by_default": or_null(of_both(EXPRESSION), "the same where fields have their defaults"),
            "without_form": {"type": ["string", "null"], "description": "why it has no general form, if so"},
            "frameworks": of_both({"$ref": "#/$defs/framework"}),
            "questions": list_of(question, "what people ask of it"),
            "example": or_null(example, "a small layer: its fields, and the shapes of its inputs"),
            "source": TEXT,
        }
    )


def _field() -> dict[str, Any]:
    return closed(
        {
            "name": {"type": "string", "description": "as specs have it"},
            "symbols": list_of(TEXT, "what stands for it in expressions; of a window, one a side"),
            "required": FLAG,
            "default": {"description": "null where it is required, or absent by default"},
            "same_as": {"type": ["string", "null"], "description": "what it is where absent: an expression in fields"},
            "meaning": MEANING,
            "schema": {"type": "object", "description": "a reference in it is to the schema of a spec"},
        }
    )


def _framework() -> dict[str, Any]:
    tensor = closed(
        {
            "name": TEXT,
            "members": list_of(TEXT, "the layer type's tensors that it holds"),
            "shape": list_of(EXPRESSION),
        }
    )
    row = closed(
        {
            "class": {"type": "string", "description": "its path"},
            "when": {"type": "string", "description": "where it can be the layer: an expression in its fields"},
            "fields": map_of({}, "the values that fields have in it"),
            "alias": {"type": "boolean", "description": "whether it is another name, which is read and never written"},
            "arguments": map_of(TEXT, "of its constructor, each an expression in fields"),
            "parts": map_of(TEXT, "the names of the layers within it"),
            "tensors": list_of(tensor),
        }
    )
    defaults = map_of({}, "the fields whose default is another in this framework")
    return closed({"defaults": defaults, "classes": list_of(row, "the first that can be the layer is its class")})
