"""Which dim stands in the way of a form, and has to be fixed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from paramcalc.frameworks.deriving.arguments import Values
from paramcalc.frameworks.deriving.constructing import Run
from paramcalc.frameworks.deriving.reasons import Lost


@dataclass(frozen=True)
class Blame:
    """What is known of the dims when something was lost."""

    #: the dims as they were given, and those that are not fixed yet
    values: Values
    free: tuple[str, ...]
    #: for each dim two runs between which it alone was moved
    dependencies: Mapping[str, tuple[Run, Run]]
    #: the points at which the tree was made
    points: Sequence[Values]

    def dim(self, lost: Lost, alike: Sequence[Run], others: Sequence[Run]) -> str:
        """Return the dim to fix: of those that what was lost depends on, the one on which least else does."""
        moving = self.moving(lost, others)
        if not moving and lost.is_number and lost.observed:
            # none moves it alone, as it is rounded: that with which it rises or falls
            seen = [(self.points[observation.point], value) for observation, value in lost.observed]
            return max(self.free, key=lambda name: (_concordance(name, seen), self.free.index(name)))
        moving = moving or [name for name in self.free if _divides(name, alike, others)] or list(self.free)
        return min(moving, key=lambda name: (self._weight(name), -self.free.index(name)))

    def moving(self, lost: Lost, others: Sequence[Run]) -> list[str]:
        """Return the dims with each of which alone what was lost changes."""
        return [name for name in self.free if self._moves(name, lost, others)]

    def _moves(self, name: str, lost: Lost, others: Sequence[Run]) -> bool:
        """Whether what was lost changes with a dim alone."""
        if name not in self.dependencies:
            return True
        before, after = self.dependencies[name]
        if others:
            return len(before.inventory.entries) != len(after.inventory.entries) or any(
                run.values[name] != self.values[name] and _differs_only(run.values, self.values, name) for run in others
            )
        observed: dict[str, dict[Any, Any]] = {}
        for observation, value in lost.observed:
            observed.setdefault(json.dumps(self.points[observation.point]), {})[observation.counters] = value
        first, second = (observed.get(json.dumps(run.values)) for run in (before, after))
        if first is None or second is None:
            return True
        # of copies, those that are there both times
        return any(first[counters] != second[counters] for counters in first.keys() & second.keys())

    def _weight(self, name: str) -> int:
        """Return how many tensors change with a dim."""
        if name not in self.dependencies:
            return 0
        before, after = (run.inventory.entries for run in self.dependencies[name])
        return sum(a != b for a, b in zip(before, after, strict=False)) + abs(len(before) - len(after))


def _concordance(name: str, seen: Sequence[tuple[Values, int]]) -> float:
    """Return how well a number rises, or falls, with a dim: 1 where it always does."""
    sizes = [(sum(values[name]) if isinstance(values[name], list) else values[name], value) for values, value in seen]
    signs = [
        (size > other) - (size < other) if value > their else (size < other) - (size > other)
        for (size, value), (other, their) in combinations(dict.fromkeys(sizes), 2)
        if value != their
    ]
    return abs(sum(signs)) / len(signs) if signs else 0.0


def _divides(name: str, alike: Sequence[Run], others: Sequence[Run]) -> bool:
    """Whether a dim is larger in all of some runs than in all others."""
    here, there = ([run.values[name] for run in runs] for runs in (alike, others))
    return bool(here and there) and type(here[0]) is int and (min(here) > max(there) or max(here) < min(there))


def _differs_only(one: Mapping[str, Any], other: Mapping[str, Any], name: str) -> bool:
    return all(one[each] == other[each] for each in one if each != name)
