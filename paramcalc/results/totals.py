"""What may be totalled: a measure, or memory, which is the sum of two."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from paramcalc.core.errors import ParamcalcError, refuse
from paramcalc.core.registry import MEMORY
from paramcalc.layers.base.fields import read_dtype
from paramcalc.measures import Measure, measure
from paramcalc.results.measurement import measured
from paramcalc.spec import Framework, Spec, Value, of_key

if TYPE_CHECKING:
    from paramcalc.core.algebra import Number
    from paramcalc.results.formula import Formula

#: The options of memory: an optimizer, the dtype of the copy that it works on, and how attention is computed.
_OF_MEMORY = ("training", "master", "attention")


def options_of(name: str | None) -> Collection[str]:
    """Return the names of the options of what is totalled. Raises `unknown-measure`."""
    return _OF_MEMORY if name == MEMORY else measure(name).options


def totalled(name: str | None, options: Mapping[str, Any], convention: Framework) -> Measure:
    """Return what is totalled, by its name.

    Raises `unknown-measure`, `unknown-optimizer`, and `invalid-value` for an option that it does not have.
    """
    if name != MEMORY:
        return measure(name, options)
    # it takes long to load
    from paramcalc.measures.memory import Memory
    from paramcalc.measures.optimizers import optimizer

    stated = {option: value for option, value in options.items() if value is not None}
    for option in stated:
        if option not in _OF_MEMORY:
            raise refuse("invalid-value", f"'{option}' has no meaning for {MEMORY}", "leave it out")
    check_trained_with(stated)
    training = optimizer(stated["training"], convention) if "training" in stated else None
    try:
        master = read_dtype(stated["master"]) if "master" in stated else None
    except ParamcalcError as error:
        raise of_key("master", error) from None
    return Memory(training, master, stated.get("attention"))


def check_trained_with(options: Mapping[str, Any]) -> None:
    """Refuse options of memory that say how a network is trained, where it is not. Raises `invalid-value`."""
    for option in ("master", "attention") if options.get("training") is None else ():
        if options.get(option) is not None:
            raise refuse("invalid-value", f"'{option}' has no meaning without 'training'", "as in training='adamw'")


def total(spec: Spec, what: Measure, convention: Framework | None, dims: Mapping[str, Value] | None = None) -> Number:
    """Return the total at given sizes. Raises what a count is refused for."""
    return sum((measured(spec, part, convention, dims=dims).total for part in what.parts), start=0)


def closed_form(
    spec: Spec, what: Measure, convention: Framework, keep: Iterable[str], dims: Mapping[str, Value] | None = None
) -> Formula:
    """Return the closed form of the total. Raises what a form is refused for."""
    # SymPy takes longer to load than a hundred counts
    from paramcalc.results.formula import formula

    names = [*keep]
    first, *others = (formula(spec, convention, keep=names, dims=dims, measure=part) for part in what.parts)
    for other in others:
        first = replace(
            first,
            expr=first.expr + other.expr,
            symbols={**first.symbols, **other.symbols},
            values={**first.values, **other.values},
            fixed={**first.fixed, **other.fixed},
            relations=tuple(dict.fromkeys((*first.relations, *other.relations))),
            choices=tuple(dict.fromkeys((*first.choices, *other.choices))),
        )
    return first
