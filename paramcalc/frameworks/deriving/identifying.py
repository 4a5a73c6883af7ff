"""Which expression a number is: of what was worked out in a traced run, and of short combinations of it.

A number is observed at several points: for each it has a value, at certain values of the dims and, in copies, of
their counters. An expression explains it if it has these values at all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import permutations

from paramcalc.frameworks.deriving import expressions as ex
from paramcalc.frameworks.deriving.arguments import Values
from paramcalc.frameworks.deriving.expressions import Environment, Expr
from paramcalc.frameworks.deriving.tracing import Log

#: How many expressions are combined with others.
_COMBINED = 250
#: At how many points a number must be observed, and on each side of a choice.
ENOUGH = 5
#: How large an expression is at most of which a bound decides what is there.
_SHORT = 6
#: How large an expression is at most that is multiplied by a power.
_SHORTEST = 3
#: At how many places expressions are sought, at how many a condition must come out in two ways, and how many
#: expressions of the same values at the former are kept.
_PROBES, _WIDE, _ALIKE = 12, 80, 6
#: How large an expression in copies is at most that others may be made of.
_LEARNT = 12
#: How large a dim is at most that is taken for an exponent.
_LARGEST_EXPONENT = 24
#: How many values of each dim there must be among these points.
_SEVERAL = 3
Vector = tuple[int, ...]


def _truth(condition: Expr, environment: Environment) -> bool | None:
    """Return whether a condition holds; None where it cannot be worked out."""
    try:
        return bool(condition.evaluate(environment))
    except (ArithmeticError, ValueError, IndexError, TypeError):
        return None


@dataclass(frozen=True)
class Observation:
    """Where a number is observed: at which point, in which copies."""

    point: int
    #: the counters of the copies around it, from the outermost, with their values
    counters: tuple[tuple[str, int], ...] = ()

    def inside(self, counter: str, value: int) -> Observation:
        """Return the same within a copy."""
        return Observation(self.point, (*self.counters, (counter, value)))

    @property
    def outside(self) -> Observation:
        """Where the innermost copies stand."""
        return Observation(self.point, self.counters[:-1])


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
    _tables: dict[tuple[Observation, ...], _Table] = field(default_factory=dict)
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
        environments = self.environments(observations)
        for expr in [*self._predicates(observations[0].counters), *self._bounds()]:
            found = [_truth(expr, each) for each in environments]
            if found == [*outcomes]:
                return expr
        return None

    def _predicates(self, counters: Sequence[tuple[str, int]]) -> Iterator[Expr]:
        """Yield conditions: those that the constructor compared, and what is said of the number of a copy."""
        free = {*self.free}
        for each in self.log.conditions.values():
            if each.names <= free:
                yield from (each.opposite().expr, each.expr) if each.op == "!=" else (each.expr, each.opposite().expr)
        for counter in (ex.name(name) for name, _ in reversed(counters)):
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
        for condition in self._predicates(observations[0].counters):
            sides = table.sides(condition)
            if not all(self.is_enough(observations[place].point for place in side) for side in sides):
                continue
            found = table.part(sides[0], values)
            other = table.part(sides[1], values) if found is not None else None
            if other is not None and table.fits(choice := ex.made("if", condition, found, other), values):
                return choice
        return None

    def _sought(self, observations: tuple[Observation, ...], values: Vector, choices: bool) -> Expr | None:
        self.check()
        if len({*values}) == 1:
            return ex.number(values[0])
        if not observations[0].counters:
            found = self._table(observations).expression(values)
        else:
            found = self._of_copies(observations, values)
        return self._choice(observations, values) if found is None and choices else found

    def _table(self, observations: tuple[Observation, ...]) -> _Table:
        if observations not in self._tables:
            self._tables[observations] = _Table(self, observations)
        table = self._tables[observations]
        table.add(self._learnt.get(tuple(name for name, _ in observations[0].counters), ()))
        return table

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
        for law in (_linear, _geometric, _falling) if self._is_whole(observations, groups) else ():
            found = law(self, around, copies, counter)
            if found is not None:
                return found
        return self._table(observations).expression(values)


def _linear(
    candidates: Candidates, around: Sequence[Observation], copies: Sequence[list[int]], counter: Expr
) -> Expr | None:
    """Return a + d·i."""
    several = [place for place, each in enumerate(copies) if len(each) > 1]
    if sum(len(copies[place]) > 2 for place in several) < 2:
        return None
    steps: list[int] = []
    for place in several:
        differences = {after - before for before, after in zip(copies[place], copies[place][1:], strict=False)}
        if len(differences) != 1:
            return None
        steps += differences
    first = candidates.expression(around, [each[0] for each in copies])
    step = candidates.expression([around[place] for place in several], steps)
    if first is not None and step is not None:
        if ex.is_number(step) and step.of[0] < 0:
            return ex.minus(first, ex.times(ex.number(-step.of[0]), counter))
        rising = ex.times(step, counter)
        return rising if first == ex.number(0) else ex.plus(first, rising)
    if step is not None and len(several) == len(copies):
        # a + d·(i + 1)
        before = candidates.expression(around, [each[0] - (each[1] - each[0]) for each in copies])
        if before is not None:
            return ex.plus(before, ex.times(step, ex.plus(counter, ex.number(1))))
    return None


def _geometric(
    candidates: Candidates, around: Sequence[Observation], copies: Sequence[list[int]], counter: Expr
) -> Expr | None:
    """Return a·q^i, which may stop at a largest value."""
    for ratio in (2, 3, 4):
        power = ex.raised(ex.number(ratio), counter)
        if all(each == [each[0] * ratio**copy for copy in range(len(each))] for each in copies):
            first = candidates.expression(around, [each[0] for each in copies])
            return ex.times(first, power) if first is not None else None
        most = [max(each) for each in copies]
        if all(
            each == [min(each[0] * ratio**copy, last) for copy in range(len(each))]
            for each, last in zip(copies, most, strict=True)
        ):
            first = candidates.expression(around, [each[0] for each in copies])
            largest = candidates.expression(around, most)
            if first is not None and largest is not None:
                return ex.made("min", ex.times(first, power), largest)
    return None


def _falling(
    candidates: Candidates, around: Sequence[Observation], copies: Sequence[list[int]], counter: Expr
) -> Expr | None:
    """Return a·q^(n - 1 - i)."""
    for ratio in (2, 3, 4):
        if all(each == [each[-1] * ratio ** (len(each) - 1 - copy) for copy in range(len(each))] for each in copies):
            last = candidates.expression(around, [each[-1] for each in copies])
            length = candidates.expression(around, [len(each) for each in copies])
            if last is not None and length is not None:
                exponent = ex.minus(ex.minus(length, ex.number(1)), counter)
                return ex.times(last, ex.raised(ex.number(ratio), exponent))
    return None


class _Table:
    """The expressions by the values that they have where a number is observed.

    They are sought by their values at a few places, and those that are found are compared at all.
    """

    def __init__(self, candidates: Candidates, observations: Sequence[Observation]) -> None:
        self.environments = candidates.environments(observations)
        self.doubles = candidates.log.doubles
        counters = [counter for counter, _ in observations[0].counters]
        self.places = _spread(observations, _PROBES)
        #: more of them, at which a condition is seen to come out in two ways
        self.wide = sorted(_spread(observations, _WIDE))
        self.atoms = [*candidates.atoms, *map(ex.name, counters)]
        self.table: dict[Vector, list[Expr]] = {}
        #: what is not defined everywhere, too
        self.rows: list[Expr] = []
        self.first: list[tuple[Vector, Expr]] = []
        self._seen: set[Expr] = set()
        self.values: dict[Expr, list[int | None]] = {}
        self.ends: dict[tuple[int, int, int], dict[tuple[int | None, int | None], list[Expr]]] = {}
        self.truths: dict[Expr, tuple[list[int], list[int]]] = {}
        self.add([*candidates.pool, *self._elements(candidates, counters), *self._levels(candidates, counters)])
        self.atom_values = [(atom, values) for atom in self.atoms if (values := self.probed(atom)) is not None]

    def add(self, exprs: Iterable[Expr]) -> None:
        """Add expressions."""
        for expr in exprs:
            if expr in self._seen:
                continue
            self._seen.add(expr)
            self.rows.append(expr)
            values = self.probed(expr)
            if values is None:
                continue
            same = self.table.setdefault(values, [])
            if not same and len(self.first) < _COMBINED and len({*values}) > 1:
                self.first.append((values, expr))
            if len(same) < _ALIKE:
                same.append(expr)

    def probed(self, expr: Expr) -> Vector | None:
        """Return the values of an expression at a few places, or None where it does not have one each time."""
        found = []
        for place in self.places:
            value = expr.value(self.environments[place])
            if value is None:
                return None
            found.append(value)
        return tuple(found)

    def fits(self, expr: Expr, values: Vector, places: Iterable[int] | None = None) -> bool:
        """Whether an expression has these values at all places, or at some."""
        return all(
            expr.value(self.environments[place]) == values[place]
            for place in (range(len(values)) if places is None else places)
        )

    def at(self, expr: Expr) -> list[int | None]:
        """Return the values of an expression at all places."""
        if expr not in self.values:
            self.values[expr] = [expr.value(environment) for environment in self.environments]
        return self.values[expr]

    def part(self, places: Sequence[int], values: Vector) -> Expr | None:
        """Return an expression with these values at some places: a known one, a multiple of one, or a dim more."""
        if len({values[place] for place in places}) == 1:
            return ex.number(values[places[0]])
        first, last = places[0], places[-1]
        lowest, highest = values[first], values[last]
        alike = self._ends(first, last)
        for factor in (1, 2, 3, 4, 8):
            if lowest % factor == highest % factor == 0:
                for expr in alike.get((lowest // factor, highest // factor), ()):
                    found = self.at(expr)
                    if all(_product(found[place], factor) == values[place] for place in places):
                        return ex.times(ex.number(factor), expr)
        for atom, _ in self.atom_values:
            theirs = self.at(atom)
            low, high = theirs[first], theirs[last]
            if low is not None and high is not None:
                for expr in alike.get((lowest - low, highest - high), ()):
                    found = self.at(expr)
                    if all(_sum(found[place], theirs[place]) == values[place] for place in places):
                        return ex.plus(expr, atom)
        return None

    def _ends(self, first: int, last: int) -> dict[tuple[int | None, int | None], list[Expr]]:
        """Return the expressions by the values that they have at two places: most are told apart by these."""
        if (first, last, len(self.rows)) not in self.ends:
            found: dict[tuple[int | None, int | None], list[Expr]] = {}
            for expr in self.rows:
                values = self.at(expr)
                found.setdefault((values[first], values[last]), []).append(expr)
            self.ends[first, last, len(self.rows)] = found
        return self.ends[first, last, len(self.rows)]

    def sides(self, condition: Expr) -> tuple[list[int], list[int]]:
        """Return the places at which a condition holds, and at which it does not; none where it is not always known."""
        if condition not in self.truths:
            truths = [(place, _truth(condition, self.environments[place])) for place in self.wide]
            known = all(truth is not None for _, truth in truths)
            self.truths[condition] = (
                [place for place, truth in truths if truth and known],
                [place for place, truth in truths if not truth and known],
            )
        return self.truths[condition]

    def _elements(self, candidates: Candidates, counters: Sequence[str]) -> Iterator[Expr]:
        """Yield the elements of lists that copies may take by their number, forwards and backwards."""
        for counter in map(ex.name, reversed(counters)):
            yield counter
            for here in (ex.name(dim) for dim in candidates.free if dim not in candidates.sizes):
                for shift in (0, 1, -1, 2, -2):
                    yield ex.made("item", here, ex.plus(counter, ex.number(shift)))
                for shift in (1, 2, 3, 0):
                    place = ex.minus(ex.minus(ex.made("len", here), ex.number(shift)), counter)
                    yield ex.made("item", here, place)
                yield ex.made("sum_before", here, counter)
                yield ex.made("sum_before", here, ex.plus(counter, ex.number(1)))

    def _levels(self, candidates: Candidates, counters: Sequence[str]) -> Iterator[Expr]:
        """Yield sizes that are doubled or halved from level to level: the levels are copies, or so many copies each."""
        sizes = [ex.name(name) for name in candidates.sizes]
        small = {
            ex.name(name)
            for name in candidates.sizes
            if max(point[name] for point in candidates.points) <= _LARGEST_EXPONENT
        }
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

    def known(self, values: Vector) -> Expr | None:
        """Return the expression with these values among those that are known."""
        if len({*values}) == 1:
            return ex.number(values[0])
        same = self.table.get(tuple(values[place] for place in self.places), ())
        return next((expr for expr in same if self.fits(expr, values)), None)

    def with_values(self, probed: Iterable[int]) -> list[Expr]:
        """Return the expressions that have these values at the few places."""
        values = tuple(probed)
        return [ex.number(values[0])] if len({*values}) == 1 else self.table.get(values, [])

    def expression(self, values: Vector) -> Expr | None:
        """Return the shortest expression with these values that is known, or made of two that are."""
        found = self.known(values)
        if found is not None:
            return found
        probed = tuple(values[place] for place in self.places)
        for search in (_shifted, _multiple, _of_two, _bounded, _power, _of_three, _scaled):
            for shortest in sorted({*search(self, probed, values)}, key=lambda each: (each.size, str(each))):
                if self.fits(shortest, values):
                    return shortest
        return None


def _spread(observations: Sequence[Observation], most: int) -> list[int]:
    """Return the places of some observations: of each point in turn, of its first copies, its last and others."""
    points: dict[int, list[int]] = {}
    for place, observation in enumerate(observations):
        points.setdefault(observation.point, []).append(place)
    found: dict[int, None] = {}
    for share in range(max(map(len, points.values()))):
        for number, places in enumerate(points.values()):
            if share < len(places):
                # the last copy of a point, then its first, then those between
                turned = places[-1 - number % len(places) :] + places[: -1 - number % len(places)]
                found.setdefault(turned[share])
            if len(found) == most:
                return [*found]
    return [*found]


def _shifted(table: _Table, values: Vector, _: Vector) -> Iterator[Expr]:
    """Yield e ± c."""
    for shift in (1, -1, 2, -2, 3, -3, 4, -4):
        for found in table.with_values(value - shift for value in values):
            yield ex.plus(found, ex.number(shift))


def _multiple(table: _Table, values: Vector, _: Vector) -> Iterator[Expr]:
    """Yield c·e."""
    for factor in range(2, 65):
        if all(value % factor == 0 for value in values):
            for found in table.with_values(value // factor for value in values):
                yield ex.times(ex.number(factor), found)


def _of_two(table: _Table, values: Vector, _: Vector) -> Iterator[Expr]:
    """Yield what two known expressions, or one and a number, give by one operation."""
    for theirs, expr in table.first:
        pairs = [*zip(values, theirs, strict=True)]
        yield from _sums(table, pairs, expr)
        yield from _products(table, pairs, expr)
        for divisor in (2, 3, 4, 8):
            if all(own == other // divisor for own, other in pairs):
                yield ex.over(expr, ex.number(divisor))
            if all(own == -(-other // divisor) for own, other in pairs):
                yield ex.made("ceil", expr, ex.number(divisor))
        for multiple in (4, 8, 16, 32, 64, 128, 256):
            if all(own == -(-other // multiple) * multiple for own, other in pairs):
                yield ex.made("round_up", expr, ex.number(multiple))
        yield from _with_atoms(table, values, theirs, expr)


def _bounded(table: _Table, values: Vector, whole: Vector) -> Iterator[Expr]:
    """Yield what a known expression and a number are the smaller or the larger of."""
    least, most = min(whole), max(whole)
    for theirs, expr in table.first:
        # a bound that was met once or twice is none; but for 1, which people write
        larger = all(own == max(other, least) for own, other in zip(values, theirs, strict=True))
        if larger and (least == 1 or _met(table, whole, expr, least) >= _SEVERAL):
            yield ex.made("max", expr, ex.number(least))
        smaller = all(own == min(other, most) for own, other in zip(values, theirs, strict=True))
        if smaller and _met(table, whole, expr, most) >= _SEVERAL:
            yield ex.made("min", expr, ex.number(most))


def _met(table: _Table, whole: Vector, expr: Expr, bound: int) -> int:
    """Return at how many values beyond a bound it is the bound that is seen."""
    return len({other for own, other in zip(whole, table.at(expr), strict=True) if own == bound != other})


def _sums(table: _Table, pairs: Sequence[tuple[int, int]], expr: Expr) -> Iterator[Expr]:
    for found in table.with_values(own - other for own, other in pairs):
        yield ex.plus(expr, found)
    for found in table.with_values(other - own for own, other in pairs):
        yield ex.minus(expr, found)
    for factor in (2, 3, 4, 5, 6, 8):
        for found in table.with_values(own - factor * other for own, other in pairs):
            yield ex.plus(ex.times(ex.number(factor), expr), found)


def _of_three(table: _Table, values: Vector, _: Vector) -> Iterator[Expr]:
    """Yield the sum of a dim and of two expressions that are known."""
    for atom, others in table.atom_values:
        rest = tuple(own - other for own, other in zip(values, others, strict=True))
        for theirs, expr in table.first:
            for found in table.with_values(own - other for own, other in zip(rest, theirs, strict=True)):
                yield ex.plus(ex.plus(expr, found), atom)


def _products(table: _Table, pairs: Sequence[tuple[int, int]], expr: Expr) -> Iterator[Expr]:
    if all(other and own % other == 0 for own, other in pairs):
        for found in table.with_values(own // other for own, other in pairs):
            yield ex.times(expr, found)
    if all(own and other % own == 0 for own, other in pairs):
        for found in table.with_values(other // own for own, other in pairs):
            yield ex.over(expr, found)


_BINARY: tuple[tuple[Callable[[int, int], int], Callable[[Expr, Expr], Expr], bool], ...] = (
    (lambda left, right: -(-left // right) * right, lambda left, right: ex.made("round_up", left, right), True),
    (lambda left, right: left // right, ex.over, True),
    (min, lambda left, right: ex.made("min", left, right), False),
    (max, lambda left, right: ex.made("max", left, right), False),
)


def _with_atoms(table: _Table, values: Vector, theirs: Vector, expr: Expr) -> Iterator[Expr]:
    for atom, others in table.atom_values:
        if atom == expr:
            continue
        for operation, combine, divides in _BINARY:
            if divides and not all(other > 0 for other in others):
                continue
            if all(operation(left, right) == own for own, left, right in zip(values, theirs, others, strict=True)):
                yield combine(expr, atom)


def _power(table: _Table, values: Vector, whole: Vector) -> Iterator[Expr]:
    """Yield e·q^f."""
    one = (1,) * len(values)
    for theirs, expr in [(one, ex.number(1)), *table.first[:40]]:
        if expr.size > _SHORTEST or any(other == 0 or own % other for own, other in zip(values, theirs, strict=True)):
            continue
        for ratio in (2, 3, 4):
            exponents = [
                _logarithm(own // other, ratio) if other and own % other == 0 else None
                for own, other in zip(whole, table.at(expr), strict=True)
            ]
            if None in exponents:
                continue
            found = table.expression(tuple(each for each in exponents if each is not None))
            if found is not None and found.names:
                yield ex.times(expr, ex.raised(ex.number(ratio), found))


#: A size is scaled by a double only if it is as large as this somewhere: small ones agree with anything.
_LARGE = 64


def _scaled(table: _Table, values: Vector, whole: Vector) -> Iterator[Expr]:
    """Yield a dim, or a small multiple of it, that is scaled by a double of the code; at least so much."""
    least = min(whole)
    for atom, _ in table.atom_values:
        if max(each or 0 for each in table.at(atom)) < _LARGE:
            continue
        for factor in table.doubles:
            for function in ("scaled", "scaled_up", "scaled_near"):
                expr = ex.made(function, atom, factor)
                found = table.probed(expr)
                if found == values:
                    yield expr
                elif least == 1 and found is not None and values == tuple(max(each, least) for each in found):
                    yield ex.made("max", expr, ex.number(least))


def _product(value: int | None, factor: int) -> int | None:
    return None if value is None else factor * value


def _sum(value: int | None, other: int | None) -> int | None:
    return None if value is None or other is None else value + other


def _logarithm(value: int, ratio: int) -> int | None:
    exponent = 0
    while value > 1 and value % ratio == 0:
        value, exponent = value // ratio, exponent + 1
    return exponent if value == 1 else None
