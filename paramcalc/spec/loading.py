"""Text to spec: YAML and JSON, with a position for every error.

The text is built into mappings and lists (`parsing`), which are read as a spec (`reading`). Positions are
found by a second pass over the text (`positions`), and only when there is an error to report.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from os import PathLike
from pathlib import Path as FilePath
from typing import Any, BinaryIO

from paramcalc.core.errors import LIMITS, ParamcalcError, Source, quoted, refuse, suggest
from paramcalc.core.expression import folded_name
from paramcalc.spec import Spec, read_given, read_spec
from paramcalc.spec.including import MergedSource, with_included
from paramcalc.spec.parsing import build
from paramcalc.spec.positions import TextSource


def load(path: str | PathLike[str]) -> Spec:
    """Read the spec of a file; `-` is standard input.

    Raises `ParamcalcError`, each problem with file, line and column.
    """
    name = "<stdin>" if str(path) == "-" else str(path)
    return spec_of(text_source(read_file(path), name, folder_of(path)))


def folder_of(path: str | PathLike[str]) -> FilePath | None:
    """Return the folder that what a file includes is relative to; None for standard input."""
    return None if str(path) == "-" else FilePath(path).parent.resolve()


def read_file(path: str | PathLike[str]) -> bytes:
    """Read a file, as far as one byte beyond the largest that is read; `-` is standard input.

    Raises `unreadable-file`.
    """
    with open_file(path) as file:
        return file.read(LIMITS.file_bytes + 1)


@contextmanager
def open_file(path: str | PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file to read it once, as a pipe must be; `-` is standard input. Raises `unreadable-file`."""
    if not isinstance(path, (str, PathLike)):
        raise refuse("wrong-type", f"takes the path of a file, not {quoted(path)}")
    try:
        if str(path) == "-":
            if sys.stdin is None:
                raise refuse("unreadable-file", "standard input is closed")
            yield sys.stdin.buffer
        else:
            with open(path, "rb") as file:
                yield file
    except OSError as error:
        hint = _nearby(FilePath(path)) if isinstance(error, FileNotFoundError) else ""
        raise refuse("unreadable-file", f"cannot read {quoted(str(path))}: {error.strerror}", hint) from None
    except ValueError:
        raise refuse("unreadable-file", f"cannot read {quoted(str(path))}: not the name of a file") from None


def loads(text: str | bytes, name: str = "<text>") -> Spec:
    """Read the spec of a text in YAML or JSON; `name` stands for it in messages.

    Raises `ParamcalcError`, each problem with line and column.
    """
    if not isinstance(text, (str, bytes)):
        raise refuse("wrong-type", f"takes the text of a spec, not {quoted(text)}", "pc.load reads a file")
    return spec_of(text_source(text, name))


def text_source(text: str | bytes, name: str, folder: FilePath | None = None) -> TextSource:
    """Return a text that a spec is read from; `folder` is that of the file, if it is one. Raises `not-text`."""
    return TextSource(name, _with_whole_escapes(_decoded(text, name)), folder)


def spec_of(source: TextSource) -> Spec:
    """Read the spec of a text, with what it includes. Raises `ParamcalcError`, each problem with line and column."""
    whole: Source = source
    try:
        data, whole = with_included(build(source.text), source, _included)
        return read_spec(data, whole)
    except ParamcalcError as error:
        raise located(error, whole) from None


def _included(path: FilePath) -> tuple[Any, TextSource]:
    """Return the data and the text of an included file."""
    source = text_source(read_file(path), str(path))
    try:
        return build(source.text), source
    except ParamcalcError as error:
        raise located(error, source) from None


def located(error: ParamcalcError, source: Any) -> ParamcalcError:
    """Return the same refusal, each problem with the source that can say where it stands, in their order there."""
    if source is None:
        return error
    if isinstance(source, MergedSource):
        placed = [(problem, *source.of(problem.path)) for problem in error.problems]
        return ParamcalcError(
            problem if problem.source or problem.outside else replace(problem, source=text, path=path)
            for problem, text, path in placed
        )
    problems = [problem if problem.source else replace(problem, source=source) for problem in error.problems]
    if isinstance(source, TextSource):
        source.expect(problem.path for problem in problems if problem.source is source)
        problems.sort(key=lambda problem: problem.position or source.locate(problem.path, problem.at_key) or (0,))
    return ParamcalcError(problems)


def read_setting(text: str) -> tuple[str, Any]:
    """Read a dim and its value from `DIM=VALUE`, the value as YAML writes it."""
    key, separator, written = text.partition("=")
    name = folded_name(key.strip())
    if not separator or not name:
        raise refuse("invalid-value", f"{quoted(text)} is not of the form DIM=VALUE", "as in --set width=1024")
    if not written.strip():
        way_out = f"{name}=null leaves the dim without a value"
        raise refuse("invalid-value", f"'{name}' is given no value", way_out)
    try:
        return name, read_given(build(written))
    except ParamcalcError as error:
        problem = error.problems[0]
        raise refuse(problem.code, f"the value of '{name}': {problem.message}", problem.hint) from None


def _nearby(path: FilePath) -> str:
    try:
        names = [entry.name for entry, _ in zip(path.parent.iterdir(), range(1000), strict=False)]
    except (OSError, ValueError):
        return ""
    hint = suggest(path.name, names)
    return hint.replace(hint[14:-2], str(path.parent / hint[14:-2])) if hint else ""


def _decoded(text: str | bytes, name: str) -> str:
    size = len(text)
    if size > LIMITS.file_bytes:
        raise refuse("limit", f"{quoted(name)} is larger than {LIMITS.file_bytes // 2**20} MiB")
    if isinstance(text, str):
        try:
            text.encode()
        except UnicodeEncodeError:
            raise refuse("not-text", f"{quoted(name)} has half of a surrogate pair, which is no character") from None
        return text
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = text[: error.start]
        place = f"line {before.count(10) + 1}, byte {error.start - before.rfind(10)}"
        raise refuse("not-text", f"{quoted(name)} is not UTF-8 text (at {place})") from None


_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


def _with_whole_escapes(text: str) -> str:
    """Return a text in JSON, each character that it escapes as two surrogates escaped as one, as YAML has it."""
    if "\\u" not in text or text.lstrip()[:1] != "{":
        return text

    def whole(match: re.Match[str]) -> str:
        high, low = int(match[2], 16), int(match[3], 16)
        return f"{match[1]}\\U{0x10000 + (high - 0xD800) * 0x400 + low - 0xDC00:08x}"

    return _PAIR.sub(whole, text)
