"""What is to reach a target: a measure of a network, or one node's share of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy

from paramcalc.core.algebra import Unknown
from paramcalc.core.errors import ParamcalcError, refuse, suggest
from paramcalc.graph.values import unknown_dims
from paramcalc.measures import Measure
from paramcalc.results.formula import Formula
from paramcalc.results.measurement import measured
from paramcalc.results.paths import is_within
from paramcalc.results.totals import closed_form, total
from paramcalc.spec import Framework, Spec, Value


@dataclass(frozen=True)
class Goal:
    """A measure, and the number that it is to reach; with `node`, only what that node has of it."""

    measure: Measure
    target: int
    node: str | None = None

    @property
    def words(self) -> str:
        """What it is, as a message names it."""
        return self.measure.phrase + (f" of '{self.node}'" if self.node else "")

    def form(self, spec: Spec, convention: Framework, names: Iterable[str], given: Mapping[str, Value]) -> Formula:
        """Return the closed form of the whole measure in these dims. Raises what a form is refused for."""
        return closed_form(spec, self.measure, convention, names, given)

    def expr(self, form: Formula) -> Any:
        """Return of a form what belongs to the goal. Raises `unknown-node`."""
        if self.node is None:
            return form.expr
        parts = form.parts
        found = [part.expr for part in parts if is_within(part.name, self.node)]
        if not found:
            raise self._unknown_node(part.name for part in parts)
        return sympy.expand(sympy.Add(*found))

    def count(self, spec: Spec, convention: Framework, given: Mapping[str, Value]) -> int:
        """Return the exact number at given sizes of all dims. Raises what a count is refused for."""
        if self.node is None:
            return self._known(total(spec, self.measure, convention, given))
        counted = measured(spec, self.measure, convention, dims=given)
        rows = [row for row in counted.layers if is_within(row.name, self.node)]
        if not rows:
            raise self._unknown_node(row.name for row in counted.layers)
        return self._known(sum((row.total for row in rows), start=0))

    def _known(self, number: Any) -> int:
        if isinstance(number, Unknown):
            names, hint = unknown_dims(number.sources)
            raise refuse("free-dim", f"{self.words} depends on {names}", hint)
        return int(number)

    def _unknown_node(self, names: Iterable[str]) -> ParamcalcError:
        known = list(names)
        hint = suggest(self.node, known) or "'paramcalc count' lists the names"
        return refuse("unknown-node", f"there is no node '{self.node}' with a part in {self.measure.phrase}", hint)
