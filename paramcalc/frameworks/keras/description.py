"""What a Keras model is described by: JSON, or the archive that `model.save()` writes.

Nothing is extracted, executed or written; of an archive, only `config.json` is read.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, TypeAlias
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from paramcalc.errors import LIMITS, ParamcalcError, quoted, refuse

#: The description of a model, a layer or anything else: its class and its configuration.
Description: TypeAlias = Mapping[str, Any]
#: A shape that a description states, the batch first; None is a length that varies.
StatedShape: TypeAlias = tuple[int | None, ...]
#: The class that stands for an output of a layer, where another is called with it.
TENSOR = "__keras_tensor__"
#: What a zip archive begins with.
ARCHIVE = b"PK\x03\x04"
#: How the model classes are called whose layers stand in their configuration.
MODELS = ("Functional", "Model", "Sequential")


def parsed(text: str | bytes) -> dict[str, Any]:
    """The description of a model from the text of `model.to_json()`. Raises `syntax`, `limit`, `invalid-value`."""
    if len(text) > LIMITS.file_bytes:
        raise refuse("limit", f"the description is larger than {LIMITS.file_bytes // 2**20} MiB")
    try:
        return checked(json.loads(text))
    except ParamcalcError:
        raise
    except ValueError as error:
        raise refuse("syntax", f"this is no JSON: {error}") from None
    except RecursionError:
        raise too_deep() from None


def too_deep() -> ParamcalcError:
    """The refusal of a description in which mappings and lists are within one another too often."""
    return refuse("limit", "the description is nested too deeply")


def checked(model: Any) -> dict[str, Any]:
    """A description of a model whose layers it lists. Raises `invalid-value`, `unknown-kind`."""
    if not is_description(model):
        raise refuse("invalid-value", "this is not the description of a Keras model", "model.to_json() gives it")
    config = model["config"]
    if not is_model(model):
        raise refuse(
            "unknown-kind",
            f"the model {quoted(config.get('name') or model.get('name'))} is of the class"
            f" {quoted(model['class_name'])}, whose description does not say what it calls",
            "give the model itself, pc.from_keras(model), once it is built",
        )
    return dict(model)


def is_description(model: Any) -> bool:
    """Whether data describe an object of Keras: a class and its configuration."""
    return (
        isinstance(model, dict) and isinstance(model.get("class_name"), str) and isinstance(model.get("config"), dict)
    )


def is_model(entry: Description) -> bool:
    """Whether a description is of a model that lists its layers, and calls nothing else."""
    config = entry.get("config")
    return entry.get("class_name") in MODELS and isinstance(config, dict) and isinstance(config.get("layers"), list)


def stated_shape(value: Any) -> StatedShape | None:
    """A shape as descriptions have it; None where this is none."""
    if isinstance(value, (list, tuple)) and all(size is None or type(size) is int for size in value) and value:
        return tuple(value)
    return None


# --- Archives --------------------------------------------------------------------------


def archived(path: str | Path) -> bytes:
    """The `config.json` of a `.keras` archive; its weights stay unread.

    Raises `unreadable-file`, `invalid-value`, `limit`.
    """
    try:
        with open(path, "rb") as file:
            _check_directory(file)
            with ZipFile(file) as archive:
                return _config(archive)
    except OSError as error:
        raise refuse("unreadable-file", f"cannot read {quoted(str(path))}: {error.strerror or error}") from None
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise refuse("invalid-value", f"{quoted(str(path))} is a damaged archive: {quoted(str(error))}") from None


def _config(archive: ZipFile) -> bytes:
    entries = [entry for entry in archive.infolist() if entry.filename == "config.json"]
    if len(entries) != 1:
        found = "has no config.json" if not entries else "has more than one config.json"
        raise refuse(
            "invalid-value", f"the archive {found}, and is none of Keras's", "model.save('model.keras') writes one"
        )
    _check_entry(entries[0])
    with archive.open(entries[0]) as file:
        # what is declared may be less than what comes
        text = file.read(LIMITS.file_bytes + 1)
    if len(text) > LIMITS.file_bytes:
        raise _too_large()
    return text


def _check_entry(entry: ZipInfo) -> None:
    if entry.flag_bits & 1:
        raise refuse("invalid-value", "the config.json of the archive is encrypted")
    if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise refuse("invalid-value", "the config.json of the archive is compressed in a way that Keras does not use")
    if entry.file_size > LIMITS.file_bytes:
        raise _too_large()


def _too_large() -> ParamcalcError:
    return refuse("limit", f"the config.json of the archive is larger than {LIMITS.file_bytes // 2**20} MiB")


def _check_directory(file: IO[bytes]) -> None:
    """Refuse an archive with a directory that is too long to be read.

    Source: APPNOTE.TXT of PKWARE, 4.3.14 and 4.3.16: the records at the end of an archive.
    """
    size = file.seek(0, 2)
    tail_start = max(0, size - 2**17)
    file.seek(tail_start)
    tail = file.read()
    file.seek(0)
    end, large = tail.rfind(b"PK\x05\x06"), tail.rfind(b"PK\x06\x06")
    length = int.from_bytes(tail[end + 12 : end + 16], "little") if end >= 0 else 0
    if length == 2**32 - 1 and large >= 0:
        length = int.from_bytes(tail[large + 40 : large + 48], "little")
    if length > LIMITS.archive_directory:
        raise refuse("limit", f"the directory of the archive is larger than {LIMITS.archive_directory // 2**10} KiB")
