"""The schemas of what is asked of many sizes: solutions, sweeps, conformance vectors."""

from __future__ import annotations

from typing import Any

from paramcalc.exports import solutions, vectors
from paramcalc.exports.data_schemas.words import CONVENTION, TEXT, WHOLE, list_of, map_of, or_null, versioned
from paramcalc.exports.definitions import closed
from paramcalc.exports.languages.tree import NUMBER, definitions
from paramcalc.results.solving.solutions import SIDES
from paramcalc.results.sweeps import files as sweep_files


def solve_schema() -> dict[str, Any]:
    """Return the schema of what `solve --format json` prints."""
    solution = closed(
        {
            "dims": map_of(WHOLE, "the sizes of the dims that are varied"),
            "total": {"type": "integer", "description": "of the first measure"},
            "totals": map_of(WHOLE, "by measure"),
            "difference": {"type": "integer", "description": "the total minus its target"},
        }
    )
    first_to_last = {"first": WHOLE, "last": {"type": ["integer", "null"]}, "step": WHOLE}
    nearest = or_null({"$ref": "#/$defs/solution"}, "the nearest on this side of the target, that itself included")
    beyond = or_null({"$ref": "#/$defs/solution"}, "the nearest on this side of the target that is not exact")
    keys = {
        "name": TEXT,
        "convention": CONVENTION,
        "targets": list_of(closed({"measure": TEXT, "unit": TEXT, "target": WHOLE})),
        "node": {"type": ["string", "null"], "description": "whose share is to reach the target; null: the network's"},
        "which": {"enum": [*SIDES]},
        "tolerance": list_of(WHOLE, "a share of the target: numerator and denominator"),
        "varied": map_of(
            {"anyOf": [closed(first_to_last), closed({"sizes": list_of(WHOLE)})]}, "the sizes of each dim"
        ),
        "solutions": list_of({"$ref": "#/$defs/solution"}, "within the tolerance, the nearest first"),
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
        "conditions": list_of(TEXT, "what the closed form assumes, and all solutions meet"),
        "unsearched": list_of(TEXT, "where no solution was looked for"),
        "unknown": list_of(
            {"enum": ["below", "above"]}, "where the nearest is not known: too many sizes would be tried"
        ),
    }
    return dict(versioned("Solutions of paramcalc", "paramcalc_solve", solutions.VERSION, keys, {"solution": solution}))


def sweep_schema() -> dict[str, Any]:
    """Return the schema of what `sweep --format json` prints, and of the files that it writes."""
    keys = {
        "name": TEXT,
        "convention": CONVENTION,
        "columns": list_of(TEXT, "the dims that vary, then the measures; total is the number of parameters"),
        "rows": list_of({"type": "array"}, "the values of the columns, exact at any size"),
        "points": {"type": "integer", "description": "how many points there are, those left out included"},
        "skipped": {"type": "integer", "description": "how many points were left out, since they break a condition"},
    }
    return dict(versioned("A sweep of paramcalc", "paramcalc_sweep", sweep_files.VERSION, keys, {}))


def vectors_schema() -> dict[str, Any]:
    """Return the schema of what `formula --vectors` prints."""
    sizes = {"sizes": map_of(NUMBER, "of each symbol")}
    code = {"type": "string", "description": "the code of the refusal"}
    vector = {"anyOf": [closed({**sizes, "value": NUMBER}), closed({**sizes, "refused": code})]}
    keys = {
        "name": TEXT,
        "convention": CONVENTION,
        "symbols": list_of({"$ref": "#/$defs/symbol"}),
        "vectors": list_of(vector),
    }
    defined = definitions()
    shared = {name: defined[name] for name in ("number", "symbol")}
    return dict(versioned("Conformance vectors of paramcalc", "paramcalc_vectors", vectors.VERSION, keys, shared))
