"""A spec of whatever a file holds: a spec, or the description of a model by another tool."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from paramcalc.core.errors import ParamcalcError, refuse
from paramcalc.frameworks.files import file_name, text_of
from paramcalc.spec import Spec
from paramcalc.spec.loading import folder_of, located, spec_of, text_source


def read(path: str | PathLike[str], text: bytes | None) -> Spec:
    """Read the spec in a file: of a spec, of the JSON of a Keras model, or of a `.keras` archive.

    `text` is what the file holds, as `text_of` gives it; `-` is standard input. Raises `ParamcalcError`.
    """
    found, is_model = _as_it_is(path, text)
    if not is_model:
        return found
    from paramcalc.frameworks.tidying import tidy

    return tidy(found)


def read_as_it_is(path: str | PathLike[str]) -> tuple[Spec, bool]:
    """Read the same, each layer of a model for itself and under its own name; and whether it is a model."""
    return _as_it_is(path, text_of(path))


def _as_it_is(path: str | PathLike[str], data: bytes | None) -> tuple[Spec, bool]:
    if data is None:
        from paramcalc.frameworks.keras.read import untidied

        return untidied(Path(path)), True
    if data.lstrip()[:1] == b"{" and b'"class_name"' in data:
        from paramcalc.frameworks.keras.read import described

        description = _description(data)
        if description is not None:
            return described(description), True
    spec = spec_of(text_source(data, file_name(path), folder_of(path)))
    if not spec.layers:
        # a model may be of no layers; whoever writes such a spec has left something out
        error = refuse("missing-key", "the spec has no layers", "as in layers: [Input: {shape: [4]}]", ("layers",))
        raise located(error, spec.source)
    return spec, False


def _description(data: bytes) -> Any:
    """Read what JSON describes, if it is an object of Keras; None for anything else, such as a spec in JSON."""
    from paramcalc.frameworks.keras.read.description import loaded

    try:
        found = loaded(data)
    except ParamcalcError as error:
        if error.code == "duplicate-key":
            raise
        return None  # whoever reads specs says what is wrong, and where
    return found if isinstance(found, dict) and "class_name" in found and "paramcalc" not in found else None
