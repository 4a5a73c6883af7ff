"""Spec to graph: order, shapes, repeats, sharing and ties.

The result is a tree as the spec is one: a `Branch` for a group, a `Leaf` for a layer. Copies of
a repeated node that are alike are evaluated once and stand there once, with their number, so
that the cost does not grow with `times`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from paramcalc.conventions import convention
from paramcalc.core.algebra import Undecided, Unknown
from paramcalc.core.errors import ParamcalcError, refuse
from paramcalc.core.expression import ABSENT, Budget, Environment, Expression, mentions_text, unknown_dim
from paramcalc.graph import remarks
from paramcalc.graph.evaluation import Evaluation
from paramcalc.graph.tree import (
    Branch,
    BranchRole,
    CopyRange,
    Flow,
    Graph,
    Leaf,
    Tree,
    Use,
    active_copies,
    give_names,
    leaves,
)
from paramcalc.graph.values import check_conditions, undecided_problem, value_of
from paramcalc.spec import Spec, Value
from paramcalc.spec.dims import as_dim, nothing_above
from paramcalc.spec.values import read_value

__all__ = [
    "Branch",
    "BranchRole",
    "CopyRange",
    "Flow",
    "Graph",
    "Leaf",
    "Tree",
    "Use",
    "active_copies",
    "check_connections",
    "dim_values",
    "evaluate",
    "leaves",
    "undecided_problem",
]


def evaluate(
    spec: Spec,
    convention_name: str | None = None,
    dims: Mapping[str, Value] | None = None,
    fold: bool = True,
    symbolic: bool = False,
) -> Graph:
    """Return the graph of a spec under a convention, its shapes inferred and checked.

    `dims` replaces values of dims; `fold` makes one of copies that are alike; in a `symbolic`
    evaluation `Undecided` is raised for the caller to decide. Raises `ParamcalcError` with all
    problems found.
    """
    values = dim_values(spec, dims)
    check_conditions(spec.requires, Environment(values), ("requires",))
    evaluation = Evaluation(spec, convention(convention_name or spec.framework), fold, symbolic)
    root = evaluation.root(values)
    give_names(root)
    found = (*unmentioned_texts(spec, dims or {}), *evaluation.remarks, *remarks.on_outputs(root, evaluation.outputs))
    return Graph(root, values, evaluation.dtype, evaluation.outputs, found)


def dim_values(spec: Spec, given: Mapping[str, Value] | None = None) -> dict[str, Value]:
    """Return the value of every dim of a spec; one that is unknown is an `Unknown` of its name.

    `given` replaces what the spec states, for derived dims too: numbers, arrays, symbols.
    Raises `ParamcalcError`, among others `unknown-dim`.
    """
    given = given or {}
    for name in given:
        if name not in spec.dims:
            problem = unknown_dim(name, spec.dims).problems[0]
            raise ParamcalcError([replace(problem, message=f"the spec has no dim '{name}'", outside=True)])
    values: dict[str, Value] = {}
    budget = Budget()
    for name, stated in spec.dims.items():
        try:
            value = _set_to(spec, name, given[name]) if name in given else stated
            if value is None:
                values[name] = Unknown(name)
                continue
            values[name] = value_of(value, Environment(values, budget=budget))
        except ParamcalcError as error:
            raise _of_dim(error, name, name in given, values) from None
        except Undecided as undecided:
            raise _of_dim(undecided_problem(undecided), name, name in given, values) from None
    return values


def check_connections(spec: Spec, what: str) -> None:
    """Refuse a spec with layers whose connections are not known: `no-connections`; `what` needs them."""
    found = next(spec.inventories(), None)
    if found is not None:
        path, name = found
        which = f"the group '{name}' lists" if name else "the spec lists"
        hint = "'connections: none' says so"
        raise refuse("no-connections", f"{what} needs connections, and {which} its layers without them", hint, path)


def unmentioned_texts(spec: Spec, given: Mapping[str, Value]) -> Iterator[str]:
    """Remark on texts that dims are set to and that no expression of the spec mentions: they may be misspelt."""
    for name in given:
        described = spec.described.get(name)
        if described is None or described.sort != "text" or described.one_of or given[name] == spec.dims[name]:
            continue
        if not any(mentions_text(expression.text, str(given[name])) for expression in spec.expressions()):
            yield f"'{name}' is set to {str(given[name])!r}, which no expression of the spec mentions"


def _set_to(spec: Spec, name: str, value: Any) -> Value:
    """Return what a dim is set to: a text or a double, where it is one; absent by None, where that is its default."""
    if value is None and isinstance(spec.dims[name], Expression) and spec.dims[name].text == "none":
        return ABSENT
    if name in spec.described:
        return as_dim(value, spec.described[name])
    if isinstance(value, float):
        # not a whole number, which alone this dim may be
        return read_value(value)
    return Expression.parse(value) if type(value) is str else value


def _of_dim(error: ParamcalcError, name: str, given: bool, above: Collection[str]) -> ParamcalcError:
    """Refuse the value of a dim, which may have the dims `above` it.

    For one that was given beside the spec, no line of the spec is to blame.
    """
    if not above:
        error = ParamcalcError(
            replace(each, hint=nothing_above(name)) if each.code == "unknown-dim" else each for each in error.problems
        )
    if not given:
        return error.within("dims", name)
    return ParamcalcError(
        replace(problem, message=f"{subject} {problem.message}", outside=True)
        for problem in error.problems
        for subject in [f"'{name}'" if problem.message.startswith("takes ") else f"the value of '{name}':"]
    )
