"""The schemas of sheets of memory, and of receptive fields."""

from __future__ import annotations

from typing import Any, get_args

from paramcalc.exports import memory_sheets, receptive_fields
from paramcalc.exports.data_schemas.words import (
    CONVENTION,
    DTYPE,
    FLAG,
    TEXT,
    WHOLE,
    list_of,
    map_of,
    or_null,
    shape_of,
    versioned,
)
from paramcalc.exports.definitions import closed
from paramcalc.results.memory import PARTS, Remedies
from paramcalc.results.receptive_field import FieldSort


def memory_schema() -> dict[str, Any]:
    """Return the schema of what `memory --format json` prints."""
    remedy = closed(
        {
            "what": {"enum": [*get_args(Remedies)]},
            "to": {"type": "string", "description": "a batch, groups that are computed again, an optimizer"},
            "total": WHOLE,
            "fits": FLAG,
        }
    )
    measured = {"type": ["integer", "null"], "description": "null where it is not known"}
    keys = {
        "name": TEXT,
        "convention": CONVENTION,
        "training": or_null(closed({"optimizer": TEXT, "keeps": list_of(TEXT)}), "null: the network is run"),
        "dtype": DTYPE,
        "master_dtype": or_null(DTYPE),
        "dims": map_of({}, "an unknown one is its own name"),
        "set": map_of({}, "of these, the batch and those that were given"),
        "parameters": {"type": "integer", "description": "tied ones once"},
        "trained": WHOLE,
        **{part: measured if part in ("buffers", "saved", "cache") else WHOLE for part in PARTS},
        "total": measured,
        "known": {"type": "integer", "description": "the sum of the parts that are known"},
        "unknown": map_of(TEXT, "of each part that is not known, why"),
        "budget": {"type": ["integer", "null"]},
        "fits": {"type": ["boolean", "null"]},
        "remedies": list_of(remedy, "what would make it fit"),
        "not_covered": TEXT,
    }
    return dict(versioned("A sheet of memory of paramcalc", "paramcalc_memory", memory_sheets.VERSION, keys, {}))


def receptive_field_schema() -> dict[str, Any]:
    """Return the schema of what `count --of receptive-field --format json` prints."""
    field = closed(
        {
            "input": TEXT,
            "axis": {"type": "integer", "description": "of the input, the batch counted as 0"},
            "sort": {"enum": [*get_args(FieldSort)], "description": "`back`: all positions up to one of its own"},
            "size": {"type": ["integer", "null"], "description": "the most positions that an output sees"},
            "stride": {"type": ["integer", "string", "null"], "description": "a fraction is a text"},
            "offset": {"type": ["integer", "null"], "description": "the first position that the first output sees"},
        }
    )
    layer = closed({"name": TEXT, "kind": TEXT, "output_shape": shape_of(WHOLE), "fields": list_of(field)})
    keys = {
        "name": TEXT,
        "convention": CONVENTION,
        "dims": map_of({}, "an unknown one is its own name"),
        "inputs": map_of(shape_of(WHOLE)),
        "layers": list_of(layer),
        "notes": list_of(TEXT, "what cannot be said, and why"),
    }
    version = receptive_fields.VERSION
    return dict(versioned("Receptive fields of paramcalc", "paramcalc_receptive_field", version, keys, {}))
