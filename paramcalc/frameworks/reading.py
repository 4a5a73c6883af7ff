"""A spec of whatever a file holds: a spec, or the description of a model by another tool."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paramcalc.errors import refuse
from paramcalc.loading import loads, read_file
from paramcalc.spec import Spec

#: What a zip archive begins with: a `.keras` file is one.
_ARCHIVE = b"PK"


def read(path: str | Path) -> Spec:
    """The spec in a file: of a spec, of the JSON of a Keras model, or of a `.keras` archive. `-` is standard input.

    Raises `ParamcalcError`.
    """
    if str(path) != "-" and read_file(path, len(_ARCHIVE)) == _ARCHIVE:
        from paramcalc.frameworks.keras import from_keras

        return from_keras(Path(path))
    data = read_file(path)
    if data.startswith(_ARCHIVE):
        raise refuse("invalid-value", "an archive cannot be read from standard input", "give its path")
    if data.lstrip()[:1] == b"{":
        described = _description(data)
        if described is not None:
            from paramcalc.frameworks.keras import from_keras

            return from_keras(described)
    return loads(data, "<stdin>" if str(path) == "-" else str(path))


def _description(data: bytes) -> Any:
    """What JSON describes, where it is an object of Keras; None for anything else, such as a spec in JSON."""
    import json

    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None  # whoever reads specs says what is wrong
    return found if isinstance(found, dict) and "class_name" in found and "paramcalc" not in found else None
