"""The sheet of the derivation of a measure, which every notation prints; and the same as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from paramcalc.core import notation
from paramcalc.core.lines import one_line
from paramcalc.core.notation import written_product, written_sum
from paramcalc.exports.derivations.blocks import (
    Answer,
    Block,
    Cell,
    Document,
    Equation,
    Equations,
    Legend,
    Link,
    Maths,
    Name,
    Paragraph,
    Question,
    Section,
    SymbolicShape,
    Table,
    answers_in,
)
from paramcalc.exports.derivations.data import substituted
from paramcalc.exports.derivations.forms import form_blocks
from paramcalc.exports.derivations.steps import answers, between, exercise, without_repetitions, worksheet_heading
from paramcalc.exports.derivations.totals import share_text
from paramcalc.exports.languages.tree import expression, form_data, number
from paramcalc.exports.numbers import binary_bytes, thousands
from paramcalc.exports.plain import dims, exact, row, shape
from paramcalc.layers.base.axes import shape_text
from paramcalc.results.derivation import Sheet
from paramcalc.results.formula import symbol
from paramcalc.results.layer_symbols import SymbolMeaning
from paramcalc.results.measure_derivation import DerivedTerm, MeasureDerivation, MeasuredLayerDerivation

#: The version of the object.
VERSION = 1
#: The rows of the table that says where a measure sits; what is smaller shares one.
_MOST_ROWS = 12


def document(derivation: MeasureDerivation, kind: Sheet = "derivation", brief: bool = False) -> Document:
    """Make the sheet: the whole, then each layer that comes to anything; of a `brief` one, a line for each layer.

    A worksheet, and its key, have an exercise for each layer, and one for the whole.
    """
    found = derivation.measurement
    added = {"derivation": "", "blank": "worksheet", "answers": "answers"}[kind]
    title = " · ".join(filter(None, (one_line(found.name) or derivation.node, found.convention, found.measure, added)))
    if kind != "derivation":
        return Document(title, kind, tuple(_worksheet(derivation, kind == "blank")))
    total = sum(layer.row.total for layer in derivation.layers)
    whole = f"{thousands(total)} {found.unit}" + (f" · {binary_bytes(total)}" if found.unit == "bytes" else "")
    return Document(title, "derivation", tuple(_blocks(derivation, total, brief)), (whole,))


def _blocks(derivation: MeasureDerivation, total: int, brief: bool) -> Iterator[Block]:
    yield Paragraph((derivation.measure.summary,))
    if derivation.form is not None:
        form = tuple(form_blocks(derivation.form, derivation.measurement.total))
        yield Section("The closed form, in the sizes of the spec", "", form, "closed-form")
    if total and len(derivation.layers) > 1:
        yield Section(f"Where the {derivation.measure.unit} sit", "", (_where(derivation, total),), "where")
    if derivation.node is None:
        yield from (Paragraph((f"Note: {note}",)) for note in derivation.measurement.notes)
    questions = [Question(question, (answer,)) for question, answer in derivation.measure.questions.items()]
    if questions and derivation.node is None and not brief:
        yield Section("Questions", "", tuple(questions), "asked-questions")
    if brief:
        rows = tuple(map(_line, derivation.layers))
        yield Table(("layer", "type", derivation.measure.unit, "calculation"), rows, (2,), one_line=True)
        return
    explained: dict[Any, Link] = {}
    for layer in derivation.layers:
        yield _layer(layer, derivation, explained)


def _worksheet(derivation: MeasureDerivation, blank: bool) -> Iterator[Block]:
    explained: dict[Any, Link] = {}
    found = [_layer(layer, derivation, explained) for layer in derivation.layers]
    if derivation.node is None and found:
        found.append(Section("The whole model", "", tuple(_sum(derivation)), "whole"))
    exercises: list[Block] = [
        exercise(number, section.title, section.aside, section.own_blocks, section.anchor)
        for number, section in enumerate(found, start=1)
    ]
    yield worksheet_heading(answers_in(tuple(exercises)), blank)
    yield Paragraph((derivation.measure.summary,))
    yield from exercises or [Paragraph((f"There is nothing to work out: no {derivation.measure.unit} here.",))]
    yield from (Paragraph((f"Note: {note}",)) for note in derivation.measurement.notes if derivation.node is None)


def _sum(derivation: MeasureDerivation) -> Iterator[Block]:
    """Make the exercise of the whole: what each layer adds, the sum, and the closed form."""
    rows = tuple(((layer.name,), (Answer((thousands(layer.row.total),)),)) for layer in derivation.layers)
    total = sum(layer.row.total for layer in derivation.layers)
    sums: tuple[tuple[Cell, ...], ...] = ((("total",), (Answer((thousands(total),)),)),)
    yield Table(("layer", derivation.measure.unit), rows, (1,), sums)
    if derivation.form is not None:
        yield from form_blocks(derivation.form, derivation.measurement.total)


def _where(derivation: MeasureDerivation, total: int) -> Table:
    ordered = sorted(derivation.layers, key=lambda layer: -layer.row.total)
    shown = ordered[:_MOST_ROWS] if len(ordered) > _MOST_ROWS + 1 else ordered
    rows: list[tuple[Cell, ...]] = [
        ((Link(layer.name, layer.name),), (thousands(layer.row.total),), (share_text(layer.row.total, total),))
        for layer in shown
    ]
    rest = sum(layer.row.total for layer in ordered[len(shown) :])
    if len(ordered) > len(shown):
        others = f"{thousands(len(ordered) - len(shown))} others"
        rows.append(((others,), (thousands(rest),), (share_text(rest, total),)))
    sums: tuple[tuple[Cell, ...], ...] = ((("total",), (thousands(total),), ()),)
    return Table(("layer", derivation.measure.unit, "share"), tuple(rows), (1, 2), sums)


def _line(layer: MeasuredLayerDerivation) -> tuple[Cell, ...]:
    """Make the row of a layer: what it comes to, and the calculation in numbers."""
    total = written_sum(*(written_product(*term.symbolic_factors) for term in layer.terms))
    copies = f"{thousands(layer.copies)} · (" if layer.copies > 1 else ""
    how: Cell = (copies, Maths(total, layer.values), ")") if copies else (Maths(total, layer.values),)
    once = (f" {layer.row.once:+,}",) if layer.row.once else ()
    return (layer.name,), (layer.row.kind,), (thousands(layer.row.total),), (*how, *once)


def _layer(layer: MeasuredLayerDerivation, derivation: MeasureDerivation, explained: dict[Any, Link]) -> Section:
    """Make the section of a layer; one whose terms are those of an earlier one refers to that."""
    given = ", ".join(map(shape_text, layer.input_shapes))
    output = shape_text(layer.row.output_shape)
    aside = f"{given} → {output}" if given else output
    key = (layer.row.kind, layer.input_shapes, tuple((term.name, term.factors) for term in layer.terms))
    unit = derivation.measure.unit
    first = explained.setdefault(key, Link(layer.name, layer.name))
    blocks: list[Block] = []
    if first.text != layer.name:
        blocks.append(Paragraph(("Like ", first, ": ", Answer((thousands(layer.one),)), f" {unit}.")))
    else:
        blocks += _terms(layer, derivation.measure.term, unit)
    return Section(f"{layer.name} · {layer.row.kind}", aside, (*blocks, *_copies(layer)), layer.name)


def _terms(layer: MeasuredLayerDerivation, heading: str, unit: str) -> Iterator[Block]:
    rows = tuple(
        ((Name(term.name),), (Answer((SymbolicShape(term.symbolic_factors),), "long"),), (one_line(term.purpose),))
        for term in layer.terms
    )
    yield Table((heading, "factors", "what it is"), rows)
    if layer.symbols:
        yield _legend(layer.symbols)
    if len(layer.terms) > 1:
        yield Equations(tuple(_product(term, layer) for term in layer.terms), stepwise=False)
    written = written_sum(*(written_product(*term.symbolic_factors) for term in layer.terms))
    # multiplied out where that is shorter, as it is of several products
    least = min((written, layer.expr), key=lambda expr: len(notation.text(expr)))
    steps = without_repetitions(Maths(written), Maths(least), Maths(least, layer.values), Maths(layer.one))
    yield Equations((Equation((unit,), answers(steps)),))


def _legend(symbols: Sequence[SymbolMeaning]) -> Legend:
    """List the symbols; those with one meaning share a row."""
    groups: dict[str, list[SymbolMeaning]] = {}
    for each in symbols:
        groups.setdefault(each.meaning, []).append(each)
    return Legend(
        tuple(
            (
                tuple(between(", ", [Maths(symbol(each.name)) for each in group])),
                (Answer((", ".join(thousands(each.value) for each in group),)),),
                meaning,
            )
            for meaning, group in groups.items()
        )
    )


def _product(term: DerivedTerm, layer: MeasuredLayerDerivation) -> Equation:
    written = written_product(*term.symbolic_factors)
    steps = without_repetitions(Maths(written), Maths(written, layer.values), Maths(term.amount))
    return Equation((Name(term.name),), answers(steps))


def _copies(layer: MeasuredLayerDerivation) -> Iterator[Block]:
    """Derive what all copies come to; the first may be another than the rest."""
    once = layer.row.once
    if layer.copies == 1 and not once:
        return
    product: Cell = (Maths(written_product(layer.copies, layer.one), {}),)
    if once:
        product = (*product, f" {'-' if once < 0 else '+'} {thousands(abs(once))}")
    note: Cell = ("the first copy is another than the rest",) if once else ()
    copies = "1 copy" if layer.copies == 1 else f"{thousands(layer.copies)} copies"
    steps: tuple[Cell, ...] = ((Answer(product, "long"),), (Answer((Maths(layer.row.total),)),))
    yield Equations((Equation((copies,), steps, note),), stepwise=False)


# --- As data -----------------------------------------------------------------------------


def plain(derivation: MeasureDerivation) -> dict[str, Any]:
    """Return the object that JSON has of the derivation of a measure; the keys are stable."""
    found = derivation.measurement
    return {
        "paramcalc_derivation": VERSION,
        "name": found.name,
        "convention": found.convention,
        "measure": found.measure,
        "unit": found.unit,
        "node": derivation.node,
        "questions": [
            {"question": question, "answer": answer} for question, answer in derivation.measure.questions.items()
        ],
        "dims": exact(dims(found)),
        "layers": list(map(_layer_data, derivation.layers)),
        "form": None if derivation.form is None else form_data(derivation.form),
    }


def _layer_data(layer: MeasuredLayerDerivation) -> dict[str, Any]:
    counted = exact(row(layer.row))
    del counted["terms"]
    formula = expression(layer.expr)
    return {
        **counted,
        "input_shapes": [exact(shape(each)) for each in layer.input_shapes],
        "symbols": [
            {"name": each.name, "value": number(each.value), "meaning": each.meaning} for each in layer.symbols
        ],
        "terms": [_term_data(term, layer) for term in layer.terms],
        "formula": formula,
        "substitution": substituted(formula, layer.values),
        "value": number(layer.one),
    }


def _term_data(term: DerivedTerm, layer: MeasuredLayerDerivation) -> dict[str, Any]:
    formula = expression(term.product)
    return {
        "name": term.name,
        "factors": [expression(factor) for factor in term.symbolic_factors],
        "formula": formula,
        "substitution": substituted(formula, layer.values),
        "value": number(term.amount),
        "meaning": term.purpose,
    }
