"""The sheet of a derivation, which every notation prints: its words and its order, decided once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from itertools import count as numbers
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
    Piece,
    Question,
    Section,
    SymbolicShape,
    Table,
    answers_in,
)
from paramcalc.exports.derivations.forms import form_blocks
from paramcalc.exports.derivations.steps import answers, between, exercise, without_repetitions, worksheet_heading
from paramcalc.exports.derivations.totals import sum_table, trained_and_not, where_they_sit
from paramcalc.exports.numbers import keras_bytes, thousands
from paramcalc.layers.base.axes import shape_text
from paramcalc.layers.base.declaration import Remark
from paramcalc.results.derivation import (
    Derivation,
    DerivedTensor,
    GroupDerivation,
    LayerDerivation,
    NodeDerivation,
    Sheet,
)
from paramcalc.results.formula import symbol
from paramcalc.results.layer_symbols import SymbolMeaning

_BATCH = "None in a shape is the batch, of any size: no tensor depends on it."


# --- The derivation as a sheet ---------------------------------------------------------


def document(derivation: Derivation, kind: Sheet = "derivation", brief: bool = False) -> Document:
    """Make the sheet of a derivation, from the whole to its layers; of a worksheet and its key, the other way round.

    A `brief` one has a line for each layer.
    """
    sheet, count = _Sheet(derivation, kind, brief), derivation.count
    added = {"derivation": "", "blank": "worksheet", "answers": "answers"}[kind]
    title = " · ".join(filter(None, (one_line(count.name) or derivation.node, count.convention, added)))
    if kind != "derivation":
        return Document(title, kind, tuple(sheet.worksheet()))
    total = () if derivation.node else (_total(derivation),)
    return Document(title, kind, tuple(sheet.brief() if brief else sheet.whole()), total)


class _Sheet:
    """Makes the blocks of a sheet; on a worksheet and its key, exercises are numbered and have points."""

    def __init__(self, derivation: Derivation, kind: Sheet, brief: bool) -> None:
        self.derivation = derivation
        self.kind = kind
        self.is_exercise = kind != "derivation"
        self.exercises = 0
        self.points = 0
        #: the parts that have sections, and the names of these in links
        self.anchors = {} if brief else _anchors(derivation.parts)
        #: layers that were explained, with how they are called, by what those like them have in common
        self.explained: dict[Any, list[tuple[LayerDerivation, str]]] = {}
        #: what was answered once is not answered again
        self.answered: set[Remark] = set()

    # --- a page

    def whole(self) -> Iterator[Block]:
        """Make the model's part, then a section for each of its parts; of nodes asked for, their sum first."""
        yield from self.summary()
        if self.derivation.node is None:
            yield Paragraph((_BATCH,))
        yield from self.sections(self.parts)

    def brief(self) -> Iterator[Block]:
        """Make the model's part, and a line for each layer."""
        yield from self.summary()
        rows = tuple(map(_line, self.derivation.layers))
        yield Table(("layer", "type", "parameters", "calculation"), rows, (2,), one_line=True)

    def worksheet(self) -> Iterator[Block]:
        """Make exercises: the layers, the groups that they add up to, the whole."""
        blocks: list[Block] = [*self.sections(self.parts)]
        if self.derivation.node is None and self.exercises:
            size = keras_bytes(self.derivation.count.bytes)
            own = (sum_table(self.parts, size), *self.form_blocks())
            blocks.append(self.section_of("The whole model", "", own, "whole"))
        elif len(self.parts) > 1 and self.exercises:
            blocks.append(self.section_of("The sum", "", (sum_table(self.parts),), "sum"))
        if not self.exercises:
            blocks.append(Paragraph(("There is nothing to work out: no layer here owns a tensor.",)))
        yield worksheet_heading(self.points, self.kind == "blank")
        yield from [*blocks, *self.notes()]

    # --- the whole

    @property
    def parts(self) -> tuple[NodeDerivation, ...]:
        """The parts of the model, or those asked for."""
        first = self.derivation.parts[0]
        is_model = isinstance(first, GroupDerivation) and first.role == "model"
        return first.parts if isinstance(first, GroupDerivation) and is_model else self.derivation.parts

    def summary(self) -> Iterator[Block]:
        """Make the closed form of the model, and the table of where its parameters sit."""
        if self.derivation.node is None:
            form = tuple(self.form_blocks())
            if form:
                yield Section("The closed form, in the sizes of the spec", "", form, "closed-form")
            if self.derivation.count.total:
                table = where_they_sit(self.parts, self.derivation.form, self.linked)
                yield Section("Where the parameters sit", "", (table,), "where")
            yield from self.notes()
        elif len(self.parts) > 1:
            yield Section("The sum", "", (sum_table(self.parts),), "sum")

    def form_blocks(self) -> Iterator[Block]:
        """Make the blocks of the closed form, or say why there is none."""
        derivation = self.derivation
        if derivation.form is not None:
            yield from form_blocks(derivation.form, derivation.count.total)
        elif derivation.too_long:
            way_out = "'paramcalc formula' gives it, layer by layer."
            yield Paragraph((f"With so many sizes, the sum in symbols is left out here: {way_out}",))

    def notes(self) -> Iterator[Block]:
        """Give the notes of the count."""
        if self.derivation.node is None:
            yield from (Paragraph((f"Note: {note}",)) for note in self.derivation.count.notes)

    def linked(self, part: NodeDerivation) -> Piece:
        """Return the name of a part, which leads to its section."""
        anchor = self.anchors.get(id(part))
        return part.name if anchor is None else Link(part.name, anchor)

    # --- sections

    def sections(self, parts: Sequence[NodeDerivation]) -> Iterator[Section]:
        """Make a section for each part, a group's with those of what is in it.

        On a worksheet, a group comes after those, and what owns no tensors has no section.
        """
        for part in parts:
            if isinstance(part, LayerDerivation):
                if part.tensors or not self.is_exercise:
                    yield self.layer(part)
                continue
            if not self.is_exercise:
                yield self.group(part)
                continue
            inner = list(self.sections(part.parts))
            yield from inner
            if inner:
                yield self.group(part)

    def group(self, group: GroupDerivation) -> Section:
        """Make the section of a group; of a derivation, with those of what is in it."""
        links = {_relative(part, group): self.anchors.get(id(part), "") for part in group.parts}
        title, anchor = f"{group.name} · {_group_kind(group)}", self.anchors.get(id(group), "")
        section = self.section_of(title, "", tuple(_group_sum(group, links)), anchor)
        if self.is_exercise:
            return section
        return replace(section, blocks=(*section.blocks, *self.sections(group.parts)))

    def layer(self, layer: LayerDerivation) -> Section:
        """Make the section of a layer, with its questions; one that is like an earlier one refers to that."""
        anchor = self.anchors.get(id(layer), "")
        title = f"{layer.name} · {layer.row.kind}"
        first = self.first_alike(layer)
        if first is not None:
            return self.section_of(title, shapes(layer), tuple(_reference(layer, first)), anchor)
        new = [remark for remark in layer.remarks if remark not in self.answered]
        self.answered.update(new)
        return self.section_of(title, shapes(layer), (*_layer(layer), *map(_question, new)), anchor)

    def section_of(self, title: str, aside: str, blocks: tuple[Block, ...], anchor: str) -> Section:
        """Make a section; an exercise has a number and points."""
        if not self.is_exercise:
            return Section(title, aside, blocks, anchor)
        self.exercises += 1
        self.points += answers_in(blocks)
        return exercise(self.exercises, title, aside, blocks, anchor)

    def first_alike(self, layer: LayerDerivation) -> Link | None:
        """Return a link to the first layer of the same type, fields and shapes; None where this one is the first."""
        leaf = layer.row.leaf
        if leaf is None or leaf.shared:
            return None
        standings = tuple((tensor.name, tensor.shape, tensor.standing, tensor.counts) for tensor in layer.tensors)
        common = self.explained.setdefault((layer.row.kind, layer.input_shapes, layer.row.output_shape, standings), [])
        for first, called in common:
            if first.row.leaf is not None and first.row.leaf.layer == leaf.layer:
                return Link(called, self.anchors[id(first)])
        number = f"exercise {self.exercises + 1}, " if self.is_exercise else ""
        common.append((layer, f"{number}{layer.name}"))
        return None


def _anchors(parts: Sequence[NodeDerivation]) -> dict[int, str]:
    """Name the section of each part after it: with a number, where a part within another has its name."""
    anchors: dict[int, str] = {}
    taken: set[str] = set()

    def add(part: NodeDerivation) -> None:
        anchor = next(
            each for each in chain([part.name], (f"{part.name}~{number}" for number in numbers(2))) if each not in taken
        )
        taken.add(anchor)
        anchors[id(part)] = anchor
        for inner in part.parts if isinstance(part, GroupDerivation) else ():
            add(inner)

    for part in parts:
        add(part)
    return anchors


def _total(derivation: Derivation) -> str:
    """Say what a network comes to: how many, how many of them are trained, and their bytes."""
    count = derivation.count
    trained = "all trained" if count.total == count.trainable else trained_and_not(derivation.parts)
    size = keras_bytes(count.bytes)
    return f"{thousands(count.total)} parameters, {trained} · {size}" if count.total else "0 parameters"


# --- A layer ---------------------------------------------------------------------------


def _layer(layer: LayerDerivation) -> Iterator[Block]:
    yield Paragraph((layer.summary,))
    if layer.tensors:
        yield _tensors(layer)
    if layer.symbols:
        yield _legend(layer)
    if layer.tensors and not (len(layer.tensors) == 1 == len(layer.terms)):
        yield Equations(tuple(_product(tensor, layer.values) for tensor in layer.tensors), stepwise=False)
    yield Equations((_layer_sum(layer),))
    yield from _copies(layer)
    yield from _buffers(layer)


def shapes(layer: LayerDerivation) -> str:
    """Write the shapes of a layer's inputs and output."""
    given = ", ".join(map(shape_text, layer.input_shapes))
    return f"{given} → {shape_text(layer.row.output_shape)}" if given else shape_text(layer.row.output_shape)


def _tensors(layer: LayerDerivation) -> Table:
    rows = tuple(
        (
            (Name(tensor.name),),
            (Answer((SymbolicShape(tensor.symbolic_shape),)),),
            (Answer((tensor.standing,)),),
            (one_line(tensor.purpose),),
        )
        for tensor in layer.tensors
    )
    return Table(("tensor", "shape", "trained?", "what it is for"), rows)


def _legend(layer: LayerDerivation) -> Legend:
    """List the symbols; those with one meaning share a row."""
    groups: dict[str, list[SymbolMeaning]] = {}
    for each in layer.symbols:
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


def _product(tensor: DerivedTensor, values: Mapping[str, int]) -> Equation:
    """Derive the elements of a tensor: the product, the numbers put in, the value."""
    written = written_product(*tensor.symbolic_shape)
    steps = without_repetitions(Maths(written), Maths(written, values), Maths(tensor.elements))
    return Equation((Name(tensor.name),), answers(steps))


def _layer_sum(layer: LayerDerivation) -> Equation:
    """Derive the parameters of one copy from the sum of products."""
    if not layer.terms:
        nothing = "" if layer.tensors or layer.row.leaf is None or layer.row.leaf.shared else ": it owns no tensors"
        return Equation(("parameters",), ((Answer((Maths(0), nothing)),),))
    written = written_sum(*(written_product(*tensor.symbolic_shape) for tensor in layer.terms))
    shorter = [] if _is_simple(layer) else [Maths(layer.expr)]
    put_in = Maths(written if _is_simple(layer) else layer.expr, layer.values)
    steps = without_repetitions(Maths(written), *shorter, put_in, Maths(layer.one))
    note: Cell = (Answer((split,), "long"),) if layer.times == 1 and (split := trained_and_not([layer])) else ()
    return Equation(("parameters",), answers(steps), note)


def _is_simple(layer: LayerDerivation) -> bool:
    """Return whether the sum of products cannot be written shorter: as many terms, and no size that is a product."""
    sizes = [size for tensor in layer.terms for size in tensor.symbolic_shape]
    return len(layer.expr.as_ordered_terms()) == len(layer.terms) and all(size.is_Atom for size in sizes)


def _buffers(layer: LayerDerivation) -> Iterator[Block]:
    buffers = [tensor.elements for tensor in layer.tensors if tensor.standing == "buffer"]
    if buffers:
        steps = without_repetitions(Maths(written_sum(*buffers), {}), Maths(sum(buffers)))
        copies = () if layer.times == 1 else ("; in all copies ", Answer((thousands(layer.times * sum(buffers)),)))
        equation = Equation(("buffers",), answers(steps), ("apart from the parameters", *copies))
        yield Equations((equation,), stepwise=False)


def _question(remark: Remark) -> Question:
    return Question(remark.question, (Answer((remark.answer,), "lines"),))


def _reference(layer: LayerDerivation, first: Link) -> Iterator[Block]:
    """Refer to an earlier layer that this one is like: it has as many parameters."""
    if not layer.tensors:
        yield Paragraph(("Like ", first, ": it owns no tensors."))
        return
    yield Paragraph(("Like ", first, ": ", Answer((thousands(layer.one),)), " parameters."))
    yield from _copies(layer)


def _line(layer: LayerDerivation) -> tuple[Cell, ...]:
    """Make the row of a layer: its parameters, and their calculation in numbers."""
    number = thousands(layer.one * layer.times)
    products = [written_product(*tensor.symbolic_shape) for tensor in layer.terms]
    how: Cell
    if not products:
        how = (", ".join(f"{tensor.name}: {tensor.standing}" for tensor in layer.tensors),)
    elif len(products) == 1:
        product = written_product(layer.times, *products)
        how = () if notation.text(product, layer.values) == number else (Maths(product, layer.values),)
    elif layer.times == 1:
        how = (Maths(written_sum(*products), layer.values),)
    else:
        how = (f"{thousands(layer.times)} · (", Maths(written_sum(*products), layer.values), ")")
    return ((layer.name,), (layer.row.kind,), (number,), how)


# --- Groups ----------------------------------------------------------------------------


def _group_kind(group: GroupDerivation) -> str:
    if group.role == "copies":
        return "its copies"
    kind = "a group" if group.block is None else f"the block {group.block}"
    return kind if group.times == 1 else f"{kind}, {thousands(group.times)} copies"


def _group_sum(group: GroupDerivation, links: Mapping[str, str]) -> list[Block]:
    """Derive the sum of the parts that own anything; the others add nothing."""
    parts = [part for part in group.parts if part.one]
    if not parts:
        return [Equations((Equation(("parameters",), ((Answer((Maths(0),)),),)),))]
    named = written_sum(*(_times(group.often(part), _relative(part, group)) for part in parts))
    values = written_sum(*(_times(group.often(part), part.one) for part in parts))
    note: Cell = (Answer((trained_and_not([group]),), "long"),) if group.times == 1 else ()
    steps = without_repetitions(Maths(named, links=links), Maths(values, {}), Maths(group.one))
    return [Equations((Equation(("parameters",), answers(steps), note),)), *_copies(group)]


def _times(often: int, part: Any) -> Any:
    return part if often == 1 else written_product(often, part)


def _relative(part: NodeDerivation, group: GroupDerivation) -> str:
    """Return the name of a part within its group; a copy keeps the name of what it is a copy of."""
    name = part.name.removeprefix(f"{group.name}.")
    return name if name[:1].isalpha() else ".".join((group.name.rpartition(".")[2], name))


def _copies(part: NodeDerivation) -> Iterator[Block]:
    """Derive the parameters of all copies from those of one."""
    if part.times == 1 or not part.one:
        return
    steps = without_repetitions(Maths(written_product(part.times, part.one), {}), Maths(part.times * part.one))
    note = (Answer((trained_and_not([part]),), "long"),)
    yield Equations((Equation((f"{thousands(part.times)} copies",), answers(steps), note),), stepwise=False)
