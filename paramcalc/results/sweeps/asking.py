"""What is asked of a sweep: what varies, what is measured, the conditions, and what is kept, read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from paramcalc.core.errors import listed, quoted, refuse, suggest
from paramcalc.core.expression import Expression, folded_name
from paramcalc.core.registry import DEFAULT_MEASURE, TOTALS
from paramcalc.measures import Measure
from paramcalc.results.sweeps.candidates import read_candidates
from paramcalc.results.sweeps.plan import Plan, with_dims
from paramcalc.results.sweeps.points import Points
from paramcalc.results.sweeps.selecting import Front, Objective, Top
from paramcalc.results.sweeps.sweep import Sweep
from paramcalc.results.sweeps.vary import read_axes, read_table
from paramcalc.results.sweeps.working import Work
from paramcalc.results.totals import options_of, totalled
from paramcalc.spec import Framework, Spec
from paramcalc.spec.values import read_conditions


def sweep(
    spec: Spec,
    vary: Any,
    *,
    convention: Framework | None = None,
    of: Any = None,
    options: Mapping[str, Any] | None = None,
    dims: Mapping[str, Any] | None = None,
    where: Any = (),
    columns: Any = None,
    top: int | None = None,
    by: str | None = None,
    pareto: Any = None,
    client: Any = None,
) -> Sweep:
    """Return a sweep of a spec over the values of some dims, or over the rows of a table. See `paramcalc.sweep`."""
    shown = None if columns is None else [*map(_column, _names(columns))]
    chosen_by = [_column(each.lstrip("-")) for each in (*([by] if by is not None else []), *_names(pareto))]
    convention = convention or spec.framework
    conditions = _conditions(spec, where)
    limited = {name for condition in conditions for name in condition.names}
    measures = _measures(_names(of), [*(shown or ()), *chosen_by], limited, options or {}, convention)
    for measure in measures:
        spec = measure.prepared(spec)
    spec = with_dims(spec, dims)
    is_grid = isinstance(vary, Mapping)
    axes, choices = read_axes(spec, vary) if is_grid else read_table(spec, read_candidates(vary))
    if not axes:
        raise refuse("missing-key", "a sweep varies at least one dim", "as in vary={'width': range(256, 1025, 64)}")
    varied = tuple(name for axis in axes for name in axis.columns)
    twice = next((name for name in map(folded_name, dims or ()) if name in varied), None)
    if twice is not None:
        raise refuse("invalid-value", f"'{twice}' is given a value, and is to be varied", "do one of the two")
    plan = Plan(spec, convention, varied, choices, conditions, measures)
    plan.check()
    selection = _selection(plan, top, by, _names(pareto))
    for name in shown or ():
        _check_column(plan, name)
    return Sweep(
        Work(plan if shown is None else replace(plan, shown=tuple(dict.fromkeys(shown))), Points(axes), selection),
        client,
    )


def _names(given: Any) -> list[str]:
    """Return names as a list: of several, or of one text with commas between them."""
    if given is None:
        return []
    return [name.strip() for name in given.split(",")] if isinstance(given, str) else [*map(str, given)]


def _column(name: str) -> str:
    """Return the name of the column that a column, or a measure, has."""
    return "total" if name == DEFAULT_MEASURE else name


def _measure_of(column: str) -> str:
    """Return the name of the measure of a column."""
    return DEFAULT_MEASURE if column == "total" else column


def _measures(
    of: Sequence[str],
    mentioned: Iterable[str],
    limited: Iterable[str],
    options: Mapping[str, Any],
    convention: Framework,
) -> tuple[Measure, ...]:
    """Return the measures of these names, those of the columns that are mentioned, and those in conditions.

    Without any of the first two, the parameters.
    """
    names = dict.fromkeys(of)
    for column in mentioned:
        name = _measure_of(column)
        if name in TOTALS:
            names[name] = None
    names = names or {DEFAULT_MEASURE: None}
    names.update((name, None) for name in map(_measure_of, limited) if name in TOTALS)
    stated = {name: value for name, value in options.items() if value is not None}
    known = {name: options_of(name) for name in names}
    for option in stated:
        if not any(option in each for each in known.values()):
            raise refuse("invalid-value", f"'{option}' has no meaning for the measures of this sweep", "leave it out")
    return tuple(
        totalled(name, {option: value for option, value in stated.items() if option in each}, convention)
        for name, each in known.items()
    )


def _conditions(spec: Spec, where: Any) -> tuple[Expression, ...]:
    """Read conditions on dims and measures. Raises `invalid-expression`, `unknown-dim`, `wrong-type`."""
    conditions = read_conditions([where] if isinstance(where, (str, Expression)) else where)
    for condition in conditions:
        for name in sorted(condition.names):
            if name not in spec.dims and _measure_of(name) not in TOTALS:
                raise condition.unknown(name, spec.dims)
    # a quotient in them need not be whole
    return tuple(Expression.parse(condition.text, exact=False) for condition in conditions)


def _selection(plan: Plan, top: int | None, by: str | None, pareto: Sequence[str]) -> Top | Front | None:
    if pareto:
        if top is not None or by is not None:
            raise refuse("invalid-value", "'pareto' goes without 'top' and 'by'", "give one of them")
        if len(pareto) < 2:
            raise refuse("invalid-value", "a Pareto front is of at least two columns", "as in pareto='total,flops'")
        return Front(tuple(_objective(plan, name) for name in pareto))
    if top is None and by is None:
        return None
    if top is None:
        raise refuse("missing-key", "'by' goes with 'top'", "as in top=10, by='total'; by='-total' for the largest")
    if type(top) is not int or top < 1:
        raise refuse("invalid-value", f"'top' is a whole number of at least 1, not {quoted(top)}")
    return Top(top, _objective(plan, plan.measured[0] if by is None else by))


def _objective(plan: Plan, written: str) -> Objective:
    name, is_largest = _column(written.lstrip("-").strip()), written.startswith("-")
    _check_column(plan, name)
    if name in plan.choices:
        raise refuse("invalid-value", f"the values of '{name}' have no order", "give a measure, or a dim of numbers")
    return Objective(name, is_largest)


def _check_column(plan: Plan, name: str) -> None:
    """Refuse a name that is neither a varied dim nor a measure: `invalid-value`."""
    if name not in (*plan.varied, *plan.measured):
        known = [*plan.varied, "total", *(each for each in TOTALS if each != DEFAULT_MEASURE)]
        hint = suggest(name, known) or listed("the columns", known)
        raise refuse("invalid-value", f"the sweep has no column {quoted(name)}", hint)
