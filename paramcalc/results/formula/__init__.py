"""The number of parameters as an expression in the sizes: of a spec, and of a layer type in general."""

from __future__ import annotations

from paramcalc.results.formula.causes import Cause
from paramcalc.results.formula.form import Contribution, Formula, Target
from paramcalc.results.formula.general import default_form, form_of_kind, symbolic_layer
from paramcalc.results.formula.growth import Elasticity, Leading
from paramcalc.results.formula.of_spec import formula
from paramcalc.results.formula.sums import Unit
from paramcalc.results.formula.symbols import MOST_SYMBOLS, FlagSymbol, symbol
from paramcalc.results.formula.widths import name_widths

__all__ = [
    "MOST_SYMBOLS",
    "Cause",
    "Contribution",
    "Elasticity",
    "FlagSymbol",
    "Formula",
    "Leading",
    "Target",
    "Unit",
    "default_form",
    "form_of_kind",
    "formula",
    "name_widths",
    "symbol",
    "symbolic_layer",
]
