"""What a Keras model is described by: JSON, or the archive that `model.save()` writes.

Nothing is extracted, executed or written; of an archive, only `config.json` is read.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from io import FileIO
from pathlib import Path
from typing import Any, TypeAlias
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from paramcalc.core.errors import LIMITS, ParamcalcError, quoted, refuse

#: The description of a model, a layer or anything else: its class and its configuration.
Description: TypeAlias = Mapping[str, Any]
#: A shape that a description states, the batch first; None is a length that varies.
StatedShape: TypeAlias = tuple[int | None, ...]
#: The class that stands for an output of a layer, where another is called with it.
TENSOR = "__keras_tensor__"
#: The class that stands for an array whose numbers nobody needs: its configuration has the shape.
ARRAY = "__array__"
#: The key of an object that stands in an archive several times.
MARK = "shared_object_id"
#: The modules of what layers are given, and that owns no weights.
_WITHOUT_WEIGHTS = ("keras.initializers", "keras.regularizers", "keras.constraints", "keras.dtype_policies")
_POLICIES = ("DTypePolicy", "DTypePolicyMap", "QuantizedDTypePolicy", "QuantizedFloat8DTypePolicy")
#: What a zip archive begins with.
ARCHIVE = b"PK\x03\x04"
#: How the classes are called whose layers stand in their configuration: as a graph, and one behind the other.
_GRAPHS = ("Functional", "Model")
_SEQUENCES = ("Sequential", "Pipeline")
#: Those whose code is Keras's own, wherever they are described.
_MODELS = (*_GRAPHS, "Sequential")
#: What the configuration of a model has beside its layers, whatever its class is called.
_OF_GRAPHS = ("input_layers", "output_layers")
_OF_SEQUENCES = "build_input_shape"


def loaded(text: str | bytes) -> Any:
    """Read a text in JSON. Raises `syntax`, `duplicate-key`, `limit`."""
    if len(text) > LIMITS.file_bytes:
        raise refuse("limit", f"the description is larger than {LIMITS.file_bytes // 2**20} MiB")
    try:
        return json.loads(text, object_pairs_hook=_mapping, parse_int=_integer)
    except ValueError as error:
        raise refuse("syntax", f"this is no JSON: {error}") from None
    except RecursionError:
        raise too_deep() from None


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, number in Counter(key for key, _ in pairs).items() if number > 1)
        raise refuse("duplicate-key", f"the description has the key {quoted(twice)} twice in one mapping")
    if isinstance(found.get("config"), list) and found.get("class_name") in _SEQUENCES:
        # until 2018, the configuration of a sequence was the list of its layers
        found["config"] = {"name": found.get("name") or "sequential", "layers": found["config"]}
    if MARK in found and (
        str(found.get("module")).startswith(_WITHOUT_WEIGHTS) or found.get("class_name") in _POLICIES
    ):
        # that it stands there several times says nothing, and would tell layers apart that are alike
        del found[MARK]
    return found


def too_deep() -> ParamcalcError:
    """Return the refusal of a description in which mappings and lists are within one another too often."""
    return refuse("limit", "the description is nested too deeply")


def checked(model: Any) -> dict[str, Any]:
    """Return the description of a model, if it lists the layers. Raises `invalid-value`, `unknown-kind`."""
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


def _integer(text: str) -> int:
    if len(text) > LIMITS.digits + 1:
        raise refuse("limit", f"a number has more than {LIMITS.digits} digits")
    return int(text)


def is_description(model: Any) -> bool:
    """Whether data describe an object of Keras: a class and its configuration."""
    return (
        isinstance(model, dict) and isinstance(model.get("class_name"), str) and isinstance(model.get("config"), dict)
    )


def is_model(entry: Description) -> bool:
    """Whether a description is of a model that lists its layers, and calls nothing else."""
    return is_graph(entry) or is_sequence(entry)


def is_graph(entry: Description) -> bool:
    """Whether a description is of a model that says what its layers are given, as Functional does.

    A class of one's own that is made in this way lists the same; it may train otherwise, but calls the same layers.
    """
    return _lists_layers(entry) and (
        entry.get("class_name") in _GRAPHS or all(key in entry["config"] for key in _OF_GRAPHS)
    )


def is_sequence(entry: Description) -> bool:
    """Whether a description is of a model whose layers stand one behind the other."""
    if not _lists_layers(entry):
        return False
    if entry.get("class_name") in _SEQUENCES:
        return is_of_keras(entry)
    return _OF_SEQUENCES in entry["config"] and not is_graph(entry)


def is_of_keras(entry: Description) -> bool:
    """Whether the class of a model is Keras's own."""
    return entry.get("class_name") in _MODELS or str(entry.get("module")).startswith("keras.")


def _lists_layers(entry: Description) -> bool:
    config = entry.get("config")
    return isinstance(config, dict) and isinstance(config.get("layers"), list)


def layers_within(config: Mapping[str, Any]) -> Iterator[tuple[str, int, Description]]:
    """Yield the layers and models among the arguments of a layer: the argument, the place in it, the description."""
    for name, value in config.items():
        if isinstance(value, dict):
            if _is_layer(value):
                yield name, 0, value
        elif isinstance(value, list):
            for place, each in enumerate(value):
                if isinstance(each, dict) and _is_layer(each):
                    yield name, place, each


def _is_layer(value: dict[str, Any]) -> bool:
    """Whether a mapping describes a layer of Keras, or a model."""
    module = value.get("module")
    of_layers = isinstance(module, str) and module.startswith("keras.layers")
    return (of_layers or "config" in value) and is_description(value) and (of_layers or is_model(value))


def a_part(form: type, value: Any) -> Any:
    """Return a list or mapping of a description; an empty one where there is none."""
    return value if isinstance(value, form) else form()


def mark_of(entry: Description) -> int | str | None:
    """Return the mark of what stands in an archive several times; None where it has none."""
    mark = entry.get(MARK)
    return mark if isinstance(mark, (int, str)) else None


def stated_shape(value: Any) -> StatedShape | None:
    """Return a shape as descriptions have it; None where this is none."""
    if isinstance(value, (list, tuple)) and all(size is None or type(size) is int for size in value) and value:
        return tuple(value)
    return None


# --- Archives --------------------------------------------------------------------------


def archived(path: str | Path) -> bytes:
    """Read the `config.json` of a `.keras` archive; its weights stay unread.

    Raises `unreadable-file`, `invalid-value`, `limit`.
    """
    try:
        with _Sparing(path) as file, ZipFile(file) as archive:
            return _config(archive)
    except OSError as error:
        raise refuse("unreadable-file", f"cannot read {quoted(str(path))}: {error.strerror or error}") from None
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise refuse("invalid-value", f"{quoted(str(path))} is a damaged archive: {quoted(str(error))}") from None


class _Sparing(FileIO):
    """A file that is read in small parts alone: of an archive, the largest is its directory."""

    def read(self, size: int | None = -1, /) -> bytes:
        most = LIMITS.archive_directory
        data = super().read(most + 1 if size is None or size < 0 else min(size, most + 1))
        if len(data) > most:
            raise refuse("limit", f"the directory of the archive is larger than {most // 2**10} KiB")
        return data


#: What archives hold that are none of Keras's: the end of a name, what such an archive is, and what to do.
_FOREIGN = (
    ("data.pkl", "is of torch.save", "open it where it was made, and give the module to pc.from_torch"),
    (".npy", "holds arrays of NumPy", "these are tensors, and not what they are connected to"),
)


def _config(archive: ZipFile) -> bytes:
    entries = [entry for entry in archive.infolist() if entry.filename == "config.json"]
    if len(entries) != 1:
        raise _no_config(archive.namelist(), bool(entries))
    _check_entry(entries[0])
    text = bytearray()
    with archive.open(entries[0]) as file:
        # what is declared may be less than what comes
        while part := file.read(2**16):
            text += part
            if len(text) > LIMITS.file_bytes:
                raise _too_large()
    return bytes(text)


def _no_config(names: list[str], several: bool) -> ParamcalcError:
    for end, what, hint in _FOREIGN:
        if any(name.endswith(end) for name in names):
            return refuse("invalid-value", f"the archive {what}, and is none of Keras's", hint)
    found = "has more than one config.json" if several else "has no config.json"
    hint = "model.save('model.keras') writes one"
    return refuse("invalid-value", f"the archive {found}, and is none of Keras's", hint)


def _check_entry(entry: ZipInfo) -> None:
    if entry.flag_bits & 1:
        raise refuse("invalid-value", "the config.json of the archive is encrypted")
    if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise refuse("invalid-value", "the config.json of the archive is compressed in a way that Keras does not use")
    if entry.file_size > LIMITS.file_bytes:
        raise _too_large()


def _too_large() -> ParamcalcError:
    return refuse("limit", f"the config.json of the archive is larger than {LIMITS.file_bytes // 2**20} MiB")
