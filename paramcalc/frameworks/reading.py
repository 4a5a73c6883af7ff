"""A spec of whatever a file holds: a spec, or the description of a model by another tool."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paramcalc.errors import ParamcalcError, quoted, refuse
from paramcalc.loading import loads, read_file
from paramcalc.spec import Spec

#: What a zip archive begins with: a `.keras` file is one.
_ARCHIVE = b"PK\x03\x04"
_TENSORS = "it holds tensors, and not what they are connected to"
_CODE = "it may run code when it is opened, and never is: open it where it was made, and give the model to pc.from_"
#: What begins at a place of files that people keep models in, and are no text: what each is, and what to do.
_FOREIGN: tuple[tuple[int, tuple[bytes, ...], str, str], ...] = (
    (
        0,
        (b"\x89HDF\r\n",),
        "an HDF5 file",
        "load it with Keras, and write model.to_json() to a file, or model.save('model.keras')",
    ),
    (0, (_ARCHIVE,), "an archive, which cannot be read from standard input", "give its path"),
    (0, (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"), "a pickle", f"{_CODE}torch or pc.from_keras"),
    (0, (b"\x93NUMPY",), "an array of NumPy", _TENSORS),
    (4, (b"\0\0\0\0{",), "a safetensors file", _TENSORS),
    (0, (b"GGUF",), "a GGUF file", _TENSORS),
    (4, (b"TFL3",), "a model of TensorFlow Lite", "give the model that it was made of"),
    (
        0,
        tuple(bytes((8, number, mark)) for number in range(1, 0x21) for mark in b"\x12\x1a\x22\x3a"),
        "a protocol buffer, as SavedModel and ONNX are",
        "of a Keras model: load it with Keras, and write model.to_json() to a file",
    ),
    (0, (b"\x89PNG", b"\xff\xd8\xff", b"GIF8"), "an image", ""),
    (0, (b"%PDF-",), "a PDF", ""),
    (0, (b"\x1f\x8b",), "compressed", "unpack it first"),
)


def read(path: str | Path) -> Spec:
    """The spec in a file: of a spec, of the JSON of a Keras model, or of a `.keras` archive. `-` is standard input.

    Raises `ParamcalcError`.
    """
    found, is_model = read_as_it_is(path)
    if not is_model:
        return found
    from paramcalc.frameworks.tidying import tidy

    return tidy(found)


def read_as_it_is(path: str | Path) -> tuple[Spec, bool]:
    """The same, each layer of a model for itself and under its own name; and whether it is a model."""
    if str(path) != "-" and read_file(path, len(_ARCHIVE)) == _ARCHIVE:
        from paramcalc.frameworks.keras import untidied

        return untidied(Path(path)), True
    data = text_of(path)
    if data.lstrip()[:1] == b"{" and b'"class_name"' in data:
        from paramcalc.frameworks.keras import described

        description = _description(data)
        if description is not None:
            return described(description), True
    return loads(data, _name(path)), False


def text_of(path: str | Path) -> bytes:
    """What a file holds that may be a text. Raises `not-text` for one that begins as other files do."""
    data = read_file(path)
    for place, beginnings, what, hint in _FOREIGN:
        if data.startswith(beginnings, place):
            raise refuse("not-text", f"{quoted(_name(path))} is {what}", hint)
    return data


def _name(path: str | Path) -> str:
    return "<stdin>" if str(path) == "-" else str(path)


def _description(data: bytes) -> Any:
    """What JSON describes, where it is an object of Keras; None for anything else, such as a spec in JSON."""
    from paramcalc.frameworks.keras.description import loaded

    try:
        found = loaded(data)
    except ParamcalcError as error:
        if error.code == "duplicate-key":
            raise
        return None  # whoever reads specs says what is wrong, and where
    return found if isinstance(found, dict) and "class_name" in found and "paramcalc" not in found else None
