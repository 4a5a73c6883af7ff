"""What the dims of a sweep vary over: ranges, lists and arrays, as Python has them or as they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy

from paramcalc.core.errors import listed, quoted, refuse, suggest
from paramcalc.core.expression import Expression, folded_name
from paramcalc.results.sweeps.points import Axis, Column
from paramcalc.results.sweeps.program import fits
from paramcalc.spec import Spec, Value, read_given
from paramcalc.spec.given import Written

#: The most values of a dim that are no whole numbers: for each, a form is made, or points are counted.
MOST_CHOICES = 100
_EXAMPLE = "as in 256:8192:64, which goes from 256 to 8192 in steps of 64, or 4,8,16"
_RANGE = re.compile(r"\s*(-?\d+)\s*:\s*(-?\d+)\s*(?::\s*(-?\d+)\s*)?")
#: What separates values: a comma that is not in brackets.
_BETWEEN = re.compile(r",(?![^\[]*\])")


def read_axes(spec: Spec, vary: Mapping[str, Any]) -> tuple[list[Axis], dict[str, tuple[Value, ...]]]:
    """Read what each dim varies over, an axis each; beside it, the values of dims that are no whole numbers.

    Raises `unknown-dim`, `invalid-value`, `duplicate-name`, and what a value is refused for.
    """
    axes, choices = [], {}
    for name, column, values in _read(spec, vary):
        axes.append(Axis({name: column}))
        if values is not None:
            choices[name] = values
    return axes, choices


def read_table(spec: Spec, columns: Mapping[str, Any]) -> tuple[list[Axis], dict[str, tuple[Value, ...]]]:
    """Read candidates: the values of dims, row by row. Columns that are no dims are left out. As `read_axes`."""
    dims = {name: values for name, values in columns.items() if folded_name(str(name)) in spec.dims}
    if not dims:
        raise refuse("unknown-dim", "the table has no column of a dim", listed("the dims", spec.dims))
    found, choices = {}, {}
    for name, column, values in _read(spec, dims):
        found[name] = numpy.asarray(column, numpy.int64) if isinstance(column, range) else column
        if values is not None:
            choices[name] = values
    if len({len(column) for column in found.values()}) > 1:
        raise refuse("invalid-value", "the columns of the table have different numbers of rows")
    return [Axis(found)], choices


def _read(spec: Spec, vary: Mapping[str, Any]) -> Iterable[tuple[str, Column, tuple[Value, ...] | None]]:
    seen: set[str] = set()
    for written, values in vary.items():
        name = folded_name(str(written))
        if name not in spec.dims:
            hint = suggest(name, spec.dims) or listed("the dims", spec.dims)
            raise refuse("unknown-dim", f"the spec has no dim '{name}'", hint)
        if name in seen:
            raise refuse("duplicate-name", f"'{name}' is varied twice", "give all its values together")
        seen.add(name)
        yield name, *_column(spec, name, values)


def _column(spec: Spec, name: str, given: Any) -> tuple[Column, tuple[Value, ...] | None]:
    """Return the values of a dim as whole numbers; of others, their places, and the values."""
    described = spec.described.get(name)
    is_size = described is None or described.sort == "value"
    values = _written(given) if isinstance(given, str) else given
    if is_size and isinstance(values, range):
        return values if values and fits((min(values[0], values[-1]), max(values[0], values[-1]))) else _array(
            values
        ), None
    if is_size and isinstance(values, numpy.ndarray) and values.dtype.kind in "iu" and values.ndim == 1:
        wide = values.dtype == numpy.uint64 and values.size and int(values.max()) >= 2**63
        return values.astype(object if wide else numpy.int64, copy=False), None
    read = _values(spec, name, _several(name, values))
    if is_size and all(type(value) is int for value in read):
        return _array(read), None
    different = _different(read)
    if len(different) > MOST_CHOICES:
        raise refuse(
            "limit", f"'{name}' has {len(different):,} values that are no whole numbers; {MOST_CHOICES} are the most"
        )
    places = [next(place for place, each in enumerate(different) if _same(each, value)) for value in read]
    return numpy.array(places, numpy.int64), tuple(different)


def _array(values: Sequence[int]) -> Any:
    wide = any(not fits((value, value)) for value in values)
    return numpy.array(values, object if wide else numpy.int64)


def _several(name: str, values: Any) -> list[Any]:
    if isinstance(values, numpy.ndarray) and values.ndim != 1:
        raise refuse("wrong-type", f"the values of '{name}' are an array of {values.ndim} axes", "give one axis")
    if isinstance(values, (Mapping, bytes)) or not isinstance(values, Iterable):
        raise refuse("wrong-type", f"'{name}' varies over several values, not {quoted(values)}", _EXAMPLE)
    return values.tolist() if isinstance(values, numpy.ndarray) else [*values]


def _values(spec: Spec, name: str, values: Sequence[Any]) -> list[Value]:
    """Read values, each that occurs once."""
    found: dict[Any, Value] = {}
    read = []
    for value in values:
        key = (type(value), value) if not isinstance(value, (list, Mapping)) else None
        if key is None or key not in found:
            each = _value(spec, name, value)
            if key is not None:
                found[key] = each
        else:
            each = found[key]
        read.append(each)
    return read


def _value(spec: Spec, name: str, value: Any) -> Value:
    """Read one value. Raises what it is refused for, and `invalid-value` for one that is unknown, or an expression."""
    if isinstance(value, numpy.generic):
        value = value.item()
    read = read_given(spec, {name: value})[name]
    if read is None or isinstance(read, Expression):
        raise refuse("invalid-value", f"'{name}' varies over values, and {quoted(value)} is none", _EXAMPLE)
    return read


def _different(values: Iterable[Value]) -> list[Value]:
    found: list[Value] = []
    for value in values:
        if len(found) > MOST_CHOICES:
            break
        if not any(_same(each, value) for each in found):
            found.append(value)
    return found


def _same(left: Value, right: Value) -> bool:
    return type(left) is type(right) and bool(left == right)


def _written(text: str) -> Any:
    """Read values as they are written: 256:8192:64, or 4,8,16, or both. Raises `invalid-value`."""
    parts = _BETWEEN.split(text)
    ranges = [_RANGE.fullmatch(part) for part in parts]
    if len(parts) == 1 and ranges[0] is not None:
        return _range(text, ranges[0])
    found: list[Any] = []
    for part, written in zip(parts, ranges, strict=True):
        if not part.strip():
            raise refuse("invalid-value", f"{quoted(text)} has an empty value", _EXAMPLE)
        found += [Written(part.strip())] if written is None else _range(text, written)
    return found


def _range(text: str, written: re.Match[str]) -> range:
    first, last, step = int(written[1]), int(written[2]), int(written[3] or 1)
    if step < 1 or last < first:
        raise refuse("invalid-value", f"{quoted(text)} has no values", _EXAMPLE)
    return range(first, last + 1, step)
