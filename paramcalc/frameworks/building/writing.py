"""Python source as trees: what a line holds, how it is broken, and what repeated groups have in common.

A group becomes a `Template`: its lines, with a `Slot` for each value that may differ from one use to the
next. Groups with the same lines are one template; the slots that do differ become its parameters.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

#: The longest line.
WIDTH = 100


class Code(str):
    """The text of an expression, among plain data."""


class Slot(NamedTuple):
    """A value: the argument that it is given for, and its text."""

    name: str
    text: str


class Call(NamedTuple):
    """A call: what is called, and its arguments, each with its keyword or without."""

    function: Expr
    arguments: tuple[tuple[str, Expr], ...] = ()


class Items(NamedTuple):
    """A list."""

    items: tuple[Expr, ...]


class Entries(NamedTuple):
    """A mapping, each key as its text."""

    items: tuple[tuple[str, Expr], ...]


class Joined(NamedTuple):
    """Expressions and texts behind one another, on one line."""

    parts: tuple[Expr, ...]


class Use(NamedTuple):
    """A call of a template: the values of its slots here, and the arguments that every use has."""

    template: Template
    values: tuple[str, ...]
    arguments: tuple[tuple[str, Expr], ...] = ()


Expr: TypeAlias = str | Slot | Call | Items | Entries | Joined | Use


class Statement(NamedTuple):
    """A statement: what stands before its expression, and how deep it is within loops."""

    start: str
    value: Expr
    depth: int = 0


class Template:
    """A function or a class that groups have in common."""

    def __init__(
        self, name: str, signature: str, sections: Sequence[Sequence[Statement]], variables: Iterable[str] = ()
    ) -> None:
        self.name = name
        #: names that no parameter may have
        self.variables = {*variables}
        self.signature = signature
        self.sections = [list(section) for section in sections]
        found = [each for section in self.sections for line in section for each in slots(line.value)]
        self.slot_names = [each.name for each in found]
        #: of each use, the text of every slot
        self.uses: list[tuple[str, ...]] = []
        #: each parameter, with the first slot that it stands for; known once all uses are
        self.parameters: list[tuple[str, int]] = []
        self._texts: list[str] = []

    @property
    def key(self) -> Any:
        """What makes groups the same but for the values of their slots."""
        return self.signature, [[_key(line) for line in section] for section in self.sections]

    def texts(self) -> tuple[str, ...]:
        """The text of every slot as it was written."""
        return tuple(slot.text for section in self.sections for line in section for slot in slots(line.value))

    def settle(self, taken: set[str]) -> None:
        """Decide which slots are parameters, once all uses are known."""
        taken = taken | self.variables
        columns = [*zip(*self.uses, strict=True)]
        names: dict[tuple[str, ...], str] = {}
        for place, column in enumerate(columns):
            if len(set(column)) == 1:
                self._texts.append(column[0])
                continue
            if column not in names:
                names[column] = unique(self.slot_names[place], {*taken, *names.values()})
                self.parameters.append((names[column], place))
            self._texts.append(names[column])

    def lines(self, section: int, indent: int) -> list[str]:
        """The text of a section."""
        before = sum(len(slots(line.value)) for each in self.sections[:section] for line in each)
        texts = iter(self._texts[before:])
        return [text for line in self.sections[section] for text in written(line, indent, texts)]


def slots(value: Expr) -> list[Slot]:
    """The slots of an expression, those of the templates that it uses included, in order."""
    match value:
        case Slot():
            return [value]
        case Call(function, arguments):
            return [*slots(function), *(slot for _, each in arguments for slot in slots(each))]
        case Entries(items):
            return [slot for _, each in items for slot in slots(each)]
        case Items(parts) | Joined(parts):
            return [slot for each in parts for slot in slots(each)]
        case Use(template, values, arguments):
            own = map(Slot, template.slot_names, values)
            return [*own, *(slot for _, each in arguments for slot in slots(each))]
    return []


def _key(value: Any) -> Any:
    """An expression without the texts of its slots."""
    match value:
        case Slot(name):
            return ("slot", name)
        case Use(template, _, arguments):
            return (id(template), _key(arguments))
        case tuple():
            return (type(value).__name__, *map(_key, value))
    return value


def _filled(value: Expr, texts: Iterator[str]) -> Expr:
    """An expression with a text for each of its slots, and the calls of templates as they are written."""
    match value:
        case Slot():
            return next(texts)
        case Call(function, arguments):
            return Call(_filled(function, texts), tuple((name, _filled(each, texts)) for name, each in arguments))
        case Entries(items):
            return Entries(tuple((name, _filled(each, texts)) for name, each in items))
        case Items(parts):
            return Items(tuple(_filled(each, texts) for each in parts))
        case Joined(parts):
            return Joined(tuple(_filled(each, texts) for each in parts))
        case Use(template, values, arguments):
            own = [next(texts) for _ in values]
            given = tuple((name, _filled(each, texts)) for name, each in arguments)
            return Call(template.name, (*given, *((name, own[place]) for name, place in template.parameters)))
    return value


# --- Text --------------------------------------------------------------------------------


def written(line: Statement, indent: int = 0, texts: Iterator[str] | None = None) -> list[str]:
    """The lines of a statement, broken as a formatter would break it."""
    if texts is None:
        texts = iter([slot.text for slot in slots(line.value)])
    return _broken(line.start, _filled(line.value, texts), indent + 4 * line.depth)


def _flat(value: Expr) -> str:
    match value:
        case Call(function, arguments):
            return f"{_flat(function)}({', '.join(_argument(name) + _flat(each) for name, each in arguments)})"
        case Items(parts):
            return f"[{', '.join(map(_flat, parts))}]"
        case Entries(items):
            return "{" + ", ".join(f"{name}: {_flat(each)}" for name, each in items) + "}"
        case Joined(parts):
            return "".join(map(_flat, parts))
    return str(value)


def _argument(name: str) -> str:
    return f"{name}=" if name else ""


def _broken(start: str, value: Expr, indent: int, end: str = "") -> list[str]:
    whole = " " * indent + start + _flat(value) + end
    if len(whole) <= WIDTH:
        return [whole]
    match value:
        case Call(Call() as function, arguments) if len(f"{' ' * indent}{start}{_flat(function)}(") > WIDTH:
            # a layer that is made and called at once, and what makes it does not fit a line
            return _broken(start, function, indent, _flat(Call("", arguments)) + end)
        case Joined((Call() as call, str(behind))):
            return _broken(start, call, indent, behind + end)
        case Call(function, arguments):
            opening, closing = f"{start}{_flat(function)}(", f"){end}"
            parts = [(_argument(name), each) for name, each in arguments]
        case Items(items):
            opening, closing = f"{start}[", f"]{end}"
            parts = [("", each) for each in items]
        case Entries(entries):
            opening, closing = f"{start}{{", f"}}{end}"
            parts = [(f"{name}: ", each) for name, each in entries]
        case _:
            return [whole]
    inside = " " * (indent + 4) + ", ".join(name + _flat(each) for name, each in parts)
    # what a call is given may share a line, and the items of a list may not
    if len(inside) <= WIDTH and (isinstance(value, Call) or len(parts) == 1):
        lines = [inside + ("" if isinstance(value, Call) else ",")]
    else:
        lines = [line for name, each in parts for line in _broken(name, each, indent + 4, ",")]
    return [" " * indent + opening, *lines, " " * indent + closing]


def spelled(name: str, value: Any) -> Expr:
    """Plain data, given for an argument; what differs from one use to the next are the values of a mapping."""
    if isinstance(value, dict):
        return Entries(tuple((literal(key), spelled(name, each)) for key, each in value.items()))
    return Slot(name, literal(value))


def literal(value: Any) -> str:
    """Plain data as Python writes it; texts within double quotes, as formatters do."""
    if isinstance(value, Code):
        return str(value)
    if isinstance(value, str):
        text = repr(value)
        return f'"{text[1:-1]}"' if '"' not in value and "'" not in value else text
    if isinstance(value, (tuple, list)):
        inside = ", ".join(map(literal, value))
        if isinstance(value, list):
            return f"[{inside}]"
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if isinstance(value, Fraction):
        return f"{value.numerator} / {value.denominator}"
    if value is None or type(value) in (bool, int, float):
        return repr(value)
    raise AssertionError(f"no plain data: {type(value).__name__}")


# --- Names -------------------------------------------------------------------------------


def identifier(name: str) -> str:
    """The nearest name that Python takes."""
    name = re.sub(r"\W", "_", name, flags=re.ASCII)
    return f"_{name}" if not name or name[0].isdigit() else name


def snake(name: str) -> str:
    """A name for a variable or a function."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", identifier(name)).lower()


def camel(name: str) -> str:
    """A name for a class."""
    found = "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name) if part)
    return found if found[:1].isalpha() else f"Network{found}"


def unique(name: str, taken: set[str]) -> str:
    """The name, or with a number behind it, so that it is none of those taken."""
    found, number = name, 1
    while found in taken or keyword.iskeyword(found) or hasattr(builtins, found):
        number += 1
        found = f"{name}_{number}" if name.islower() else f"{name}{number}"
    return found
