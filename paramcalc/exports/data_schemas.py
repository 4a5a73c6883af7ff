"""The JSON Schemas (draft 2020-12) of what commands print as JSON; that of a closed form stands beside its writer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from paramcalc.core.registry import MEASURES
from paramcalc.exports import differences, kind_data, memory_sheets, plain, receptive_fields, solutions, vectors
from paramcalc.exports.definitions import closed
from paramcalc.exports.derivations import data as derivation_data
from paramcalc.exports.languages.tree import COPIES, DRAFT, NUMBER, PATH, definitions, form_schema
from paramcalc.layers.base.fields import DTYPES
from paramcalc.results.difference import TOTALS, Sort
from paramcalc.results.memory import PARTS, Remedies
from paramcalc.results.receptive_field import FieldSort
from paramcalc.results.solving.solutions import SIDES
from paramcalc.results.sweeps import files as sweep_files
from paramcalc.spec import FRAMEWORKS

_TEXT = {"type": "string"}
_FLAG = {"type": "boolean"}
_WHOLE = {"type": "integer"}
_CONVENTION = {"enum": [*FRAMEWORKS], "description": "how it counts"}
_DTYPE = {"enum": [*DTYPES]}
_ROLE = {"enum": ["parameter", "state"], "description": "`parameter`: the optimizer may update it"}
_EXPRESSION = {"$ref": "#/$defs/expression"}
_MEANING = {"type": "string", "description": "what it is, in a few words"}
_TOTALS = ("total", "trainable", "non_trainable", "buffers")
_SIZES = "the batch in front, as null; an unknown size is the name of its dim, one computed of it null"


def _shape(number: Mapping[str, Any]) -> dict[str, Any]:
    """Describe the shape of an input or an output."""
    return _list({"anyOf": [number, {"type": ["string", "null"]}]}, _SIZES)


def _list(items: Mapping[str, Any], description: str = "") -> dict[str, Any]:
    return {"type": "array", "items": items, **({"description": description} if description else {})}


def _map(values: Mapping[str, Any], description: str = "") -> dict[str, Any]:
    described = {"description": description} if description else {}
    return {"type": "object", "additionalProperties": values, **described}


_UNIT = {"type": "string", "description": "what a number of it counts, such as FLOPs"}


def _or_null(schema: Mapping[str, Any], description: str = "") -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}], **({"description": description} if description else {})}


def _of_both(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Describe an object with a key for each framework."""
    return closed({str(name): schema for name in FRAMEWORKS})


def _schema(title: str, version: str, number: int, keys: Mapping[str, Any], defined: Mapping[str, Any]) -> Any:
    versioned = {version: {"const": number, "description": "the version of this format"}, **keys}
    return {"$schema": DRAFT, "title": title, **closed(versioned), "$defs": defined}


# --- Counts ----------------------------------------------------------------------------


def count_schema() -> dict[str, Any]:
    """Return the schema of what `count --format json` prints: of one spec an object, of several a list of these."""
    copies = closed({"at": _WHOLE, "first": _WHOLE, "last": _WHOLE})
    value = {
        "anyOf": [{"type": ["number", "boolean", "string", "null"]}, _list({"$ref": "#/$defs/value"})],
        "description": "of a dim; an unknown one is its own name",
    }
    totals = {**dict.fromkeys(_TOTALS, _WHOLE), "active": {"type": ["integer", "null"]}}
    keys = {
        "name": _TEXT,
        "convention": _CONVENTION,
        **totals,
        "total_untied": {"type": "integer", "description": "with every use of a shared or tied tensor counted"},
        "bytes": {"type": "integer", "description": "of what `total` covers"},
        "dims": _map({"$ref": "#/$defs/value"}),
        "layers": _list({"$ref": "#/$defs/layer"}, "the rows, in order of the graph"),
    }
    layer = closed(
        {**_row(_WHOLE), **totals, "tensors": _list({"$ref": "#/$defs/tensor"}, "empty where they are another row's")},
        {"further_output_shapes": _list(_shape(_WHOLE))},
    )
    tensor = closed(_tensor(_list({"type": ["integer", "string", "null"]})))
    version = {"paramcalc_count": {"const": plain.VERSION, "description": "the version of this format"}}
    given = {"set": {**_map({"$ref": "#/$defs/value"}), "description": "the dims that were given beside the spec"}}
    measured = {"measure": {"enum": [*MEASURES]}, "unit": _UNIT, "total": _WHOLE}
    term = closed({"name": _TEXT, "factors": _list({"$ref": "#/$defs/value"}), "amount": _WHOLE})
    of_measure = closed(
        {**_row(_WHOLE), "total": _WHOLE, "terms": _list({"$ref": "#/$defs/term"}, "what one copy is made of")},
        {
            "further_output_shapes": _list(_shape(_WHOLE)),
            "once": {**_WHOLE, "description": "what all copies together have beside their number times one"},
        },
    )
    common = {name: keys[name] for name in ("name", "convention", "dims")}
    counts = [{"$ref": "#/$defs/count"}, {"$ref": "#/$defs/measurement"}]
    return {
        "$schema": DRAFT,
        "title": "A count of paramcalc",
        "anyOf": [*counts, *map(_list, counts)],
        "$defs": {
            "count": closed({**version, **keys}, given),
            "measurement": closed(
                {**version, **common, **measured, "layers": _list({"$ref": "#/$defs/measured_layer"})}, given
            ),
            "measured_layer": of_measure,
            "term": term,
            "value": value,
            "copies": copies,
            "layer": layer,
            "tensor": tensor,
        },
    }


def _row(number: Mapping[str, Any]) -> dict[str, Any]:
    """Describe where a layer is, and what goes in and out."""
    return {
        "name": {"type": "string", "description": "the path joined by dots, with the numbers of all copies"},
        "path": PATH,
        "copies": COPIES,
        "kind": {"type": "string", "description": "the layer type; of a row for a group, its block or `group`"},
        "inputs": _list(_TEXT, "the names of the rows whose outputs it takes"),
        "times": {**number, "description": "how many copies it stands for"},
        "output_shape": _shape(number),
    }


def _tensor(shape: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": {"type": "string", "description": "the framework's"},
        "shape": shape,
        "role": _ROLE,
        "trainable": _FLAG,
        "dtype": _DTYPE,
        "tied_to": {"type": ["string", "null"], "description": "the path of the tensor whose numbers these are"},
    }


# --- Differences -----------------------------------------------------------------------


def diff_schema() -> dict[str, Any]:
    """Return the schema of what `diff --format json` prints."""
    change = closed(
        {
            "what": {"type": "string", "description": "such as `shape` or `dtype`"},
            "tensor": {"type": ["string", "null"], "description": "null: of the node itself"},
            "before": {},
            "after": {},
        }
    )
    total = {"type": ["integer", "null"], "description": "null: it is not there"}
    node = closed(
        {
            "name": _TEXT,
            "path": PATH,
            "kind": _TEXT,
            "sort": {"enum": [*get_args(Sort)]},
            "before": total,
            "after": total,
            "changes": _list(change),
        }
    )
    both = closed({"before": _WHOLE, "after": _WHOLE})
    keys = {
        "before": {"type": "string", "description": "the path of the first spec"},
        "after": {"type": "string", "description": "that of the second"},
        "convention": _CONVENTION,
        "differs": _FLAG,
        "totals": {"anyOf": [*map(closed, (dict.fromkeys(TOTALS, both), {"total": both}))]},
        "in_symbols": {"type": ["string", "null"], "description": "what the second has more, in dims of both"},
        "dims": _map(closed({"before": {}, "after": {}}), "those that have another value"),
        "nodes": _list(node),
    }
    schema = dict(_schema("A difference of paramcalc", "paramcalc_diff", differences.VERSION, keys, {}))
    # where it is of another measure than the parameters
    schema["properties"] = {**schema["properties"], "measure": {"enum": [*MEASURES]}, "unit": _UNIT}
    return schema


# --- Derivations -----------------------------------------------------------------------


def derivation_schema() -> dict[str, Any]:
    """Return the schema of what `explain --format json` prints."""
    group = {"$ref": "#/$defs/group"}
    form = form_schema()
    keys = {
        "name": _TEXT,
        "convention": _CONVENTION,
        "node": {"type": ["string", "null"], "description": "the path asked for; null: the whole model"},
        "dims": _map({"$ref": "#/$defs/value"}),
        "layers": _list({"$ref": "#/$defs/layer"}, "in order of the graph"),
        "groups": _list(group, "outer ones before those in them; one with a single part is that part"),
        "model": _or_null(group),
        "form": _or_null({"$ref": "#/$defs/form"}, "the closed form; null where there is none, or too long a one"),
    }
    defined = {
        **form["$defs"],
        "form": {key: value for key, value in form.items() if key not in ("$schema", "$defs")},
        "layer": _derived_layer(),
        "tensor": _derived_tensor(),
        "group": _group(),
    }
    return dict(_schema("A derivation of paramcalc", "paramcalc_derivation", derivation_data.VERSION, keys, defined))


_SUBSTITUTION = {"$ref": "#/$defs/expression", "description": "the formula with numbers in place of its symbols"}
_ONE = {"$ref": "#/$defs/number", "description": "of one copy"}


def _derived_layer() -> dict[str, Any]:
    symbol = closed({"name": _TEXT, "value": NUMBER, "meaning": _MEANING})
    keys = {
        **_row(NUMBER),
        **dict.fromkeys((*_TOTALS, "active"), NUMBER),
        "summary": {"type": "string", "description": "what it does"},
        "input_shapes": _list(_shape(NUMBER)),
        "symbols": _list(symbol),
        "tensors": _list({"$ref": "#/$defs/tensor"}),
        "formula": {"$ref": "#/$defs/expression", "description": "the parameters of one copy"},
        "substitution": _SUBSTITUTION,
        "value": _ONE,
        "questions": _list(closed({"question": _TEXT, "answer": _TEXT}), "what people ask of it"),
    }
    return closed(keys, {"further_output_shapes": _list(_shape(NUMBER))})


def _derived_tensor() -> dict[str, Any]:
    return closed(
        {
            **_tensor(_list(NUMBER)),
            "members": _list(_TEXT, "the layer type's own tensors that it holds, as `layers` names them"),
            "symbolic_shape": _list(_EXPRESSION),
            "formula": {"$ref": "#/$defs/expression", "description": "the product of its sizes"},
            "substitution": _SUBSTITUTION,
            "value": NUMBER,
            "counts": {"type": "boolean", "description": "whether it is part of the layer's formula"},
            "meaning": _MEANING,
        }
    )


def _group() -> dict[str, Any]:
    times = {**NUMBER, "description": "in one copy of the group"}
    index = {"type": "integer", "minimum": 0, "description": "where it is in `layers`, or in `groups`"}
    role = {"enum": ["layer", "group", "copies"]}
    part = closed({"role": role, "path": PATH, "index": index, "times": times, "value": _ONE})
    return closed(
        {
            "name": _TEXT,
            "path": PATH,
            "copies": COPIES,
            "role": {"enum": ["model", "group", "copies"]},
            "block": {"type": ["string", "null"], "description": "the block that it is a call of"},
            "times": NUMBER,
            **dict.fromkeys(_TOTALS, NUMBER),
            "parts": _list(part, "the layers and groups in it, whose values times their numbers add up"),
            "value": _ONE,
        }
    )


# --- Layer types -----------------------------------------------------------------------


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
    keys = {"layers": _list({"$ref": "#/$defs/layer"})}
    return dict(_schema("Layer types of paramcalc", "paramcalc_layers", kind_data.VERSION, keys, defined))


def _layer_type() -> dict[str, Any]:
    axes = closed(
        {
            "axes": _list(_TEXT, "the symbol of each axis, without the batch; `...`: any number of axes"),
            "meanings": _map(_TEXT, "of the symbols"),
            "optional": _FLAG,
        }
    )
    tensor = closed(
        {
            "name": _TEXT,
            "shape": _list(_EXPRESSION),
            "elements": _EXPRESSION,
            "condition": {"$ref": "#/$defs/expression", "description": "1 where the layer has it, and 0 where not"},
            "role": _ROLE,
            "trainable": _FLAG,
            "dtype": _or_null(_DTYPE, "null: that of its node"),
            "meaning": _MEANING,
        }
    )
    question = closed({"question": _TEXT, "answer": _TEXT, "when": {**_TEXT, "description": "where it is asked"}})
    example = closed({"fields": _map({}), "inputs": _list(_list(_WHOLE))})
    forms = _of_both({"$ref": "#/$defs/form"})
    return closed(
        {
            "name": _TEXT,
            "family": _TEXT,
            "summary": _TEXT,
            "description": _TEXT,
            "fields": _list({"$ref": "#/$defs/field"}),
            "inputs": _list(axes, "where it takes more, all further ones are as the last"),
            "fewest_inputs": _WHOLE,
            "most_inputs": {"type": ["integer", "null"], "description": "null: any number"},
            "layout": {"enum": ["data_format", "axis", "channels_last", "as_given", None]},
            "symbols": _list(closed({"name": _TEXT, "minimum": {"enum": [0, 1]}, "meaning": _TEXT})),
            "tensors": _or_null(_list(tensor)),
            "forms": _or_null(forms, "the general form under each convention"),
            "forms_by_default": _or_null(_of_both(_EXPRESSION), "the same where fields have their defaults"),
            "without_form": {"type": ["string", "null"], "description": "why it has no general form, if so"},
            "frameworks": _of_both({"$ref": "#/$defs/framework"}),
            "questions": _list(question, "what people ask of it"),
            "example": _or_null(example, "a small layer: its fields, and the shapes of its inputs"),
            "source": _TEXT,
        }
    )


def _field() -> dict[str, Any]:
    return closed(
        {
            "name": {"type": "string", "description": "as specs have it"},
            "symbols": _list(_TEXT, "what stands for it in expressions; of a window, one a side"),
            "required": _FLAG,
            "default": {"description": "null where it is required, or absent by default"},
            "same_as": {"type": ["string", "null"], "description": "what it is where absent: an expression in fields"},
            "meaning": _MEANING,
            "schema": {"type": "object", "description": "a reference in it is to the schema of a spec"},
        }
    )


def _framework() -> dict[str, Any]:
    tensor = closed(
        {
            "name": _TEXT,
            "members": _list(_TEXT, "the layer type's tensors that it holds"),
            "shape": _list(_EXPRESSION),
        }
    )
    row = closed(
        {
            "class": {"type": "string", "description": "its path"},
            "when": {"type": "string", "description": "where it can be the layer: an expression in its fields"},
            "fields": _map({}, "the values that fields have in it"),
            "alias": {"type": "boolean", "description": "whether it is another name, which is read and never written"},
            "arguments": _map(_TEXT, "of its constructor, each an expression in fields"),
            "parts": _map(_TEXT, "the names of the layers within it"),
            "tensors": _list(tensor),
        }
    )
    defaults = _map({}, "the fields whose default is another in this framework")
    return closed({"defaults": defaults, "classes": _list(row, "the first that can be the layer is its class")})


# --- Solutions -------------------------------------------------------------------------


def solve_schema() -> dict[str, Any]:
    """Return the schema of what `solve --format json` prints."""
    solution = closed(
        {
            "dims": _map(_WHOLE, "the sizes of the dims that are varied"),
            "total": {"type": "integer", "description": "of the first measure"},
            "totals": _map(_WHOLE, "by measure"),
            "difference": {"type": "integer", "description": "the total minus its target"},
        }
    )
    first_to_last = {"first": _WHOLE, "last": {"type": ["integer", "null"]}, "step": _WHOLE}
    nearest = _or_null({"$ref": "#/$defs/solution"}, "the nearest on this side of the target, that itself included")
    beyond = _or_null({"$ref": "#/$defs/solution"}, "the nearest on this side of the target that is not exact")
    keys = {
        "name": _TEXT,
        "convention": _CONVENTION,
        "targets": _list(closed({"measure": _TEXT, "unit": _TEXT, "target": _WHOLE})),
        "node": {"type": ["string", "null"], "description": "whose share is to reach the target; null: the network's"},
        "which": {"enum": [*SIDES]},
        "tolerance": _list(_WHOLE, "a share of the target: numerator and denominator"),
        "varied": _map({"anyOf": [closed(first_to_last), closed({"sizes": _list(_WHOLE)})]}, "the sizes of each dim"),
        "solutions": _list({"$ref": "#/$defs/solution"}, "within the tolerance, the nearest first"),
        "number": {
            "type": ["integer", "null"],
            "description": "how many there are, those that are not listed included; null: too many to be counted",
        },
        "complete": {"type": "boolean", "description": "whether all are listed"},
        "met": {"type": "boolean", "description": "whether the exit code is 0"},
        "below": nearest,
        "above": nearest,
        "next_below": beyond,
        "next_above": beyond,
        "conditions": _list(_TEXT, "what the closed form assumes, and all solutions meet"),
        "unsearched": _list(_TEXT, "where no solution was looked for"),
    }
    return dict(_schema("Solutions of paramcalc", "paramcalc_solve", solutions.VERSION, keys, {"solution": solution}))


# --- Memory, and receptive fields ------------------------------------------------------


def memory_schema() -> dict[str, Any]:
    """Return the schema of what `memory --format json` prints."""
    remedy = closed(
        {
            "what": {"enum": [*get_args(Remedies)]},
            "to": {"type": "string", "description": "a batch, groups that are computed again, an optimizer"},
            "total": _WHOLE,
            "fits": _FLAG,
        }
    )
    measured = {"type": ["integer", "null"], "description": "null where it is not known"}
    keys = {
        "name": _TEXT,
        "convention": _CONVENTION,
        "training": _or_null(closed({"optimizer": _TEXT, "keeps": _list(_TEXT)}), "null: the network is run"),
        "dtype": _DTYPE,
        "master_dtype": _or_null(_DTYPE),
        "dims": _map({}, "an unknown one is its own name"),
        "set": _map({}, "of these, the batch and those that were given"),
        "parameters": {"type": "integer", "description": "tied ones once"},
        "trained": _WHOLE,
        **{part: measured if part in ("saved", "cache") else _WHOLE for part in PARTS},
        "total": measured,
        "known": {"type": "integer", "description": "the sum of the parts that are known"},
        "unknown": _map(_TEXT, "of each part that is not known, why"),
        "budget": {"type": ["integer", "null"]},
        "fits": {"type": ["boolean", "null"]},
        "remedies": _list(remedy, "what would make it fit"),
        "not_covered": _TEXT,
    }
    return dict(_schema("A sheet of memory of paramcalc", "paramcalc_memory", memory_sheets.VERSION, keys, {}))


def receptive_field_schema() -> dict[str, Any]:
    """Return the schema of what `count --of receptive-field --format json` prints."""
    field = closed(
        {
            "input": _TEXT,
            "axis": {"type": "integer", "description": "of the input, the batch counted as 0"},
            "sort": {"enum": [*get_args(FieldSort)], "description": "`back`: all positions up to one of its own"},
            "size": {"type": ["integer", "null"], "description": "the most positions that an output sees"},
            "stride": {"type": ["integer", "string", "null"], "description": "a fraction is a text"},
            "offset": {"type": ["integer", "null"], "description": "the first position that the first output sees"},
        }
    )
    layer = closed({"name": _TEXT, "kind": _TEXT, "output_shape": _shape(_WHOLE), "fields": _list(field)})
    keys = {
        "name": _TEXT,
        "convention": _CONVENTION,
        "dims": _map({}, "an unknown one is its own name"),
        "inputs": _map(_shape(_WHOLE)),
        "layers": _list(layer),
    }
    version = receptive_fields.VERSION
    return dict(_schema("Receptive fields of paramcalc", "paramcalc_receptive_field", version, keys, {}))


# --- Sweeps ----------------------------------------------------------------------------


def sweep_schema() -> dict[str, Any]:
    """Return the schema of what `sweep --format json` prints, and of the files that it writes."""
    keys = {
        "name": _TEXT,
        "convention": _CONVENTION,
        "columns": _list(_TEXT, "the dims that vary, then the measures; total is the number of parameters"),
        "rows": _list({"type": "array"}, "the values of the columns, exact at any size"),
        "points": {"type": "integer", "description": "how many points there are, those left out included"},
        "skipped": {"type": "integer", "description": "how many points were left out, since they break a condition"},
    }
    return dict(_schema("A sweep of paramcalc", "paramcalc_sweep", sweep_files.VERSION, keys, {}))


# --- Vectors ---------------------------------------------------------------------------


def vectors_schema() -> dict[str, Any]:
    """Return the schema of what `formula --vectors` prints."""
    sizes = {"sizes": _map(NUMBER, "of each symbol")}
    code = {"type": "string", "description": "the code of the refusal"}
    vector = {"anyOf": [closed({**sizes, "value": NUMBER}), closed({**sizes, "refused": code})]}
    keys = {
        "name": _TEXT,
        "convention": _CONVENTION,
        "symbols": _list({"$ref": "#/$defs/symbol"}),
        "vectors": _list(vector),
    }
    defined = definitions()
    shared = {name: defined[name] for name in ("number", "symbol")}
    return dict(_schema("Conformance vectors of paramcalc", "paramcalc_vectors", vectors.VERSION, keys, shared))


#: By what each is of.
SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    "count": count_schema,
    "diff": diff_schema,
    "form": form_schema,
    "layers": layers_schema,
    "derivation": derivation_schema,
    "memory": memory_schema,
    "receptive-field": receptive_field_schema,
    "solve": solve_schema,
    "sweep": sweep_schema,
    "vectors": vectors_schema,
}
