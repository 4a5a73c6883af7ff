"""What is swept: a network, the dims that vary, the conditions, and what is measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from paramcalc.core.algebra import Undecided, Unknown, is_array
from paramcalc.core.errors import ParamcalcError, quoted, refuse
from paramcalc.core.expression import ABSENT, Environment, Expression, unknown_dim
from paramcalc.core.registry import DEFAULT_MEASURE
from paramcalc.graph import undecided_problem
from paramcalc.graph.values import value_of
from paramcalc.measures import Measure
from paramcalc.results.count import count
from paramcalc.results.sweeps.expressions import Choice, Columns, Known, NoSteps, Size
from paramcalc.results.sweeps.program import Place, Program
from paramcalc.results.totals import closed_form, total
from paramcalc.spec import Framework, Spec, Value, names_in, read_given
from paramcalc.spec.loading import loads
from paramcalc.spec.writing import dumps

if TYPE_CHECKING:
    from paramcalc.results.formula import Formula

#: What a spec may be refused for at some sizes, and not at others: such a point is left out.
OF_SIZES = frozenset([
    "unmet-condition", "inexact-division", "division-by-zero", "shape-mismatch", "empty-output", "invalid-value",
    "tie-mismatch", "share-mismatch", "no-such-copy", "unlike-copies", "absent-value", "absent-node", "unknown-node",
    "missing-input", "several-outputs", "input-count", "wrong-type",
])  # fmt: skip


def column_of(measure: Measure) -> str:
    """Return the name of a measure's column."""
    return "total" if measure.name == DEFAULT_MEASURE else measure.name


def with_dims(spec: Spec, dims: Mapping[str, Any] | None) -> Spec:
    """Return a spec with other values of dims. Raises `unknown-dim`, and `wrong-type` for an array."""
    given = read_given(spec, dims)
    for name, value in given.items():
        if name not in spec.dims:
            raise unknown_dim(name, spec.dims)
        if is_array(value):
            raise refuse("wrong-type", f"'{name}' is given an array", "vary it: vary={'" + name + "': …}")
    return replace(spec, dims={**spec.dims, **given}) if given else spec


@dataclass(frozen=True)
class Plan:
    """A sweep without its points."""

    spec: Spec
    convention: Framework
    varied: tuple[str, ...]
    #: of a varied dim that is no whole number, its values, of which the points have the places
    choices: Mapping[str, tuple[Value, ...]]
    where: tuple[Expression, ...]
    measures: tuple[Measure, ...]
    #: the columns that are wanted; None for all
    shown: tuple[str, ...] | None = None
    #: the forms that were made, each with the dims that have one value there
    made: list[tuple[tuple[Formula, ...], dict[str, int]]] = field(default_factory=list, compare=False, repr=False)

    def __reduce__(self) -> Any:
        # the text of a spec goes anywhere; a spec that was read holds its file, and a form its layers
        choices = {
            name: [_Absent if each is ABSENT else each for each in values] for name, values in self.choices.items()
        }
        return _plan, (
            dumps(self.spec),
            self.convention,
            self.varied,
            choices,
            [each.text for each in self.where],
            self.measures,
            self.shown,
        )

    @property
    def measured(self) -> list[str]:
        """The names of the columns of measures."""
        return [*map(column_of, self.measures)]

    @property
    def columns(self) -> list[str]:
        """The names of the columns that are wanted: the varied dims, then the measures."""
        every = [*self.varied, *self.measured]
        return every if self.shown is None else [*self.shown]

    # --- conditions

    @cached_property
    def of_dims(self) -> tuple[Expression, ...]:
        """The conditions on dims alone."""
        return tuple(condition for condition in self.where if condition not in self.of_measures)

    @cached_property
    def of_measures(self) -> dict[Expression, tuple[int, ...]]:
        """The conditions on what is measured too, each with the places of the measures that it names."""
        found = {}
        for condition in self.where:
            names = [name for name in condition.names if name not in self.spec.dims]
            if names:
                found[condition] = tuple(self.places[name] for name in names)
        return found

    @cached_property
    def places(self) -> dict[str, int]:
        """The places of the measures, by the names that conditions have for them: of columns, and their own."""
        columns = {name: place for place, name in enumerate(self.measured)}
        return {**columns, **{measure.name: place for place, measure in enumerate(self.measures)}}

    # --- dims

    @cached_property
    def depending(self) -> dict[str, Value]:
        """The dims that follow from varied ones, as they are stated."""
        found: dict[str, Value] = {}
        for name, stated in self.spec.dims.items():
            if name not in self.varied and not names_in(stated).isdisjoint({*self.varied, *found}):
                found[name] = stated
        return found

    @cached_property
    def known(self) -> dict[str, Any]:
        """The values of the dims that do not depend on the varied ones."""
        values: dict[str, Any] = {}
        for name, stated in self.spec.dims.items():
            if name not in self.varied and name not in self.depending:
                values[name] = Unknown(name) if stated is None else value_of(stated, Environment(values))
        return values

    def value(self, name: str, number: int) -> Value:
        """Return the value of a varied dim of which a point has this number."""
        return self.choices[name][number] if name in self.choices else int(number)

    def dims(self, point: Mapping[str, int]) -> dict[str, Value]:
        """Return the values of the varied dims at a point."""
        return {name: self.value(name, number) for name, number in point.items()}

    def sources(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the varied dims that dims of these names follow from, or are."""
        found: set[str] = set()
        waiting = [*names]
        while waiting:
            name = waiting.pop()
            if name in self.depending:
                waiting += names_in(self.depending[name])
            elif name in self.varied:
                found.add(name)
        return tuple(name for name in self.varied if name in found)

    def values(self, names: Iterable[str], point: Mapping[str, int]) -> dict[str, Any]:
        """Return the values of dims at a point, and of those that they follow from. Raises `ParamcalcError`."""
        given = self.dims(point)
        needed = {*names}
        for name, stated in reversed(self.spec.dims.items()):
            if name in needed and name not in given:
                needed |= names_in(stated)
        values: dict[str, Any] = {}
        for name, stated in self.spec.dims.items():
            if name in needed:
                value = given.get(name, stated)
                values[name] = Unknown(name) if value is None else value_of(value, Environment(values))
        return values

    def meets(self, condition: Expression, point: Mapping[str, int], counted: Sequence[int] = ()) -> bool:
        """Return whether a condition has a value at a point, and holds; `counted` are the measures there.

        Raises `wrong-type` for what is no condition, and `free-dim`.
        """
        measured = {name: counted[place] for name, place in self.places.items()} if counted else {}
        try:
            with _decided():
                values = self.values(condition.names, point)
                value = condition.evaluate(Environment({**measured, **values}))
        except _NoValue:
            return False
        if not isinstance(value, bool):
            raise refuse("wrong-type", f"takes conditions, and {quoted(condition.text)} is {quoted(value)}")
        return value

    def has_value(self, name: str, point: Mapping[str, int]) -> bool:
        """Return whether a dim that follows from varied ones has a value at a point. Raises `free-dim`."""
        try:
            with _decided():
                self.values([name], point)
        except _NoValue:
            return False
        return True

    def read(self, program: Program, measured: Mapping[int, Place] | None = None) -> Columns:
        """Return the names of the spec, and of the measures of some places, as steps of a program."""
        one = program.number(1)
        steps = {name: (measured or {}).get(place) for name, place in self.places.items()}
        values: dict[str, Any] = {name: Size(step, one, one) for name, step in steps.items() if step is not None}
        values.update((name, Known(value)) for name, value in self.known.items())
        for name in self.varied:
            place, choices = program.dim(name), self.choices.get(name)
            if choices is None:
                values[name] = Size(place, one, one)
            else:
                values[name] = Choice(tuple(value_of(each, Environment({})) for each in choices), place)
        return Columns(program, self.depending, values)

    def check(self) -> None:
        """Refuse conditions of the sweep that are none: `wrong-type`, `free-dim`."""
        for condition in self.where:
            free = self._unknown(condition.names)
            if free:
                hint = f"vary it, or give it a value: --set {free[0]}=…"
                raise refuse("free-dim", f"{quoted(condition.text)} needs the value of '{free[0]}'", hint)
            program = Program()
            measured = {place: program.look_up(place) for place in range(len(self.measures))}
            try:
                value = self.read(program, measured).of(condition)
            except NoSteps:
                if condition in self.of_measures:
                    message = f"{quoted(condition.text)} is of a measure, and has no arithmetic over columns"
                    raise refuse("wrong-type", message, "state it without an index, len() and sum()") from None
            else:
                if isinstance(value, Size) or (isinstance(value, Known) and not isinstance(value.value, bool)):
                    raise refuse("wrong-type", f"takes conditions, and {quoted(condition.text)} is a number")

    def _unknown(self, names: Iterable[str]) -> list[str]:
        """Return the dims without a value that dims of these names follow from, or are."""
        needed = {*names}
        for name, stated in reversed(self.spec.dims.items()):
            if name in needed and name not in self.varied:
                needed |= names_in(stated)
        return [name for name in self.spec.dims if name in needed - {*self.varied} and self.spec.dims[name] is None]

    # --- measured

    def counted(self, point: Mapping[str, int]) -> tuple[int, ...]:
        """Return the measures at a point. Raises `ParamcalcError` where the spec does not hold there."""
        return tuple(int(self._counted(measure, self.dims(point))) for measure in self.measures)

    def _counted(self, measure: Measure, dims: Mapping[str, Value]) -> Any:
        if measure.name == DEFAULT_MEASURE:
            return count(self.spec, self.convention, dims=dims).total
        return total(self.spec, measure, self.convention, dims)

    def forms(self, point: Mapping[str, int]) -> tuple[Formula, ...]:
        """Return the closed form of each measure, made at a point. Raises `ParamcalcError` as `counted` does."""
        spec = replace(self.spec, dims={**self.spec.dims, **self.dims(point)})
        keep = [name for name in self.varied if name not in self.choices]
        return tuple(closed_form(spec, measure, self.convention, keep) for measure in self.measures)


class _NoValue(Exception):
    """A condition, or a dim, has no value at a point."""


@contextmanager
def _decided() -> Iterator[None]:
    """Raise `_NoValue` for what is refused at some sizes alone, and the refusal for what is unknown."""
    try:
        yield
    except ParamcalcError as error:
        if error.code in OF_SIZES:
            raise _NoValue from None
        raise
    except Undecided as undecided:
        raise undecided_problem(undecided) from None


class _Absent:
    """Stands for `none` on its way to another process."""


def _plan(
    text: str,
    convention: Framework,
    varied: tuple[str, ...],
    choices: Mapping[str, list[Value]],
    where: Iterable[str],
    measures: tuple[Measure, ...],
    shown: tuple[str, ...] | None,
) -> Plan:
    """Make a plan again in another process."""
    values = {name: tuple(ABSENT if each is _Absent else each for each in values) for name, values in choices.items()}
    return Plan(
        loads(text),
        convention,
        varied,
        values,
        tuple(Expression.parse(each, exact=False) for each in where),
        measures,
        shown,
    )
