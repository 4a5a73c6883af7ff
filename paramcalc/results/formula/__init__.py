"""Spec to closed form: the number of parameters as an expression in the dims."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from paramcalc.core.errors import ParamcalcError
from paramcalc.layers.base.declaration import Layer
from paramcalc.results.formula.form import Formula, Part, Target
from paramcalc.results.formula.general import form_of_kind, symbolic_layer
from paramcalc.results.formula.measures import Elasticity, Leading
from paramcalc.results.formula.of_spec import form_of_spec
from paramcalc.results.formula.sums import Unit
from paramcalc.results.formula.symbols import FlagSymbol, symbol
from paramcalc.results.formula.widths import name_widths
from paramcalc.spec import Framework, Spec, Value
from paramcalc.spec.loading import located

#: A form with more symbols than this is too long for a reader.
MOST_SYMBOLS = 12

__all__ = [
    "MOST_SYMBOLS",
    "Elasticity",
    "FlagSymbol",
    "Formula",
    "Leading",
    "Part",
    "Target",
    "Unit",
    "default_form",
    "form_of_kind",
    "formula",
    "name_widths",
    "symbol",
    "symbolic_layer",
]


def formula(
    spec: Spec,
    convention: Framework | None = None,
    *,
    keep: Iterable[str] | None = None,
    dims: Mapping[str, Value] | None = None,
) -> Formula:
    """The closed form of a spec in its dims.

    `keep` names the dims that stay symbols, all by default; the others, and those in `dims`, are
    substituted. A spec without dims gets a symbol for each width of its layers. Raises
    `ParamcalcError` for what `count` refuses, and for an unknown name.
    """
    try:
        return form_of_spec(spec, convention or spec.framework, keep, dict(dims or {}))
    except ParamcalcError as error:
        raise located(error, spec.source) from None


def default_form(cls: type[Layer], convention: Framework) -> Formula:
    """The form of a kind whose fields have their defaults, where they have one: 4·c for BatchNorm."""
    return form_of_kind(cls, convention, defaults=True)
