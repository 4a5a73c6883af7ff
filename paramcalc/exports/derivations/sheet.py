"""The sheet of a derivation, which every notation prints: its words and its order, decided once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

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
    Maths,
    Name,
    Paragraph,
    Question,
    Section,
    SymbolicShape,
    Table,
)
from paramcalc.exports.derivations.forms import form_blocks
from paramcalc.exports.derivations.steps import answers, between, without_repetitions
from paramcalc.exports.derivations.totals import sum_table, trained_and_not
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


def document(derivation: Derivation, kind: Sheet = "derivation") -> Document:
    """Make the sheet of a derivation; of a worksheet and its key, the layers are numbered."""
    count = derivation.count
    added = {"derivation": "", "blank": "worksheet", "answers": "answers"}[kind]
    title = " · ".join(filter(None, (one_line(count.name) or derivation.node, count.convention, added)))
    blocks: list[Block] = [] if derivation.node else [Paragraph((_BATCH,))]
    blocks += _Sections(kind != "derivation").of(derivation)
    if len(derivation.parts) > 1:
        blocks.append(Section("The sum", "", (sum_table(derivation.parts),)))
    if derivation.node is None:
        blocks += [Paragraph((f"Note: {note}",)) for note in count.notes]
    return Document(title, kind, tuple(blocks))


class _Sections:
    """Makes sections of the parts of a derivation."""

    def __init__(self, is_numbered: bool) -> None:
        self.is_numbered = is_numbered
        self.layers = 0
        #: what was answered once is not answered again
        self.answered: set[Remark] = set()

    def of(self, derivation: Derivation) -> Iterator[Block]:
        """Make a section for each part; the model's own comes last."""
        for part in derivation.parts:
            if isinstance(part, GroupDerivation) and part.role == "model":
                yield from map(self.section, part.parts)
                yield _model(derivation, part)
            else:
                yield self.section(part)

    def section(self, part: NodeDerivation) -> Section:
        """Make the section of a layer with its questions, or of a group behind what is in it."""
        if isinstance(part, GroupDerivation):
            inner = tuple(map(self.section, part.parts))
            return Section(f"{part.name} · {_group_kind(part)}", "", (*inner, *_group_sum(part)))
        self.layers += 1
        number = f"{self.layers}. " if self.is_numbered else ""
        new = [remark for remark in part.remarks if remark not in self.answered]
        self.answered.update(new)
        title = f"{number}{part.name} · {part.row.kind}"
        return Section(title, shapes(part), (*_layer(part), *map(_question, new)))


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
        copies = () if layer.times == 1 else ("; in all copies ", Answer((thousands(layer.row.buffers),)))
        equation = Equation(("buffers",), answers(steps), ("apart from the parameters", *copies))
        yield Equations((equation,), stepwise=False)


def _question(remark: Remark) -> Question:
    return Question(remark.question, (Answer((remark.answer,), "lines"),))


# --- Groups, and the model -------------------------------------------------------------


def _group_kind(group: GroupDerivation) -> str:
    if group.role == "copies":
        return "its copies"
    kind = "a group" if group.block is None else f"the block {group.block}"
    return kind if group.times == 1 else f"{kind}, {thousands(group.times)} copies"


def _group_sum(group: GroupDerivation) -> list[Block]:
    """Derive the sum of the parts that own anything; the others add nothing."""
    parts = [part for part in group.parts if part.one]
    if not parts:
        return [Equations((Equation(("parameters",), ((Answer((Maths(0),)),),)),))]
    named = written_sum(*(_times(group.often(part), _relative(part, group)) for part in parts))
    values = written_sum(*(_times(group.often(part), part.one) for part in parts))
    note: Cell = (Answer((trained_and_not([group]),), "long"),) if group.times == 1 else ()
    steps = without_repetitions(Maths(named), Maths(values, {}), Maths(group.one))
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


def _model(derivation: Derivation, model: GroupDerivation) -> Section:
    count = derivation.count
    blocks: list[Block] = [sum_table(model.parts, keras_bytes(count.bytes))]
    if derivation.form is not None:
        blocks += form_blocks(derivation.form, model.one)
    elif derivation.too_long:
        way_out = "'paramcalc formula' gives it, layer by layer."
        blocks.append(Paragraph((f"With so many sizes, the sum in symbols is left out here: {way_out}",)))
    return Section(f"{one_line(count.name)} · the whole model" if count.name else "The whole model", "", tuple(blocks))
