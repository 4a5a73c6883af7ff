"""Spec to the derivation of a measure: what each layer comes to, from the terms that the measure states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sympy

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.display import Displayed, derived, printed
from paramcalc.core.errors import ParamcalcError, refuse, suggest
from paramcalc.graph import Leaf, merged
from paramcalc.measures import BATCH, Amounts, Measure, Term
from paramcalc.results.derivation import Notation, Sheet
from paramcalc.results.formula import MOST_SYMBOLS, Formula, formula, name_widths, symbol
from paramcalc.results.layer_symbols import SymbolMeaning, in_symbols
from paramcalc.results.measurement import MeasuredLayer, Measurement, measured
from paramcalc.results.paths import is_within
from paramcalc.spec import Framework, Spec, Value


@dataclass(frozen=True)
class DerivedTerm:
    """A term with its factors in symbols and in numbers."""

    name: str
    symbolic_factors: tuple[Any, ...]
    factors: tuple[Number, ...]
    amount: int
    purpose: str

    @property
    def product(self) -> Any:
        """The product of its factors, in symbols."""
        return sympy.sympify(algebra.product(self.symbolic_factors))


@dataclass(frozen=True)
class MeasuredLayerDerivation:
    """One layer: its symbols, its terms, and their sum."""

    row: MeasuredLayer
    input_shapes: tuple[Shape, ...]
    symbols: tuple[SymbolMeaning, ...]
    terms: tuple[DerivedTerm, ...]

    @property
    def name(self) -> str:
        """Its path."""
        return self.row.name

    @property
    def one(self) -> int:
        """The amount of one copy."""
        return sum(term.amount for term in self.terms)

    @property
    def copies(self) -> int:
        """How many copies count."""
        return (self.row.total - self.row.once) // self.one if self.one else int(self.row.times)

    @property
    def expr(self) -> Any:
        """The amount of one copy, in symbols."""
        return sympy.expand(sympy.Add(*(term.product for term in self.terms)))

    @property
    def values(self) -> dict[str, int]:
        """The value of each symbol."""
        return {each.name: each.value for each in self.symbols}


@dataclass(frozen=True)
class MeasureDerivation(Displayed):
    """The derivation of a measure of a spec, or of the nodes asked for."""

    measurement: Measurement
    measure: Measure
    #: in order of the graph, those that come to nothing left out
    layers: tuple[MeasuredLayerDerivation, ...]
    #: the path that was asked for, if one was
    node: str | None
    #: the closed form of a whole spec; None, where it has none, or one too long for a reader
    form: Formula | None

    def to(
        self, target: Notation = "text", *, sheet: Sheet = "derivation", standalone: bool = False, brief: bool = False
    ) -> str:
        """Print the derivation as `text`, `markdown`, `latex` or `html`.

        As a `sheet`, it may be a worksheet, `blank`, or its key, `answers`. LaTeX that is `standalone` is a document,
        and needs no other. A `brief` derivation has a line for each layer.
        """
        return printed(self, target, sheet=sheet, standalone=standalone, brief=brief)

    def plain(self) -> dict[str, Any]:
        """Return the derivation as JSON has it; the keys are stable."""
        return derived(self)

    def __str__(self) -> str:
        return self.to("text")


def explain_measure(
    spec: Spec,
    measure: Measure,
    convention: Framework | None = None,
    *,
    node: str | None = None,
    dims: Mapping[str, Value] | None = None,
) -> MeasureDerivation:
    """Derive what a measure is of a spec; the other arguments are those of `explain`. Raises `ParamcalcError`."""
    if any(map(algebra.is_array, (dims or {}).values())):
        raise refuse("not-one-value", "a derivation is of one size of each dim, not of an array of them")
    found = measured(spec, measure, convention, dims=dims)
    rows = [row for row in found.layers if node is None or is_within(row.name, node)]
    if not rows:
        names = [row.name for row in found.layers]
        hint = suggest(str(node), names) or "'paramcalc count' lists the names"
        raise refuse("unknown-node", f"there is no node '{node}'", hint)
    layers = tuple(_derived(row, found.amounts) for row in rows if row.terms)
    form = None if node is not None else _closed_form(spec, measure, convention, dims)
    return MeasureDerivation(found, measure, layers, node, form)


def _closed_form(
    spec: Spec, measure: Measure, convention: Framework | None, dims: Mapping[str, Value] | None
) -> Formula | None:
    """Return the closed form of a spec, where it has a short one."""
    if not spec.dims and len(name_widths(spec)[1]) > MOST_SYMBOLS:
        return None
    try:
        form = formula(spec, convention, dims=dims, measure=measure)
    except ParamcalcError:
        # the numbers stand without it
        return None
    return form if (form.symbols or form.fixed) and len(form.symbols) <= MOST_SYMBOLS else None


def _derived(row: MeasuredLayer, amounts: Amounts) -> MeasuredLayerDerivation:
    """Derive a row, of the same declaration over symbols."""
    leaf = row.leaf
    assert leaf is not None
    try:
        terms, meanings = _in_symbols(leaf, amounts)
    except (algebra.Undecided, ParamcalcError):
        terms, meanings = (), []
    if [term.name for term in terms] != [term.name for term in row.terms]:
        # what depends on which of two sizes is larger, or whether two are the same, is shown in numbers
        terms, meanings = row.terms, []
    derived = tuple(
        DerivedTerm(
            number.name, tuple(map(sympy.sympify, term.factors)), number.factors, int(number.amount), number.purpose
        )
        for number, term in zip(row.terms, terms, strict=True)
    )
    used = {each.name for term in derived for factor in term.symbolic_factors for each in factor.free_symbols}
    return MeasuredLayerDerivation(
        row, leaf.flow_shapes, tuple(each for each in meanings if each.name in used), derived
    )


def _in_symbols(leaf: Leaf, amounts: Amounts) -> tuple[Sequence[Term], list[SymbolMeaning]]:
    """Return the terms of a layer in symbols, and what each symbol stands for."""
    layer, shapes, meanings = in_symbols(leaf.layer, leaf.flow_shapes)
    inputs = tuple(replace(flow, shape=shape) for flow, shape in zip(leaf.inputs, shapes, strict=True))
    outputs, tensors = (merged(layer, inputs), []) if leaf.joins_copies else layer.infer(*shapes)
    there = [tensor for tensor in tensors if algebra.truth(tensor.condition)]
    uses = [replace(use, tensor=tensor) for use, tensor in zip(leaf.uses, there, strict=True)]
    context = amounts.context
    if context.batch != 1:
        meanings = [*meanings, SymbolMeaning(BATCH, context.batch, "examples of a batch")]
        context = replace(context, batch=symbol(BATCH))
    symbolic = replace(leaf, layer=layer, inputs=inputs, outputs=outputs, uses=uses)
    return [*amounts.measure.terms(symbolic, context, amounts.of(leaf).state)], meanings
