"""All sizes that meet the conditions and whose totals lie between bounds, in tables of many rows at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from paramcalc.core.errors import LIMITS, ParamcalcError, refuse
from paramcalc.core.ranges import LARGEST
from paramcalc.results.solving.conditions import Condition, Inequality, Sizes, all_kept, each_row, truths, values
from paramcalc.results.solving.domains import Domain

#: A table has no more rows than this, so that it stays in the cache.
_ROWS = 2**16
#: What NumPy's whole numbers hold, with a bit to spare.
_SAFE = 2**62


@dataclass(frozen=True)
class Total:
    """What is to reach a target: a quotient of two expressions over whole numbers, the divisor positive."""

    numerator: Any
    denominator: Any
    #: which way it moves with each dim, as far as that is proved
    directions: Mapping[str, int | None]

    def between(self, least: int | None, most: int | None) -> Iterator[Inequality]:
        """Yield that it lies between two bounds, of which one or both may be absent."""
        for bound, is_least in ((most, False), (least, True)):
            if bound is not None:
                yield Inequality(self.numerator, self.denominator, self.directions, bound, is_least)

    def at(self, sizes: Sizes, rows: int) -> tuple[Any, Any]:
        """Return its values, and of each row whether it has one: a quotient without remainder."""
        numerators, divisors = self._parts(sizes, rows)
        has_value = divisors != 0
        divisors = numpy.where(has_value, divisors, 1)
        return numerators // divisors, has_value & (numerators % divisors == 0)

    def _parts(self, sizes: Sizes, rows: int) -> tuple[Any, Any]:
        try:
            found = values(self.numerator, sizes), values(self.denominator, sizes)
        except ParamcalcError:
            pairs = [self._parts_of_row(row) for row in each_row(sizes, rows)]
            return tuple(numpy.array([pair[place] for pair in pairs] or [0], dtype=object) for place in (0, 1))  # type: ignore[return-value]
        return tuple(numpy.broadcast_to(numpy.asarray(each, dtype=_dtype(each)), (rows,)) for each in found)  # type: ignore[return-value]

    def _parts_of_row(self, row: Mapping[str, int]) -> tuple[int, int]:
        try:
            return values(self.numerator, row), values(self.denominator, row)
        except ParamcalcError:
            return 0, 0


def _dtype(value: Any) -> Any:
    if isinstance(value, numpy.ndarray):
        return value.dtype
    return "int64" if abs(value) < _SAFE else object


@dataclass
class Window:
    """Bounds of each total: from the least to the most; None where there is none."""

    bounds: Sequence[tuple[int | None, int | None]]


@dataclass
class Table:
    """Rows of sizes: a column for each dim that has been chosen."""

    sizes: dict[str, Any]
    rows: int

    def chosen(self, places: Any) -> Table:
        """Return the rows at these places."""
        return Table({name: column[places] for name, column in self.sizes.items()}, len(places))


class Search:
    """The sizes of some dims, their conditions, and the totals to be reached.

    `order` is that in which the dims are chosen. Raises `limit` where too many sizes would be tried.
    """

    def __init__(self, domains: Mapping[str, Domain], conditions: Iterable[Condition], totals: Sequence[Total]) -> None:
        self.domains = dict(domains)
        self.conditions = tuple(conditions)
        self.totals = tuple(totals)
        self.order: tuple[str, ...] = tuple(self.domains)
        #: how many sizes the present search has tried
        self._tried = 0
        #: of each range of sizes, only so many are taken; whether any were left out
        self._first_few: int | None = None
        self.is_cut = False

    # --- The way through the dims

    def arrange(self, window: Window) -> None:
        """Choose the order of the dims: the one with the most sizes that may reach the totals is bisected, at the end.

        Dims of which no total is known to move one way come first. Raises `limit`.
        """
        sizes = {}
        for name in self.domains:
            start, stop = self._places(name, Table({}, 1), [each for each in self.domains if each != name], window)
            sizes[name] = int(stop[0] - start[0])
        self.order = tuple(sorted(self.domains, key=lambda name: (self._is_known(name), sizes[name])))
        self._check_size(window)
        for name in self.order[-1:]:
            if not self._is_known(name):
                self._spend(len(self.order) - 1, sizes[name])

    def _is_known(self, name: str) -> bool:
        return all(total.directions.get(name, 0) is not None for total in self.totals)

    def _check_size(self, window: Window) -> None:
        """Refuse a search of which the sizes before the last dim are too many: `limit`."""
        self._tried, self._first_few = 0, None
        for _ in self._tables(0, Table({}, 1), window, len(self.order) - 1):
            pass

    def _spend(self, depth: int, sizes: int) -> None:
        """Count the sizes that are tried. Raises `limit` for too many."""
        self._tried += sizes
        if self._tried <= LIMITS.combinations:
            return
        names = self.order[: depth + 1]
        which = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
        found = f"at least {self._tried:,}" if self._tried < 10**12 else "more than 10^12"
        many = "sizes" if len(names) == 1 else "combinations"
        name = max(names, key=lambda each: self.domains[each].length)
        raise refuse(
            "limit",
            f"the search has {found} {many} of {which} to try; {LIMITS.combinations:,} are the most",
            f"give a range or a step, as in {name}={_example(self.domains[name])}",
        )

    def tightened(self) -> dict[str, Domain] | None:
        """Return the sizes of each dim that may meet the conditions with any of the others; None where one has none."""
        found = {}
        for name, domain in self.domains.items():
            others = [each for each in self.domains if each != name]
            start, stop = (int(places[0]) for places in self._places(name, Table({}, 1), others, Window([])))
            if start == stop:
                return None
            part = domain.within(domain.at(start), domain.at(stop - 1))
            found[name] = domain if part is None else part
        return found

    # --- The points

    def points(
        self, window: Window, ends_only: bool = False, first_few: int | None = None
    ) -> Iterator[tuple[Table, list[Any]]]:
        """Yield all sizes within the window that meet the conditions, in tables; with them each total's values.

        With `ends_only`, of each range of the last dim only the first and the last size; of every range only the
        `first_few`, if it is given. Raises `limit`.
        """
        self._tried, self._first_few = 0, first_few
        for table in self._tables(0, Table({}, 1), window, len(self.order), ends_only):
            yield from self._reaching(table, window)

    def _reaching(self, table: Table, window: Window) -> Iterator[tuple[Table, list[Any]]]:
        """Yield the rows of a table of all dims whose totals are within the window, and that meet the conditions."""
        reached, kept = [], numpy.ones(table.rows, dtype=bool)
        for total, (least, most) in zip(self.totals, window.bounds, strict=True):
            value, has_value = total.at(table.sizes, table.rows)
            kept &= has_value
            if least is not None:
                kept &= (value >= least).astype(bool)
            if most is not None:
                kept &= (value <= most).astype(bool)
            reached.append(value)
        places = numpy.flatnonzero(kept)
        chosen = table.chosen(places)
        places = places[all_kept(self.conditions, chosen.sizes, chosen.rows)]
        if places.size:
            yield table.chosen(places), [value[places] for value in reached]

    def _tables(self, depth: int, table: Table, window: Window, end: int, ends_only: bool = False) -> Iterator[Table]:
        """Yield the tables of the sizes of all dims up to one, that follow on a table of those before."""
        if depth >= end:
            yield table
            return
        start, stop = self._ranges(depth, table, window)
        if self._first_few is not None:
            few = numpy.minimum(stop, start + self._first_few)
            self.is_cut = self.is_cut or bool((few < stop).any())
            stop = few
        if ends_only and depth == len(self.order) - 1 and self._is_known(self.order[depth]):
            yield from self._ends_of(self.order[depth], table, start, stop)
            return
        for more in self._expanded(depth, table, start, stop):
            kept = self._kept(depth, more)
            if kept.rows:
                yield from self._tables(depth + 1, kept, window, end, ends_only)

    def _ends_of(self, name: str, table: Table, start: Any, stop: Any) -> Iterator[Table]:
        """Yield the rows of a table with the first of a dim's sizes between two places, and with the last."""
        for end in (start, stop - 1):
            rows = numpy.flatnonzero(start < stop)
            if rows.size:
                more = table.chosen(rows)
                more.sizes[name] = _narrow(self.domains[name].at(end[rows]))
                yield more

    def _kept(self, depth: int, table: Table) -> Table:
        """Return the rows that meet what can be tested once this dim is chosen, and is not tested one by one."""
        name, known = self.order[depth], set(self.order[: depth + 1])
        if depth == len(self.order) - 1:
            return table
        ready = [each for each in self.conditions if name in each.names and each.names <= known and not each.is_single]
        if not ready:
            return table
        return table.chosen(numpy.flatnonzero(all_kept(ready, table.sizes, table.rows)))

    def _expanded(self, depth: int, table: Table, start: Any, stop: Any) -> Iterator[Table]:
        """Yield the rows of a table, each with all sizes of a dim between two places. Raises `limit`."""
        name = self.order[depth]
        ends = numpy.cumsum((stop - start).astype(object) if table.rows else numpy.zeros(0, dtype=object))
        total = int(ends[-1]) if table.rows else 0
        self._spend(depth, total)
        ends = ends.astype("int64")
        lengths = (stop - start).astype("int64")
        for first in range(0, total, _ROWS):
            flat = numpy.arange(first, min(first + _ROWS, total))
            rows = numpy.searchsorted(ends, flat, side="right")
            places = flat - (ends[rows] - lengths[rows])
            places = start[rows] + (places if start.dtype != object else places.astype(object))
            more = table.chosen(rows)
            more.sizes[name] = _narrow(self.domains[name].at(places))
            yield more

    # --- Bisection

    def _ranges(self, depth: int, table: Table, window: Window) -> tuple[Any, Any]:
        return self._places(self.order[depth], table, self.order[depth + 1 :], window)

    def _places(self, name: str, table: Table, others: Sequence[str], window: Window) -> tuple[Any, Any]:
        """Return for each row the places of a dim's sizes that may still reach the totals: from the first to the end.

        `others` are the dims that are not chosen yet: whatever they are, no other size can.
        """
        domain = self.domains[name]
        dtype = "int64" if domain.length < _SAFE else object
        start, stop = numpy.zeros(table.rows, dtype), numpy.full(table.rows, domain.length, dtype)
        for inequality in self._inequalities(window):
            sense = inequality.directions.get(name, 0)
            ends = self._ends(inequality, others)
            if sense and ends is not None:
                start, stop = _Bisection(inequality, domain, name, table, ends).narrowed(start, stop, sense)
        return start, numpy.maximum(start, stop)

    def _inequalities(self, window: Window) -> Iterator[Inequality]:
        for total, bounds in zip(self.totals, window.bounds, strict=True):
            yield from total.between(*bounds)
        for condition in self.conditions:
            yield from condition.inequalities

    def _ends(self, inequality: Inequality, others: Sequence[str]) -> dict[str, int] | None:
        """Return the sizes of other dims that help most to meet an inequality; None where they are not known."""
        ends = {}
        for name in others:
            if name in inequality.names:
                sense, domain = inequality.directions.get(name), self.domains[name]
                if sense is None or (sense > 0 and domain.last >= LARGEST // 2):
                    return None
                ends[name] = domain.last if sense > 0 else domain.first
        return ends


def _narrow(sizes: Any) -> Any:
    """Return sizes as NumPy's whole numbers, where they hold them."""
    if sizes.dtype != object or not sizes.size:
        return sizes
    return sizes.astype("int64") if max(abs(sizes.max()), abs(sizes.min())) < _SAFE else sizes


def _example(domain: Domain) -> str:
    step = domain.step if domain.step > 1 else 64
    first = max(domain.first, step)
    return f"{first}:{first + 63 * step}:{step}"


class _Bisection:
    """The places of a dim at which an inequality holds, for all rows of a table at once."""

    def __init__(
        self, inequality: Inequality, domain: Domain, name: str, table: Table, ends: Mapping[str, int]
    ) -> None:
        self.inequality, self.domain, self.name, self.table, self.ends = inequality, domain, name, table, ends

    def narrowed(self, start: Any, stop: Any, sense: int) -> tuple[Any, Any]:
        """Return the places between two where it may hold: those up to one, or from one on."""
        if sense < 0:
            return start, self._first(start, stop, False)
        return self._first(start, stop, True), stop

    def _first(self, start: Any, stop: Any, truth: bool) -> Any:
        """Return the first place of each row at which the inequality has this truth, or the end."""
        low, high = start.copy(), stop.copy()
        step = 1
        open_rows = numpy.flatnonzero(low < high)
        # the end may be far away: it is looked for in steps that grow
        while open_rows.size:
            probe = numpy.minimum(low[open_rows] + (step - 1), high[open_rows] - 1)
            met = self._holds(open_rows, probe) == truth
            high[open_rows[met]] = probe[met]
            low[open_rows[~met]] = probe[~met] + 1
            open_rows = open_rows[~met]
            open_rows = open_rows[(low[open_rows] < high[open_rows]).astype(bool)]
            step *= 4
        while (open_rows := numpy.flatnonzero(low < high)).size:
            middle = (low[open_rows] + high[open_rows]) // 2
            met = self._holds(open_rows, middle) == truth
            high[open_rows[met]] = middle[met]
            low[open_rows[~met]] = middle[~met] + 1
        return low

    def _holds(self, rows: Any, places: Any) -> Any:
        chosen = self.table.chosen(rows)
        sizes = {**self.ends, **chosen.sizes, self.name: _narrow(self.domain.at(places))}
        return truths(self.inequality.holds, sizes, chosen.rows)
