"""Where a number is observed: at which point, and in which copies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from paramcalc.frameworks.deriving.expressions import Expr

#: A number where it is observed, in the same order.
Vector: TypeAlias = tuple[int, ...]


class Observation(NamedTuple):
    """Where a number is observed."""

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


#: Returns the expression that has these values where they are observed, if one is found.
Identify: TypeAlias = Callable[[Sequence[Observation], Sequence[int]], Expr | None]


def spread(observations: Sequence[Observation], most: int) -> list[int]:
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
