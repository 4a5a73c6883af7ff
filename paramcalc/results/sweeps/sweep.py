"""A sweep: its points, and what was found; worked out when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from os import PathLike
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy

from paramcalc.core.display import Displayed, printed
from paramcalc.core.errors import ParamcalcError, quoted, refuse
from paramcalc.results.sweeps.program import Bounds
from paramcalc.results.sweeps.running import on_cluster, on_this_machine
from paramcalc.results.sweeps.selecting import Chosen, Front
from paramcalc.results.sweeps.working import Part, Work
from paramcalc.spec import Framework

if TYPE_CHECKING:
    import pandas

#: A sweep of more rows than this is not held in memory.
MOST_ROWS = 2**27


class Beginning(NamedTuple):
    """The first rows of a sweep, and how many there are in all."""

    #: the most rows that were asked for
    most: int
    columns: Mapping[str, Any]
    rows: int
    #: how many points were left out
    skipped: int


class Sweep(Displayed):
    """The measures of a network at many points: every combination of the values of some dims, or the rows of a table.

    It is worked out when it is first asked for its rows, or written to a file. Points that break a condition are left
    out; `skipped` is their number.
    """

    def __init__(self, work: Work, client: Any = None) -> None:
        self.work = work
        self._client = client
        self._part: Part | None = None
        self._beginning: Beginning | None = None

    # --- what is swept

    @property
    def name(self) -> str:
        """The name of the spec."""
        return self.work.plan.spec.name

    @property
    def convention(self) -> Framework:
        """The convention that it is counted by."""
        return self.work.plan.convention

    @property
    def dims(self) -> tuple[str, ...]:
        """The dims that vary, in the order of the columns."""
        return self.work.plan.varied

    @property
    def measures(self) -> tuple[str, ...]:
        """The names of the columns of measures; `total` is the number of parameters."""
        return tuple(self.work.plan.measured)

    @property
    def points(self) -> int:
        """How many points there are, those included that are left out."""
        return self.work.points.number

    # --- what was found

    @property
    def columns(self) -> Mapping[str, Any]:
        """The rows, an array a column: the dims, then the measures. Whole numbers, exact at any size.

        An array has 64 bits where they hold all its numbers, and else Python's whole numbers; texts and truths of dims
        are such. Raises `ParamcalcError`, among others `limit` for more rows than are held in memory.
        """
        return {name: self.shown(name, column) for name, column in self._done().columns.items()}

    @property
    def skipped(self) -> int:
        """How many points were left out, since they break a condition."""
        return self._done().skipped

    @property
    def number(self) -> int:
        """How many rows there are."""
        return self._done().rows

    def __len__(self) -> int:
        return self.number

    @property
    def front(self) -> tuple[str, ...]:
        """The columns by which no other point is better; none, where all points are kept, or the first."""
        selection = self.work.selection
        return tuple(each.column for each in selection.objectives) if isinstance(selection, Front) else ()

    def refusal(self) -> ParamcalcError | None:
        """Return why the first point is left out; None where it is not, and where there is none."""
        plan, points = self.work.plan, self.work.points
        if not points.number:
            return None
        point = {name: int(column[0]) for name, column in points.at(numpy.zeros(1, numpy.int64)).items()}
        unmet = next((condition for condition in plan.of_dims if not plan.meets(condition, point)), None)
        if unmet is None:
            try:
                counted = plan.counted(point)
            except ParamcalcError as error:
                return error
            unmet = next((each for each in plan.of_measures if not plan.meets(each, point, counted)), None)
        if unmet is None:
            return None
        at = ", ".join(f"{name} = {quoted(value)}" for name, value in plan.dims(point).items())
        return refuse("unmet-condition", f"{quoted(unmet.text)} does not hold at {at}")

    def shown(self, name: str, column: Any) -> Any:
        """Return a column as it is read: the values of a dim that are no whole numbers in the place of their places."""
        choices = self.work.plan.choices.get(name)
        if choices is None:
            return column
        if all(isinstance(each, bool) for each in choices):
            return numpy.array(choices, bool)[column]
        values = numpy.empty(len(choices), object)
        for place, each in enumerate(choices):
            values[place] = str(each) if isinstance(each, str) else None if repr(each) == "none" else each
        return values[column]

    def bounds(self) -> dict[str, Bounds] | None:
        """Return what no measure at any point is beyond, by its column; None where that is not known."""
        meter = self.work.meter
        found = meter.bounds() if self.points else None
        names = [self.work.plan.measured[place] for place in meter.measures]
        return None if found is None else dict(zip(names, found, strict=True))

    # --- worked out

    @property
    def is_done(self) -> bool:
        """Whether it is worked out already."""
        return self._part is not None

    def _done(self) -> Part:
        return self.run() if self._part is None else self._part

    def run(self, progress: Callable[[int], None] | None = None) -> Part:
        """Work it out, and keep it. `progress` is told after each part how many points are done."""
        if self._part is None:
            work = self.work
            into = self._arrays() if work.selection is None and self._client is None else None
            with closing(self.parts(range(work.parts), into)) as parts:
                self._part = self.joined(_told(parts, work, progress))
        return self._part

    def beginning(self, most: int, progress: Callable[[int], None] | None = None) -> Beginning:
        """Return the first rows, this many at the most, and how many there are: only these are held in memory.

        `progress` is as that of `run`.
        """
        if self._beginning is None or self._beginning.most != most:
            if self._part is not None or self.work.selection is not None:
                part = self.run(progress)
                self._beginning = Beginning(most, self._first([part], most), part.rows, part.skipped)
            else:
                self._beginning = self._streamed(most, progress)
        return self._beginning

    def _streamed(self, most: int, progress: Callable[[int], None] | None) -> Beginning:
        """Work out all parts, and keep the first rows."""
        found: list[Part] = []
        rows, skipped = 0, 0
        with closing(self.parts(range(self.work.parts))) as parts:
            for part in _told(parts, self.work, progress):
                if rows < most:
                    # a copy, so that the rest of the part is not held
                    found.append(Part({name: column[:most].copy() for name, column in part.columns.items()}, 0))
                rows += part.rows
                skipped += part.skipped
        return Beginning(most, self._first(found, most), rows, skipped)

    def _first(self, parts: Sequence[Part], most: int) -> dict[str, Any]:
        """Return the first rows of parts, as they are read."""
        columns = {name: _concatenated([part.columns[name] for part in parts]) for name in self.work.plan.columns}
        return {name: self.shown(name, column[:most]) for name, column in columns.items()}

    def parts(
        self, numbers: Sequence[int], into: Callable[[int], Mapping[str, Any]] | None = None
    ) -> Generator[tuple[int, Part], None, None]:
        """Yield these parts with their numbers, in order."""
        if self._client is not None:
            return on_cluster(self.work, numbers, self._client)
        return on_this_machine(self.work, numbers, into)

    def joined(self, parts: Iterator[Part]) -> Part:
        """Return parts in order as one: of chosen points, those that are chosen of all."""
        work = self.work
        if work.selection is not None:
            chosen, skipped = Chosen(work.selection), 0
            for part in parts:
                chosen.add([*part.columns.values()], part.numbers)
                skipped += part.skipped
            return Part(work.rows(chosen).columns, skipped)
        found: list[Part] = []
        rows = 0
        for part in parts:
            found.append(part)
            rows += part.rows
            if rows > MOST_ROWS:
                raise refuse(
                    "limit",
                    f"the sweep has more than {MOST_ROWS:,} rows, too many to hold in memory",
                    "write it to a file, or take the first: top=100, by='total'",
                )
        return Part(
            {name: _concatenated([part.columns[name] for part in found]) for name in work.plan.columns},
            sum(part.skipped for part in found),
        )

    def _arrays(self) -> Callable[[int], Mapping[str, Any]] | None:
        """Return the parts of arrays for all rows, where there is room for them."""
        work = self.work
        if work.points.number > MOST_ROWS:
            return None
        whole = {name: numpy.empty(work.points.number, numpy.int64) for name in work.plan.columns}

        def of_part(number: int) -> Mapping[str, Any]:
            start, stop = work.ends(number)
            return {name: array[start:stop] for name, array in whole.items()}

        return of_part

    # --- printed and written

    def to(self, target: str = "text") -> str:
        """Print the rows: as `text`, the first of many, or all as `csv` or `json`. Raises `unknown-target`."""
        return printed(self, target)

    def __str__(self) -> str:
        return self.to("text")

    def to_pandas(self) -> pandas.DataFrame:
        """Return the rows as a data frame. Raises `missing-package` without pandas."""
        try:
            import pandas
        except ImportError:
            raise refuse(
                "missing-package", "a data frame needs the package pandas", "python -m pip install pandas"
            ) from None
        return pandas.DataFrame(dict(self.columns))

    def to_parquet(self, path: str | PathLike[str]) -> None:
        """Write the rows as Parquet, part by part: to a file, or, where `path` is a folder, to a file a part in it.

        What an interrupted run has done is not done again. Raises `missing-package` without pyarrow,
        `unwritable-file`, and `not-expressible` for a number of more than 38 digits.
        """
        from paramcalc.results.sweeps.files import write

        write(self, str(path), "parquet")

    def to_csv(self, path: str | PathLike[str]) -> None:
        """Write the rows as CSV, as `to_parquet` does. Raises `unwritable-file`."""
        from paramcalc.results.sweeps.files import write

        write(self, str(path), "csv")

    def to_json(self, path: str | PathLike[str]) -> None:
        """Write the rows as a JSON object, as `to_parquet` does. Raises `unwritable-file`."""
        from paramcalc.results.sweeps.files import write

        write(self, str(path), "json")


def _told(parts: Iterator[tuple[int, Part]], work: Work, progress: Callable[[int], None] | None) -> Iterator[Part]:
    """Yield parts, and tell how many points are done after each."""
    done = 0
    for number, part in parts:
        done += work.size(number)
        if progress is not None:
            progress(done)
        yield part


def _concatenated(columns: Sequence[Any]) -> Any:
    """Return columns of parts as one: without a copy, where they are parts of one array, behind each other."""
    if not columns:
        return numpy.zeros(0, numpy.int64)
    whole = columns[0].base
    if whole is not None and all(column.base is whole for column in columns) and sum(map(len, columns)) == len(whole):
        return whole
    return numpy.concatenate(columns) if len(columns) > 1 else columns[0]
