"""What is measured at points: by closed forms where they hold, and by a count where none does.

A form is made at a point, and holds wherever its conditions do; at the first point where none of the forms holds, the
next is made. Where a form needs the value of a dim, it holds at that value alone. A point at which the spec itself
does not hold is left out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy

from paramcalc.core.errors import ParamcalcError, quoted, refuse
from paramcalc.results.sweeps.expressions import NoSteps
from paramcalc.results.sweeps.machine import Layout, Machine
from paramcalc.results.sweeps.plan import OF_SIZES, Plan
from paramcalc.results.sweeps.points import Block, Points
from paramcalc.results.sweeps.program import Bounds, Place, Program
from paramcalc.results.sweeps.program import fits as fits_64_bits

if TYPE_CHECKING:
    from paramcalc.results.formula import Formula

#: A form takes as long to make as about so many counts: for fewer points, none is made.
FEW = 100
#: The most points that are counted one by one, and the most at which an expression is evaluated one by one.
MOST_COUNTED, MOST_EVALUATED = 20_000, 200_000


class SeveralForms(Exception):
    """One form does not hold at all points, and no other is to be made."""


class Measured(NamedTuple):
    """What was measured of a block: values that NumPy broadcasts to its shape, until the next block is measured."""

    #: the points that are kept, a truth each; None for all
    kept: Any
    #: a measure each
    values: list[Any]


class _Forms(NamedTuple):
    """Closed forms of all measures that hold at the same points, made ready for the points of a sweep."""

    #: its outputs: the points that are kept; those of which this is right; the measures
    machine: Machine
    #: the dims that have one value, at these numbers
    fixed: Mapping[str, int]
    #: what no measure is beyond
    bounds: list[Bounds]


class _LookUp(NamedTuple):
    """What is worked out point by point, and the varied dims that it depends on."""

    names: tuple[str, ...]
    answer: Callable[[Mapping[str, int]], bool]


class Meter:
    """Measures blocks of points. One serves several threads.

    `measures` are the places of those of the plan's measures that are wanted.
    """

    def __init__(self, plan: Plan, points: Points, measures: Iterable[int] | None = None) -> None:
        self.plan = plan
        self.points = points
        self.measures = [*range(len(plan.measures))] if measures is None else [*measures]
        #: the places of what is computed: first what conditions alone name, then those that are wanted
        limited = {place for places in plan.of_measures.values() for place in places}
        self._computed = [*sorted(limited - {*self.measures}), *self.measures]
        #: why the first point is refused that was counted
        self._refusal = ""
        self._is_single = False
        self._lock = threading.Lock()
        self._local = threading.local()
        self._forms: list[_Forms] = []
        #: the points at which forms were made
        self._tried: set[tuple[int, ...]] = set()
        self._counted: dict[tuple[int, ...], tuple[int, ...] | None] = {}
        self._look_ups: dict[Any, _LookUp] = {}
        self._answers: dict[Any, bool] = {}
        axes = {name: frozenset([place]) for name, place in points.axis_of.items()}
        self._conditions(Program())
        for key, look_up in self._look_ups.items():
            axes[key] = frozenset[int]().union(*(axes[name] for name in look_up.names))
        self._layout = Layout(axes, points.shapes)

    def make_one(self) -> bool:
        """Make the one form that is to hold at all points, at the first of them; return whether there is one.

        Then `measured` raises `SeveralForms` at a point where it does not hold.
        """
        self._is_single = True
        point = {name: int(column[0]) for name, column in self.points.at(numpy.zeros(1, numpy.int64)).items()}
        try:
            forms = self.plan.forms(point)
        except ParamcalcError:
            return False
        if any(self._is_fixed(name, number, forms) for name, number in point.items()):
            return False
        self._forms.append(self._ready(forms, {}))
        return True

    def measured(self, block: Block, out: Sequence[Any] = ()) -> Measured:
        """Measure the points of a block. Measures are written into the arrays `out`, where they are of its shape.

        Raises `ParamcalcError` for what is refused whatever the sizes are, and `limit`.
        """
        if self.points.number <= FEW:
            return self._by_counts(block, numpy.ones(block.size, bool))
        columns = block.columns
        for number, forms in enumerate(self._forms):
            if _may_hold(forms, columns):
                kept, covered, values = self._by(number, block, columns, out)
                if _everywhere(covered):
                    return Measured(None if _everywhere(kept) else _truths(block, kept), values)
                break
        return self._by_several(block, columns)

    # --- by forms

    def _by(
        self, number: int, block: Block, columns: Mapping[Any, Any], out: Sequence[Any] = ()
    ) -> tuple[Any, Any, list[Any]]:
        """Return which points are kept, of which that is right, and the measures by forms of a number."""
        machine = self._forms[number].machine
        memory = self._local.__dict__.setdefault("memory", {})
        if (number, block.shape) not in memory:
            memory[number, block.shape] = machine.memory(block.shape)
        if self._look_ups:
            columns = {**columns, **self._looked_up(machine, columns)}
        if machine.exact:
            columns = {name: column.astype(object) for name, column in columns.items()}
        kept, covered, *values = machine.run(memory[number, block.shape], columns, out)
        return kept, covered, values[len(values) - len(self.measures) :]

    def _by_several(self, block: Block, columns: Mapping[str, Any]) -> Measured:
        """Measure a block at whose points several forms hold, or none yet."""
        result = _Collected(block, len(self.measures))
        if not self._forms:
            # a form is made at a point that the dims and the conditions allow
            result.add(numpy.zeros(block.size, bool), ~self._allowed(block, columns), [0 for _ in self.measures])
        number = 0
        while result.left.any():
            if number == len(self._forms):
                here = self._without_forms(block, result.left)
                if here is not None:
                    counted = self._by_counts(block, here)
                    result.add(counted.kept, here, counted.values)
                    continue
            if _may_hold(self._forms[number], columns):
                kept, covered, values = self._by(number, block, columns)
                result.add(_truths(block, kept), result.left & _truths(block, covered), values)
            number += 1
        return Measured(result.kept, [value.reshape(block.shape) for value in result.values])

    def _allowed(self, block: Block, columns: Mapping[str, Any]) -> Any:
        """Return at which points of a block all dims have values, and all conditions are met."""
        program = Program()
        place = program.all_of("both", [program.number(1), *self._conditions(program)])
        machine = Machine(program, [place], self._layout.axes, self._sizes)
        if self._look_ups:
            columns = {**columns, **self._looked_up(machine, columns)}
        if machine.exact:
            columns = {name: column.astype(object) for name, column in columns.items()}
        (allowed,) = machine.run(machine.memory(block.shape), columns)
        return _truths(block, allowed)

    @property
    def _sizes(self) -> dict[Any, Bounds]:
        """The bounds of all columns."""
        return {**self.points.bounds, **dict.fromkeys(self._look_ups, (0, 1))}

    def _without_forms(self, block: Block, left: Any) -> Any:
        """Make forms at the first of the points that are left; return the points to be counted where there are none."""
        if self._is_single:
            raise SeveralForms
        known, place = len(self._forms), int(left.argmax())
        if known and int(left.sum()) <= FEW:
            return left
        with self._lock:
            if len(self._forms) > known:
                return None
            if known < len(self.plan.made):
                # what another sweep of the plan has made
                self._forms.append(self._ready(*self.plan.made[known]))
                return None
            point = self._point(block, place)
            only = numpy.zeros(block.size, bool)
            only[place] = True
            if tuple(point.values()) in self._tried:
                # forms that do not even hold where they were made
                return only
            self._tried.add(tuple(point.values()))
            try:
                forms = self.plan.forms(point)
            except ParamcalcError:
                # a count says why, or counts it
                return only
            fixed = {name: number for name, number in point.items() if self._is_fixed(name, number, forms)}
            if fixed.keys() == point.keys():
                return left
            self.plan.made.append((forms, fixed))
            self._forms.append(self._ready(forms, fixed))
            return None

    def _is_fixed(self, name: str, number: int, forms: Iterable[Formula]) -> bool:
        """Return whether forms hold at one value of a dim alone: one that is no size, or that they cannot keep."""
        return name in self.plan.choices or number < 1 or any(name in form.fixed for form in forms)

    def _ready(self, forms: Sequence[Formula], fixed: Mapping[str, int]) -> _Forms:
        """Make forms ready for the points of the sweep."""
        # where there are forms, SymPy is loaded
        from paramcalc.results.sweeps.formulas import cheapest, ways

        sizes = self._sizes

        def program_of(exprs: Mapping[int, Any]) -> tuple[Program, Sequence[Place]]:
            program = Program()
            outputs = self._outputs(program, forms, fixed, exprs)
            return program.decided(outputs, sizes)

        def cheapest_of(place: int) -> Any:
            return cheapest(ways(forms[place].expr), lambda way: program_of({place: way}), self._layout)

        program, outputs = program_of({place: cheapest_of(place) for place in self._computed})
        machine = Machine(program, outputs, self._layout.axes, sizes)
        bounds = program.bounds(sizes)
        return _Forms(machine, fixed, [bounds[place] for place in outputs[len(outputs) - len(self.measures) :]])

    def _outputs(
        self, program: Program, forms: Sequence[Formula], fixed: Mapping[str, int], exprs: Mapping[int, Any]
    ) -> list[Place]:
        """Write which points are kept, of which that is right, and the measures of these places, as steps."""
        from paramcalc.results.sweeps.formulas import Steps

        one = program.number(1)
        allowed = program.all_of("both", [one, *self._conditions(program)])
        steps = Steps(program, self._layout)
        values = {place: steps.value(expr) for place, expr in exprs.items()}
        assumed = [program.of("equal", program.dim(name), program.number(value)) for name, value in fixed.items()]
        # a symbol is at least 1, also where nothing is left of it in the form
        sizes = [name for name in self.plan.varied if name not in fixed]
        assumed += [program.of("at_most", one, program.dim(name)) for name in sizes]
        exact: list[Place] = []
        for relation in dict.fromkeys(relation for form in forms for relation in form.relations):
            # a quotient that is not whole is refused wherever all else holds; what else is not met may be another case
            (exact if relation[0] == "divides" else assumed).append(steps.holds(relation))
        covered = program.all_of("both", [one, *assumed, *steps.conditions])
        return [
            program.all_of("both", [allowed, *exact, *self._limits(program, values)]),
            program.of("either", program.negation(allowed), covered),
            *values.values(),
        ]

    def _limits(self, program: Program, values: Mapping[int, Place]) -> list[Place]:
        """Write as steps where the conditions on these measures are met."""
        columns = self.plan.read(program, values)
        limits = self.plan.of_measures.items()
        return [columns.met(condition) for condition, places in limits if values.keys() >= {*places}]

    # --- conditions

    def _conditions(self, program: Program) -> list[Place]:
        """Write as steps where all dims have values, and what the spec requires, and the sweep, is met."""
        plan = self.plan
        columns = plan.read(program)
        found = []
        for name in plan.depending:
            has_value = partial(plan.has_value, name)
            found.append(self._step(program, ("dim", name), {name}, partial(columns.defined, name), has_value))
        for place, condition in enumerate(plan.spec.requires):
            met = partial(columns.met, condition)
            found.append(self._step(program, ("requires", place), condition.names, met, partial(plan.meets, condition)))
        for place, condition in enumerate(plan.of_dims):
            met = partial(columns.met, condition)
            found.append(self._step(program, ("where", place), condition.names, met, partial(plan.meets, condition)))
        return found

    def bounds(self) -> list[Bounds] | None:
        """Return what no measure at any point is beyond, as far as it is known; None where no form holds."""
        for number in range(min(self.points.blocks, 16)):
            self.measured(self.points.block(number))
            if self._forms:
                return self._forms[0].bounds
        return None

    def _step(
        self,
        program: Program,
        key: Any,
        names: Iterable[str],
        write: Callable[[], Place],
        answer: Callable[[Mapping[str, int]], bool],
    ) -> Place:
        """Return the step of a condition; of one that has none, that of what is looked up point by point."""
        try:
            return write()
        except NoSteps:
            sources = self.plan.sources(names)
            if not sources:
                return program.number(answer({}))
            self._look_ups.setdefault(key, _LookUp(sources, answer))
            return program.look_up(key)

    def _looked_up(self, machine: Machine, columns: Mapping[str, Any]) -> dict[Any, Any]:
        """Return the columns that are worked out point by point, each point of the dims that it depends on once."""
        found = {}
        for key, look_up in self._look_ups.items():
            if key in machine.columns:
                arrays = numpy.broadcast_arrays(*(columns[name] for name in look_up.names))
                rows = numpy.stack([array.reshape(-1) for array in arrays], axis=1)
                different, inverse = numpy.unique(rows, axis=0, return_inverse=True)
                answers = [self._answer(key, look_up, tuple(map(int, row))) for row in different]
                found[key] = numpy.array(answers, numpy.int64)[inverse].reshape(arrays[0].shape)
        return found

    def _answer(self, key: Any, look_up: _LookUp, row: tuple[int, ...]) -> bool:
        if (key, row) not in self._answers:
            if len(self._answers) >= MOST_EVALUATED:
                raise refuse(
                    "limit",
                    f"a condition has to be worked out point by point at more than {MOST_EVALUATED:,} points",
                    "an index into a list, and len() and sum(), have no arithmetic over columns: state it without them",
                )
            self._answers[key, row] = look_up.answer(dict(zip(look_up.names, row, strict=True)))
        return self._answers[key, row]

    # --- by counts

    def _by_counts(self, block: Block, chosen: Any) -> Measured:
        """Count each of the chosen points of a block."""
        kept = numpy.zeros(block.size, bool)
        rows: list[list[int]] = [[0] * block.size for _ in self.measures]
        columns = [block.flat(block.columns[name]) for name in self.plan.varied]
        for place in numpy.flatnonzero(chosen):
            counted = self._count(tuple(int(column[place]) for column in columns))
            if counted is not None:
                kept[place] = True
                for row, measure in zip(rows, self.measures, strict=True):
                    row[place] = counted[measure]
        return Measured(kept, [whole_numbers(row).reshape(block.shape) for row in rows])

    def _count(self, point: tuple[int, ...]) -> tuple[int, ...] | None:
        """Return the measures at a point; None where it breaks a condition."""
        if point not in self._counted:
            named = dict(zip(self.plan.varied, point, strict=True))
            if len(self._counted) >= MOST_COUNTED:
                at = ", ".join(f"{name} = {quoted(value)}" for name, value in self.plan.dims(named).items())
                why = f" (the first is refused: {self._refusal})" if self._refusal else ""
                raise refuse(
                    "limit",
                    f"more than {MOST_COUNTED:,} points, such as {at}, are in no closed form, and are counted{why}",
                    "leave out with 'where' what breaks a condition; or give fewer values of a dim that has no symbol",
                )
            self._counted[point] = self._count_anew(named)
        return self._counted[point]

    def _count_anew(self, point: Mapping[str, int]) -> tuple[int, ...] | None:
        if not all(self.plan.meets(condition, point) for condition in self.plan.of_dims):
            return None
        try:
            counted = self.plan.counted(point)
            limits = self.plan.of_measures
            return counted if all(self.plan.meets(each, point, counted) for each in limits) else None
        except ParamcalcError as error:
            if error.code not in OF_SIZES:
                raise
            self._refusal = self._refusal or error.problems[0].message
            return None

    def _point(self, block: Block, place: int) -> dict[str, int]:
        """Return the numbers of the dims at a point of a block."""
        return {name: int(block.flat(block.columns[name])[place]) for name in self.plan.varied}


class _Collected:
    """The measures of a block, collected of several forms."""

    def __init__(self, block: Block, measures: int) -> None:
        self.block = block
        self.kept = numpy.zeros(block.size, bool)
        #: the points of which nothing is known yet
        self.left = numpy.ones(block.size, bool)
        self.values: list[Any] = [numpy.zeros(block.size, numpy.int64) for _ in range(measures)]

    def add(self, kept: Any, here: Any, values: Sequence[Any]) -> None:
        """Add what is known at some of the points."""
        self.kept |= here & kept
        for place, value in enumerate(values):
            flat = self.block.flat(value, here)
            if flat.dtype == object and self.values[place].dtype != object:
                self.values[place] = self.values[place].astype(object)
            self.values[place][here] = flat
        self.left = self.left & ~here


def whole_numbers(values: Iterable[int]) -> Any:
    """Return whole numbers as an array: of 64 bits, where they fit."""
    values = [*values]
    fits = all(fits_64_bits((value, value)) for value in values)
    return numpy.array(values, numpy.int64 if fits else object)


def _may_hold(forms: _Forms, columns: Mapping[str, Any]) -> bool:
    """Return whether the dims that forms fix have their values anywhere in a block."""
    return all(bool((columns[name] == value).any()) for name, value in forms.fixed.items())


def _truths(block: Block, truth: Any) -> Any:
    """Return a truth as an array of one a point."""
    return block.flat(truth).astype(bool, copy=False)


def _everywhere(truth: Any) -> bool:
    return bool(truth.all() if isinstance(truth, numpy.ndarray) else truth)
