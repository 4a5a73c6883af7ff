"""Spec to graph: order, shapes, repeats, sharing and ties.

The result is a tree as the spec is one: a `Branch` for a group, a `Leaf` for a layer. Copies of
a repeated node that are alike are evaluated once and stand there once, with their number, so
that the cost does not grow with `times`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from paramcalc.conventions import convention
from paramcalc.core.algebra import Undecided, Unknown
from paramcalc.core.errors import ParamcalcError
from paramcalc.core.expression import Budget, Environment, unknown_dim
from paramcalc.graph.evaluation import Evaluation
from paramcalc.graph.tree import Branch, BranchRole, Flow, Graph, Leaf, Tree, Use, give_names, leaves
from paramcalc.graph.values import undecided_problem, value_of
from paramcalc.spec import Spec, Value

__all__ = [
    "Branch",
    "BranchRole",
    "Flow",
    "Graph",
    "Leaf",
    "Tree",
    "Use",
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
    evaluation = Evaluation(spec, convention(convention_name or spec.framework), fold, symbolic)
    root = evaluation.root(values)
    give_names(root)
    return Graph(root, values, evaluation.outputs)


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
        value = given.get(name, stated)
        if value is None:
            values[name] = Unknown(name)
            continue
        try:
            values[name] = value_of(value, Environment(values, budget=budget))
        except ParamcalcError as error:
            raise _of_dim(error, name, name in given) from None
        except Undecided as undecided:
            raise _of_dim(undecided_problem(undecided), name, name in given) from None
    return values


def _of_dim(error: ParamcalcError, name: str, given: bool) -> ParamcalcError:
    """Refuse the value of a dim. For one that was given beside the spec, no line of the spec is to blame."""
    if not given:
        return error.within("dims", name)
    return ParamcalcError(
        replace(problem, message=f"the value of '{name}': {problem.message}", outside=True)
        for problem in error.problems
    )
