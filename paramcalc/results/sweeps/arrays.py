"""Counts of arrays: a table of which no row may be refused.

Of few rows, the graph is evaluated over the arrays. Of many, the total comes of the closed form, and the rest of the
count, the rows of its layers and so on, is worked out by the graph when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import fields, replace
from functools import partial
from typing import Any

import numpy

from paramcalc.core.algebra import is_array
from paramcalc.core.errors import ParamcalcError, quoted
from paramcalc.measures import Measure
from paramcalc.results.count import Count
from paramcalc.results.measurement import Measurement
from paramcalc.results.sweeps.measuring import SeveralForms
from paramcalc.results.sweeps.plan import OF_SIZES, Plan, column_of, with_dims
from paramcalc.results.sweeps.points import Points
from paramcalc.results.sweeps.sweep import Sweep
from paramcalc.results.sweeps.vary import read_table
from paramcalc.results.sweeps.working import Work
from paramcalc.spec import Framework, Spec

#: For fewer rows than this, a closed form takes longer to make than the graph to be evaluated over them.
MANY = 100_000


class _Begun:
    """A result of which some parts are known; the others are worked out when the first of them is asked for."""

    __slots__ = ()
    _whole: Callable[[], Any]

    def __getattr__(self, name: str) -> Any:
        # of a part that has no value yet
        if name not in {part.name for part in fields(self)}:  # type: ignore[arg-type]
            raise AttributeError(f"a count has no {name!r}")
        whole = self._whole()
        for part in fields(whole):
            object.__setattr__(self, part.name, getattr(whole, part.name))
        return getattr(whole, name)

    def __reduce_ex__(self, protocol: Any) -> Any:
        # as the whole that it stands for
        return copy, (self._whole(),)


class CountOfArrays(_Begun, Count[Any]):
    """A count of which the total is known."""

    # as it shows itself
    __qualname__ = Count.__qualname__
    __slots__ = ("_whole",)


class MeasurementOfArrays(_Begun, Measurement[Any]):
    """A measurement of which the total is known."""

    __qualname__ = Measurement.__qualname__
    __slots__ = ("_whole",)


def _begun(kind: type[Any], whole: Callable[[], Any], **known: Any) -> Any:
    """Return a result of which these parts are known, and the others are those of the whole."""
    result = object.__new__(kind)
    for name, value in {"_whole": whole, **known}.items():
        object.__setattr__(result, name, value)
    return result


def count_arrays(
    spec: Spec,
    measure: Measure,
    convention: Framework | None,
    dims: Mapping[str, Any],
    count: Callable[[Mapping[str, Any]], Count[Any] | Measurement[Any]],
) -> Count[Any] | Measurement[Any]:
    """Return the count of a spec of which some dims are arrays; `count` evaluates the graph.

    Raises `ParamcalcError`: where a row is refused, with the number of the first.
    """
    arrays = {name: value for name, value in dims.items() if is_array(value)}
    sizes = {name: value for name, value in dims.items() if name not in arrays}
    if _are_many_rows(arrays):
        found = _by_form(spec, measure, convention, sizes, arrays, count)
        if found is not None:
            return found
    try:
        return count(dims)
    except ParamcalcError as error:
        if error.code in OF_SIZES:
            _refuse_first(spec, measure, convention, sizes, arrays)
        raise


def _are_many_rows(arrays: Mapping[str, Any]) -> bool:
    """Return whether arrays are the columns of a long table of whole numbers."""
    kinds, shapes = {array.dtype.kind for array in arrays.values()}, {array.shape for array in arrays.values()}
    return kinds <= {"i", "u"} and len(shapes) == 1 and next(iter(arrays.values())).size >= MANY


def _by_form(
    spec: Spec,
    measure: Measure,
    convention: Framework | None,
    sizes: Mapping[str, Any],
    arrays: Mapping[str, Any],
    count: Callable[[Mapping[str, Any]], Count[Any] | Measurement[Any]],
) -> Count[Any] | Measurement[Any] | None:
    """Return a count whose total is that of one closed form; None where no form holds for all rows."""
    try:
        # what the graph refuses of any array, it refuses of a few rows
        few = count({**sizes, **_extremes(arrays)})
        sweep = Sweep(_table(spec, measure, convention, sizes, arrays))
        if not (is_array(few.total) and sweep.work.meter.make_one()):
            return None
        part = sweep.run()
    except SeveralForms:
        return None
    except ParamcalcError as error:
        if error.code in OF_SIZES:
            _refuse_first(spec, measure, convention, sizes, arrays)
        return None
    if part.skipped:
        _refuse_first(spec, measure, convention, sizes, arrays)
        return None
    shape = next(iter(arrays.values())).shape
    total = part.columns[column_of(measure)].reshape(shape)
    kind: type[Any] = CountOfArrays if isinstance(few, Count) else MeasurementOfArrays
    whole = partial(count, {**sizes, **arrays})
    begun: Count[Any] | Measurement[Any] = _begun(kind, whole, name=few.name, convention=few.convention, total=total)
    return begun


def _extremes(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Return some rows of arrays: the first two, and those with the least and the largest of each."""
    flat = {name: array.reshape(-1) for name, array in arrays.items()}
    ends = [int(place) for column in flat.values() for place in (column.argmin(), column.argmax())]
    return {name: column[[0, 1, *ends]] for name, column in flat.items()}


def _table(
    spec: Spec, measure: Measure, convention: Framework | None, sizes: Mapping[str, Any], arrays: Mapping[str, Any]
) -> Work:
    """Return what is to be measured, a row for each place in the arrays. Raises `ParamcalcError`."""
    spec = with_dims(measure.prepared(spec), sizes)
    columns = numpy.broadcast_arrays(*arrays.values())
    axes, choices = read_table(spec, {name: column.reshape(-1) for name, column in zip(arrays, columns, strict=True)})
    plan = Plan(
        spec, convention or spec.framework, tuple(axes[0].columns), choices, (), (measure,), (column_of(measure),)
    )
    return Work(plan, Points(axes), None)


def _refuse_first(
    spec: Spec, measure: Measure, convention: Framework | None, sizes: Mapping[str, Any], arrays: Mapping[str, Any]
) -> None:
    """Raise the refusal of the first row that is refused, if one is, with its number."""
    refused = _first_refused(spec, measure, convention, sizes, arrays)
    if refused is not None:
        raise refused from None


def _first_refused(
    spec: Spec, measure: Measure, convention: Framework | None, sizes: Mapping[str, Any], arrays: Mapping[str, Any]
) -> ParamcalcError | None:
    """Return the refusal of the first row that is refused, with its number; None where none is."""
    try:
        work = _table(spec, measure, convention, sizes, arrays)
        for number in range(work.points.blocks):
            block = work.points.block(number)
            kept = work.meter.measured(block).kept
            if kept is not None and not kept.all():
                return _at_row(work, block.first + int(kept.argmin()))
    except (ParamcalcError, ValueError):
        # what cannot be swept, or are no rows: arrays that NumPy does not broadcast
        return None
    return None


def _at_row(work: Work, row: int) -> ParamcalcError | None:
    """Return the refusal of a row."""
    point = {name: int(column[0]) for name, column in work.points.at(numpy.array([row])).items()}
    at = ", ".join(f"{name} = {quoted(value)}" for name, value in point.items())
    try:
        work.plan.counted(point)
    except ParamcalcError as error:
        return ParamcalcError(
            replace(problem, message=f"{problem.message}, in row {row}: {at}") for problem in error.problems
        )
    return None
