"""The JSON Schemas (draft 2020-12) of what commands print as JSON; that of a closed form stands beside its writer.

words          what they have in common
counts         counts, and the difference of two
derivations    derivations
layer_types    layer types
costs          sheets of memory, receptive fields
sizes          solutions, sweeps, conformance vectors
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paramcalc.exports.data_schemas.costs import memory_schema, receptive_field_schema
from paramcalc.exports.data_schemas.counts import count_schema, diff_schema
from paramcalc.exports.data_schemas.derivations import derivation_schema
from paramcalc.exports.data_schemas.layer_types import layers_schema
from paramcalc.exports.data_schemas.sizes import solve_schema, sweep_schema, vectors_schema
from paramcalc.exports.languages.tree import form_schema

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
