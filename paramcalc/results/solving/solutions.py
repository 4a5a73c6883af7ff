"""What the caller is given: the sizes that reach the targets, the nearest first, and the nearest that do not."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import ceil, floor, prod
from typing import Any, Literal, TypeAlias

import numpy

from paramcalc.core.amounts import share, whole
from paramcalc.core.display import Displayed, printed
from paramcalc.core.errors import ParamcalcError, listed, quoted, refuse, suggest
from paramcalc.core.errors import Problem as Refusal
from paramcalc.core.expression import folded_name
from paramcalc.measures import Measure
from paramcalc.results.formula import name_widths
from paramcalc.results.rows import located_in
from paramcalc.results.solving.domains import Domain, read_domain
from paramcalc.results.solving.goals import Goal
from paramcalc.results.solving.pieces import Piece, Pieces, Problem, pieces_of
from paramcalc.results.solving.search import Window
from paramcalc.results.solving.where import read_where
from paramcalc.spec import Framework, Spec, Value, is_none

#: On which side of the target a total is looked for.
Side: TypeAlias = Literal["nearest", "at-most", "at-least"]
SIDES: tuple[Side, ...] = ("nearest", "at-most", "at-least")


class Solution(dict[str, int]):
    """Sizes of the varied dims, by their names, and what they give: `totals` by measure, `total` of the first.

    `difference` is the total minus the target.
    """

    __slots__ = ("difference", "totals")

    def __init__(self, sizes: Mapping[str, int], totals: Mapping[str, int], difference: int) -> None:
        super().__init__(sizes)
        self.totals = dict(totals)
        self.difference = difference

    @property
    def total(self) -> int:
        """The total, of the first measure where there are several."""
        return next(iter(self.totals.values()))

    def __repr__(self) -> str:
        return f"Solution({dict(self)}, total={self.total})"


class Solutions(Displayed):
    """The sizes of some dims that give a network a total: all of them, lazily, the nearest to the target first.

    Iterating gives a `Solution` for each within the tolerance, up to the limit. What has been found is kept.
    """

    def __init__(
        self,
        name: str,
        convention: Framework,
        varied: Mapping[str, Domain],
        goals: Sequence[Goal],
        which: Side,
        tolerance: Fraction,
        limit: int,
        pieces: Pieces,
    ) -> None:
        #: the spec's
        self.name = name
        self.convention: Framework = convention
        self.varied = tuple(varied)
        self.domains = dict(varied)
        #: what each measure is to reach
        self.targets = {goal.measure.name: goal.target for goal in goals}
        #: what a number of each measure counts
        self.units = {goal.measure.name: goal.measure.unit for goal in goals}
        #: the node whose share is to reach the target; None for the whole network
        self.node = goals[0].node
        self.which = which
        self.tolerance = tolerance
        self.limit = limit
        self._pieces = tuple(pieces.found)
        #: conditions under which it is not known what the network is, so that no solution was looked for
        self.unsearched = tuple(pieces.unsearched)
        self._finder = _Finder(self._pieces, self.varied, self.targets)
        self._found: list[Solution] = []
        self._counted = 0
        self._is_done = False
        self._more = self._search()
        self._misses: dict[Side, Solution | None] = {}

    # --- What there is

    def __iter__(self) -> Iterator[Solution]:
        place = 0
        while place < self.limit and self._reach(place):
            yield self._found[place]
            place += 1

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return self._reach(0)

    def __getitem__(self, place: int) -> Solution:
        return list(self)[place]

    def _reach(self, place: int) -> bool:
        """Search on until there is a solution at a place; return whether there is."""
        while len(self._found) <= place and not self._is_done:
            solution = next(self._more, None)
            if solution is None:
                self._is_done = True
            else:
                self._found.append(solution)
        return len(self._found) > place

    @property
    def number(self) -> int:
        """How many solutions there are within the tolerance, those beyond the limit included."""
        self._reach(self.limit)
        return self._counted

    @property
    def complete(self) -> bool:
        """Whether all solutions are given: none is left out for the limit, and none was not looked for."""
        return self.number <= self.limit and not self.unsearched

    @property
    def exact(self) -> Solution | None:
        """The first solution that gives exactly the target; None where it is proved that there is none."""
        first = self._found[0] if self._reach(0) else None
        return first if first is not None and first.totals == self.targets else None

    @property
    def below(self) -> Solution | None:
        """The sizes whose total is nearest to the target, and at most the target; None where there are none."""
        return self._nearest("at-most")

    @property
    def above(self) -> Solution | None:
        """The sizes whose total is nearest to the target, and at least the target; None where there are none."""
        return self._nearest("at-least")

    @property
    def nearest(self) -> Solution | None:
        """The sizes whose total is nearest to the target, on the side asked for; None where there are none."""
        sides = {"nearest": (self.below, self.above), "at-most": (self.below,), "at-least": (self.above,)}[self.which]
        found = [each for each in sides if each is not None]
        return min(found, key=self._finder.distance, default=None)

    @property
    def is_met(self) -> bool:
        """Whether the answer is yes: a solution within the tolerance, or on the side asked for, or of one dim."""
        asked = self.which != "nearest" or len(self.varied) == 1
        return bool(self) or (asked and self.nearest is not None)

    @property
    def conditions(self) -> tuple[str, ...]:
        """What the closed form assumes of the sizes, and all solutions meet."""
        return tuple(dict.fromkeys(text for piece in self._pieces for text in piece.assumed))

    # --- The search

    def _search(self) -> Iterator[Solution]:
        """Give the solutions: those that are exact as they are found, then the others, sorted."""
        given = 0
        for solutions, number in self._finder.exact():
            self._counted += number
            for solution in solutions:
                if given < self.limit:
                    given += 1
                    yield solution
        window = self._window()
        if window is not None:
            best = _Best(self._finder, self.limit - given)
            for table, totals, distances in self._finder.points(window):
                self._counted += best.add(table, totals, distances, inexact_only=True)
            yield from best.sorted()

    def prepare(self) -> None:
        """Choose the way to search. Raises `limit` where too many sizes would be tried."""
        window = self._window() or Window([(target, target) for target in self.targets.values()])
        for piece in self._pieces:
            piece.search.arrange(window)

    def _window(self) -> Window | None:
        """Return the bounds of the tolerance; None where they leave the target alone."""
        bounds = []
        for target in self.targets.values():
            room = target * self.tolerance
            least = target if self.which == "at-least" else ceil(target - room)
            most = target if self.which == "at-most" else floor(target + room)
            bounds.append((least, most))
        return None if all(least == most for least, most in bounds) else Window(bounds)

    def _nearest(self, side: Side) -> Solution | None:
        if side not in self._misses:
            exact = self.exact
            self._misses[side] = exact if exact is not None else self._finder.nearest(side)
        return self._misses[side]

    # --- Printed

    def to(self, notation: Literal["text", "json", "csv"] = "text", **options: Any) -> str:
        """Print the solutions as text, as JSON or as CSV. Raises `unknown-target`."""
        return printed(self, notation, **options)

    def __str__(self) -> str:
        return self.to("text")


class _Finder:
    """Searches all pieces of a problem."""

    def __init__(self, pieces: Sequence[Piece], varied: Sequence[str], targets: Mapping[str, int]) -> None:
        self.pieces = pieces
        self.varied = varied
        self.targets = targets
        # differences are compared as shares of their targets, in whole numbers
        numbers = list(targets.values())
        together = prod(numbers) if len(numbers) > 1 else 1
        self.weights = [together // number if len(numbers) > 1 else 1 for number in numbers]

    def distance(self, solution: Solution) -> int:
        """Return how far a solution is from the targets: the largest difference, in whole numbers."""
        return max(
            abs(solution.totals[measure] - target) * weight
            for (measure, target), weight in zip(self.targets.items(), self.weights, strict=True)
        )

    def points(self, window: Window, ends_only: bool = False) -> Iterator[tuple[Any, list[Any], Any]]:
        """Yield the points of all pieces within a window, each table with its totals and distances."""
        for piece in self.pieces:
            for table, totals in piece.search.points(window, ends_only):
                table.sizes = {
                    **{name: numpy.full(table.rows, size, dtype=object) for name, size in piece.fixed.items()},
                    **table.sizes,
                }
                yield table, totals, self._distances(totals)

    def _distances(self, totals: Sequence[Any]) -> Any:
        apart = [abs(total - target) for total, target in zip(totals, self.targets.values(), strict=True)]
        if len(apart) == 1:
            return apart[0]
        weighted = (each.astype(object) * weight for each, weight in zip(apart, self.weights, strict=True))
        return numpy.maximum.reduce(list(weighted))

    def exact(self) -> Iterator[tuple[list[Solution], int]]:
        """Yield what gives exactly the targets, as it is found, with how many there are."""
        window = Window([(target, target) for target in self.targets.values()])
        for table, totals, _ in self.points(window):
            yield self.solutions(table, totals, range(table.rows)), table.rows

    def solutions(self, table: Any, totals: Sequence[Any], rows: Iterable[int]) -> list[Solution]:
        """Return rows of a table as solutions, in order of their sizes."""
        found = []
        for row in rows:
            sizes = {name: int(table.sizes[name][row]) for name in self.varied}
            numbers = {measure: int(total[row]) for measure, total in zip(self.targets, totals, strict=True)}
            first = next(iter(self.targets))
            found.append(Solution(sizes, numbers, numbers[first] - self.targets[first]))
        return sorted(found, key=lambda each: tuple(each.values()))

    def nearest(self, side: Side) -> Solution | None:
        """Return the nearest point on a side of the targets; None where there is none, or none among those tried."""
        for window in self._wider_and_wider(side):
            try:
                found = self._nearest_within(window, side)
            except ParamcalcError as error:
                if error.code != "limit":
                    raise
                return None
            if found is not None:
                return found
        return None

    def _nearest_within(self, window: Window, side: Side) -> Solution | None:
        """Return the nearest point in a window. Raises `limit`."""
        # a first look at the ends says how far to look
        first = self._best(window, ends_only=True)
        if first is None:
            return self._best(window)
        distance = self.distance(first)
        bounds = []
        for target, weight in zip(self.targets.values(), self.weights, strict=True):
            room = distance // weight
            bounds.append((target - room, target) if side == "at-most" else (target, target + room))
        return self._best(Window(bounds))

    def _best(self, window: Window, ends_only: bool = False) -> Solution | None:
        best = _Best(self, 1)
        for found in self.points(window, ends_only):
            best.add(*found)
        return next(iter(best.sorted()), None)

    def _wider_and_wider(self, side: Side) -> Iterator[Window]:
        """Yield windows on one side of the targets, up to the last in which anything may be found."""
        targets = self.targets.values()
        if side == "at-most":
            yield Window([(target - target // 2, target) for target in targets])
            yield Window([(None, target) for target in targets])
            return
        for factor in (2, 16, 2**16):
            yield Window([(target, target * factor + factor) for target in targets])
        yield Window([(target, None) for target in targets])


class _Best:
    """The nearest points of many tables."""

    def __init__(self, finder: _Finder, number: int) -> None:
        self.finder = finder
        self.number = number
        self._kept: list[tuple[int, tuple[int, ...], Solution]] = []

    def add(self, table: Any, totals: Sequence[Any], distances: Any, inexact_only: bool = False) -> int:
        """Add the points of a table, or those that are not exact; return how many these are."""
        places = numpy.flatnonzero(distances > 0) if inexact_only else numpy.arange(table.rows)
        number = int(places.size)
        if self.number < 1 or not number:
            return number
        if number > self.number:
            # those as near as the last that is kept stay, to be told apart by their sizes
            of_places = distances[places]
            last = numpy.partition(of_places, self.number - 1)[self.number - 1]
            places = places[of_places <= last]
        if len(self._kept) == self.number:
            places = places[distances[places] <= self._kept[-1][0]]
        for solution in self.finder.solutions(table, totals, places):
            self._kept.append((self.finder.distance(solution), tuple(solution.values()), solution))
        self._kept = heapq.nsmallest(self.number, self._kept, key=lambda each: each[:2])
        return number

    def sorted(self) -> list[Solution]:
        """Return the nearest, in order."""
        return [solution for _, _, solution in sorted(self._kept, key=lambda each: each[:2])]


# --- What is asked ---------------------------------------------------------------------


def solve(
    spec: Spec,
    convention: Framework | None = None,
    *,
    targets: Sequence[tuple[Measure, Any]],
    vary: Any,
    which: Side = "nearest",
    where: Any = (),
    tolerance: Any = 0,
    limit: int = 1000,
    step: Mapping[str, int] | None = None,
    node: str | None = None,
    dims: Mapping[str, Value] | None = None,
) -> Solutions:
    """Return the sizes that give a spec its targets; see `paramcalc.solve`."""
    if which not in SIDES:
        raise refuse("invalid-value", f"'which' is {', '.join(SIDES[:-1])} or {SIDES[-1]}, not {quoted(which)}")
    if type(limit) is not int or limit < 1:
        raise refuse("invalid-value", f"'limit' is a whole number of at least 1, not {quoted(limit)}")
    if not spec.dims:
        spec = name_widths(spec)[0]
    with located_in(spec):
        for measure, _ in targets:
            spec = measure.prepared(spec)
    given = dict(dims or {})
    goals = _read_goals(targets, node)
    domains = _read_varied(spec, vary, step or {}, given)
    room, convention = share(tolerance), convention or spec.framework
    problem = Problem(spec, convention, given, goals, domains, read_where(spec, where))
    solutions = Solutions(spec.name, convention, domains, goals, which, room, limit, pieces_of(problem))
    solutions.prepare()
    return solutions


def _read_goals(targets: Sequence[tuple[Measure, Any]], node: str | None) -> list[Goal]:
    if not targets:
        raise refuse("missing-key", "there is nothing to reach", "give a total, as in total=125_000_000")
    goals = []
    for measure, target in targets:
        number = whole(target, of_bytes=measure.unit == "bytes")
        if number < 0 or (number == 0 and len(targets) > 1):
            raise refuse("invalid-value", f"a target is a number of at least {int(len(targets) > 1)}, not {number:,}")
        goals.append(Goal(measure, number, node))
    return goals


def _read_varied(spec: Spec, vary: Any, step: Mapping[str, int], given: Mapping[str, Value]) -> dict[str, Domain]:
    """Read the dims that are varied, with the sizes that each may have.

    Raises `unknown-dim`, `wrong-type`, `invalid-value`.
    """
    names = [vary] if isinstance(vary, str) else list(vary)
    ranges = dict(vary) if isinstance(vary, Mapping) else dict.fromkeys(names)
    if not ranges:
        raise refuse("missing-key", "no dim is to be varied", listed("the dims", spec.dims))
    steps = {folded_name(str(name)): by for name, by in step.items()}
    domains = {}
    for written, given_range in ranges.items():
        name = folded_name(str(written))
        _refuse_unfit(spec, name, given)
        by = whole(steps.pop(name, 1))
        if by < 1:
            raise refuse("invalid-value", f"the step of '{name}' is a whole number of at least 1, not {by:,}")
        domains[name] = read_domain(name, given_range, by)
    if steps:
        raise refuse("unknown-dim", f"'{next(iter(steps))}' has a step, and is not varied", "vary it as well")
    return domains


def _refuse_unfit(spec: Spec, name: str, given: Mapping[str, Value]) -> None:
    """Refuse to vary what is no dim, or no whole number."""
    if name not in spec.dims:
        hint = suggest(name, spec.dims) or listed("the dims", spec.dims)
        raise ParamcalcError([Refusal("unknown-dim", f"the spec has no dim '{name}'", hint, outside=True)])
    if name in given:
        raise refuse("invalid-value", f"'{name}' is given a value, and is to be varied", "do one of the two")
    value = spec.dims[name]
    kinds = {str: "a text", tuple: "a list", bool: "true or false", float: "a double"}
    what = "none" if is_none(value) else next((word for kind, word in kinds.items() if isinstance(value, kind)), "")
    if what:
        raise refuse("wrong-type", f"'{name}' is {what}, and what is varied is a whole number")
