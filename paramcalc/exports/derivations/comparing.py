"""The sheet of a comparison: the tensors of two frameworks side by side, and what differs in words."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from paramcalc.core import notation
from paramcalc.core.lines import one_line
from paramcalc.core.notation import written_product
from paramcalc.exports.derivations.blocks import Block, Cell, Document, Maths, Name, Paragraph, Piece, Section, Table
from paramcalc.exports.derivations.sheet import shapes
from paramcalc.exports.numbers import summed, thousands
from paramcalc.exports.tables import value_text
from paramcalc.results.comparison import Choice, Comparison, LayerComparison, TensorPair
from paramcalc.results.derivation import DerivedTensor


def compared(comparison: Comparison) -> Document:
    """Make the sheet of a comparison: the layers that count differently, or those asked for, and the two totals."""
    left, right = comparison.conventions
    shown = [layer for layer in comparison.layers if layer.differs or comparison.node is not None]
    blocks: list[Block] = [_layer(layer, comparison.conventions) for layer in shown]
    alike = len(comparison.layers) - len(shown)
    words = f"{thousands(alike)} other {'layer counts' if alike == 1 else 'layers count'} alike in both."
    totals = _totals(comparison)
    blocks.append(
        Section("The two totals", "", (totals, *([Paragraph((words,))] if alike and shown else [])), "totals")
    )
    notes = [*comparison.left.count.notes, *comparison.right.count.notes]
    blocks += [Paragraph((f"Note: {note}",)) for note in notes if comparison.node is None]
    name = one_line(comparison.left.count.name) or comparison.node
    return Document(" · ".join(filter(None, (name, f"{left} and {right}"))), "derivation", tuple(blocks))


def _layer(layer: LayerComparison, conventions: tuple[str, str]) -> Section:
    left, right = conventions
    blocks: list[Block] = [Paragraph((layer.left.summary,))]
    if layer.pairs:
        rows = tuple(row for pair in layer.pairs for row in _rows(pair))
        label = "parameters" if layer.left.times == 1 else f"one of {thousands(layer.left.times)} copies"
        totals: tuple[Cell, ...] = ((label,), (), (thousands(layer.left.one),), (thousands(layer.right.one),))
        headings = (f"tensor in {left}", f"tensor in {right}", f"{left} counts", f"{right} counts")
        blocks.append(Table(headings, rows, (2, 3), (totals,)))
        blocks += [Paragraph(words) for pair in layer.pairs if pair.differs for words in _difference(pair, conventions)]
        blocks += [Paragraph((_choice(choice, conventions),)) for choice in layer.choices]
    if not layer.differs:
        blocks.append(Paragraph(("Both count alike.",)))
    return Section(f"{layer.left.name} · {layer.left.row.kind}", shapes(layer.left), tuple(blocks), layer.left.name)


def _rows(pair: TensorPair) -> Iterator[tuple[Cell, ...]]:
    for left, right in zip_longest(pair.left, pair.right):
        yield (_name(left), _name(right), (_counts(left),), (_counts(right),))


def _name(tensor: DerivedTensor | None) -> Cell:
    return (Name(tensor.name),) if tensor is not None else ()


def _counts(tensor: DerivedTensor | None) -> str:
    """Write how many elements count; how the tensor stands, where none of them do."""
    if tensor is None:
        return ""
    return thousands(tensor.elements) if tensor.counts else "tied" if tensor.tied_to is not None else "apart"


def _difference(pair: TensorPair, conventions: tuple[str, str]) -> Iterator[Cell]:
    """Tell what differs, tensor by tensor."""
    if not (pair.left and pair.right):
        only = conventions[0] if pair.left else conventions[1]
        for tensor in pair.left or pair.right:
            yield (*_elements(tensor), f" is only in {only}: {one_line(tensor.purpose)}.")
        return
    told: list[Piece] = []
    for name, side in zip(conventions, (pair.left, pair.right), strict=True):
        for tensor in side:
            told += ["; "] if told else []
            told += [*_elements(tensor), f" of {name}: {_becomes(tensor)}"]
    yield (*told, ".")


def _elements(tensor: DerivedTensor) -> Cell:
    written = written_product(*tensor.symbolic_shape)
    is_number = notation.text(written) == thousands(tensor.elements)
    size: Cell = () if is_number else (Maths(written), " = ")
    return (Name(tensor.name), " (", *size, Maths(tensor.elements), ")")


def _becomes(tensor: DerivedTensor) -> str:
    return f"counted, {tensor.standing}" if tensor.counts else f"kept apart, as a {tensor.standing}"


def _choice(choice: Choice, conventions: tuple[str, str]) -> str:
    left, right = map(value_text, (choice.left, choice.right))
    whose = f" of the {choice.within} within" if choice.within else ""
    return (
        f"The spec leaves '{choice.field}'{whose} open: {conventions[0]} takes {left}, {conventions[1]} {right}"
        f" ({choice.meaning})."
    )


def _totals(comparison: Comparison) -> Table:
    sides = [[row for part in each.parts for row in part.rows] for each in (comparison.left, comparison.right)]
    rows = []
    for name, key in [
        ("total", "total"),
        ("trained", "trainable"),
        ("not trained", "non_trainable"),
        ("buffers, apart", "buffers"),
    ]:
        left, right = (summed(getattr(row, key) for row in side) for side in sides)
        if left is not None and right is not None:
            rows.append(((name,), (thousands(left),), (thousands(right),), (_signed(right - left),)))
    return Table(("", *comparison.conventions, "difference"), tuple(rows), (1, 2, 3))


def _signed(number: int) -> str:
    return f"{number:+,}" if number else "0"
