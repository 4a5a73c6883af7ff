"""Spec to graph: order, shapes, repeats, sharing and ties.

The result is a tree as the spec is one: a `Branch` for a group, a `Leaf` for a layer. Copies of
a repeated node that are alike are evaluated once and stand there once, with their number, so
that the cost does not grow with `times`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from paramcalc.conventions import Convention, convention
from paramcalc.core import algebra
from paramcalc.core.algebra import Undecided, Unknown
from paramcalc.core.errors import ParamcalcError, quoted, refuse
from paramcalc.core.expression import Budget, Environment, mentions_text, unknown_dim
from paramcalc.graph import remarks
from paramcalc.graph.evaluation import Evaluation
from paramcalc.graph.parallel import merged
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
from paramcalc.layers.base.words import Word
from paramcalc.spec import Spec, Value
from paramcalc.spec.dims import nothing_above
from paramcalc.spec.given import not_of_the_spec

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
    "check_flow",
    "check_known",
    "check_states",
    "dim_values",
    "evaluate",
    "evaluating_once",
    "leaves",
    "merged",
    "undecided_problem",
]


#: The graphs of specs at their own dims, by how they were evaluated; None where nothing is kept.
_kept: ContextVar[dict[tuple[Any, ...], tuple[Spec, Graph]] | None] = ContextVar("kept", default=None)


@contextmanager
def evaluating_once() -> Iterator[None]:
    """Evaluate a spec at its own dims once within it, for whoever reads it and whoever counts it.

    Nobody may change the spec meanwhile.
    """
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def evaluate(
    spec: Spec,
    convention_name: str | None = None,
    dims: Mapping[str, Value] | None = None,
    fold: bool = True,
    symbolic: bool = False,
    by_layers: bool = False,
    in_order: bool = True,
) -> Graph:
    """Return the graph of a spec under a convention, its shapes inferred and checked.

    `dims` replaces values of dims; `fold` makes one of copies that are alike in shapes and tensors, and `by_layers`
    in all that their layers state and take as well, those of a symbol's number where they stand unless they need not
    be `in_order`; in a `symbolic` evaluation `Undecided` is raised for the caller
    to decide. Raises `ParamcalcError` with all problems found.
    """
    how = (convention_name or spec.framework, fold, symbolic, by_layers, in_order)
    kept = None if dims else _kept.get()
    if kept is None:
        return _evaluated(spec, dims, *how)
    if (id(spec), *how) not in kept:
        kept[id(spec), *how] = spec, _evaluated(spec, dims, *how)
    return kept[id(spec), *how][1]


def _evaluated(
    spec: Spec,
    dims: Mapping[str, Value] | None,
    framework: str,
    fold: bool,
    symbolic: bool,
    by_layers: bool,
    in_order: bool,
) -> Graph:
    values = dim_values(spec, dims)
    check_conditions(spec.requires, Environment(values), ("requires",))
    evaluation = Evaluation(spec, convention(framework), fold, symbolic, by_layers, in_order)
    root = evaluation.root(values)
    give_names(root)
    found = (
        *spec.remarks,
        *unmentioned_texts(spec, dims or {}),
        *evaluation.remarks,
        *remarks.on_outputs(root, evaluation.outputs),
    )
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
            value = given.get(name, stated)
            if value is None:
                values[name] = Unknown(name)
                continue
            values[name] = value_of(value, Environment(values, budget=budget))
        except ParamcalcError as error:
            raise _of_dim(error, name, name in given, values) from None
        except Undecided as undecided:
            if algebra.is_symbol(undecided.value):
                # whoever evaluates with symbols fixes the dims on which it depends, and no others
                raise
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


def check_flow(spec: Spec, what: str) -> None:
    """Refuse a spec of which it is not known what flows: `no-connections`, and `not-measurable` as it was read."""
    check_connections(spec, what)
    message = f"{what} needs to know how its layers are connected, and {{}} was read without some of that"
    hint = "a spec can state it; of a module of PyTorch, the shapes of its inputs may tell: input_shape=(3, 224, 224)"
    check_known(spec, "flow", message, hint)


def check_known(spec: Spec, figure: str, message: str, hint: str) -> None:
    """Refuse what needs something that is not known of a spec, as its `unknown` lists it: `not-measurable`."""
    if figure in spec.unknown:
        raise refuse("not-measurable", message.format(quoted(spec.name) if spec.name else "this network"), hint)


def check_states(spec: Spec, convention: Convention) -> None:
    """Refuse to count a spec as a framework does that counts states, where these are not known: `not-measurable`."""
    if convention.states_count:
        check_known(spec, "buffers", "Keras counts buffers too, and those of {} are not known", "--as torch is without")


def unmentioned_texts(spec: Spec, given: Mapping[str, Value]) -> Iterator[str]:
    """Remark on texts that dims are set to and that no expression of the spec mentions: they may be misspelt.

    Where a field takes the text, it is one of the field's words.
    """
    for name in given:
        described = spec.described.get(name)
        if described is None or described.sort != "text" or described.one_of or given[name] == spec.dims[name]:
            continue
        text = str(given[name])
        taken = any(isinstance(each, Word) and each.text == name for each in spec.expressions())
        if not taken and not any(mentions_text(each.text, text) for each in spec.expressions()):
            yield f"'{name}' is set to {text!r}, which no expression of the spec mentions"


def _of_dim(error: ParamcalcError, name: str, given: bool, above: Collection[str]) -> ParamcalcError:
    """Refuse the value of a dim, which may have the dims `above` it, stated or given beside the spec."""
    if not above:
        error = ParamcalcError(
            replace(each, hint=nothing_above(name)) if each.code == "unknown-dim" else each for each in error.problems
        )
    return not_of_the_spec(error, name) if given else error.within("dims", name)
