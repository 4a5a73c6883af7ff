"""What stands in the code of models in place of Python's own, so that loops are recorded and values remember on."""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import cache
from types import CodeType
from typing import Any

from torch import nn

from paramcalc.families.generator.lists import Sequence, items_of
from paramcalc.families.generator.recording import LOST, ask, current, looped
from paramcalc.families.generator.remembering import expression, plain, remembering, renamed
from paramcalc.families.generator.scalars import Double, Text, Whole, constant, lost, whole
from paramcalc.families.generator.texts import has_one_of

# --- Loops ------------------------------------------------------------------------------


class Range:
    """What a loop goes over: a number of items, its expression, and each item for its counter."""

    def __init__(self, number: int, extent: str, item: Callable[[int, str], Any]) -> None:
        self.number, self.extent, self.item = number, extent, item

    def __iter__(self) -> Iterator[Any]:
        return looped(self.number, self.extent, self.item)

    def __len__(self) -> int:
        return self.number

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return [self.item(place, str(place)) for place in range(self.number)[key]]
        return self.item(range(self.number)[plain(key)], expression(key))

    def __contains__(self, value: Any) -> bool:
        return any(plain(self.item(place, str(place))) == plain(value) for place in range(self.number))

    def __reversed__(self) -> Iterator[Any]:
        return iter(backwards(self))


def _sequence(value: Any) -> Range | None:
    """Return what a loop over a value goes over; None for what is no sequence."""
    if isinstance(value, Range):
        return value
    if isinstance(value, Sequence):
        base = value.base
        return Range(
            len(base(value.items())),
            value.extent,
            lambda copy, counter: renamed(base.__getitem__(value, copy), value.item_at(counter)),
        )
    if isinstance(value, (list, tuple)):
        return Range(len(value), str(len(value)), lambda copy, counter: value[copy])
    return None


def traced_range(*bounds: Any) -> Any:
    """Do what `range` does."""
    numbers = range(*(operator.index(each) for each in bounds))
    texts = [expression(each) for each in bounds]
    low, high = (texts[0], texts[1]) if len(texts) > 1 else ("0", texts[0])
    step = texts[2] if len(texts) > 2 else "1"
    extent = high if low == "0" else f"({high} - {low})"
    if step != "1":
        extent = f"ceil({extent} / {step})" if not step.startswith("-") else f"{LOST}range"

    def item(copy: int, counter: str) -> Any:
        text = counter if step == "1" else f"({counter} * {step})"
        return whole(numbers[copy], text if low == "0" else f"({low} + {text})")

    return Range(len(numbers), extent, item)


def traced_enumerate(value: Any, start: Any = 0) -> Any:
    """Do what `enumerate` does."""
    found = _sequence(value)
    if found is None:
        return builtins.enumerate(value, start)

    def item(copy: int, counter: str) -> Any:
        text = counter if plain(start) == 0 else f"({counter} + {expression(start)})"
        return whole(copy + plain(start), text), found.item(copy, counter)

    return Range(found.number, found.extent, item)


def traced_zip(*values: Any, **options: Any) -> Any:
    """Do what `zip` does."""
    found = [_sequence(each) for each in values]
    if not found or any(each is None for each in found):
        return builtins.zip(*values, **options)  # noqa: B905
    extents = [*dict.fromkeys(each.extent for each in found if each is not None)]
    extent = extents[0] if len(extents) == 1 else f"min({', '.join(extents)})"
    number = min(each.number for each in found if each is not None)
    return Range(number, extent, lambda copy, counter: tuple(each.item(copy, counter) for each in found if each))


def backwards(found: Range) -> Range:
    """Return the items of a loop in the other order."""
    return Range(
        found.number,
        found.extent,
        lambda copy, counter: found.item(found.number - 1 - copy, f"({found.extent} - 1 - {counter})"),
    )


def traced_reversed(value: Any) -> Any:
    """Do what `reversed` does."""
    found = _sequence(value)
    return builtins.reversed(value) if found is None else backwards(found)


def traced_len(value: Any) -> Any:
    """Do what `len` does."""
    if isinstance(value, Range):
        return whole(value.number, value.extent)
    if isinstance(value, Sequence):
        return whole(value.base.__len__(value), value.extent)
    if isinstance(value, (list, nn.ModuleList)) and (extent := _copies_of(value)):
        return whole(builtins.len(value), extent)
    return builtins.len(value)


def _copies_of(modules: Iterable[Any]) -> str:
    """Return how many copies a loop had that made one of these modules in each; nothing where they were not so made."""
    recorder = current()
    made = [recorder.made.get(id(each)) for each in modules] if recorder is not None else []
    if recorder is None or not made or any(each is None or each.parent is not recorder.frame for each in made):
        return ""
    copies = [{site: each.copies[site] for site in each.sites} for each in made if each is not None]
    for site in copies[0]:
        last, extent = recorder.ended.get(site, (-1, LOST))
        if last == len(made) - 1 and copies == [{**copies[0], site: copy} for copy in range(last + 1)]:
            return "" if LOST in extent else extent
    return ""


def traced_sum(value: Any, *start: Any) -> Any:
    """Do what `sum` does."""
    if isinstance(value, Sequence) and not start:
        return whole(builtins.sum(map(plain, value.items())), f"sum({value.expression})")
    return builtins.sum(items_of(value), *start)


def _traced_extreme(apply: Callable[..., Any], name: str) -> Callable[..., Any]:
    def method(*values: Any, **options: Any) -> Any:
        if not options and len(values) == 1 and isinstance(values[0], Sequence):
            return whole(apply(map(plain, values[0].items())), f"{name}({values[0].expression})")
        if len(values) > 1 and not options and any(isinstance(each, Double) and each.form for each in values):
            return _first_extreme(values, name)
        if len(values) > 1 and not options and any(isinstance(each, Whole) for each in values):
            found = apply(*map(plain, values))
            integers = all(isinstance(each, int) for each in values)
            return whole(found, f"{name}({', '.join(map(expression, values))})") if integers else lost(found)
        return apply(*values, **options)

    return method


def _first_extreme(values: tuple[Any, ...], name: str) -> Any:
    """Return the smallest or the greatest of numbers, comparing one by one as Python does."""
    found, *others = values
    for each in others:
        if each < found if name == "min" else each > found:
            found = each
    return found


class _Integer(type):
    """Stands for `int` in the code of models: what it makes of a number remembers on."""

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, int)

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, int)

    def __call__(cls, *values: Any, **options: Any) -> Any:
        if len(values) == 1 and isinstance(values[0], Whole):
            return values[0]
        if len(values) == 1 and isinstance(values[0], Double):
            return values[0].rounded("scaled")
        return int(*values, **options)

    def __or__(cls, other: Any) -> Any:
        return int | other

    def __ror__(cls, other: Any) -> Any:
        return other | int

    def __eq__(cls, other: object) -> bool:
        return other is cls or other is int

    def __hash__(cls) -> int:
        return hash(int)


class Integer(metaclass=_Integer):
    """`int`, as the code of models has it."""


class Ordered(set[Any]):
    """A set whose elements always come in the same order."""

    def __iter__(self) -> Iterator[Any]:
        return iter(builtins.sorted(set.__iter__(self)))


class _Set(type):
    """Stands for `set` in the code of models: of a list of texts it asks which are in it."""

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, set)

    def __call__(cls, *values: Any) -> Any:
        found: set[Any] = set(*(map(plain, items_of(each)) for each in values))
        if not found or not all(isinstance(each, str) for each in found):
            return found
        recorder = current()
        if recorder is not None and isinstance(values[0], Sequence):
            text = values[0].expression
            for choices in recorder.choices.get(text) or [[each] for each in builtins.sorted(found)]:
                ask(has_one_of(text, choices), not found.isdisjoint(choices))
        return Ordered(found)


class Set(metaclass=_Set):
    """`set`, as the code of models has it."""


class _List(type):
    """Stands for `list` in the code of configurations: a list made of one is that one."""

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, list)

    def __call__(cls, *values: Any) -> Any:
        if len(values) == 1 and isinstance(values[0], Sequence):
            return remembering([*values[0].items()], values[0].expression)
        return list(*values)

    def __getitem__(cls, sort: Any) -> Any:
        return list[sort]


class Listed(metaclass=_List):
    """`list`, as the code of configurations has it."""


def traced_sorted(value: Any, **options: Any) -> Any:
    """Do what `sorted` does, without recording that texts are compared."""
    items = [*items_of(value)]
    if not options and (isinstance(value, Sequence) or any(isinstance(each, Text) for each in items)):
        return builtins.sorted(map(plain, items))
    return builtins.sorted(items, **options)


def give_constants(undone: ExitStack, functions: Iterable[Any]) -> None:
    """Give functions doubles that remember in place of those in their code, until it is undone."""
    for function in functions:
        code = function.__code__
        remembering_code = _with_constants(code, code.co_filename)
        if remembering_code is not code:
            undone.callback(setattr, function, "__code__", code)
            function.__code__ = remembering_code


@cache
def _with_constants(code: CodeType, filename: str) -> CodeType:
    """Return code with doubles that remember; what is alike in two files is equal for Python."""
    values = tuple(map(_constant, code.co_consts))
    same = all(new is old for new, old in zip(values, code.co_consts, strict=True))
    return code if same else code.replace(co_consts=values)


def _constant(value: Any) -> Any:
    if isinstance(value, CodeType):
        return _with_constants(value, value.co_filename)
    return constant(value) if type(value) is float else value


#: What stands in the code of models in place of Python's own.
BUILTINS: dict[str, Any] = {
    "range": traced_range,
    "enumerate": traced_enumerate,
    "zip": traced_zip,
    "reversed": traced_reversed,
    "len": traced_len,
    "sum": traced_sum,
    "min": _traced_extreme(builtins.min, "min"),
    "max": _traced_extreme(builtins.max, "max"),
    "int": Integer,
    "set": Set,
    "sorted": traced_sorted,
}
