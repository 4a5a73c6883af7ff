"""Spec to closed form: which dims stay symbols, and what the form assumes of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import sympy

from paramcalc.conventions import convention as named_convention
from paramcalc.core import algebra
from paramcalc.core.algebra import Undecided, Unknown
from paramcalc.core.errors import ParamcalcError, Problem, listed, refuse, suggest
from paramcalc.graph import Branch, dim_values, evaluate, undecided_problem
from paramcalc.results.count import count
from paramcalc.results.formula.conditions import STEPS, Condition, meets, needed, symbols_of
from paramcalc.results.formula.form import Formula
from paramcalc.results.formula.sums import total_of
from paramcalc.results.formula.symbols import symbol
from paramcalc.results.formula.widths import name_widths
from paramcalc.spec import Framework, Spec, Value
from paramcalc.spec.loading import located


def formula(
    spec: Spec,
    convention: Framework | None = None,
    *,
    keep: Iterable[str] | None = None,
    dims: Mapping[str, Value] | None = None,
) -> Formula:
    """Return the closed form of a spec in the dims named by `keep`; see `paramcalc.formula`."""
    try:
        return _form(spec, convention or spec.framework, keep, dict(dims or {}))
    except ParamcalcError as error:
        raise located(error, spec.source) from None


def _form(spec: Spec, convention: Framework, keep: Iterable[str] | None, dims: dict[str, Value]) -> Formula:
    _refuse_what_count_refuses(spec, convention, dims)
    meanings = {name: each.meaning for name, each in spec.described.items() if each.meaning}
    if not spec.dims:
        spec, meanings = name_widths(spec)
    values = {name: value for name, value in dim_values(spec, dims).items() if type(value) is int}
    candidates = _candidates(spec, dims, keep, values)
    assignment = _Assignment(candidates, values)
    run = _settled_run(spec, convention, dims, assignment)
    mentioned = run.expr.free_symbols.union(*map(symbols_of, run.relations))
    symbols = {name: each for name, each in assignment.symbols.items() if each in mentioned}
    return Formula(
        spec.name,
        convention,
        run.expr,
        symbols=symbols,
        values={name: values[name] for name in symbols if name in values},
        fixed={**_constants(spec, dims), **assignment.fixed},
        substituted=_substituted(spec, dims, candidates, values),
        meanings=meanings,
        relations=run.relations,
        tree=run.root,
    )


def _refuse_what_count_refuses(spec: Spec, convention: Framework, dims: dict[str, Value]) -> None:
    """Refuse what `count` refuses, but for a free dim that a tensor needs: a form has a symbol for it."""
    try:
        count(spec, convention, dims=dims)
    except ParamcalcError as error:
        if {problem.code for problem in error.problems} != {"free-dim"}:
            raise


# --- The dims --------------------------------------------------------------------------


def _candidates(
    spec: Spec, dims: Mapping[str, Value], keep: Iterable[str] | None, values: Mapping[str, int]
) -> list[str]:
    """Return the dims that may stay symbols. Raises `unknown-dim` for a name in `keep` that is none."""
    names = [name for name, stated in spec.dims.items() if stated is None or type(stated) is int]
    if keep is not None:
        names = list(keep)
        for name in names:
            if name not in spec.dims:
                hint = suggest(name, spec.dims) or listed("the dims", spec.dims)
                raise ParamcalcError([Problem("unknown-dim", f"the spec has no dim '{name}'", hint, outside=True)])
    return [name for name in names if name not in dims and (spec.dims[name] is None or values.get(name, 0) >= 1)]


def _constants(spec: Spec, dims: Mapping[str, Value]) -> dict[str, Value]:
    """Return the dims that are never symbols, flags and lists, where they have the spec's own values."""
    return {name: value for name, value in spec.dims.items() if isinstance(value, (bool, tuple)) and name not in dims}


def _substituted(
    spec: Spec, dims: Mapping[str, Value], candidates: Collection[str], values: Mapping[str, int]
) -> dict[str, Value]:
    """Return the dims whose values were put in: those that were set, and those that were not kept."""
    return {
        name: dims.get(name, values.get(name, stated))
        for name, stated in spec.dims.items()
        if name in dims or (type(stated) is int and name not in candidates)
    }


class _Assignment:
    """What stands for each dim in a run: a symbol, its value, or the symbol of a dim that must be equal."""

    def __init__(self, candidates: Iterable[str], values: Mapping[str, int]) -> None:
        self.candidates = list(candidates)
        #: the value of each dim that is a whole number
        self.values = values
        #: the dims that cannot stay symbols
        self.fixed: dict[str, Value] = {}
        #: the dims that stand for another one as well, by the name of that one
        self.same: dict[str, str] = {}

    @property
    def symbols(self) -> dict[str, Any]:
        """The symbols of the dims that have one of their own."""
        return {name: symbol(name) for name in self.candidates if name not in self.fixed and name not in self.same}

    def sizes(self, names: Collection[str]) -> dict[str, Any]:
        """Return what stands for each of these dims, as far as it is not the spec's own."""
        symbols = self.symbols
        fixed = {name: value for name, value in self.fixed.items() if name in names}
        same = {name: symbols.get(other, self.values.get(other)) for name, other in self.same.items()}
        return {**fixed, **symbols, **same}

    def fix(self, names: Iterable[str]) -> bool:
        """Give dims their values, where they have one; return whether this changes anything."""
        new = {name: self.values[name] for name in sorted(names) if name in self.values and name not in self.fixed}
        self.fixed.update(new)
        return bool(new)


# --- Runs ------------------------------------------------------------------------------


class _Run(NamedTuple):
    """What an evaluation in symbols gave."""

    expr: Any
    #: what it assumes
    relations: tuple[Condition, ...]
    root: Branch


class _Same(Exception):
    """Two dims must be equal for the shapes to agree: one stands for both."""

    def __init__(self, one: str, other: str) -> None:
        self.one, self.other = one, other


def _settled_run(spec: Spec, convention: Framework, dims: Mapping[str, Value], assignment: _Assignment) -> _Run:
    """Evaluate the spec with ever fewer symbols, until the form needs no decision about any of them."""
    while True:
        try:
            return _run(spec, convention, {**dims, **assignment.sizes(spec.dims)}, assignment.values)
        except Undecided as undecided:
            # a truth depends on these dims: their values decide it in the next run
            if not assignment.fix(undecided.names):
                raise undecided_problem(Undecided(Unknown(None, undecided.names))) from None
        except _Same as pair:
            assignment.same[pair.one] = pair.other
        except ParamcalcError:
            # what holds at the spec's own sizes cannot be said in symbols
            if not assignment.fix(assignment.symbols):
                raise


def _run(spec: Spec, convention: Framework, sizes: Mapping[str, Any], values: Mapping[str, int]) -> _Run:
    """Evaluate the spec once. Raises `Undecided` and `_Same` where some dims cannot be symbols of their own."""
    with algebra.assuming() as relations:
        graph = evaluate(spec, convention, sizes, symbolic=True)
        expr = total_of(graph.root, named_convention(convention))
    if expr.has(sympy.Dummy):
        raise refuse("not-one-value", "a node outside of copies that grow depends on one of them")
    steps = expr.atoms(*STEPS)
    if steps:
        raise Undecided(sympy.Tuple(*steps))
    for relation, left, right in relations:
        _settle(relation, sympy.sympify(left), sympy.sympify(right), values)
    return _Run(expr, tuple(needed(relations)), graph.root)


def _settle(relation: str, left: Any, right: Any, values: Mapping[str, int]) -> None:
    """Refuse a condition that fixes a dim, makes two of them one, or is not met at the spec's own sizes."""
    is_met = meets(relation, left, right, values)
    if relation == "=":
        if left.is_Symbol and right.is_Symbol and is_met:
            raise _Same(right.name, left.name)
        if left.is_Integer or right.is_Integer:
            raise Undecided(left - right)
    if symbols_of((relation, left, right)) and not is_met:
        raise Undecided(sympy.Tuple(left, right))
