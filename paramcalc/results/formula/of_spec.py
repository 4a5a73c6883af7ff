"""Spec to closed form: which dims stay symbols, and what is taken for granted of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import sympy

from paramcalc.conventions import convention
from paramcalc.core import algebra
from paramcalc.core.algebra import Undecided, Unknown
from paramcalc.core.errors import ParamcalcError, Problem, listed, refuse, suggest
from paramcalc.graph import dim_values, evaluate, undecided_problem
from paramcalc.results.count import count
from paramcalc.results.formula.conditions import STEPS, Condition, meets, needed, symbols_of
from paramcalc.results.formula.form import Formula
from paramcalc.results.formula.sums import total_of
from paramcalc.results.formula.symbols import symbol
from paramcalc.results.formula.widths import name_widths
from paramcalc.spec import Framework, Spec, Value


def form_of_spec(spec: Spec, convention_name: Framework, keep: Iterable[str] | None, dims: dict[str, Value]) -> Formula:
    """The closed form of a spec in the dims that are kept, all by default; see `formula`."""
    target = convention(convention_name)
    _check(spec, convention_name, dims)
    meanings: dict[str, str] = {}
    if not spec.dims:
        spec, meanings = name_widths(spec)
    values = {name: value for name, value in dim_values(spec, dims).items() if type(value) is int}
    candidates = _candidates(spec, dims, keep, values)
    fixed: dict[str, Value] = {}
    same: dict[str, str] = {}
    while True:
        symbols = {name: symbol(name) for name in candidates if name not in fixed and name not in same}
        stand_ins = {name: symbols[other] if other in symbols else values[other] for name, other in same.items()}
        given = {**dims, **{name: values[name] for name in fixed if name in spec.dims}, **symbols, **stand_ins}
        try:
            with algebra.assuming() as relations:
                graph = evaluate(spec, convention_name, given, symbolic=True)
                expr = total_of(graph.root, target)
            if expr.has(sympy.Dummy):
                raise refuse("not-one-value", "a node outside of copies that grow depends on one of them")
            _settle(expr, relations, values)
        except Undecided as undecided:
            _fix(undecided, values, fixed)
            continue
        except _Same as pair:
            same[pair.one] = pair.other
            continue
        except ParamcalcError:
            # what holds at the spec's own sizes cannot be said in symbols
            if not any(name in values for name in symbols):
                raise
            fixed.update((name, values[name]) for name in symbols if name in values)
            continue
        break
    relations = needed(relations)
    mentioned = expr.free_symbols.union(*map(symbols_of, relations))
    used = {name: each for name, each in symbols.items() if each in mentioned}
    own = {name: values[name] for name in used if name in values}
    constants = {
        name: value for name, value in spec.dims.items() if isinstance(value, (bool, tuple)) and name not in dims
    }
    return Formula(
        spec.name,
        target.name,
        expr,
        symbols=used,
        values=own,
        fixed={**constants, **fixed},
        substituted=_substituted(spec, dims, candidates, values),
        meanings=meanings,
        relations=tuple(relations),
        tree=graph.root,
    )


def _check(spec: Spec, convention_name: Framework, dims: dict[str, Value]) -> None:
    """Refuse what `count` refuses, but for a free dim that a tensor needs: a form has a symbol for it."""
    try:
        count(spec, convention_name, dims=dims)
    except ParamcalcError as error:
        if {problem.code for problem in error.problems} != {"free-dim"}:
            raise


def _candidates(
    spec: Spec, dims: Mapping[str, Value], keep: Iterable[str] | None, values: Mapping[str, int]
) -> list[str]:
    """The dims that may stay symbols."""
    names = [name for name, stated in spec.dims.items() if stated is None or type(stated) is int]
    if keep is not None:
        names = list(keep)
        for name in names:
            if name not in spec.dims:
                hint = suggest(name, spec.dims) or listed("the dims", spec.dims)
                raise ParamcalcError([Problem("unknown-dim", f"the spec has no dim '{name}'", hint, outside=True)])
    return [name for name in names if name not in dims and (spec.dims[name] is None or values.get(name, 0) >= 1)]


def _substituted(
    spec: Spec, dims: Mapping[str, Value], candidates: Collection[str], values: Mapping[str, int]
) -> dict[str, Value]:
    """The dims whose values were put in: those that were set, and those that were not kept."""
    return {
        name: dims.get(name, values.get(name, stated))
        for name, stated in spec.dims.items()
        if name in dims or (type(stated) is int and name not in candidates)
    }


class _Same(Exception):
    """Two dims must be equal for the shapes to agree: one stands for both."""

    def __init__(self, one: str, other: str) -> None:
        self.one, self.other = one, other


def _settle(expr: Any, relations: list[Condition], values: Mapping[str, int]) -> None:
    """Refuse a run whose form has steps in it, or takes for granted what its own sizes do not meet."""
    steps = expr.atoms(*STEPS)
    if steps:
        raise Undecided(sympy.Tuple(*steps))
    for relation, left, right in relations:
        left, right = sympy.sympify(left), sympy.sympify(right)
        if relation == "=":
            if left.is_Symbol and right.is_Symbol and meets(relation, left, right, values):
                raise _Same(right.name, left.name)
            if left.is_Integer or right.is_Integer:
                raise Undecided(left - right)
        if symbols_of((relation, left, right)) and not meets(relation, left, right, values):
            raise Undecided(sympy.Tuple(left, right))


def _fix(undecided: Undecided, values: Mapping[str, int], fixed: dict[str, Value]) -> None:
    """Give the dims that a truth depends on their values, so that the next run decides it."""
    names = [name for name in sorted(undecided.names) if name in values and name not in fixed]
    if not names:
        raise undecided_problem(Undecided(Unknown(None, undecided.names)))
    fixed.update((name, values[name]) for name in names)
