"""From a constructor to its spec: points, one tree of several, proof, and what has to be given up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from paramcalc.core.errors import ParamcalcError, refuse
from paramcalc.frameworks.deriving import expressions as ex
from paramcalc.frameworks.deriving.arguments import Values
from paramcalc.frameworks.deriving.blaming import Blame
from paramcalc.frameworks.deriving.constructing import Constructor, Run
from paramcalc.frameworks.deriving.identifying import ENOUGH, Candidates
from paramcalc.frameworks.deriving.merging import Merger
from paramcalc.frameworks.deriving.nodes import Merged
from paramcalc.frameworks.deriving.observing import Observation
from paramcalc.frameworks.deriving.points import Points
from paramcalc.frameworks.deriving.proof_points import further
from paramcalc.frameworks.deriving.proving import agrees
from paramcalc.frameworks.deriving.quotients import make_exact
from paramcalc.frameworks.deriving.reasons import Lost, reason_of
from paramcalc.frameworks.deriving.tracing import Condition
from paramcalc.frameworks.deriving.writing import written
from paramcalc.spec import Spec, read_spec

#: How many points a tree is made of beside those at which one dim is moved.
_DRAWN = 6
#: How often a counterexample or a loss is answered before the search is given up.
_ROUNDS = 36
#: How many points with lists of other lengths are tried.
_LENGTHS = 8
#: No size is drawn beyond this where a model keeps its numbers.
_LARGEST_KEPT = 128
#: Of how many conditions points on both sides are drawn at once.
_ENRICHED = 6
#: How many equalities, and how many order conditions, are tried on their other side.
_PROBED = 16


@dataclass
class Solution:
    """A spec that was proved, and what it rests on."""

    spec: Spec
    nodes: list[Merged]
    made: frozenset[str]
    fixed: dict[str, str]
    requires: list[Condition]
    points: list[Values]
    idle: list[str]
    #: what its connections do not say of the model
    remark: str = ""


@dataclass
class Derivation:
    """Derives the spec of what one constructor makes."""

    constructor: Constructor
    fixed: dict[str, str]

    def __post_init__(self) -> None:
        self.runner, self.run = self.constructor.runner, self.constructor.run
        self.values, self.base = self.constructor.values, self.constructor.base
        #: what one run worked out, and whether the constructor took the numbers that remember
        self.log, self.is_traced = self.constructor.trace(self.fixed)
        self.points = Points(self.values, self._free(), keeps_divisors=not self.is_traced)
        if self.runner.framework == "keras" or not self.runner.on_meta:
            self.points.largest = _LARGEST_KEPT
        self.lengths_may_vary = True
        self.asserted: list[Condition] = []
        self.enforced: list[Condition] = []
        self.tautologies: set[Condition] = set()
        self.counterexamples: list[Run] = []
        #: what was drawn for the last tree
        self.drawn: list[Run] = []
        self.dependencies: dict[str, tuple[Run, Run]] = {}
        #: the points at which the last tree was made
        self.last: list[Values] = []
        #: the conditions on both sides of which there are points
        self.enriched: set[Condition] = set()
        #: under which conditions dims were moved alone
        self.moved_under: set[tuple[Any, ...]] = set()
        #: the numbers of which points were added to tell on which dim they depend, and under which conditions
        self.told_apart: set[tuple[Any, ...]] = set()

    def _free(self) -> tuple[str, ...]:
        return tuple(name for name in self.values if name not in self.fixed)

    # --- conditions

    def _conditions(self) -> list[Condition]:
        """Return what the constructor compared, of the dims that are free, but for what always holds."""
        free = {*self.points.free}
        return [each for each in self.log.conditions.values() if each.names <= free and each not in self.tautologies]

    def _lengths_vary(self) -> bool:
        """Whether the constructor takes lists of other lengths, as far as a few points tell."""
        lengths = {name: len(value) for name, value in self.values.items() if isinstance(value, list)}
        if not lengths.keys() & {*self.points.free}:
            return True
        self.points.kept = [each for each in self._conditions() if each.is_equality]
        drawn = (point for _ in range(4 * _LENGTHS) if (point := self.points.small()) is not None)
        other = (point for point in drawn if any(len(point[name]) != length for name, length in lengths.items()))
        found = any(self.run(point) is not None for point in islice(other, _LENGTHS))
        self.points.kept = []
        return found

    def _probe(self) -> None:
        """Find which equalities the constructor asserts: it raises where they do not hold."""
        pending = [each for each in self._conditions() if each.is_equality and each not in self.asserted]
        probed = 0
        for condition in list(pending):
            if condition not in pending:
                continue
            kept = [*self.asserted, *pending]
            point = next(self.points.violating(condition, kept), None)
            if point is None:
                point = next(self.points.violating(condition, []), None)
            if point is None:
                self.tautologies.add(condition)
                pending.remove(condition)
                continue
            probed += 1
            if probed > _PROBED or self.run(point) is None:
                self.asserted.append(condition)
                pending.remove(condition)
            else:
                pending = [each for each in pending if each.holds(point)]
        self.points.kept = [*self.asserted, *self.enforced]

    # --- points

    def _start(self) -> None:
        """Move each dim alone, from a small point: what changes with it, and whether the number of parts does."""
        counting = set()
        for name, start, runs in self._moved(self.points.free):
            numbers = {len(run.inventory.entries) for run in (start, *runs)}
            # a large one with which there are two numbers at three points decides whether there is a part
            if len(numbers) > 1 and not (self.points.is_large(name) and len(numbers) < 1 + len(runs)):
                counting.add(name)
        self.points.counting = frozenset(counting)

    def _moved(self, names: Iterable[str]) -> Iterator[tuple[str, Run, list[Run]]]:
        """Move dims alone, from a small point that meets the conditions, and keep the points."""
        self.moved_under.add(self._state)
        start = next(self._drawn(self.points.small, 12), self.base)
        for name in names:
            runs = [*self.runs_at(self.points.moved(start.values, name), 2)]
            if runs:
                parts = len(start.inventory.entries)
                # the one with another number of parts tells more
                self.dependencies[name] = start, max(runs, key=lambda run: len(run.inventory.entries) != parts)
                self.counterexamples += [run for run in (start, *runs) if run not in self.counterexamples]
            yield name, start, runs

    @property
    def _state(self) -> tuple[Any, ...]:
        """What points have to meet."""
        return (*self.points.kept, self.points.lengths_vary, self.points.free)

    def _more(self) -> bool:
        """Add points where what is required has changed since points were drawn; return whether there are new ones.

        Dims are moved again whose points break it.
        """
        if self._state in self.moved_under:
            return False
        fitting = {name for name, runs in self.dependencies.items() if all(map(self._fits, runs))}
        before = len(self.counterexamples)
        for _ in self._moved([name for name in self.points.free if name not in fitting]):
            pass
        drawn = self._drawn(self.points.small, _DRAWN)
        self.counterexamples += [run for run in drawn if run not in self.counterexamples and run is not self.base]
        return len(self.counterexamples) > before

    def runs_at(self, points: Iterable[Values], most: int) -> Iterator[Run]:
        """Yield what the constructor makes at the first points at which it does not raise."""
        if not most:
            return
        for trial, point in enumerate(points):
            if trial >= 2 * most:
                return
            run = self.run(point)
            if run is not None:
                yield run
                most -= 1
                if not most:
                    return

    def _drawn(self, draw: Callable[[], Values | None], most: int) -> Iterator[Run]:
        for _ in range(most):
            point = draw()
            run = self.run(point) if point is not None else None
            if run is not None:
                yield run

    def _fits(self, run: Run) -> bool:
        """Whether a run meets the conditions, and has what is fixed as it was given."""
        lists = {name: value for name, value in self.values.items() if isinstance(value, list)}
        return (
            all(each.holds(run.values) for each in self.points.kept)
            and all(run.values[name] == self.values[name] for name in self.fixed)
            and (self.points.lengths_vary or all(len(run.values[name]) == len(value) for name, value in lists.items()))
        )

    def _sample(self) -> list[Run]:
        """Return the runs that a tree is made of: those that were drawn before, as far as they still fit."""
        found = [self.base, *(run for run in self.counterexamples if self._fits(run) and run is not self.base)]
        self.drawn = [run for run in self.drawn if self._fits(run) and run not in found]
        for trial in range(4 * _DRAWN):
            if len(self.drawn) >= _DRAWN:
                break
            for run in self._drawn((self.points.small, self.points.near, self.points.wild)[trial % 3], 1):
                if run not in found and run not in self.drawn:
                    self.drawn.append(run)
        return [*found, *self.drawn]

    # --- the search

    def solve(self) -> Solution:
        """Find a spec that is proved. Raises `not-derivable`."""
        self.points.lengths_vary = self.lengths_may_vary = self._lengths_vary()
        self._probe()
        self._start()
        for _ in range(_ROUNDS):
            if not self.points.free:
                break
            sample = self._sample()
            self.last = [run.values for run in sample]
            try:
                nodes = self._merged(sample)
            except Lost as lost:
                self._narrow(lost, sample)
                continue
            solution = self._proved(nodes, sample)
            if solution is not None:
                return solution
        raise self.without_a_form(self.fixed)

    def without_a_form(self, fixed: Mapping[str, str]) -> ParamcalcError:
        """Return the refusal of a constructor of which no argument can be kept."""
        reasons = "; ".join(f"{name}: {reason}" for name, reason in fixed.items())
        return refuse("not-derivable", f"no form was found for any argument of {self.constructor.name} ({reasons})")

    def _candidates(self, runs: Sequence[Run]) -> Candidates:
        values = [run.values for run in runs]
        free = tuple(name for name in self.points.free if len({json.dumps(each[name]) for each in values}) > 1)
        return Candidates(self.values, free, values, self.log, self.runner.check)

    def _merged(self, runs: Sequence[Run]) -> list[Merged]:
        return Merger(self._candidates(runs), [run.inventory.root for run in runs]).merge()

    def _written(self, nodes: list[Merged]) -> tuple[Spec, frozenset[str]]:
        layers, made, _ = written(nodes)
        data = {
            "paramcalc": 1,
            "name": self.constructor.name,
            "framework": self.runner.framework,
            "connections": "none",
            "dims": {name: self.values[name] for name in self.points.free},
            "requires": [str(each) for each in self._required()],
            "layers": layers,
        }
        return read_spec(data), made

    def _required(self) -> list[Condition]:
        lists = {name: value for name, value in self.values.items() if isinstance(value, list)}
        lengths = [
            Condition("==", ex.made("len", ex.name(name)), ex.number(len(value)))
            for name, value in lists.items()
            if name in self.points.free and not self.points.lengths_vary
        ]
        # first, since others may name an element
        return [*dict.fromkeys([*lengths, *self.asserted, *self.enforced])]

    # --- proof

    def _proved(self, nodes: list[Merged], sample: Sequence[Run]) -> Solution | None:
        """Compare a spec with what the constructor makes at further points; None for a counterexample."""
        self.make_exact(nodes)
        try:
            spec, made = self._written(nodes)
        except ParamcalcError as error:
            self._narrow(Lost(f"the spec is refused: {error.problems[0].message}", "", []), sample)
            return None
        seen = [*sample]
        # those that the tree was made of come last, as it is rarely wrong there
        for run in chain(further(self, nodes, seen), sample):
            if not agrees(spec, run.values, run.inventory.entries, made):
                self._answer(run, sample)
                return None
        if len(seen) < 3:
            self._fix([self.points.free[-1]], "the constructor takes too few other values")
            return None
        if self._assert_sides():
            return None
        return Solution(
            spec, nodes, made, dict(self.fixed), self._required(), [run.values for run in seen], self._idle()
        )

    def make_exact(self, nodes: Sequence[Merged]) -> None:
        """Write the quotients that a condition says are exact as such."""
        make_exact(nodes, self.points.kept)

    def unkept(self) -> list[Condition]:
        """Return the conditions that points need not meet: the first and the last of those that a loop compares."""
        loops: dict[Any, list[Condition]] = {}
        for each in self._conditions():
            if each not in self.points.kept:
                loops.setdefault((each.op, each.place, each.names), []).append(each)
        found = [each for loop in loops.values() for each in dict.fromkeys([loop[0], loop[-1]])]
        return found[: 2 * _PROBED]

    def _assert_sides(self) -> bool:
        """Require the conditions on whose other side the constructor raises; return whether there are new ones."""
        found = []
        for condition in self.unkept():
            if any(not condition.holds(run.values) for run in self.constructor.runs.values() if run is not None):
                continue
            point = next(self.points.violating(condition, self.points.kept), None)
            if point is None:
                self.tautologies.add(condition)
            elif self.run(point) is None:
                found.append(condition)
        self.asserted += found
        self.points.kept += found
        return bool(found)

    def _idle(self) -> list[str]:
        """Return the dims with which no tensor moves."""
        return [
            name
            for name in self.points.free
            if name in self.dependencies
            and self.dependencies[name][0].inventory.entries == self.dependencies[name][1].inventory.entries
            and not self._ever_moves(name)
        ]

    def _ever_moves(self, name: str) -> bool:
        """Whether two runs that differ in one dim alone have other tensors."""
        groups: dict[str, list[Run]] = {}
        for run in self.constructor.runs.values():
            if run is not None:
                rest = json.dumps({key: value for key, value in run.values.items() if key != name})
                groups.setdefault(rest, []).append(run)
        return any(run.inventory.entries != group[0].inventory.entries for group in groups.values() for run in group)

    # --- giving up

    def _answer(self, counterexample: Run, sample: Sequence[Run]) -> None:
        """Learn from a point at which the spec is wrong."""
        if counterexample not in self.counterexamples and counterexample not in sample:
            self.counterexamples.append(counterexample)
            return
        found = str(counterexample is not self.base)
        observed = [(Observation(place), found if run is counterexample else "") for place, run in enumerate(sample)]
        self._narrow(Lost("the tensors differ", "", observed), sample)

    def _narrow(self, lost: Lost, sample: Sequence[Run]) -> None:
        """Give up what stands in the way: the other side of a condition, other lengths of lists, a dim."""
        if self._enriched():
            return
        alike, others = _divided(sample, lost, [str(value) for _, value in lost.observed])
        condition = self._separating(alike, others) if others else self._saving(lost, sample)
        if condition is None and self._more():
            return
        if condition is not None:
            self.enforced.append(condition)
            self.points.kept.append(condition)
            return
        lists = any(isinstance(self.values[name], list) for name in self.points.free)
        if lists and self.points.lengths_vary:
            self.points.lengths_vary = False
            return
        alike, others = _divided(sample, lost, lost.kinds)
        blame = Blame(self.values, self.points.free, self.dependencies, self.last)
        if not blame.moving(lost, others) and self._between(lost, sample):
            return
        self._fix([blame.dim(lost, alike, others)], self._reason(lost))

    def _between(self, lost: Lost, sample: Sequence[Run]) -> bool:
        """Add points between two at which a number differs, one dim in each as at the first; return whether it did.

        They tell with which dim it rises or falls.
        """
        key = lost.path, self._state
        if key in self.told_apart or not lost.is_number or not lost.observed:
            return False
        self.told_apart.add(key)
        (here, first), *rest = lost.observed
        there = next((each for each, value in rest if value != first and each.counters == here.counters), None)
        if there is None:
            return False
        one, other = sample[here.point].values, sample[there.point].values
        runs = [self.run({**other, name: one[name]}) for name in self.points.free if one[name] != other[name]]
        known = [*sample, *self.counterexamples]
        new = [run for run in runs if run is not None and self._fits(run) and run not in known]
        self.counterexamples += new
        return bool(new)

    def _enriched(self) -> bool:
        """Add points on both sides of what the constructor compared, where there are few; return whether it did."""
        found = []
        for condition in [each for each in self.unkept() if each not in self.enriched][:_ENRICHED]:
            self.enriched.add(condition)
            for side in (condition, condition.opposite()):
                there = [run for run in self.counterexamples if side.holds(run.values) and self._fits(run)]
                points = self.points.violating(side.opposite(), self.points.kept)
                runs = self.runs_at(points, max(0, ENOUGH + 1 - len(there)))
                found += [run for run in runs if run not in self.counterexamples and run is not self.base]
        self.counterexamples += [run for place, run in enumerate(found) if run not in found[:place]]
        return bool(found)

    def _separating(self, alike: Sequence[Run], others: Sequence[Run]) -> Condition | None:
        """Return a condition that holds where the tree is that of the base, and nowhere else."""
        known = [each for each in self._conditions() if each not in self.points.kept and each.holds(self.values)]
        known += self._bounds(others)
        known = [each for each in known if all(each.holds(run.values) for run in alike)]
        for enough in (all, any):
            for condition in sorted(known, key=lambda each: (each.expr.size, str(each))):
                if enough(not condition.holds(run.values) for run in others):
                    return condition
        return None

    def _bounds(self, others: Sequence[Run]) -> list[Condition]:
        """Return bounds from below for dims that count parts, which the constructor does not say itself."""
        return [
            Condition(">", ex.name(name), ex.number(least))
            for name in sorted(self.points.counting or ())
            if name in self.points.free and not isinstance(self.values[name], list)
            for least in (1, 2)
            if self.values[name] > least and all(run.values[name] <= least for run in others)
        ]

    def _saving(self, lost: Lost, sample: Sequence[Run]) -> Condition | None:
        """Return a condition with which what was lost is found."""
        tried = set()
        for condition in [*self._conditions(), *self._bounds([])]:
            if condition in self.points.kept:
                continue
            places = tuple(place for place, run in enumerate(sample) if condition.holds(run.values))
            if places in tried or not 4 <= len(places) < len(sample):
                continue
            tried.add(places)
            meeting = [sample[place] for place in places]
            try:
                if lost.may_be_found(self._candidates(meeting), {place: new for new, place in enumerate(places)}):
                    self._merged(meeting)
                    return condition
            except Lost:
                continue
        return None

    def _reason(self, lost: Lost) -> str:
        return reason_of(lost, self.constructor.name, self.last)

    def _fix(self, names: Sequence[str], reason: str) -> None:
        for name in names:
            self.fixed[name] = reason
        self.points.free = self._free()
        values = {name: self.values[name] for name in names}
        self.log = self.log.at(values)
        self.asserted = [at for each in self.asserted if (at := each.at(values)).names]
        # what was required in vain, and lengths of lists, may be free again
        self.enforced = []
        self.points.lengths_vary = self.lengths_may_vary
        self.points.kept = [*self.asserted]


def _divided(sample: Sequence[Run], lost: Lost, values: Iterable[str]) -> tuple[list[Run], list[Run]]:
    """Return the runs at which what was lost is as in the first one, by its values, and others: none for a number."""
    if lost.is_number:
        return [*sample], []
    seen: dict[int, set[str]] = {}
    for (observation, _), value in zip(lost.observed, values, strict=True):
        seen.setdefault(observation.point, set()).add(value)
    alike = [run for place, run in enumerate(sample) if seen.get(place) == seen.get(0)]
    return alike, [run for run in sample if run not in alike]
