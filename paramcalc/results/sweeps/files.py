"""The rows of a sweep in files: Parquet, CSV or JSON, written part by part.

A part that is done is a file of its own, put in its place once it is complete. A run that was stopped, in whatever way,
goes on with the parts that are not there. In the end the parts are joined to the file that was asked for; a folder
keeps them as they are.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import numpy

from paramcalc.core.errors import refuse
from paramcalc.results.sweeps.program import fits
from paramcalc.results.sweeps.working import Part, Work
from paramcalc.spec.writing import dumps

if TYPE_CHECKING:
    from paramcalc.results.sweeps.sweep import Sweep

#: What rows are written as.
Format: TypeAlias = Literal["parquet", "csv", "json"]
#: The version of the JSON, and of what stands beside parts.
VERSION = 1
#: What says whose parts a folder holds; readers of Parquet pass over a name that begins so.
_ABOUT = "_sweep.json"
#: The digits of the widest number in a Parquet file.
_DIGITS = 38


class Interrupted(KeyboardInterrupt):
    """A sweep was stopped. What is done stands in the file, and the same call goes on."""

    def __init__(self, path: str, done: int, parts: int) -> None:
        self.path, self.done, self.parts = path, done, parts
        super().__init__(f"{done:,} of {parts:,} parts are in {path}; the same sweep goes on from there")


class Written(NamedTuple):
    """What was written: how many rows, and how many points were left out."""

    rows: int
    skipped: int


def write(sweep: Sweep, path: str, format: Format, progress: Callable[[int], None] | None = None) -> Written:
    """Write the rows of a sweep to a file, or, as Parquet, to a folder. `progress` is told how many points are done.

    Raises `missing-package`, `unwritable-file`, `not-expressible`; `Interrupted` where it is stopped.
    """
    if format == "parquet":
        _arrow()
    is_folder = format == "parquet" and (path.endswith(("/", os.sep)) or os.path.isdir(path))
    if is_folder and sweep.work.selection is not None:
        # what is chosen is little, and one file
        os.makedirs(path, exist_ok=True)
        path, is_folder = os.path.join(path, "chosen.parquet"), False
    try:
        return _Writing(sweep, path, format, is_folder, progress).run()
    except OSError as error:
        raise refuse("unwritable-file", f"{path}: {error.strerror or error}") from None


class _Writing:
    """Writes the parts of a sweep, those that are not there, and joins them."""

    def __init__(
        self, sweep: Sweep, path: str, format: Format, is_folder: bool, progress: Callable[[int], None] | None
    ) -> None:
        self.sweep = sweep
        self.work: Work = sweep.work
        self.path = path
        self.format = format
        self.is_folder = is_folder
        self.progress = progress or (lambda done: None)
        #: where the parts are
        self.folder = path if is_folder else f"{path}.parts"
        # what is chosen of the points is little, and is joined in memory
        self.rows = _Parquet(sweep) if format == "parquet" and self.work.selection is None else _Arrays()

    def run(self) -> Written:
        """Write what there is to write."""
        if not self.is_folder and (self.sweep.is_done or self.work.parts <= 1):
            return self._join([self.sweep.run(self.progress)])
        self._claim()
        done = 0
        left = []
        for number in range(self.work.parts):
            if os.path.exists(self._part(number)):
                done += self.work.size(number)
            else:
                left.append(number)
        try:
            self.progress(done)
            with closing(self.sweep.parts(left)) as parts:
                for number, part in parts:
                    with _replacing(self._part(number)) as file:
                        self.rows.write(part, file)
                    done += self.work.size(number)
                    self.progress(done)
        except KeyboardInterrupt:
            self._finish()
            there = sum(os.path.exists(self._part(number)) for number in range(self.work.parts))
            raise Interrupted(self.path, there, self.work.parts) from None
        written = self._finish()
        if self.is_folder:
            self._tidy()
        else:
            shutil.rmtree(self.folder)
        return written

    def _tidy(self) -> None:
        """Remove what runs that were killed have left of parts half written."""
        for name in os.listdir(self.folder):
            if name.startswith(".part-"):
                os.remove(os.path.join(self.folder, name))

    def _part(self, number: int) -> str:
        return os.path.join(self.folder, f"part-{number:05}.{self.rows.suffix}")

    def _claim(self) -> None:
        """Make the folder of the parts. Raises `unwritable-file` where another sweep, or something else, is there."""
        about = os.path.join(self.folder, _ABOUT)
        ours = {"paramcalc_sweep": VERSION, "digest": digest(self.work, self.format), "parts": self.work.parts}
        if os.path.isdir(self.folder) and os.listdir(self.folder):
            theirs = None
            with suppress(OSError, ValueError), open(about, encoding="utf-8") as file:
                theirs = json.load(file)
            if theirs != ours:
                what = "parts of another sweep" if theirs is not None else "something else"
                raise refuse("unwritable-file", f"{self.folder} holds {what}", "remove it, or give another name")
            return
        os.makedirs(self.folder, exist_ok=True)
        with _replacing(about) as file:
            file.write(json.dumps(ours).encode())

    def _finish(self) -> Written:
        """Join the parts that are there; a folder keeps them as they are."""
        parts = [self._part(number) for number in range(self.work.parts) if os.path.exists(self._part(number))]
        if self.is_folder:
            return _sum(Written(part.rows, part.skipped) for part in map(self.rows.read, parts))
        if self.work.selection is not None:
            return self._join([self.sweep.joined(self.rows.read(part) for part in parts)])
        return self._join(map(self.rows.read, parts))

    def _join(self, parts: Iterable[Part]) -> Written:
        """Write parts to the one file."""
        found: list[Written] = []

        def noted() -> Iterator[Part]:
            for part in parts:
                found.append(Written(part.rows, part.skipped))
                yield part

        with _replacing(self.path) as file:
            if self.format == "parquet":
                _Parquet(self.sweep).join(noted(), file)
            else:
                text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
                (write_csv if self.format == "csv" else write_json)(self.sweep, noted(), text)
                text.detach()
        return _sum(found)


def _sum(found: Iterable[Written]) -> Written:
    rows, skipped = 0, 0
    for each in found:
        rows, skipped = rows + each.rows, skipped + each.skipped
    return Written(rows, skipped)


@contextmanager
def _replacing(path: str) -> Iterator[IO[bytes]]:
    """Open a file that takes the place of another, or of none, once it is complete."""
    beside = os.path.join(os.path.dirname(os.path.realpath(path)), f".{os.path.basename(path)}.{os.getpid()}")
    try:
        with open(beside, "wb") as file:
            yield file
        os.replace(beside, os.path.realpath(path))
    except BaseException:
        with suppress(FileNotFoundError):
            os.remove(beside)
        raise


def digest(work: Work, format: Format) -> str:
    """Return a text that two sweeps have in common only where each part of theirs has the same rows."""
    plan = work.plan
    found = hashlib.sha256()
    measures = [(measure.name, measure.chosen) for measure in plan.measures]
    told = (VERSION, format, dumps(plan.spec), plan.convention, plan.varied, measures, work.selection, work.blocks)
    found.update(repr((*told, [each.text for each in plan.where], dict(plan.choices))).encode())
    for axis in work.points.axes:
        for name, column in axis.columns.items():
            found.update(repr((name, len(column))).encode())
            if isinstance(column, range) or column.dtype == object:
                found.update(repr(column if isinstance(column, range) else column.tolist()).encode())
            else:
                found.update(column.tobytes())
    return found.hexdigest()


# --- Parts -----------------------------------------------------------------------------


class _Arrays:
    """Parts as NumPy keeps arrays: of a sweep whose rows go elsewhere in the end."""

    suffix = "npz"

    def write(self, part: Part, file: IO[bytes]) -> None:
        """Write a part."""
        columns = {f"column_{name}": _digits(column) for name, column in part.columns.items()}
        numbers = {} if part.numbers is None else {"numbers": part.numbers}
        numpy.savez(file, skipped=part.skipped, **columns, **numbers)

    def read(self, path: str) -> Part:
        """Read a part."""
        with numpy.load(path) as found:
            columns = {
                name.removeprefix("column_"): _whole(found[name]) for name in found.files if name.startswith("column_")
            }
            return Part(columns, int(found["skipped"]), found["numbers"] if "numbers" in found.files else None)


def _digits(column: Any) -> Any:
    """Return whole numbers of any size as arrays that can be kept: the large ones as texts."""
    return numpy.array([str(each) for each in column]) if column.dtype == object else column


def _whole(column: Any) -> Any:
    return numpy.array([int(each) for each in column], object) if column.dtype.kind == "U" else column


class _Parquet:
    """Parts as Parquet, and the file that they are joined to."""

    suffix = "parquet"

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self.plan = sweep.work.plan
        self._schema: Any = None

    def write(self, part: Part, file: IO[bytes]) -> None:
        """Write a part."""
        self.join([part], file)

    def join(self, parts: Iterable[Part], file: IO[bytes]) -> None:
        """Write parts to one file, a group of rows each."""
        arrow, parquet = _arrow()
        writer, skipped = None, 0
        for part in parts:
            writer = writer or self._writer(parquet, arrow, part, file)
            skipped += part.skipped
            columns = [self._column(arrow, name, column) for name, column in part.columns.items()]
            writer.write_table(arrow.table(columns, schema=self._schema))
        if writer is None:
            none = {name: numpy.zeros(0, numpy.int64) for name in self.plan.columns}
            writer = self._writer(parquet, arrow, Part(none, 0), file)
        writer.add_key_value_metadata({"skipped": str(skipped)})
        writer.close()

    def _writer(self, parquet: Any, arrow: Any, part: Part, file: IO[bytes]) -> Any:
        if self._schema is None:
            self._schema = self._types(arrow, part)
        return parquet.ParquetWriter(file, self._schema)

    def read(self, path: str) -> Part:
        """Read a part that was written; its columns are written again as they are."""
        _, parquet = _arrow()
        with parquet.ParquetFile(path) as file:
            table, about = file.read(), file.metadata.metadata
        return Part({name: table.column(name) for name in table.column_names}, int(about[b"skipped"]))

    def _types(self, arrow: Any, part: Part) -> Any:
        """Return the types of the columns, the same for all parts: what bounds prove, or the only part shows."""
        is_all = self.sweep.work.parts <= 1 or self.sweep.work.selection is not None or self.sweep.is_done
        bounds = None if is_all else self.sweep.bounds()
        fields = []
        for name in self.plan.columns:
            if name in self.plan.choices:
                fields.append((name, self._choices(arrow, name).type))
                continue
            if name in self.plan.varied:
                is_wide = self.sweep.work.points.is_wide(name)
            elif bounds is not None:
                is_wide = not fits(bounds[name])
            else:
                # one part shows it; of several, what is wide after all is refused
                is_wide = is_all and part.columns[name].dtype == object
            fields.append((name, arrow.decimal128(_DIGITS, 0) if is_wide else arrow.int64()))
        about = {"paramcalc_sweep": str(VERSION), "name": self.sweep.name, "convention": self.sweep.convention}
        return arrow.schema(fields, metadata=about)

    def _column(self, arrow: Any, name: str, column: Any) -> Any:
        if not isinstance(column, numpy.ndarray):
            return column
        if name in self.plan.choices:
            return self._choices(arrow, name).take(arrow.array(column))
        wanted = self._schema.field(name).type
        try:
            return arrow.array(column.tolist() if wanted != arrow.int64() else column, type=wanted)
        except (arrow.ArrowException, OverflowError):
            raise refuse(
                "not-expressible",
                f"Parquet has no exact type for a number in the column '{name}'",
                "write CSV or JSON, which have numbers of any size",
            ) from None

    def _choices(self, arrow: Any, name: str) -> Any:
        values = [plain(each) for each in self.plan.choices[name]]
        try:
            return arrow.array(values)
        except arrow.ArrowException:
            # values of several types
            return arrow.array([None if each is None else json.dumps(each) for each in values])


def _arrow() -> tuple[Any, Any]:
    """Return pyarrow and its Parquet. Raises `missing-package`."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        hint = "python -m pip install 'paramcalc[sweep]', or write CSV or JSON"
        raise refuse("missing-package", "Parquet needs the package pyarrow", hint) from None
    return pyarrow, parquet


# --- Texts -----------------------------------------------------------------------------


def plain(value: Any) -> Any:
    """Return the value of a dim as JSON has it."""
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    if isinstance(value, bool):
        return value
    if isinstance(value, (str, float)):
        return str(value) if isinstance(value, str) else float(value)
    return int(value) if isinstance(value, (int, numpy.integer)) else None


def _rows(sweep: Sweep, part: Part) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a part as plain values."""
    choices = {name: [plain(each) for each in values] for name, values in sweep.work.plan.choices.items()}
    columns = [
        [choices[name][place] for place in column.tolist()] if name in choices else column.tolist()
        for name, column in part.columns.items()
    ]
    return zip(*columns, strict=True)


def write_csv(sweep: Sweep, parts: Iterable[Part], file: IO[str]) -> None:
    """Write rows as CSV, the names of the columns first."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(sweep.work.plan.columns)
    for part in parts:
        rows = _rows(sweep, part)
        if sweep.work.plan.choices:
            rows = (tuple(_cell(value) for value in row) for row in rows)
        writer.writerows(rows)


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, (bool, list)) else value


def write_json(sweep: Sweep, parts: Iterable[Part], file: IO[str]) -> None:
    """Write rows as a JSON object, the rows as lists in the order of its `columns`."""
    head = {
        "paramcalc_sweep": VERSION,
        "name": sweep.name,
        "convention": sweep.convention,
        "columns": sweep.work.plan.columns,
    }
    file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "rows": [')
    first, skipped = True, 0
    for part in parts:
        skipped += part.skipped
        for row in _rows(sweep, part):
            file.write(("\n" if first else ",\n") + json.dumps(row, ensure_ascii=False))
            first = False
    file.write(f'\n], "points": {sweep.points}, "skipped": {skipped}}}\n')
