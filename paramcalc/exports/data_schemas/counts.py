"""The schemas of counts, and of the difference of two."""

from __future__ import annotations

from typing import Any, get_args

from paramcalc.core.registry import MEASURES
from paramcalc.exports import differences, plain
from paramcalc.exports.data_schemas.words import (
    CONVENTION,
    FLAG,
    TEXT,
    TOTALS,
    UNIT,
    WHOLE,
    list_of,
    map_of,
    row_keys,
    shape_of,
    tensor_keys,
    versioned,
)
from paramcalc.exports.definitions import closed
from paramcalc.exports.languages.tree import DRAFT, PATH
from paramcalc.results.difference import TOTALS as COMPARED
from paramcalc.results.difference import Sort

_IF_KNOWN = {"type": ["integer", "null"], "description": "null where it is not known"}


def count_schema() -> dict[str, Any]:
    """Return the schema of what `count --format json` prints: of one spec an object, of several a list of these."""
    copies = closed({"at": WHOLE, "first": WHOLE, "last": WHOLE})
    value = {
        "anyOf": [{"type": ["number", "boolean", "string", "null"]}, list_of({"$ref": "#/$defs/value"})],
        "description": "of a dim; an unknown one is its own name",
    }
    totals = {**dict.fromkeys(TOTALS, WHOLE), **dict.fromkeys(("buffers", "active"), _IF_KNOWN)}
    keys = {
        "name": TEXT,
        "convention": CONVENTION,
        **totals,
        "total_untied": {"type": "integer", "description": "with every use of a shared or tied tensor counted"},
        "bytes": {"type": "integer", "description": "of what `total` covers"},
        "dims": map_of({"$ref": "#/$defs/value"}),
        "layers": list_of({"$ref": "#/$defs/layer"}, "the rows, in order of the graph"),
    }
    layer = closed(
        {
            **row_keys(WHOLE),
            **totals,
            "tensors": list_of({"$ref": "#/$defs/tensor"}, "empty where they are another row's"),
        },
        {"further_output_shapes": list_of(shape_of(WHOLE))},
    )
    tensor = closed(tensor_keys(list_of({"type": ["integer", "string", "null"]})))
    version = {"paramcalc_count": {"const": plain.VERSION, "description": "the version of this format"}}
    given = {"set": {**map_of({"$ref": "#/$defs/value"}), "description": "the dims that were given beside the spec"}}
    measured = {"measure": {"enum": [*MEASURES]}, "unit": UNIT, "total": WHOLE}
    term = closed({"name": TEXT, "factors": list_of({"$ref": "#/$defs/value"}), "amount": WHOLE})
    of_measure = closed(
        {
            **row_keys(WHOLE),
            "total": WHOLE,
            "terms": list_of({"$ref": "#/$defs/term"}, "what one copy is made of"),
        },
        {
            "further_output_shapes": list_of(shape_of(WHOLE)),
            "once": {**WHOLE, "description": "what all copies together have beside their number times one"},
        },
    )
    common = {name: keys[name] for name in ("name", "convention", "dims")}
    counts = [{"$ref": "#/$defs/count"}, {"$ref": "#/$defs/measurement"}]
    return {
        "$schema": DRAFT,
        "title": "A count of paramcalc",
        "anyOf": [*counts, *map(list_of, counts)],
        "$defs": {
            "count": closed({**version, **keys}, given),
            "measurement": closed(
                {**version, **common, **measured, "layers": list_of({"$ref": "#/$defs/measured_layer"})}, given
            ),
            "measured_layer": of_measure,
            "term": term,
            "value": value,
            "copies": copies,
            "layer": layer,
            "tensor": tensor,
        },
    }


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
            "name": TEXT,
            "path": PATH,
            "kind": TEXT,
            "sort": {"enum": [*get_args(Sort)]},
            "before": total,
            "after": total,
            "changes": list_of(change),
        }
    )
    both = closed({"before": WHOLE, "after": WHOLE})
    of_counts = {**dict.fromkeys(COMPARED, both), "buffers": closed({"before": _IF_KNOWN, "after": _IF_KNOWN})}
    keys = {
        "before": {"type": "string", "description": "the path of the first spec"},
        "after": {"type": "string", "description": "that of the second"},
        "convention": CONVENTION,
        "differs": FLAG,
        "totals": {"anyOf": [*map(closed, (of_counts, {"total": both}))]},
        "in_symbols": {"type": ["string", "null"], "description": "what the second has more, in dims of both"},
        "dims": map_of(closed({"before": {}, "after": {}}), "those that have another value"),
        "nodes": list_of(node),
    }
    schema = dict(versioned("A difference of paramcalc", "paramcalc_diff", differences.VERSION, keys, {}))
    # where it is of another measure than the parameters
    schema["properties"] = {**schema["properties"], "measure": {"enum": [*MEASURES]}, "unit": UNIT}
    return schema
