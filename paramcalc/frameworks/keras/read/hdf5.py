"""The description that an HDF5 file of Keras holds beside the weights, which are not read.

Source: keras.src.legacy.saving.legacy_h5_format, `save_model_to_hdf5`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paramcalc.core.errors import LIMITS, quoted, refuse
from paramcalc.frameworks.keras.read.description import loaded

_DESCRIPTION, _VERSION = "model_config", "keras_version"


def stored(path: str | Path) -> Any:
    """Return the description that an HDF5 file holds. Raises `missing-package`, `invalid-value`, `limit`, `syntax`."""
    try:
        from h5py import File
    except ImportError:
        raise refuse(
            "missing-package",
            "an HDF5 file is read with the package h5py",
            "python -m pip install 'paramcalc[hdf5]', or write model.save('model.keras') where the model is",
        ) from None
    try:
        with File(path, "r") as file:
            text, version = (_text(file.attrs, name, path) for name in (_DESCRIPTION, _VERSION))
    except (OSError, RuntimeError, ValueError, KeyError):
        raise refuse("invalid-value", f"{quoted(str(path))} is a damaged HDF5 file") from None
    if text is None:
        hint = "model.save('model.keras') writes both; model.save_weights() the weights alone"
        raise refuse("invalid-value", f"{quoted(str(path))} holds weights, and no description of a model", hint)
    description = loaded(text)
    if isinstance(description, dict) and version is not None:
        description.setdefault(_VERSION, version)
    return description


def _text(attributes: Any, name: str, path: str | Path) -> str | None:
    """Return an attribute that is a text; None where there is none. Raises `limit`."""
    if name not in attributes:
        return None
    if attributes.get_id(name).get_storage_size() > LIMITS.file_bytes:
        raise refuse("limit", f"the description in {quoted(str(path))} is larger than {LIMITS.file_bytes // 2**20} MiB")
    value = attributes[name]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
