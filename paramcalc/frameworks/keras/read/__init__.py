"""A Keras model as a spec: from its JSON or its archive, without Keras, or alive.

Source: `model.to_json()` and `model.save()` of Keras 3, and keras.saving.serialize_keras_object for their parts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paramcalc.core.errors import quoted, refuse
from paramcalc.frameworks.files import is_hdf5, text_of
from paramcalc.frameworks.keras.read.description import (
    archived,
    checked,
    loaded,
    too_deep,
)
from paramcalc.frameworks.keras.read.hdf5 import stored
from paramcalc.frameworks.keras.read.keras2 import with_what_was_usual
from paramcalc.frameworks.keras.read.live import read_live
from paramcalc.frameworks.keras.read.marks import mark_first_places
from paramcalc.frameworks.keras.read.reading import Reading
from paramcalc.frameworks.keras.read.whole import read_description
from paramcalc.frameworks.tidying import tidy
from paramcalc.spec import Spec


def from_keras(model: Any) -> Spec:
    """Read a Keras model as a spec.

    `model` is the text of `model.to_json()`, the same as data, the path of a `.keras` archive or of a file
    with that text, or the model itself. Only the last needs Keras, and code is never run: a layer whose
    code is not Keras's own is refused by name, and read of a live model by its weights.

    Raises `ParamcalcError`, among others `unknown-kind` for such a layer, and `model-mismatch` where what is
    read is not what the model states.
    """
    return tidy(untidied(model))


def untidied(model: Any) -> Spec:
    """Read a Keras model, each layer for itself and under its own name. Raises what `from_keras` does."""
    if hasattr(model, "to_json"):
        return read_live(model)
    if isinstance(model, Mapping):
        return described(loaded(_written(model)))
    if isinstance(model, bytes) or (isinstance(model, str) and model.lstrip()[:1] in ("{", "[", "")):
        return described(loaded(model))
    if not isinstance(model, (str, Path)):
        raise refuse("wrong-type", f"takes a Keras model, its JSON or its archive, not {quoted(type(model).__name__)}")
    return of_file(model)


def of_file(path: str | Path) -> Spec:
    """Read the model in a file: an archive, an HDF5 file, or the text of `model.to_json()`. Raises `ParamcalcError`."""
    data = text_of(path)
    if data is not None:
        return described(loaded(data))
    if is_hdf5(path):
        return described(stored(path))
    return described(loaded(archived(path)), is_marked=True)


def described(model: Any, is_marked: bool = False) -> Spec:
    """Read data that describe a model as a spec; with `is_marked`, they mark what stands in it several times.

    Raises `ParamcalcError`.
    """
    try:
        description = checked(model)
        if str(description.get("keras_version", "")).startswith(("1.", "2.")):
            description = with_what_was_usual(description)
        if is_marked:
            mark_first_places(description)
        return read_description(description, Reading(is_marked=is_marked))
    except RecursionError:
        raise too_deep() from None


def _written(model: Mapping[str, Any]) -> str:
    """Write data as JSON. Raises `wrong-type` for what no JSON can hold."""
    try:
        return json.dumps(dict(model))
    except (TypeError, ValueError) as error:
        raise refuse("wrong-type", f"a description holds what JSON cannot: {error}", "give model.to_json()") from None
