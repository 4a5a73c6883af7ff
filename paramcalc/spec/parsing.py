"""Text to mappings and lists: YAML and JSON, read event by event.

libyaml's events are taken one at a time and built into mappings and lists without recursion,
so that a hostile file meets a limit before it costs anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import yaml

from paramcalc.core.errors import LIMITS, ParamcalcError, Path, Position, Problem, quoted, refuse
from paramcalc.spec.scalars import QUOTE_HINT, scalar

_LOADER: Any = getattr(yaml, "CLoader", yaml.SafeLoader)
_MISSING: Any = object()


class Positions:
    """Where the values at some paths of a document stand, and their keys."""

    def __init__(self, wanted: set[Path]) -> None:
        self.wanted = wanted
        self.places: dict[Path, tuple[Position, Position]] = {}

    def put(self, path: Path, event: Any, key: Position | None) -> None:
        """Keep where the value of an event stands, and its key."""
        position = _position(event)
        self.places[path] = (key or position, position)


def build(text: str, positions: Positions | None = None) -> Any:
    """Return the value of a document, and keep the positions that are wanted.

    Raises `ParamcalcError` with the position of the event.
    """
    builder = _Builder(text, positions)
    for event in _events(text):
        builder.take(event)
    return builder.result


# --- Building mappings and lists of events ---------------------------------------------


class _Container:
    """A mapping or list that is being built."""

    __slots__ = ("flow", "key", "key_position", "path", "value")

    def __init__(self, value: dict[Any, Any] | list[Any], path: Path | None, flow: bool) -> None:
        self.value = value
        self.path = path
        self.flow = flow
        self.key: Any = _MISSING
        self.key_position: Position | None = None


class _Builder:
    """Builds the value of a document, event by event."""

    def __init__(self, text: str, positions: Positions | None) -> None:
        self.text = text
        self.positions = positions
        #: the mappings and lists around the value at hand
        self.stack: list[_Container] = []
        self.result: Any = None
        self.documents = 0

    def take(self, event: Any) -> None:
        """Take one event; those of a stream's beginning and end say nothing."""
        rule = _RULES.get(type(event))
        if rule is not None:
            rule(self, event)

    def begin_document(self, event: Any) -> None:
        """Refuse a second document."""
        self.documents += 1
        if self.documents > 1:
            message = "a file holds one spec, and a second document begins here"
            raise _at(event, "yaml-feature", message, "drop the '---'")

    def refuse_alias(self, event: Any) -> None:
        """Refuse an alias."""
        raise _at(event, "yaml-feature", *_NO_ANCHORS)

    def scalar(self, event: Any) -> None:
        """Take a text, a number, a truth or nothing."""
        _refuse_features(event)
        if event.style:
            value = event.value
        else:
            try:
                value = scalar(event.value, flow=bool(self.stack) and self.stack[-1].flow)
            except ParamcalcError as error:
                problem = error.problems[0]
                hint = problem.hint
                if problem.code == "unquoted-expression":
                    hint = _in_quotes(self.text, event.start_mark.index)
                raise _at(event, problem.code, problem.message, hint) from None
        self.put(value, event)

    def begin_mapping(self, event: Any) -> None:
        """Begin a mapping."""
        self.begin({}, event)

    def begin_list(self, event: Any) -> None:
        """Begin a list."""
        self.begin([], event)

    def begin(self, value: dict[Any, Any] | list[Any], event: Any) -> None:
        """Put an empty mapping or list at its place, to be filled by what comes next."""
        _refuse_features(event)
        if len(self.stack) >= LIMITS.nesting:
            raise _at(event, "limit", f"more than {LIMITS.nesting} mappings and lists within one another")
        path = self.put(value, event)
        self.stack.append(_Container(value, path, bool(event.flow_style)))

    def end(self, event: Any) -> None:
        """End a mapping or list."""
        self.stack.pop()

    def put(self, value: Any, event: Any) -> Path | None:
        """Put a value, or a key, where it belongs. Returns the path of a value whose position is wanted."""
        if not self.stack:
            self.result = value
            if self.positions is None:
                return None
            self.positions.put((), event, None)
            return ()
        parent = self.stack[-1]
        if isinstance(parent.value, list):
            place: str | int = len(parent.value)
            parent.value.append(value)
        elif parent.key is _MISSING:
            self.put_key(parent, value, event)
            return None
        else:
            place = parent.key
            parent.value[place] = value
            parent.key = _MISSING
        return self.keep_position(parent, place, event)

    def put_key(self, parent: _Container, key: Any, event: Any) -> None:
        """Take a key, for the value that comes next."""
        if isinstance(key, (dict, list)):
            raise _at(event, "syntax", f"a key is a name, not {quoted(key)}", QUOTE_HINT)
        if not isinstance(key, str):
            raise _at(event, "syntax", f"a key is a name, not {quoted(key)}")
        if key == "<<":
            raise _at(event, "yaml-feature", "a spec has no merge keys", "make what is shared a block")
        if key in parent.value:
            message = f"the key {quoted(key)} stands twice in this mapping"
            raise _at(event, "duplicate-key", message, "drop one of them")
        parent.key = key
        if self.positions is not None and parent.path is not None:
            parent.key_position = _position(event)

    def keep_position(self, parent: _Container, place: str | int, event: Any) -> Path | None:
        """Keep where a value stands, if that is wanted. Returns its path then."""
        if self.positions is None or parent.path is None:
            return None
        path = (*parent.path, place)
        if path not in self.positions.wanted:
            return None
        self.positions.put(path, event, parent.key_position if isinstance(parent.value, dict) else None)
        return path


#: What is done at each event.
_RULES: dict[type, Callable[[_Builder, Any], None]] = {
    yaml.DocumentStartEvent: _Builder.begin_document,
    yaml.ScalarEvent: _Builder.scalar,
    yaml.MappingStartEvent: _Builder.begin_mapping,
    yaml.SequenceStartEvent: _Builder.begin_list,
    yaml.MappingEndEvent: _Builder.end,
    yaml.SequenceEndEvent: _Builder.end,
    yaml.AliasEvent: _Builder.refuse_alias,
}


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


# --- Refusals --------------------------------------------------------------------------

_NO_ANCHORS = ("a spec has no anchors and aliases", "name the size in 'dims', or make it a block")


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
        hint = "a layer type with keys below it ends in a colon (- BatchNorm:); a ': ' inside a value needs quotes"
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
    """Return the refusal of what stands inside braces or brackets."""
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
    if char == ":":
        hint = "a comma stands between two keys; a ': ' inside a value needs quotes"
    elif char in "]}":
        hint = f"close the '{bracket}' first" if bracket else ""
    else:
        hint = _in_quotes(text, error.problem_mark.index)
    return ParamcalcError([Problem("unquoted-expression", message, hint, position=position)])


def _in_quotes(text: str, index: int) -> str:
    """Return the hint that shows the expression around an index, in quotes."""
    before = text[:index]
    start = max(before.rfind(sign) + len(sign) if sign in before else 0 for sign in ("\n", "{", "[", ", ", ": "))
    own, depth = "", 0
    for char in text[start : start + LIMITS.expression]:
        depth += (char in "([{") - (char in ")]}")
        if depth < 0 or char == "\n" or (char == "," and depth == 0):
            break
        own += char
    own = own.strip()
    mark = "'" if '"' in own else '"'
    return f"{QUOTE_HINT}: {mark}{own}{mark}"


def _at(event: Any, code: str, message: str, hint: str = "") -> ParamcalcError:
    return ParamcalcError([Problem(code, message, hint, position=_position(event))])


def _refuse_features(event: Any) -> None:
    if event.anchor is not None:
        raise _at(event, "yaml-feature", *_NO_ANCHORS)
    if event.tag is not None:
        raise _at(event, "yaml-feature", f"a spec has no tags, such as {quoted(event.tag)}", "texts stand in quotes")


def _position(event: Any) -> Position:
    start, end = event.start_mark, event.end_mark
    scalar = isinstance(event, yaml.ScalarEvent)
    length = end.column - start.column if scalar and start.line == end.line else 1
    return Position(start.line + 1, start.column + 1, max(1, length))
