"""The expressions that are known, by the values that they have where a number is observed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from paramcalc.core.algebra.arrays import LARGEST
from paramcalc.frameworks.deriving import expressions as ex
from paramcalc.frameworks.deriving.columns import Columns
from paramcalc.frameworks.deriving.expressions import Environment, Expr
from paramcalc.frameworks.deriving.observing import Observation, Vector, spread

#: Whole numbers, one row for each expression and one column for each place.
Matrix: TypeAlias = "np.ndarray[Any, np.dtype[np.int64]]"
#: At how many places expressions are sought, at how many a condition must come out in two ways, and how many
#: expressions of the same values at the former are kept.
_PROBES, _WIDE, _ALIKE = 12, 80, 6
#: How many expressions are combined with others.
_COMBINED = 250
#: A size is scaled by a double only if it is as large as this somewhere: small ones agree with anything.
_LARGE = 64


class Table:
    """The expressions by their values.

    They are sought by their values at a few places, and those that are found are compared at all.
    """

    def __init__(
        self, environments: Sequence[Environment], observations: Sequence[Observation], doubles: Sequence[float]
    ) -> None:
        self.doubles = doubles
        self.places = spread(observations, _PROBES)
        #: more of them, at which a condition is seen to come out in two ways
        self.wide = sorted(spread(observations, _WIDE))
        #: the expressions that others are combined with, and their values at the few places
        self.first: list[Expr] = []
        self.first_values: list[list[int]] = []
        self.atoms: list[Expr] = []
        self._columns = Columns(environments)
        self._few = Columns([environments[place] for place in self.places])
        self._by_values: dict[bytes, list[Expr]] = {}
        #: what is not defined everywhere, too
        self._rows: dict[Expr, None] = {}
        self._ends: dict[tuple[int, int, int], dict[tuple[int | None, int | None], list[Expr]]] = {}

    # --- what is known

    def add(self, exprs: Iterable[Expr]) -> None:
        """Add expressions."""
        for expr in exprs:
            if expr in self._rows:
                continue
            self._rows[expr] = None
            values = self.probed(expr)
            if values is None:
                continue
            same = self._by_values.setdefault(_key(values), [])
            if not same and len(self.first) < _COMBINED and len({*values}) > 1:
                self.first.append(expr)
                self.first_values.append(values)
            if len(same) < _ALIKE:
                same.append(expr)

    def add_atoms(self, exprs: Iterable[Expr]) -> None:
        """Add dims and counters, with which others are combined."""
        self.atoms += [each for each in exprs if self.probed(each) is not None]

    @property
    def matrix(self) -> Matrix:
        """The values at the few places of what others are combined with."""
        if len(self._matrix) != len(self.first_values):
            self._matrix = np.array(self.first_values, np.int64).reshape(-1, len(self.places))
        return self._matrix

    _matrix: Matrix = np.empty((0, 0), np.int64)

    @cached_property
    def atom_values(self) -> list[tuple[Expr, Matrix]]:
        """The dims and counters with their values at the few places."""
        return [(atom, np.array(self.probed(atom), np.int64)) for atom in self.atoms]

    @cached_property
    def scaled(self) -> list[tuple[Expr, list[int]]]:
        """The dims that are scaled by a double of the code, with their values at the few places."""
        large = [atom for atom in self.atoms if max(each or 0 for each in self.at(atom)) >= _LARGE]
        found = [
            ex.made(function, atom, factor)
            for atom in large
            for factor in self.doubles
            for function in ("scaled", "scaled_up", "scaled_near")
        ]
        return [(expr, values) for expr in found if (values := self.probed(expr)) is not None]

    # --- values

    def probed(self, expr: Expr) -> list[int] | None:
        """Return the values of an expression at the few places, or None where it has no number of arrays each time."""
        values, is_whole = self._few.of(expr)
        has_all = is_whole or None not in values
        return values if has_all and all(-LARGEST <= each <= LARGEST for each in values) else None

    def at(self, expr: Expr) -> list[int | None]:
        """Return the values of an expression at all places."""
        return self._columns.of(expr).values

    def fits(self, expr: Expr, values: Vector) -> bool:
        """Whether an expression has these values at all places."""
        return self.at(expr) == [*values]

    def truths(self, condition: Expr) -> list[bool | None]:
        """Return whether a condition holds, at all places; None where it cannot be worked out."""
        return [None if each is None else bool(each) for each in self.at(condition)]

    # --- looking up

    def known(self, values: Vector) -> Expr | None:
        """Return the expression with these values among those that are known."""
        if len({*values}) == 1:
            return ex.number(values[0])
        same = self._by_values.get(_key([values[place] for place in self.places]), ())
        return next((expr for expr in same if self.fits(expr, values)), None)

    def with_values(self, rows: Matrix) -> Iterator[tuple[int, Expr]]:
        """Yield the expressions that have one of these rows of values at the few places, with the row's number."""
        text, size = np.ascontiguousarray(rows).tobytes(), rows.shape[1] * rows.itemsize
        for row in range(len(rows)):
            for expr in self._by_values.get(text[row * size : (row + 1) * size], ()):
                yield row, expr
        for row in np.flatnonzero((rows == rows[:, :1]).all(1)).tolist():
            yield row, ex.number(int(rows[row, 0]))

    def part(self, places: Sequence[int], values: Vector) -> Expr | None:
        """Return an expression with these values at some places: a known one, a multiple of one, or a dim more."""
        if len({values[place] for place in places}) == 1:
            return ex.number(values[places[0]])
        first, last = places[0], places[-1]
        lowest, highest = values[first], values[last]
        alike = self._by_ends(first, last)
        for factor in (1, 2, 3, 4, 8):
            if lowest % factor == highest % factor == 0:
                for expr in alike.get((lowest // factor, highest // factor), ()):
                    found = self.at(expr)
                    if all(_product(found[place], factor) == values[place] for place in places):
                        return ex.times(ex.number(factor), expr)
        for atom in self.atoms:
            theirs = self.at(atom)
            low, high = theirs[first], theirs[last]
            if low is not None and high is not None:
                for expr in alike.get((lowest - low, highest - high), ()):
                    found = self.at(expr)
                    if all(_sum(found[place], theirs[place]) == values[place] for place in places):
                        return ex.plus(expr, atom)
        return None

    def _by_ends(self, first: int, last: int) -> dict[tuple[int | None, int | None], list[Expr]]:
        """Return the expressions by the values that they have at two places: most are told apart by these."""
        key = first, last, len(self._rows)
        if key not in self._ends:
            found: dict[tuple[int | None, int | None], list[Expr]] = {}
            for expr in self._rows:
                values = self.at(expr)
                found.setdefault((values[first], values[last]), []).append(expr)
            self._ends[key] = found
        return self._ends[key]


def _key(values: Sequence[int]) -> bytes:
    return np.array(values, np.int64).tobytes()


def _product(value: int | None, factor: int) -> int | None:
    return None if value is None else factor * value


def _sum(value: int | None, other: int | None) -> int | None:
    return None if value is None or other is None else value + other
