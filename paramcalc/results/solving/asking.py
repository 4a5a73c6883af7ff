"""What is asked: the targets, the dims that are varied, and the conditions, as the caller writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paramcalc.core.amounts import share, whole
from paramcalc.core.errors import ParamcalcError, listed, quoted, refuse, suggest
from paramcalc.core.errors import Problem as Refusal
from paramcalc.core.expression import folded_name
from paramcalc.measures import Measure
from paramcalc.results.formula import name_widths
from paramcalc.results.rows import located_in
from paramcalc.results.solving.domains import Domain, read_domain
from paramcalc.results.solving.finding import Searching
from paramcalc.results.solving.goals import Goal
from paramcalc.results.solving.pieces import Problem, pieces_of
from paramcalc.results.solving.solutions import SIDES, Question, Side, Solutions
from paramcalc.results.solving.where import read_where
from paramcalc.spec import Framework, Spec, Value, is_none


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
    targeted = {goal.measure.name: goal.target for goal in goals}
    units = {goal.measure.name: goal.measure.unit for goal in goals}
    question = Question(spec.name, convention, domains, targeted, units, node, which, room, limit)
    return Solutions(question, Searching(pieces_of(problem), question))


def _read_goals(targets: Sequence[tuple[Measure, Any]], node: str | None) -> list[Goal]:
    if not targets:
        raise refuse("missing-key", "there is nothing to reach", "give a total, as in total=125_000_000")
    goals = []
    for measure, target in targets:
        if node is not None and len(measure.parts) > 1:
            what = listed("give one that has layers", ["bytes", "saved", "cache"])
            raise refuse("invalid-value", f"'node' asks for a share, and {measure.phrase} is told as a whole", what)
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
