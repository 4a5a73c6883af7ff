"""Python source as trees: what a line holds, how it is broken, and what repeated groups have in common.

A group becomes a `Template`: its lines, with a `Slot` for each value that may differ from one use to the
next. Groups with the same lines are one template; the slots that do differ become its parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

from paramcalc.frameworks.building.identifiers import unique

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


class Repeated(NamedTuple):
    """What is made several times: an expression, and how often, as the only argument of a call."""

    item: Expr
    times: Expr


class TemplateCall(NamedTuple):
    """A call of a template: the values of its slots here, and the arguments that every call of it has."""

    template: Template
    values: tuple[str, ...]
    arguments: tuple[tuple[str, Expr], ...] = ()


Expr: TypeAlias = str | Slot | Call | Items | Entries | Joined | Repeated | TemplateCall


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
        #: of each slot, whether it stands for a parameter
        self._varies: list[bool] = []

    @property
    def key(self) -> Any:
        """What makes groups the same but for the values of their slots."""
        return self.signature, [[_key(line) for line in section] for section in self.sections]

    def texts(self) -> tuple[str, ...]:
        """Return the text of every slot as it was written."""
        return tuple(slot.text for section in self.sections for line in section for slot in slots(line.value))

    def settle(self, taken: set[str]) -> None:
        """Decide which slots are parameters, once all uses are known."""
        taken = taken | self.variables
        columns = [*zip(*self.uses, strict=True)]
        names: dict[tuple[str, ...], str] = {}
        for place, column in enumerate(columns):
            self._varies.append(len(set(column)) > 1)
            if not self._varies[-1]:
                self._texts.append(column[0])
                continue
            if column not in names:
                names[column] = unique(self.slot_names[place], {*taken, *names.values()})
                self.parameters.append((names[column], place))
            self._texts.append(names[column])

    def mentioned(self, section: int) -> list[str]:
        """List the parameters that a section mentions."""
        found = {self._texts[place] for place in self._places(section) if self._varies[place]}
        return [name for name, _ in self.parameters if name in found]

    def lines(self, section: int, indent: int, prefix: str = "") -> list[str]:
        """Write a section, a prefix before each parameter in it."""
        texts = iter([(prefix if self._varies[place] else "") + self._texts[place] for place in self._places(section)])
        return [text for line in self.sections[section] for text in written(line, indent, texts)]

    def _places(self, section: int) -> range:
        """Return the numbers of a section's slots, among those of all sections."""
        numbers = [sum(len(slots(line.value)) for line in each) for each in self.sections[: section + 1]]
        return range(sum(numbers[:-1]), sum(numbers))


def slots(value: Expr) -> list[Slot]:
    """List the slots of an expression in order, those of the templates that it calls included."""
    match value:
        case Slot():
            return [value]
        case Call(function, arguments):
            return [*slots(function), *(slot for _, each in arguments for slot in slots(each))]
        case Entries(items):
            return [slot for _, each in items for slot in slots(each)]
        case Items(parts) | Joined(parts):
            return [slot for each in parts for slot in slots(each)]
        case Repeated(item, times):
            return [*slots(item), *slots(times)]
        case TemplateCall(template, values, arguments):
            own = map(Slot, template.slot_names, values)
            return [*own, *(slot for _, each in arguments for slot in slots(each))]
    return []


def _key(value: Any) -> Any:
    """Return an expression without the texts of its slots."""
    match value:
        case Slot(name):
            return ("slot", name)
        case TemplateCall(template, _, arguments):
            return (id(template), _key(arguments))
        case tuple():
            return (type(value).__name__, *map(_key, value))
    return value


def _filled(value: Expr, texts: Iterator[str]) -> Expr:
    """Put a text into each slot of an expression, and write the calls of templates as plain calls."""
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
        case Repeated(item, times):
            return Repeated(_filled(item, texts), _filled(times, texts))
        case TemplateCall(template, values, arguments):
            own = [next(texts) for _ in values]
            given = tuple((name, _filled(each, texts)) for name, each in arguments)
            return Call(template.name, (*given, *((name, own[place]) for name, place in template.parameters)))
    return value


# --- Text --------------------------------------------------------------------------------


def written(line: Statement, indent: int = 0, texts: Iterator[str] | None = None) -> list[str]:
    """Write a statement, broken into lines as a formatter would break it."""
    if texts is None:
        texts = iter([slot.text for slot in slots(line.value)])
    return _broken(line.start, _filled(line.value, texts), indent + 4 * line.depth)


def _flat(value: Expr) -> str:
    """Write an expression on one line."""
    match value:
        case Call(function, arguments):
            return f"{_flat(function)}({', '.join(_argument(name) + _flat(each) for name, each in arguments)})"
        case Items(parts):
            return f"[{', '.join(map(_flat, parts))}]"
        case Entries(items):
            return "{" + ", ".join(f"{name}: {_flat(each)}" for name, each in items) + "}"
        case Joined(parts):
            return "".join(map(_flat, parts))
        case Repeated(item, times):
            return f"{_flat(item)} {_loop(times)}"
    return str(value)


def _loop(times: Expr) -> str:
    return f"for _ in range({_flat(times)})"


def _argument(name: str) -> str:
    return f"{name}=" if name else ""


def _broken(start: str, value: Expr, indent: int, end: str = "") -> list[str]:
    """Write an expression between `start` and `end`, on as many lines as it needs."""
    whole = " " * indent + start + _flat(value) + end
    if len(whole) <= WIDTH:
        return [whole]
    match value:
        case Call(Call() as function, arguments) if len(f"{' ' * indent}{start}{_flat(function)}(") > WIDTH:
            # a layer that is made and called at once, and what makes it does not fit a line
            return _broken(start, function, indent, _flat(Call("", arguments)) + end)
        case Call(function, ((name, Repeated(item, times)),)):
            # no comma may stand behind the only argument that is a loop
            looped = [*_broken(_argument(name), item, indent + 4), " " * (indent + 4) + _loop(times)]
            inside = _one_line([(_argument(name), Repeated(item, times))], indent + 4) or looped
            return _between(f"{start}{_flat(function)}(", inside, f"){end}", indent)
        case Call(function, arguments):
            given = [(_argument(name), each) for name, each in arguments]
            inside = _one_line(given, indent + 4) or _one_a_line(given, indent + 4)
            return _between(f"{start}{_flat(function)}(", inside, f"){end}", indent)
        case Joined((Call() as call, str(behind))):
            return _chained(start, call, behind, indent, end)
        case Items(items):
            return _between(f"{start}[", _one_a_line([("", each) for each in items], indent + 4), f"]{end}", indent)
        case Entries(items):
            entries = [(f"{name}: ", each) for name, each in items]
            return _between(f"{start}{{", _one_a_line(entries, indent + 4), f"}}{end}", indent)
    return [whole]


def _chained(start: str, call: Call, behind: str, indent: int, end: str) -> list[str]:
    """Write a call with calls of its result behind it: `nn.Linear(…).to(torch.bfloat16)`."""
    methods = re.findall(r"\.\w+\([^()]*\)", behind)
    if "".join(methods) != behind:
        return _broken(start, call, indent, behind + end)
    if len(methods) > 1 and start.endswith("= "):
        inside = _broken("", call, indent + 4) + [" " * (indent + 4) + method for method in methods]
        return _between(f"{start}(", inside, f"){end}", indent)
    method, _, given = behind.removesuffix(")").rpartition("(")
    opening = f"{start}{_flat(call)}{method}("
    if given and indent + len(opening) <= WIDTH:
        return _between(opening, [" " * (indent + 4) + given], f"){end}", indent)
    return _broken(start, call, indent, behind + end)


def _between(opening: str, inside: list[str], closing: str, indent: int) -> list[str]:
    return [" " * indent + opening, *inside, " " * indent + closing]


def _one_line(given: Sequence[tuple[str, Expr]], indent: int) -> list[str]:
    """Write what a call is given on one line; nothing where it does not fit."""
    line = " " * indent + ", ".join(name + _flat(each) for name, each in given)
    return [line] if given and len(line) <= WIDTH else []


def _one_a_line(items: Sequence[tuple[str, Expr]], indent: int) -> list[str]:
    return [line for name, each in items for line in _broken(name, each, indent, ",")]


def spelled(name: str, value: Any) -> Expr:
    """Write plain data given for an argument; shapes by their names have a slot each."""
    if isinstance(value, dict):
        return Entries(tuple((literal(key), Slot("shape", literal(each))) for key, each in value.items()))
    return Slot(name, literal(value))


def literal(value: Any) -> str:
    """Write plain data as Python does; texts within double quotes, as formatters do."""
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
