"""What the dims of a sweep vary over: ranges, lists and arrays, as Python has them or as they are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy

from paramcalc.core.errors import ParamcalcError, listed, quoted, refuse, suggest
from paramcalc.core.expression import Expression, folded_name
from paramcalc.core.ranges import EXAMPLE, read_part, read_range, separated
from paramcalc.results.sweeps.points import Axis, Column
from paramcalc.results.sweeps.program import fits
from paramcalc.spec import Spec, Value, read_given
from paramcalc.spec.given import Written

#: The most values of a dim that are no whole numbers: for each, a form is made, or points are counted.
MOST_CHOICES = 100
#: The most numbers of a range that has some beyond 64 bits: they are held as Python's.
_MOST_LARGE = 2**20


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
    """Read candidates: the values of dims, row by row. Columns that are no dims are left out. As `read_axes`.

    One that is nearly the name of a dim is refused: without it, that dim would have one value in all rows.
    """
    dims = {name: values for name, values in columns.items() if folded_name(str(name)) in spec.dims}
    if not dims:
        raise refuse("unknown-dim", "the table has no column of a dim", listed("the dims", spec.dims))
    given = {folded_name(str(name)) for name in dims}
    for name in columns.keys() - dims.keys():
        hint = suggest(name, spec.dims.keys() - given, likeness=0.8)
        if hint:
            raise refuse("unknown-dim", f"a column of the table is {quoted(name)}, which is no dim", hint)
    found, choices = {}, {}
    for name, column, values in _read(spec, dims, is_table=True):
        found[name] = numpy.asarray(column, numpy.int64) if isinstance(column, range) else column
        if values is not None:
            choices[name] = values
    if len({len(column) for column in found.values()}) > 1:
        raise refuse("invalid-value", "the columns of the table have different numbers of rows")
    return [Axis(found)], choices


def _read(
    spec: Spec, vary: Mapping[str, Any], is_table: bool = False
) -> Iterable[tuple[str, Column, tuple[Value, ...] | None]]:
    seen: set[str] = set()
    for written, values in vary.items():
        name = folded_name(str(written))
        if name not in spec.dims:
            hint = suggest(name, spec.dims) or listed("the dims", spec.dims)
            raise refuse("unknown-dim", f"the spec has no dim '{name}'", hint)
        if name in seen:
            raise refuse("duplicate-name", f"'{name}' is varied twice", "give all its values together")
        seen.add(name)
        yield name, *_column(spec, name, values, is_table)


def _column(spec: Spec, name: str, given: Any, is_table: bool) -> tuple[Column, tuple[Value, ...] | None]:
    """Return the values of a dim as whole numbers; of others, their places, and the values."""
    described = spec.described.get(name)
    is_size = described is None or described.sort == "value"
    values = _written(name, given, is_size) if isinstance(given, str) else given
    if is_size and isinstance(values, range):
        return _range_or_array(name, values), None
    if is_size and isinstance(values, numpy.ndarray) and values.dtype.kind in "iu" and values.ndim == 1:
        wide = values.dtype == numpy.uint64 and values.size and int(values.max()) >= 2**63
        return values.astype(object if wide else numpy.int64, copy=False), None
    read = _values(spec, name, _several(name, values), is_table)
    if is_size and all(type(value) is int for value in read):
        return _array(read), None
    different = _different(read)
    if len(different) > MOST_CHOICES:
        raise refuse(
            "limit", f"'{name}' has {len(different):,} values that are no whole numbers; {MOST_CHOICES} are the most"
        )
    places = [next(place for place, each in enumerate(different) if _same(each, value)) for value in read]
    return numpy.array(places, numpy.int64), tuple(different)


def _range_or_array(name: str, values: range) -> Column:
    """Return a range as it is, or, where it has numbers of more than 64 bits, as an array of Python's."""
    if values and fits((min(values[0], values[-1]), max(values[0], values[-1]))):
        return values
    length = (values.stop - values.start) // values.step
    if length > _MOST_LARGE:
        message = f"'{name}' has about {length:,} values, some of which are beyond 64 bits"
        raise refuse("limit", message, f"of such numbers, {_MOST_LARGE:,} are the most: give a larger step")
    return _array(values)


def _array(values: Sequence[int]) -> numpy.ndarray[Any, Any]:
    wide = any(not fits((value, value)) for value in values)
    return numpy.array(values, object if wide else numpy.int64)


def _several(name: str, values: Any) -> list[Any]:
    if isinstance(values, numpy.ndarray) and values.ndim != 1:
        raise refuse("wrong-type", f"the values of '{name}' are an array of {values.ndim} axes", "give one axis")
    if isinstance(values, (Mapping, bytes)) or not isinstance(values, Iterable):
        raise refuse("wrong-type", f"'{name}' varies over several values, not {quoted(values)}", EXAMPLE)
    return values.tolist() if isinstance(values, numpy.ndarray) else [*values]


def _values(spec: Spec, name: str, values: Sequence[Any], is_table: bool) -> list[Value]:
    """Read values, each that occurs once. A refusal has the row of a table."""
    found: dict[Any, Value] = {}
    read = []
    for row, value in enumerate(values):
        key = (type(value), value) if not isinstance(value, (list, Mapping)) else None
        if key is None or key not in found:
            try:
                each = _value(spec, name, value)
            except ParamcalcError as error:
                problem = error.problems[0]
                here = f", in row {row}" if is_table else ""
                raise refuse(problem.code, problem.message + here, problem.hint) from None
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
        raise refuse("invalid-value", f"'{name}' varies over values, and {quoted(value)} is none", EXAMPLE)
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


def _written(name: str, text: str, is_size: bool) -> Any:
    """Read values as they are written: 256:8192:64, or 4,8,16, or both. Raises `invalid-value`."""
    try:
        parts = separated(text)
        if is_size and len(parts) == 1 and _is_range(text):
            found = read_range(text)
            if found.last is None:
                raise refuse("invalid-value", f"{quoted(text)} has no end, and each of its numbers is a point", EXAMPLE)
            return found.numbers
        lists = [read_part(part) if is_size and _is_range(part) else [Written(part)] for part in parts]
    except ParamcalcError as error:
        problem = error.problems[0]
        raise refuse(error.code, f"the values of '{name}': {problem.message}", problem.hint) from None
    return [value for values in lists for value in values]


def _is_range(text: str) -> bool:
    """Return whether a text is a range, and no list or text in the notation of YAML."""
    return ":" in text and text.lstrip()[0] not in "[{'\""
