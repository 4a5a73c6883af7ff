"""What files begin with: text, or one of the formats that people keep models in."""

from __future__ import annotations

from os import PathLike

from paramcalc.core.errors import LIMITS, quoted, refuse
from paramcalc.spec.loading import open_file

#: What a zip archive begins with: a `.keras` file is one.
ARCHIVE = b"PK\x03\x04"
#: What an HDF5 file begins with.
HDF5 = b"\x89HDF\r\n\x1a\n"
_TENSORS = "it holds tensors, and not what they are connected to"
_CODE = "it may run code when it is opened, and never is: open it where it was made, and give the model to pc.from_"
#: What begins at a place of files that people keep models in, and are no text: what each is, and what to do.
_FOREIGN: tuple[tuple[int, tuple[bytes, ...], str, str], ...] = (
    (0, (HDF5,), "an HDF5 file, which cannot be read from a pipe", "give the path of a file"),
    (0, (ARCHIVE,), "an archive, which cannot be read from a pipe", "give the path of a file"),
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


def text_of(path: str | PathLike[str]) -> bytes | None:
    """Read what a file holds that may be a text; None stands for an archive or an HDF5 file, read by its path.

    The file is opened once, so that it may be a pipe. Raises `not-text` for one that begins as other files do.
    """
    with open_file(path) as file:
        data = file.read(len(HDF5))
        if data.startswith((ARCHIVE, HDF5)) and str(path) != "-" and file.seekable():
            return None
        data += file.read(LIMITS.file_bytes + 1 - len(data))
    for place, beginnings, what, hint in _FOREIGN:
        if data.startswith(beginnings, place):
            raise refuse("not-text", f"{quoted(file_name(path))} is {what}", hint)
    return data


def is_hdf5(path: str | PathLike[str]) -> bool:
    """Whether a file is one of HDF5."""
    with open_file(path) as file:
        return bool(file.read(len(HDF5)) == HDF5)


def file_name(path: str | PathLike[str]) -> str:
    """Name a file as messages do."""
    return "<stdin>" if str(path) == "-" else str(path)
