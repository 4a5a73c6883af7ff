"""Spec to closed form: which dims stay symbols, and what the form assumes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, NamedTuple

import sympy

from paramcalc.conventions import convention as named_convention
from paramcalc.core import algebra
from paramcalc.core.algebra import Undecided, Unknown
from paramcalc.core.errors import ParamcalcError, Problem, listed, refuse, suggest
from paramcalc.core.expression import Expression
from paramcalc.graph import Branch, dim_values, evaluate, undecided_problem
from paramcalc.measures import BATCH, Amounts, Measure, NotAlike
from paramcalc.measures import measure as named_measure
from paramcalc.results.count import count
from paramcalc.results.formula.assignment import MOST_ELEMENTS, Assignment, is_list_of_sizes
from paramcalc.results.formula.causes import Cause, first_mention, of_copies, of_refusal, of_undecided
from paramcalc.results.formula.conditions import Condition, meets, needed, symbols_of, sympified
from paramcalc.results.formula.form import Formula
from paramcalc.results.formula.sums import total_of
from paramcalc.results.formula.symbols import symbol
from paramcalc.results.formula.widths import name_widths
from paramcalc.results.measurement import measured
from paramcalc.spec import Framework, Spec, Value, is_none, names_in
from paramcalc.spec.loading import located


def formula(
    spec: Spec,
    convention: Framework | None = None,
    *,
    keep: Iterable[str] | None = None,
    dims: Mapping[str, Value] | None = None,
    measure: Measure | None = None,
) -> Formula:
    """Return the closed form of a spec in the dims named by `keep`; see `paramcalc.formula`."""
    try:
        return _form(spec, convention or spec.framework, keep, dict(dims or {}), measure or named_measure(None))
    except ParamcalcError as error:
        raise located(error, spec.source) from None


def _form(
    spec: Spec, convention: Framework, keep: Iterable[str] | None, dims: dict[str, Value], measure: Measure
) -> Formula:
    _refuse_what_count_refuses(spec, convention, dims, measure)
    meanings = {name: each.meaning for name, each in spec.described.items() if each.meaning}
    states_dims = bool(spec.dims)
    if not states_dims:
        spec, meanings = name_widths(spec)
    implied = () if BATCH in spec.dims else (BATCH,)
    keep = None if keep is None else [*keep]
    spec = measure.prepared(spec)
    if implied and measure.of_batch and (dims.get(BATCH, 1) is None or (BATCH in (keep or ()) and BATCH not in dims)):
        # a batch of any size is a symbol
        spec, implied = replace(spec, dims={**spec.dims, BATCH: dims.pop(BATCH, None)}), ()
    values = dim_values(spec, dims)
    candidates = _candidates(spec, dims, keep, values)
    if keep is None:
        # the batch that no spec states is 1, unless it is asked for
        candidates = [name for name in candidates if name not in implied]
    assignment = Assignment(candidates, values, spec.dims)
    settling = _Settling(spec, convention, dims, assignment, measure)
    run = settling.run()
    # of symbols that stand for what a layer states, it is the layers that say which are equal
    relations = (*run.relations, *(assignment.equalities if states_dims else ()))
    mentioned = {each.name: each for each in run.expr.free_symbols.union(*map(symbols_of, relations))}
    symbols = {name: mentioned[name] for name in assignment.dims if name in mentioned}
    lists = _lists(assignment, symbols)
    constants = {name: values[name] for name in _constants(spec, dims, candidates, lists)}
    mentions = _mentioned(spec, constants)
    fixed = {**{name: constants[name] for name in mentions}, **assignment.fixed}
    lengths = {f"len({name})": len(elements) for name, elements in lists.items()}
    return Formula(
        spec.name,
        convention,
        run.expr,
        symbols=symbols,
        values={name: assignment.values[name] for name in symbols if name in assignment.values},
        fixed={**fixed, **lengths},
        substituted=_substituted(spec, dims, [*candidates, *implied], values),
        meanings={**meanings, **{name: text for name, text in assignment.meanings.items() if name in symbols}},
        relations=relations,
        amounts=run.amounts,
        tree=run.root,
        lists=lists,
        causes={**mentions, **settling.causes},
        given={name: values[name] for name in dims},
        choices=run.choices,
    )


def _refuse_what_count_refuses(spec: Spec, convention: Framework, dims: dict[str, Value], measure: Measure) -> None:
    """Refuse what `count` refuses, but for a free dim that a tensor needs: a form has a symbol for it."""
    try:
        if measure.needs_connections:
            measured(spec, measure, convention, dims=dims)
        else:
            count(spec, convention, dims=dims)
    except ParamcalcError as error:
        if {problem.code for problem in error.problems} != {"free-dim"}:
            raise


# --- The dims --------------------------------------------------------------------------


def _candidates(
    spec: Spec, dims: Mapping[str, Value], keep: Iterable[str] | None, values: Mapping[str, Value]
) -> list[str]:
    """Return the dims that may stay symbols. Raises `unknown-dim` for a name in `keep` that is none."""
    if keep is None:
        names = [name for name, stated in spec.dims.items() if stated is None or _is_stated_size(stated)]
    else:
        names = list(keep)
        for name in names:
            if name not in spec.dims:
                hint = suggest(name, spec.dims) or listed("the dims", spec.dims)
                raise ParamcalcError([Problem("unknown-dim", f"the spec has no dim '{name}'", hint, outside=True)])
    return [name for name in names if name not in dims and (spec.dims[name] is None or _may_be_symbol(values[name]))]


def _is_stated_size(stated: Value) -> bool:
    """Return whether a spec states a dim as a whole number, or as a list of those that is not too long for symbols."""
    return type(stated) is int or (is_list_of_sizes(stated) and len(stated) <= MOST_ELEMENTS)


def _may_be_symbol(value: Value) -> bool:
    """Return whether a dim of this value may be a symbol, or a list of symbols."""
    return value >= 1 if type(value) is int else is_list_of_sizes(value)


def _lists(assignment: Assignment, symbols: Mapping[str, Any]) -> dict[str, tuple[str | int, ...]]:
    """Return the lists of which an element is a symbol: the name that stands for each element, or its value."""
    return {
        dim: tuple(name if name in symbols else assignment.values[name] for name in map(assignment.stands_for, names))
        for dim, names in assignment.names.items()
        if dim in assignment.lists and dim not in assignment.fixed and not symbols.keys().isdisjoint(names)
    }


def _constants(
    spec: Spec,
    dims: Mapping[str, Value],
    candidates: Collection[str],
    lists: Collection[str],
) -> list[str]:
    """Return the dims that are never symbols, such as flags and absent ones, and lists without symbols."""
    return [
        name
        for name, stated in spec.dims.items()
        if name not in dims
        and name not in lists
        and not _is_free(stated)
        and (name in candidates or not _is_stated_size(stated))
    ]


def _is_free(stated: Value) -> bool:
    """Return whether a dim is a whole number, unknown, or follows from others."""
    if isinstance(stated, Expression):
        return not is_none(stated)
    return stated is None or type(stated) is int or bool(names_in(stated))


def _substituted(
    spec: Spec, dims: Mapping[str, Value], candidates: Collection[str], values: Mapping[str, Value]
) -> dict[str, Value]:
    """Return the dims whose values were put in: those that were set, and those that were not kept."""
    return {
        name: dims[name] if name in dims else values[name]
        for name, stated in spec.dims.items()
        if name in dims or (_is_stated_size(stated) and name not in candidates)
    }


def _mentioned(spec: Spec, constants: Iterable[str]) -> dict[str, Cause]:
    """Return the first expression that depends on each of these dims; a dim that nothing depends on is left out."""
    found = {name: first_mention(spec, name) for name in constants}
    return {name: cause for name, cause in found.items() if cause is not None}


#: A condition of more parts than these is for no reader: a size in it is fixed.
_LONGEST_CONDITION = 60


# --- Runs ------------------------------------------------------------------------------


class _Run(NamedTuple):
    """What an evaluation in symbols gave."""

    expr: Any
    #: what it assumes
    relations: tuple[Condition, ...]
    #: of what it takes for granted, what decides which layers and sizes there are
    choices: tuple[Condition, ...]
    root: Branch
    amounts: Amounts


class _Same(Exception):
    """Two dims must be equal for the shapes to agree: one stands for both."""

    def __init__(self, one: str, other: str, chosen: bool = False) -> None:
        self.one, self.other = one, other
        #: whether there is another network where they are not
        self.chosen = chosen


class _Settling:
    """Evaluates a spec with ever fewer symbols, until the form needs no decision about any of them."""

    def __init__(
        self,
        spec: Spec,
        convention: Framework,
        dims: Mapping[str, Value],
        assignment: Assignment,
        measure: Measure,
    ) -> None:
        self.spec = spec
        self.convention = convention
        self.dims = dims
        self.assignment = assignment
        self.measure = measure
        self.fold = True
        #: what fixes each dim that cannot stay a symbol
        self.causes: dict[str, Cause] = {}
        #: the pairs of sizes of which a run has assumed that they differ
        self.differing: set[tuple[Any, Any]] = set()
        #: the symbols that do nothing else than differ from something: they decide what is there
        self.deciding: set[str] = set()
        #: the pairs of symbols that one stands for, where there is another network if they differ
        self.chosen_pairs: list[tuple[str, str]] = []

    def run(self) -> _Run:
        """Return the first evaluation that needs no decision."""
        while True:
            self.differing = set()
            try:
                run = self._attempt()
            except _NoClosedForm as none:
                self._fix(none.undecided, none.cause)
            except Undecided as undecided:
                # a truth depends on these dims: their values decide it in the next run
                self._fix(undecided, of_undecided(undecided))
            except NotAlike:
                # copies differ in what flows through them: they are gone through one by one, then without symbols
                if self.fold:
                    self.fold = False
                else:
                    self._fix_all(refuse("not-one-value", "copies that are alike differ in what flows through them"))
            except _Same as pair:
                self.assignment.unite(pair.one, pair.other)
                if pair.chosen:
                    self.chosen_pairs.append((pair.one, pair.other))
            except ParamcalcError as error:
                # what holds at the spec's own sizes cannot be said in symbols
                self._fix_all(error)
            else:
                deciding = self._deciding(run) - self.deciding
                if not deciding:
                    return run
                self.deciding |= deciding
                self.assignment.part(deciding)

    def _deciding(self, run: _Run) -> set[str]:
        """Return the symbols of a run that stand in nothing else than what was assumed to be equal, or to differ."""
        used = run.expr.free_symbols.union(*(symbols_of(each) for each in run.relations if each[0] != "≠"))
        compared = {each for pair in self.differing for side in pair for each in side.free_symbols}
        compared |= {each for equality in self.assignment.equalities for each in symbols_of(equality)}
        unused = {each.name for each in compared - used}
        # what is equal to a symbol that is used is of use
        return {name for name in unused if self.assignment.stands_for(name) in unused}

    def _fix_all(self, error: ParamcalcError) -> None:
        """Give all symbols their values, for what is refused in symbols; without any left, it is refused."""
        new = self.assignment.fix(self.assignment.symbols)
        if not new:
            raise error from None
        self.causes.update(dict.fromkeys(new, of_refusal(error)))

    def _fix(self, undecided: Undecided, cause: Cause) -> None:
        new = self.assignment.fix(undecided.names)
        if not new:
            raise undecided_problem(Undecided(Unknown(None, undecided.names))) from None
        self.causes.update(dict.fromkeys(new, cause))

    def _attempt(self) -> _Run:
        """Evaluate the spec once. Raises `Undecided` and `_Same` where some dims cannot be symbols of their own."""
        sizes = {**self.dims, **self.assignment.sizes(self.spec.dims)}
        told = {"by_layers": self.measure.needs_connections, "in_order": self.measure.in_order}
        with algebra.assuming(self._settle, self._may_differ) as relations:
            graph = evaluate(self.spec, self.convention, sizes, fold=self.fold, symbolic=True, **told)
            amounts = self.measure.amounts(graph, self.measure.context(graph, named_convention(self.convention)))
            try:
                expr = total_of(graph.root, amounts)
            except Undecided as undecided:
                raise _NoClosedForm(undecided, of_copies(graph.root, undecided)) from None
        if expr.has(sympy.Dummy):
            raise refuse("not-one-value", "a node outside of copies that grow depends on one of them")
        alike = self.assignment.stands_for
        equal = [("=", *map(symbol, pair)) for pair in self.chosen_pairs if alike(pair[0]) == alike(pair[1])]
        return _Run(expr, tuple(needed(relations)), (*sympified(relations.choices), *equal), graph.root, amounts)

    def _settle(self, relation: str, left: Any, right: Any) -> None:
        """Refuse a condition that fixes a dim, makes two of them one, or is not met at the spec's own sizes."""
        left, right = sympy.sympify(left), sympy.sympify(right)
        is_met = meets(relation, left, right, self.assignment.values)
        if relation == "=":
            if left.is_Symbol and right.is_Symbol and is_met:
                raise _Same(right.name, left.name)
            if left.is_Integer or right.is_Integer:
                raise Undecided(left - right)
        if symbols_of((relation, left, right)) and not is_met:
            raise Undecided(sympy.Tuple(left, right))
        if _is_longer_than(_LONGEST_CONDITION, left, right):
            raise Undecided(_most_frequent_symbol(left, right))

    def _may_differ(self, left: Any, right: Any) -> bool:
        """Return whether two sizes that are compared differ at the spec's own sizes, and may be assumed to.

        The form then holds wherever they do. Of two dims that are equal, one stands for both; other sizes that are
        equal fix their dims, as is fixed what decides nothing else than which layers there are.
        """
        names = {each.name for each in left.free_symbols | right.free_symbols}
        if not names <= self.assignment.values.keys() or names & self.deciding:
            return False
        if not meets("≠", left, right, self.assignment.values):
            if left.is_Symbol and right.is_Symbol:
                raise _Same(left.name, right.name, chosen=True)
            return False
        self.differing.add((left, right))
        return True


def _is_longer_than(most: int, *sides: Any) -> bool:
    """Return whether two sides of a condition have more parts than this; an expression may have very many."""
    parts = (part for side in sides for part in sympy.preorder_traversal(side))
    return next(islice(parts, most, None), None) is not None


def _most_frequent_symbol(*sides: Any) -> Any:
    """Return the symbol that a condition mentions most often: a length that was rounded again and again."""
    parts = (part for side in sides for part in sympy.preorder_traversal(side))
    return max(Counter(part for part in parts if part.is_Symbol).items(), key=lambda item: (item[1], item[0].name))[0]


class _NoClosedForm(Exception):
    """Copies that grow have no sum in closed form, and their number must be known."""

    def __init__(self, undecided: Undecided, cause: Cause) -> None:
        self.undecided, self.cause = undecided, cause
