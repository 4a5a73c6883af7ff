"""A table of candidates, a point each row: a file, or a table that another library holds."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable
from os import PathLike, fspath
from typing import Any

import numpy

from paramcalc.core.errors import LIMITS, quoted, refuse
from paramcalc.spec.given import Written

_WHOLE = re.compile(r"\s*-?\d+\s*")


def read_candidates(given: Any) -> dict[str, Any]:
    """Return the columns of a table: a Parquet or CSV file by its path, a data frame, a table of pyarrow.

    Raises `unreadable-file`, `missing-package`, `wrong-type`, `duplicate-name`.
    """
    if isinstance(given, (str, PathLike)):
        path = fspath(given)
        try:
            return _of_csv(path) if str(path).lower().endswith(".csv") else _of_parquet(path)
        except (OSError, UnicodeDecodeError) as error:
            raise refuse("unreadable-file", f"{path}: {getattr(error, 'strerror', None) or error}") from None
    names = getattr(given, "column_names", None) or getattr(given, "columns", None)
    if names is None:
        message = f"a sweep varies dims over values, as a mapping has them or a table, not {quoted(given)}"
        raise refuse("wrong-type", message, "as in vary={'width': range(256, 1025, 64)}")
    _check_names(names)
    return {str(name): _values(given[name]) for name in names}


def _check_names(names: Iterable[Any]) -> None:
    """Refuse two columns of one name: `duplicate-name`."""
    for name, number in Counter(map(str, names)).items():
        if number > 1:
            raise refuse("duplicate-name", f"the table has {number} columns {quoted(name)}", "leave all but one out")


def _values(column: Any) -> Any:
    """Return the values of a column: an array of whole numbers, where it is one, else a list."""
    if hasattr(column, "to_pylist"):
        return _whole(column) if _is_whole(column) else column.to_pylist()
    array = numpy.asarray(column)
    return array if array.dtype.kind in "iu" else array.tolist()


def _is_whole(column: Any) -> bool:
    import pyarrow

    return bool(column.null_count == 0 and pyarrow.types.is_integer(column.type))


def _whole(column: Any) -> Any:
    return column.to_numpy()


def _of_parquet(path: Any) -> dict[str, Any]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        hint = "python -m pip install 'paramcalc[sweep]', or give the candidates as CSV"
        raise refuse("missing-package", "Parquet needs the package pyarrow", hint) from None
    try:
        table = parquet.read_table(path)
    except pyarrow.ArrowInvalid as error:
        hint = "a table is Parquet, or CSV with a name that ends in .csv"
        raise refuse("unreadable-file", f"{path} is no Parquet file: {error}", hint) from None
    _check_names(table.column_names)
    return {name: _values(table.column(name)) for name in table.column_names}


def _of_csv(path: Any) -> dict[str, Any]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        names = [name.strip() for name in next(reader, [])]
        _check_names(names)
        columns: list[list[str]] = [[] for _ in names]
        for row in reader:
            if not row:
                continue
            if len(row) != len(names):
                message = (
                    f"{path}:{reader.line_num}: a row of {len(row)} values, and the table has {len(names)} columns"
                )
                raise refuse("unreadable-file", message)
            for column, value in zip(columns, row, strict=True):
                column.append(value)
    return {name: _read(values) for name, values in zip(names, columns, strict=True)}


def _read(values: list[str]) -> Any:
    """Read a column of texts: whole numbers where all are, else as YAML has them."""
    if all(map(_WHOLE.fullmatch, values)):
        longest = max(map(len, values), default=0)
        if longest > LIMITS.digits + 1:
            raise refuse("limit", f"a number of the table has more than {LIMITS.digits} digits")
        return numpy.array([int(value) for value in values], numpy.int64 if longest < 19 else object)
    return [Written(value) for value in values]
