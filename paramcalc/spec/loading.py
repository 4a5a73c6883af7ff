"""Text to spec: YAML and JSON, read event by event, with a position for every error.

libyaml's events are taken one at a time and built into mappings and lists without recursion,
so that a hostile file meets a limit before it costs anything. Positions are found by a
second pass over the same events, and only when there is an error to report.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from os import PathLike
from pathlib import Path as FilePath
from typing import Any, BinaryIO

import yaml

from paramcalc.core.errors import LIMITS, ParamcalcError, Path, Position, Problem, quoted, refuse, suggest
from paramcalc.spec import Spec, read_spec, read_value

_LOADER: Any = getattr(yaml, "CLoader", yaml.SafeLoader)


def load(path: str | PathLike[str]) -> Spec:
    """Read the spec of a file; `-` is standard input.

    Raises `ParamcalcError`, each problem with file, line and column.
    """
    return loads(read_file(path), "<stdin>" if str(path) == "-" else str(path))


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
    source = TextSource(name, _with_whole_escapes(_decoded(text, name)))
    try:
        return read_spec(_build(source.text, None), source)
    except ParamcalcError as error:
        raise located(error, source) from None


def dumps(spec: Spec) -> str:
    """Write a spec as YAML text, which `loads` reads back to an equal spec."""
    if not isinstance(spec, Spec):
        raise refuse("wrong-type", f"takes a spec, not {quoted(type(spec).__name__)}")
    text: str = yaml.dump(
        spec.plain(), Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=100, allow_unicode=True
    )
    return text


def located(error: ParamcalcError, source: Any) -> ParamcalcError:
    """The same refusal, each problem with the source that can say where it stands, in their order there."""
    if source is None:
        return error
    problems = [problem if problem.source else replace(problem, source=source) for problem in error.problems]
    if isinstance(source, TextSource):
        source.expect(problem.path for problem in problems if problem.source is source)
        problems.sort(key=lambda problem: problem.position or source.locate(problem.path, problem.at_key) or (0,))
    return ParamcalcError(problems)


def read_setting(text: str) -> tuple[str, Any]:
    """A dim and its value from `DIM=VALUE`, the value as YAML writes it."""
    name, separator, written = text.partition("=")
    if not separator or not name.strip():
        raise refuse("invalid-value", f"{quoted(text)} is not of the form DIM=VALUE", "as in --set width=1024")
    if not written.strip():
        way_out = f"{name.strip()}=null leaves the dim without a value"
        raise refuse("invalid-value", f"'{name.strip()}' is given no value", way_out)
    try:
        return name.strip(), read_value(_build(written, None))
    except ParamcalcError as error:
        problem = error.problems[0]
        raise refuse(problem.code, f"the value of '{name.strip()}': {problem.message}", problem.hint) from None


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_dict(self, data: Any) -> Any:
        """Nodes stand line by line; what they hold, in braces. A kind without fields ends in its colon."""
        node = super().represent_mapping("tag:yaml.org,2002:map", data, flow_style=True)
        for key, value in node.value:
            if key.value[:1].isupper() and value.tag == "tag:yaml.org,2002:null":
                value.value = ""
            if key.value in ("layers", "blocks"):
                node.flow_style = value.flow_style = False
            if key.value == "layers":
                for item in value.value:
                    item.flow_style = False
        return node

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        return super().increase_indent(flow, False)


_Dumper.add_representer(dict, _Dumper.represent_dict)


class TextSource:
    """A text that a spec was read from: finds positions when asked."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self._lines: list[str] | None = None
        self._positions: _Positions | None = None
        self._expected: set[Path] = set()

    def expect(self, paths: Iterable[Path]) -> None:
        """Have the values at these paths, and those around them, found in one pass."""
        wanted = {path[:length] for path in paths for length in range(len(path) + 1)}
        if not wanted <= self._expected:
            self._expected |= wanted
            self._positions = None

    def line(self, number: int) -> str:
        """The text of a line, counted from 1."""
        if self._lines is None:
            self._lines = re.split("\r\n|[\n\r\x85\u2028\u2029]", self.text)
        return self._lines[number - 1] if number <= len(self._lines) else ""

    def locate(self, path: Path, at_key: bool) -> Position | None:
        """Where the value at a path stands, or its key; else the nearest place around it."""
        self.expect([path])
        if self._positions is None:
            self._positions = _Positions(self._expected)
            # what is found before the document breaks off will do
            with suppress(ParamcalcError):
                _build(self.text, self._positions)
        for length in range(len(path), -1, -1):
            found = self._positions.places.get(path[:length])
            if found is not None:
                key, value = found
                # of a mapping that lacks a key, its own key says more than its first brace
                inside = length < len(path) and isinstance(path[length], str)
                return key if inside or (at_key and length == len(path)) else value
        return None


class _Positions:
    """Where the values at some paths of a document stand, and their keys."""

    def __init__(self, wanted: set[Path]) -> None:
        self.wanted = wanted
        self.places: dict[Path, tuple[Position, Position]] = {}

    def put(self, path: Path, event: Any, key: Position | None) -> None:
        position = _position(event)
        self.places[path] = (key or position, position)


def _position(event: Any) -> Position:
    start, end = event.start_mark, event.end_mark
    scalar = isinstance(event, yaml.ScalarEvent)
    length = end.column - start.column if scalar and start.line == end.line else 1
    return Position(start.line + 1, start.column + 1, max(1, length))


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
    """A text in JSON, each character that it escapes as two surrogates escaped as one, as YAML has it."""
    if "\\u" not in text or text.lstrip()[:1] != "{":
        return text

    def whole(match: re.Match[str]) -> str:
        high, low = int(match[2], 16), int(match[3], 16)
        return f"{match[1]}\\U{0x10000 + (high - 0xD800) * 0x400 + low - 0xDC00:08x}"

    return _PAIR.sub(whole, text)


# --- Building mappings and lists of events ---------------------------------------------

_MISSING: Any = object()


class _Container:
    """A mapping or list that is being built."""

    __slots__ = ("flow", "key", "key_position", "path", "value")

    def __init__(self, value: dict[Any, Any] | list[Any], path: Path | None, flow: bool) -> None:
        self.value = value
        self.path = path
        self.flow = flow
        self.key: Any = _MISSING
        self.key_position: Position | None = None


def _build(text: str, positions: _Positions | None) -> Any:
    """The value of a document. Raises `ParamcalcError` with the position of the event."""
    stack: list[_Container] = []
    result: Any = None
    documents = 0
    for event in _events(text):
        if isinstance(event, yaml.ScalarEvent):
            _refuse_features(event)
            flow = bool(stack) and stack[-1].flow
            value = event.value if event.style else _scalar(event, flow)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            _refuse_features(event)
            value = {} if isinstance(event, yaml.MappingStartEvent) else []
            if len(stack) >= LIMITS.nesting:
                raise _at(event, "limit", f"more than {LIMITS.nesting} mappings and lists within one another")
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            stack.pop()
            continue
        elif isinstance(event, yaml.AliasEvent):
            raise _at(event, "yaml-feature", *_NO_ANCHORS)
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                message = "a file holds one spec, and a second document begins here"
                raise _at(event, "yaml-feature", message, "drop the '---'")
            continue
        else:
            continue
        if stack:
            parent = stack[-1]
            if isinstance(parent.value, dict) and parent.key is _MISSING:
                _take_key(parent, value, event, positions)
                continue
            path = _put(parent, value, event, positions)
        else:
            result, path = value, None
            if positions is not None:
                path = ()
                positions.put(path, event, None)
        if isinstance(value, (dict, list)) and not isinstance(event, yaml.ScalarEvent):
            stack.append(_Container(value, path, bool(event.flow_style)))
    return result


def _take_key(parent: _Container, key: Any, event: Any, positions: _Positions | None) -> None:
    if isinstance(key, (dict, list)):
        raise _at(event, "syntax", f"a key is a name, not {quoted(key)}", _QUOTE_HINT)
    if not isinstance(key, str):
        raise _at(event, "syntax", f"a key is a name, not {quoted(key)}")
    if key == "<<":
        raise _at(event, "yaml-feature", "a spec has no merge keys", "make what is shared a block")
    if key in parent.value:
        raise _at(event, "duplicate-key", f"the key {quoted(key)} stands twice in this mapping", "drop one of them")
    parent.key = key
    parent.key_position = _position(event) if positions is not None and parent.path is not None else None


def _put(parent: _Container, value: Any, event: Any, positions: _Positions | None) -> Path | None:
    """Put a value into its container; gives its path where positions are asked for in it."""
    if isinstance(parent.value, dict):
        place = parent.key
        parent.value[place] = value
        parent.key = _MISSING
    else:
        place = len(parent.value)
        parent.value.append(value)
    if positions is None or parent.path is None:
        return None
    path = (*parent.path, place)
    if path not in positions.wanted:
        return None
    positions.put(path, event, parent.key_position if isinstance(parent.value, dict) else None)
    return path


def _events(text: str) -> Iterator[Any]:
    loader = _LOADER(text)
    try:
        while True:
            event = loader.get_event()
            if event is None:
                return
            yield event
    except yaml.reader.ReaderError as error:
        raise _unreadable(text, error.position) from None
    except yaml.MarkedYAMLError as error:
        raise _malformed(error, text) from None
    except yaml.YAMLError as error:
        raise refuse("syntax", f"not well-formed YAML: {quoted(str(error))}") from None
    finally:
        loader.dispose()


def _unreadable(text: str, offset: int) -> ParamcalcError:
    before = text[:offset]
    position = Position(before.count("\n") + 1, offset - before.rfind("\n"), 1)
    char = text[offset] if offset < len(text) else ""
    problem = Problem("syntax", f"the character {char!r} cannot stand in a spec", position=position)
    return ParamcalcError([problem])


_NO_ANCHORS = ("a spec has no anchors and aliases", "name the size in 'dims', or make it a block")
_QUOTE_HINT = "an expression with a comma, brackets, braces or ': ' needs quotes there: \"min(512, n)\""


def _malformed(error: Any, text: str) -> ParamcalcError:
    mark = error.problem_mark or error.context_mark
    position = Position(mark.line + 1, mark.column + 1, 1) if mark else None
    detail = " ".join(part for part in (error.problem, error.context) if part)
    char = text[mark.index : mark.index + 1] if mark else ""
    if re.search(r"expected ',' or|flow (sequence|mapping|node)", detail):
        return _malformed_flow(error, text, char, position)
    message, hint = f"not well-formed: {detail}", ""
    if "cannot start any token" in detail:
        message = "a tab cannot indent a line" if char == "\t" else f"{char!r} cannot begin a value"
        hint = "use spaces" if char == "\t" else "put the text in quotes"
    elif "mapping values are not allowed" in detail:
        message = "a ': ' is out of place here"
        hint = "a kind with keys below it ends in a colon (- BatchNorm:); a ': ' inside a value needs quotes"
    elif "Unicode character" in detail:
        message = "an escape that stands for no character"
        hint = "half of a surrogate pair is none; write the character itself"
    elif "quoted scalar" in detail and error.context_mark:
        message = "the quotation that begins here does not end"
        position = Position(error.context_mark.line + 1, error.context_mark.column + 1, 1)
    elif "block mapping" in detail or "block collection" in detail:
        message = "this continues no list, mapping or value"
        hint = "look at the indentation, and at the quotes before it"
    return ParamcalcError([Problem("syntax", message, hint, position=position)])


def _malformed_flow(error: Any, text: str, char: str, position: Position | None) -> ParamcalcError:
    """The refusal of what stands inside braces or brackets."""
    opened = error.context_mark
    bracket = text[opened.index : opened.index + 1] if opened else ""
    if bracket not in ("[", "{"):
        inside = "braces or brackets"
    else:
        inside = f"the '{bracket}' of line {opened.line + 1}"
        if not char:
            position = Position(opened.line + 1, opened.column + 1, 1)
    if not char:
        message = f"{inside} are not closed" if inside[0] == "b" else f"{inside} is not closed"
        return ParamcalcError([Problem("syntax", message, position=position)])
    message = f"{quoted(char)} is out of place inside {inside}"
    hint = "a comma stands between two keys; a ': ' inside a value needs quotes" if char == ":" else _QUOTE_HINT
    return ParamcalcError([Problem("unquoted-expression", message, hint, position=position)])


def _at(event: Any, code: str, message: str, hint: str = "") -> ParamcalcError:
    return ParamcalcError([Problem(code, message, hint, position=_position(event))])


def _refuse_features(event: Any) -> None:
    if event.anchor is not None:
        raise _at(event, "yaml-feature", *_NO_ANCHORS)
    if event.tag is not None:
        raise _at(event, "yaml-feature", f"a spec has no tags, such as {quoted(event.tag)}", "texts stand in quotes")


_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_FRACTION = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+)\Z")
_AMBIGUOUS = {
    re.compile(r"(?i:yes|no|on|off)\Z"): "true, false or text to different readers of YAML: write true or false",
    re.compile(r"[-+]?0[0-9_]+\Z"): "octal to YAML: write it without the leading zero",
    re.compile(r"[-+]?0[xXbBoO][0-9a-fA-F_]+\Z"): "hexadecimal, octal or binary: write it as a decimal number",
    re.compile(r"[-+]?[0-9][0-9]*_[0-9_]*\Z"): "written with _: write the digits alone",
    re.compile(r"[-+]?[0-9]+(:[0-5]?[0-9])+\Z"): "a number to base 60 to YAML: write it in quotes, or as a decimal",
}
_WORDS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_EMPTY = {"", "~", "null", "Null", "NULL"}


def _scalar(event: Any, flow: bool) -> Any:
    """The value of a text without quotes, as YAML 1.2 has it."""
    text = event.value
    first = text[:1]
    if first.isdigit() or (first in "+-." and len(text) > 1):
        if _DECIMAL.match(text):
            if len(text.lstrip("+-")) > LIMITS.digits:
                raise _at(event, "limit", f"a number has more than {LIMITS.digits} digits")
            return int(text)
        if _FRACTION.match(text) and len(text) < 40:
            return float(text)
    if text in _EMPTY:
        return None
    if text in _WORDS:
        return _WORDS[text]
    if len(text) < 40:
        for pattern, meaning in _AMBIGUOUS.items():
            if pattern.match(text):
                what, _, instead = meaning.partition(": ")
                raise _at(event, "ambiguous-scalar", f"{quoted(text)} is {what}", instead)
    if flow and any(text.count(left) != text.count(right) for left, right in ("()", "[]", "{}")):
        message = f"{quoted(text)} is a part of an expression that YAML has taken apart at a comma"
        raise _at(event, "unquoted-expression", message, _QUOTE_HINT)
    return text
