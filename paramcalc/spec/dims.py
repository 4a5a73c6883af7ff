"""Dims that say more than a value: what they mean, and that they are texts or doubles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from paramcalc.core.errors import ParamcalcError, listed, quoted, refuse, suggest
from paramcalc.core.expression import bounded
from paramcalc.spec.values import Value, read_value, read_values

#: What a dim may be written as in a mapping; exactly one of these is its value.
SORTS = ("value", "text", "texts", "number", "numbers")
#: All keys of such a mapping.
DIM_KEYS = (*SORTS, "one_of", "meaning")


class Text(str):
    """A text as the value of a dim; a plain `str` is an expression there."""

    __slots__ = ()


class Double(float):
    """A double as the value of a dim."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Described:
    """What a dim says beside its value."""

    #: which of `SORTS` it is written as
    sort: str
    #: what it is, in a few words
    meaning: str = ""
    #: what a text may be; none, where it may be any
    one_of: tuple[str, ...] = ()

    def check(self, value: Value) -> None:
        """Refuse a text that is none of the choices: `invalid-value`."""
        if self.one_of and value not in self.one_of:
            choices = ", ".join(f"'{choice}'" for choice in self.one_of)
            raise refuse("invalid-value", f"takes one of {choices}, not {quoted(value)}", suggest(value, self.one_of))

    def plain(self, value: Any) -> dict[str, Any]:
        """Return the dim as YAML and JSON have it, with a value as they have it."""
        choices = {"one_of": list(self.one_of)} if self.one_of else {}
        return {self.sort: value, **choices, **({"meaning": self.meaning} if self.meaning else {})}


class Dim:
    """A dim with what it means, for a spec that is made in Python: `Dim(768, meaning="features of a token")`.

    In place of a value, `text="silu"` is a text, of which `one_of` may list the choices, `texts=[…]` a list of
    texts, `number=4.0` a double, and `numbers=[4, 0.5]` a list of doubles and whole numbers. Raises `ParamcalcError`
    as a mapping of these keys in a file does.
    """

    __slots__ = ("described", "value")

    def __init__(self, *value: Any, **keys: Any) -> None:
        if len(value) > 1:
            raise refuse("invalid-value", f"a dim has one value, not {len(value)}")
        given = {**({"value": value[0]} if value else {}), **keys}
        self.value, self.described = read_described(given)


def read_described(data: Mapping[Any, Any]) -> tuple[Value, Described]:
    """Read a dim that is a mapping: its value, and what it says beside it.

    Raises `missing-key`, `unknown-key`, `invalid-value`, `wrong-type`, and what a value is refused for.
    """
    for key in data:
        if key not in DIM_KEYS:
            hint = suggest(key, DIM_KEYS) or listed("the keys of a dim", DIM_KEYS)
            if data[key] is None and " " in str(key):
                # {meaning: tokens, of a text}: YAML has taken the text apart
                hint = f"a text with a comma stands in quotes between braces: '…, {key}'"
            raise refuse("unknown-key", f"a dim has no key {quoted(key)}", hint, (key,), True)
    sorts = [sort for sort in SORTS if sort in data]
    if len(sorts) != 1:
        raise _not_one_sort(sorts)
    (sort,) = sorts
    if "one_of" in data and sort != "text":
        raise refuse("unknown-key", "'one_of' lists what a 'text' may be, and this is none", "", ("one_of",), True)
    described = Described(sort, str(_text(data, "meaning")), tuple(map(str, _texts(data, "one_of"))))
    value = _READERS[sort](data, sort)
    described.check(value)
    return value, described


def as_dim(value: Any, described: Described) -> Value:
    """Read what a described dim is set to: a text as it is written, a number as a double.

    Raises `invalid-value`, `wrong-type`.
    """
    if described.sort == "value" or value is None:
        return read_value(value)
    found: Value = _READERS[described.sort]({described.sort: value}, described.sort)
    described.check(found)
    return found


def nothing_above(name: str) -> str:
    """Return the hint for the first dim, where it uses a name."""
    return f"'{name}' is the first dim: it has none above it to depend on"


def _not_one_sort(sorts: Sequence[str]) -> ParamcalcError:
    if sorts:
        message = f"a dim is one thing, not {' and '.join(map(quoted, sorts))}"
        return refuse("invalid-value", message, "", (sorts[1],), True)
    return refuse("missing-key", "a dim that is a mapping has one of 'value', 'text', 'texts', 'number' and 'numbers'")


def _text(data: Mapping[str, Any], key: str) -> Text:
    value = data.get(key, "")
    if not isinstance(value, str):
        raise refuse("wrong-type", f"'{key}' is a text, not {quoted(value)}", "put it in quotes", (key,))
    return Text(value)


def _texts(data: Mapping[str, Any], key: str) -> tuple[Text, ...]:
    values = data.get(key, ())
    if not isinstance(values, (list, tuple)) or (key in data and not values):
        raise refuse("wrong-type", f"'{key}' is a list of texts, not {quoted(values)}", "", (key,))
    for place, value in enumerate(values):
        if not isinstance(value, str):
            raise refuse("wrong-type", f"'{key}' lists texts, not {quoted(value)}", "put it in quotes", (key, place))
    return tuple(map(Text, values))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)


def _number(data: Mapping[str, Any], key: str) -> Double:
    value = data[key]
    if not _is_number(value):
        raise refuse("wrong-type", f"'{key}' is a number, not {quoted(value)}", "as in 1.5", (key,))
    return Double(value)


def _numbers(data: Mapping[str, Any], key: str) -> tuple[int | Double, ...]:
    """Read a list of doubles, in which whole numbers stay what they are."""
    values = data[key]
    if not isinstance(values, (list, tuple)) or not values:
        raise refuse("wrong-type", f"'{key}' is a list of numbers, not {quoted(values)}", "as in [4, 0.5]", (key,))
    for place, value in enumerate(values):
        if not _is_number(value):
            raise refuse("wrong-type", f"'{key}' lists numbers, not {quoted(value)}", "as in [4, 0.5]", (key, place))
    found: tuple[int | Double, ...] = bounded(tuple(each if type(each) is int else Double(each) for each in values))
    return found


def _value(data: Mapping[str, Any], key: str) -> Value:
    try:
        return read_value(data[key])
    except ParamcalcError as error:
        raise error.within(key) from None


_READERS = {"value": _value, "text": _text, "texts": _texts, "number": _number, "numbers": _numbers}


def read_dims(data: Any) -> tuple[dict[str, Value], dict[str, Described]]:
    """Read dims by their names: the values, and what some say beside them.

    Raises `wrong-type`, `invalid-name`, `duplicate-name`, and what each is refused for.
    """
    described: dict[str, Described] = {}
    found = read_values(data, "a dim", _read_dim, dotted=True)
    values = {}
    for name, value in found.items():
        if isinstance(value, Dim):
            described[name] = value.described
            value = value.value
        values[name] = value
    return values, described


def _read_dim(value: Any) -> Value | Dim:
    if isinstance(value, (Dim, Text, Double)):
        return value
    if isinstance(value, tuple) and value and all(isinstance(item, Text) for item in value):
        return value
    if isinstance(value, tuple) and any(isinstance(item, Double) for item in value):
        return value
    if isinstance(value, Mapping):
        # the keys of a mapping may be anything
        read_described(value)
        return Dim(**value)
    return read_value(value)
