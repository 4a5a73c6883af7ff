"""How each result is printed: what stands behind `to` and `str`."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from paramcalc.exports import derivations, differences, formulas, memory_sheets, receptive_fields, solutions, sweeps
from paramcalc.exports.derivations import data, of_measures
from paramcalc.results.comparison import Comparison
from paramcalc.results.derivation import Derivation
from paramcalc.results.difference import Difference
from paramcalc.results.formula import Formula
from paramcalc.results.measure_derivation import MeasureDerivation
from paramcalc.results.measure_difference import MeasureDifference
from paramcalc.results.memory import Memory
from paramcalc.results.receptive_field import ReceptiveField
from paramcalc.results.solving import Solutions
from paramcalc.results.sweeps import Sweep


@singledispatch
def printed(result: Any, target: str, **_: Any) -> str:
    """Print a result as text in a notation or a language."""
    raise TypeError(f"a {type(result).__name__} is not printed as {target}")


printed.register(Formula, formulas.render)
printed.register(Derivation, derivations.render)
printed.register(MeasureDerivation, derivations.render)
printed.register(Comparison, derivations.render)
printed.register(Difference, differences.render)
printed.register(MeasureDifference, differences.render)
printed.register(Memory, memory_sheets.render)
printed.register(ReceptiveField, receptive_fields.render)
printed.register(Solutions, solutions.render)
printed.register(Sweep, sweeps.render)


def derived(result: Derivation | MeasureDerivation) -> dict[str, Any]:
    """Return a derivation as JSON has it."""
    return of_measures.plain(result) if isinstance(result, MeasureDerivation) else data.plain(result)
