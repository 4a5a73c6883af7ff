"""Which expression a number is: of what was worked out in a traced run, and of short combinations of it.

A number is observed at several points: for each it has a value, at certain values of the dims and, in copies, of
their counters. An expression explains it if it has these values at all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import permutations
from typing import TypeAlias

from paramcalc.core.algebra.arrays import LARGEST
from paramcalc.frameworks.deriving import expressions as ex
from paramcalc.frameworks.deriving.arguments import Values
from paramcalc.frameworks.deriving.columns import Columns
from paramcalc.frameworks.deriving.combining import combined
from paramcalc.frameworks.deriving.expressions import Environment, Expr
from paramcalc.frameworks.deriving.laws import LAWS
from paramcalc.frameworks.deriving.observing import Observation, Vector
from paramcalc.frameworks.deriving.table import Table
from paramcalc.frameworks.deriving.tracing import Log

#: At how many points a number must be observed, and on each side of a choice.
ENOUGH = 5
#: How large an expression is at most of which a bound decides what is there.
_SHORT = 6
#: How large an expression in copies is at most that others may be made of.
_LEARNT = 12
#: How large a dim is at most that is taken for an exponent.
_LARGEST_EXPONENT = 24
#: How many values of each dim there must be among these points.
_SEVERAL = 3
#: A condition, and the places at which it holds and does not.
Sides: TypeAlias = tuple[Expr, list[int], list[int]]


@dataclass
class Candidates:
    """What a number may be: the dims that stay symbols, and what a traced run has worked out."""

    values: Values
    free: tuple[str, ...]
    points: Sequence[Values]
    log: Log
    #: called before each search, to end one that takes too long
    check: Callable[[], None] = lambda: None
    #: whether a number in copies may be one of two, by the number of the copy
    chooses: bool = True
    _found: dict[tuple[tuple[Observation, ...], Vector, bool], Expr | None] = field(default_factory=dict)
    _tables: dict[tuple[Observation, ...], Table] = field(default_factory=dict)
    _conditions: dict[tuple[str, ...], list[Expr]] = field(default_factory=dict)
    _sides: dict[tuple[Observation, ...], list[Sides]] = field(default_factory=dict)
    _enough: dict[frozenset[int], bool] = field(default_factory=dict)
    #: what numbers in copies are, by the counters of the copies
    _learnt: dict[tuple[str, ...], dict[Expr, None]] = field(default_factory=dict)

    @cached_property
    def atoms(self) -> list[Expr]:
        """The dims, and what can be said of lists at all points."""
        found: list[Expr] = []
        for name in self.free:
            if not isinstance(self.values[name], list):
                found.append(ex.name(name))
                continue
            lengths = {len(point[name]) for point in self.points}
            dim = ex.name(name)
            found += [ex.made("item", dim, ex.number(place)) for place in range(min(lengths))]
            if len(lengths) > 1:
                found.append(ex.made("len", dim))
                found += [ex.made("from_end", dim, place) for place in range(1, min(lengths) + 1)]
            found.append(ex.made("sum", dim))
        return found

    @cached_property
    def sizes(self) -> list[str]:
        """The dims that are no lists."""
        return [name for name in self.free if not isinstance(self.values[name], list)]

    @cached_property
    def pool(self) -> list[Expr]:
        """The dims, what was worked out of them, and the smaller and the larger of what was compared."""
        found = dict.fromkeys([*self.atoms, *self.log.expressions])
        # a double times what has left as a plain number remembers nothing
        for expr in self.log.left.values():
            found |= dict.fromkeys(ex.made("scaled", expr, factor) for factor in self.log.doubles)
        for each in self.log.conditions.values():
            if each.op not in ("==", "!="):
                found |= dict.fromkeys([ex.made("min", each.left, each.right), ex.made("max", each.left, each.right)])
        free = {*self.free}
        return sorted((each for each in found if each.names <= free), key=lambda each: each.size)

    def expression(self, observations: Sequence[Observation], values: Sequence[int]) -> Expr | None:
        """Return the shortest expression that has these values where they are observed; None if none is found.

        What is seen at a few points only, as in a part that is rarely there, is not known.
        """
        if not self.is_enough(each.point for each in observations):
            return None
        if len({*values}) == 1:
            return ex.number(values[0])
        choices = self.chooses or not observations[0].counters
        key = tuple(observations), tuple(values), choices
        if key not in self._found:
            self._found[key] = found = self._sought(*key)
            if found is not None and observations[0].counters:
                self._learn(observations[0].counters, found)
        return self._found[key]

    def _learn(self, counters: Sequence[tuple[str, int]], expr: Expr) -> None:
        """Keep what a number in copies is: the next may be worked out of it."""
        learnt = self._learnt.setdefault(tuple(name for name, _ in counters), {})
        if expr.size <= _LEARNT and expr.op != "if":
            learnt.setdefault(expr)

    def is_enough(self, points: Iterable[int]) -> bool:
        """Whether points are many, and every dim that moves at all has several values at them."""
        key = frozenset(points)
        if key not in self._enough:
            several = all(self._values_of(name, key) >= min(_SEVERAL, self._values_of(name)) for name in self._moving)
            self._enough[key] = several and len(key) >= min(ENOUGH, len(self.points))
        return self._enough[key]

    @cached_property
    def _moving(self) -> list[str]:
        """The dims that are no lists, and in no equality, by which a part may be there at one value alone."""
        pinned = {name for each in self.log.conditions.values() if each.op in ("==", "!=") for name in each.names}
        return [name for name in self.free if not isinstance(self.values[name], list) and name not in pinned]

    def _values_of(self, name: str, points: Iterable[int] | None = None) -> int:
        return len({self.points[place][name] for place in (range(len(self.points)) if points is None else points)})

    def condition(self, observations: Sequence[Observation], outcomes: Sequence[bool]) -> Expr | None:
        """Return a condition that is true where it is observed to be, and nowhere else; None if none is found."""
        columns = Columns(self.environments(observations))
        counters = tuple(name for name, _ in observations[0].counters)
        for expr in [*self._predicates(counters), *self._bounds()]:
            if columns.of(expr).values == [*outcomes]:
                return expr
        return None

    def _predicates(self, counters: tuple[str, ...]) -> list[Expr]:
        """Return conditions: those that the constructor compared, and what is said of the number of a copy."""
        if counters not in self._conditions:
            self._conditions[counters] = [*self._made_predicates(counters)]
        return self._conditions[counters]

    def _made_predicates(self, counters: Sequence[str]) -> Iterator[Expr]:
        free = {*self.free}
        for each in self.log.conditions.values():
            if each.names <= free:
                yield from (each.opposite().expr, each.expr) if each.op == "!=" else (each.expr, each.opposite().expr)
        for counter in map(ex.name, reversed(counters)):
            for number in map(ex.number, range(8)):
                yield ex.made("==", counter, number)
                yield ex.made(">", counter, number)
                yield ex.made("<=", counter, number)
            for period in range(2, 7):
                for rest in range(period):
                    remainder = ex.made("%", counter, ex.number(period))
                    yield ex.made("==", remainder, ex.number(rest))
                    yield ex.made("!=", remainder, ex.number(rest))
            yield from self._of_elements(counter)
            for dim in self.free:
                remainder = ex.made("%", counter, ex.name(dim))
                yield from (ex.made(op, remainder, ex.number(0)) for op in ("==", "!="))
                for last in (ex.name(dim), ex.minus(ex.name(dim), ex.number(1))):
                    yield from (ex.made(op, counter, last) for op in ("<", ">="))

    def _bounds(self) -> Iterator[Expr]:
        """Yield bounds of what was worked out, as a number of copies has that may be none."""
        for expr in self.pool:
            if expr.size <= _SHORT:
                yield from (ex.made(">", expr, ex.number(least)) for least in range(_SEVERAL))

    def _of_elements(self, counter: Expr) -> Iterator[Expr]:
        """Yield conditions of the element that belongs to a copy, and of the next or the one before."""
        for dim in map(ex.name, self.free):
            if str(dim) in self.sizes:
                continue
            before, here, after, last = (
                ex.made("item", dim, ex.plus(counter, ex.number(shift))) for shift in (-1, 0, 1, 2)
            )
            # where the first copy stands for itself, the others are counted from the second
            yield from (ex.made(">", each, ex.number(1)) for each in (here, after))
            for one, other in ((here, after), (before, here), (after, last)):
                yield from (ex.made(op, one, other) for op in ("!=", "=="))

    def environments(self, observations: Iterable[Observation]) -> list[Environment]:
        """Return the values of dims and counters where a number is observed."""
        return [{**self.points[each.point], **dict(each.counters)} for each in observations]

    def _choice(self, observations: tuple[Observation, ...], values: Vector) -> Expr | None:
        """Return `a if c else b`, of a condition on each of whose sides the number is an expression that is known."""
        table = self._table(observations)
        for condition, here, there in self._sides_of(observations):
            found = table.part(here, values)
            other = table.part(there, values) if found is not None else None
            if other is not None and table.fits(choice := ex.made("if", condition, found, other), values):
                return choice
        return None

    def _sides_of(self, observations: tuple[Observation, ...]) -> list[Sides]:
        """Return the conditions that are known at all places, and are seen often enough to come out in both ways."""
        if observations not in self._sides:
            table = self._table(observations)
            found = self._sides[observations] = []
            seen = set()
            for condition in self._predicates(tuple(name for name, _ in observations[0].counters)):
                truths = tuple(table.truths(condition))
                if truths in seen or any(truths[place] is None for place in table.wide):
                    continue
                seen.add(truths)
                here = [place for place in table.wide if truths[place]]
                there = [place for place in table.wide if not truths[place]]
                if all(self.is_enough(observations[place].point for place in side) for side in (here, there)):
                    found.append((condition, here, there))
        return self._sides[observations]

    def _sought(self, observations: tuple[Observation, ...], values: Vector, choices: bool) -> Expr | None:
        self.check()
        if len({*values}) == 1:
            return ex.number(values[0])
        if max(map(abs, values)) > LARGEST:
            return None
        if not observations[0].counters:
            found = combined(self._table(observations), values)
        else:
            found = self._of_copies(observations, values)
        return self._choice(observations, values) if found is None and choices else found

    def _table(self, observations: tuple[Observation, ...]) -> Table:
        counters = tuple(name for name, _ in observations[0].counters)
        if observations not in self._tables:
            table = self._tables[observations] = Table(self.environments(observations), observations, self.log.doubles)
            table.add([*self.pool, *self._elements(counters), *self._levels(counters)])
            table.add_atoms([*self.atoms, *map(ex.name, counters)])
        table = self._tables[observations]
        table.add(self._learnt.get(counters, ()))
        return table

    def _elements(self, counters: Sequence[str]) -> Iterator[Expr]:
        """Yield the elements of lists that copies may take by their number, forwards and backwards."""
        for counter in map(ex.name, reversed(counters)):
            yield counter
            for here in (ex.name(dim) for dim in self.free if dim not in self.sizes):
                for shift in (0, 1, -1, 2, -2):
                    yield ex.made("item", here, ex.plus(counter, ex.number(shift)))
                for shift in (1, 2, 3, 0):
                    place = ex.minus(ex.minus(ex.made("len", here), ex.number(shift)), counter)
                    yield ex.made("item", here, place)
                yield ex.made("sum_before", here, counter)
                yield ex.made("sum_before", here, ex.plus(counter, ex.number(1)))

    def _levels(self, counters: Sequence[str]) -> Iterator[Expr]:
        """Yield sizes that are doubled or halved from level to level: the levels are copies, or so many copies each."""
        sizes = [ex.name(name) for name in self.sizes]
        small = {ex.name(name) for name in self.sizes if max(point[name] for point in self.points) <= _LARGEST_EXPONENT}
        for counter in map(ex.name, reversed(counters)):
            for size in sizes:
                for shift in range(4):
                    power = ex.raised(ex.number(2), ex.plus(counter, ex.number(shift)))
                    yield from (ex.times(size, power), ex.over(size, power))
            for size, each in permutations(sizes, 2):
                for shift in (0, 1) if each in small else ():
                    level = ex.over(ex.plus(counter, ex.number(shift)), each)
                    yield ex.times(size, ex.raised(ex.number(2), level))
        for size, exponent in permutations(sizes, 2) if not counters else ():
            for shift in (-2, -1, 0, 1) if exponent in small else ():
                yield ex.over(size, ex.raised(ex.number(2), ex.plus(exponent, ex.number(shift))))

    # --- copies

    def _is_whole(self, observations: Sequence[Observation], groups: dict[Observation, list[int]]) -> bool:
        """Whether all copies are observed, and not some of them alone."""
        numbers: dict[Observation, list[int]] = {}
        for each in observations:
            numbers.setdefault(each.outside, []).append(each.counters[-1][1])
        return all(numbers[each] == [*range(len(groups[each]))] for each in groups)

    def _of_copies(self, observations: tuple[Observation, ...], values: Vector) -> Expr | None:
        """Return a law of the innermost counter, with coefficients that are expressions themselves."""
        groups: dict[Observation, list[int]] = {}
        for observation, value in zip(observations, values, strict=True):
            groups.setdefault(observation.outside, []).append(value)
        around = tuple(groups)
        copies = [groups[each] for each in around]
        if all(len({*each}) == 1 for each in copies):
            return self.expression(around, [each[0] for each in copies])
        direct = self._table(observations).known(values)
        if direct is not None:
            return direct
        counter = ex.name(observations[0].counters[-1][0])
        for law in LAWS if self._is_whole(observations, groups) else ():
            found = law(self.expression, around, copies, counter)
            if found is not None:
                return found
        return combined(self._table(observations), values)
