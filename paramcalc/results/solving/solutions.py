"""What the caller is given: the sizes that reach the targets, the nearest first, and the nearest that do not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any, Literal, Protocol, TypeAlias

from paramcalc.core.display import Displayed, printed
from paramcalc.core.errors import ParamcalcError
from paramcalc.results.solving.domains import Domain
from paramcalc.spec import Framework

#: On which side of the target a total is looked for.
Side: TypeAlias = Literal["nearest", "at-most", "at-least"]
SIDES: tuple[Side, ...] = ("nearest", "at-most", "at-least")
#: Where the totals of a side lie.
_PLACES: dict[Side, str] = {"at-most": "below", "at-least": "above"}


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


#: Bounds of the total of each measure: from the least to the most; None where there is none.
Bounds: TypeAlias = list[tuple[int | None, int | None]]


class Finder(Protocol):
    """What searches: see `finding.py`."""

    #: what closed forms assume of the sizes
    assumed: tuple[str, ...]
    #: conditions under which it is not known what there is
    unsearched: tuple[str, ...]

    def exact(self) -> Iterator[tuple[list[Solution], int]]:
        """Yield what gives exactly the targets, as it is found, with how many there are."""

    def within(self, bounds: Bounds, limit: int) -> tuple[list[Solution], int | None]:
        """Return the nearest within bounds that are not exact, in order, and how many there are, if not too many."""

    def nearest(self, side: Side, beyond: bool = False) -> Solution | None:
        """Return the nearest point on a side of the targets; None where there is none. Raises `limit`."""

    def distance(self, solution: Solution) -> int:
        """Return how far a solution is from the targets."""


@dataclass(frozen=True)
class Question:
    """What is asked of a network."""

    name: str
    convention: Framework
    #: the dims that are varied, with the sizes that each may have
    domains: Mapping[str, Domain]
    #: what each measure is to reach
    targets: Mapping[str, int]
    #: what a number of each measure counts
    units: Mapping[str, str]
    #: the node whose share is to reach the target; None for the whole network
    node: str | None
    which: Side
    #: a share of the target
    tolerance: Fraction
    limit: int

    def bounds(self) -> Bounds:
        """Return from where to where the totals may lie."""
        found: Bounds = []
        for target in self.targets.values():
            room = target * self.tolerance
            least = target if self.which == "at-least" else ceil(target - room)
            most = target if self.which == "at-most" else floor(target + room)
            found.append((least, most))
        return found


class Solutions(Displayed):
    """The sizes of some dims that give a network a total: all of them, lazily, the nearest to the target first.

    Iterating gives a `Solution` for each within the tolerance, up to the limit. What has been found is kept.
    """

    def __init__(self, question: Question, finder: Finder) -> None:
        self.question = question
        self._finder = finder
        self._found: list[Solution] = []
        self._counted: int | None = 0
        self._is_done = False
        self._more = self._search()
        self._misses: dict[tuple[Side, bool], Solution | None] = {}
        self._not_known: dict[str, ParamcalcError] = {}
        self._refusal: ParamcalcError | None = None

    # --- What there is

    def __iter__(self) -> Iterator[Solution]:
        place = 0
        while place < self.question.limit and self._reach(place):
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
            if self._refusal is not None:
                raise self._refusal
            try:
                solution = next(self._more, None)
            except ParamcalcError as error:
                self._refusal = error
                raise
            if solution is None:
                self._is_done = True
            else:
                self._found.append(solution)
        return len(self._found) > place

    @property
    def number(self) -> int | None:
        """How many solutions there are within the tolerance, those beyond the limit included; None where too many."""
        self._reach(self.question.limit)
        return self._counted

    @property
    def complete(self) -> bool:
        """Whether all solutions are given: none is left out for the limit, and none was not looked for."""
        number = self.number
        return number is not None and number <= self.question.limit and not self.unsearched

    @property
    def exact(self) -> Solution | None:
        """The first solution that gives exactly the target; None where it is proved that there is none."""
        first = self._found[0] if self._reach(0) else None
        return first if first is not None and first.totals == self.question.targets else None

    @property
    def below(self) -> Solution | None:
        """The sizes whose total is nearest to the target, and at most the target; None for none, or not known."""
        return self._nearest("at-most")

    @property
    def above(self) -> Solution | None:
        """The sizes whose total is nearest to the target, and at least the target; None for none, or not known."""
        return self._nearest("at-least")

    @property
    def next_below(self) -> Solution | None:
        """The sizes whose total is nearest to the target of those that are less; None for none, or not known."""
        return self._nearest("at-most", beyond=True)

    @property
    def next_above(self) -> Solution | None:
        """The sizes whose total is nearest to the target of those that are more; None for none, or not known."""
        return self._nearest("at-least", beyond=True)

    @property
    def unknown(self) -> tuple[str, ...]:
        """On which sides the nearest is not known, since too many sizes would be tried: `below`, `above`."""
        for side in _PLACES:
            self._nearest(side, beyond=True)
        return tuple(self._not_known)

    @property
    def nearest(self) -> Solution | None:
        """The sizes whose total is nearest to the target, on the side asked for; None for none, or not known."""
        sides = {"nearest": (self.below, self.above), "at-most": (self.below,), "at-least": (self.above,)}
        found = [each for each in sides[self.question.which] if each is not None]
        return min(found, key=self._finder.distance, default=None)

    @property
    def is_met(self) -> bool:
        """Whether the answer is yes: a solution within the tolerance, or on the side asked for, or of one dim.

        Raises `limit` where that is not known, since too many sizes would be tried.
        """
        asked = self.question.which != "nearest" or len(self.question.domains) == 1
        if bool(self) or (asked and self.nearest is not None):
            return True
        refusal = self._not_known.get(_PLACES.get(self.question.which, ""))
        if refusal is not None:
            raise refusal
        return False

    @property
    def conditions(self) -> tuple[str, ...]:
        """What closed forms assume of the sizes, and all solutions meet."""
        return self._finder.assumed

    @property
    def unsearched(self) -> tuple[str, ...]:
        """Conditions under which it is not known what the network is, so that no solution was looked for."""
        return self._finder.unsearched

    # --- The search

    def _search(self) -> Iterator[Solution]:
        """Give the solutions: those that are exact as they are found, then the others, sorted."""
        given, exact, bounds = 0, 0, self.question.bounds()
        for solutions, number in self._finder.exact():
            exact += number
            for solution in solutions:
                if given < self.question.limit:
                    given += 1
                    yield solution
        self._counted = exact
        if any(least != most for least, most in bounds):
            others, further = self._finder.within(bounds, self.question.limit - given)
            self._counted = None if further is None else exact + further
            yield from others

    def _nearest(self, side: Side, beyond: bool = False) -> Solution | None:
        if self.exact is not None and not beyond:
            return self.exact
        beyond = self.exact is not None
        if (side, beyond) not in self._misses:
            self._misses[side, beyond] = None
            try:
                self._misses[side, beyond] = self._finder.nearest(side, beyond)
            except ParamcalcError as error:
                if error.code != "limit":
                    raise
                self._not_known[_PLACES[side]] = error
        return self._misses[side, beyond]

    # --- Printed

    def to(self, notation: Literal["text", "json", "csv"] = "text", **options: Any) -> str:
        """Print the solutions as text, as JSON or as CSV. Raises `unknown-target`."""
        return printed(self, notation, **options)

    def __str__(self) -> str:
        return self.to("text")
