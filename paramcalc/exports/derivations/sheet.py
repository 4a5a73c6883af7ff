"""The sheet that every notation prints: its words and its order, decided once.

A sheet is made of blocks, and their cells of words, names and formulas. What a student is to find
out stands in an `Answer`: a worksheet leaves it blank, and the key gives it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from paramcalc.core import notation
from paramcalc.core.notation import written_product, written_sum
from paramcalc.exports.tables import readable_bytes, thousands
from paramcalc.layers.base.declaration import Remark, shape_text
from paramcalc.results.derivation import (
    Derivation,
    DerivedTensor,
    GroupDerivation,
    LayerDerivation,
    Part,
    Sheet,
    SymbolMeaning,
)
from paramcalc.results.formula import Formula, symbol

# --- What a sheet is made of -----------------------------------------------------------


@dataclass(frozen=True)
class Name:
    """A name of the spec or of a framework, to be set as code is."""

    text: str


@dataclass(frozen=True)
class Maths:
    """A formula; with `values`, the numbers in place of the symbols."""

    expr: Any
    values: Mapping[str, int] | None = None
    #: the sizes at which the largest term stands first; without them, it is the one of highest degree
    at: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Tuple:
    """A shape, in symbols."""

    sizes: tuple[Any, ...]


@dataclass(frozen=True)
class Answer:
    """What a worksheet leaves blank."""

    content: Cell
    #: how much there is to write: `short`, `long`, or `lines`
    room: str = "short"


Inline: TypeAlias = "str | Name | Maths | Tuple | Answer"
Cell: TypeAlias = tuple[Inline, ...]


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    content: Cell


@dataclass(frozen=True)
class Table:
    """Rows of cells under headings."""

    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    #: the columns of numbers
    numbers: tuple[int, ...] = ()
    #: rows below a rule
    totals: tuple[tuple[Cell, ...], ...] = ()


@dataclass(frozen=True)
class Legend:
    """Symbols, their values where they have any, and what they stand for."""

    rows: tuple[tuple[Cell, Cell, str], ...]


@dataclass(frozen=True)
class Equation:
    """What is on the left, and the steps that it equals, one after the other."""

    left: Cell
    steps: tuple[Cell, ...]
    note: Cell = ()


@dataclass(frozen=True)
class Equations:
    """Equations below each other; `stepwise`, each step has a line."""

    equations: tuple[Equation, ...]
    stepwise: bool = True


@dataclass(frozen=True)
class Question:
    """What people ask, and the answer."""

    question: str
    answer: Cell


@dataclass(frozen=True)
class Section:
    """A part under a heading of its own; `aside` stands beside it."""

    title: str
    aside: str
    blocks: tuple[Block, ...]


Block: TypeAlias = Paragraph | Table | Legend | Equations | Question | Section


@dataclass(frozen=True)
class Document:
    """A whole sheet."""

    title: str
    kind: Sheet
    blocks: tuple[Block, ...]


_BATCH = "None in a shape is the batch, of any size: no tensor depends on it."


# --- The derivation as a sheet ---------------------------------------------------------


def document(derivation: Derivation, kind: Sheet = "derivation") -> Document:
    """The sheet of a derivation; of a worksheet and its key, the layers are numbered."""
    count = derivation.count
    added = {"derivation": "", "blank": "worksheet", "answers": "answers"}[kind]
    title = " · ".join(filter(None, (count.name or derivation.node, count.convention, added)))
    blocks: list[Block] = [] if derivation.node else [Paragraph((_BATCH,))]
    blocks += _Sections(kind != "derivation").of(derivation)
    if len(derivation.parts) > 1:
        blocks.append(Section("The sum", "", (_sum(derivation.parts),)))
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
        """A section for each part; the model's own comes last."""
        for part in derivation.parts:
            if isinstance(part, GroupDerivation) and part.role == "model":
                yield from map(self.section, part.parts)
                yield _model(derivation, part)
            else:
                yield self.section(part)

    def section(self, part: Part) -> Section:
        """A layer with its questions, or a group behind what is in it."""
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
    """The shapes of a layer's inputs and output."""
    given = ", ".join(map(shape_text, layer.input_shapes))
    return f"{given} → {shape_text(layer.row.output_shape)}" if given else shape_text(layer.row.output_shape)


def _tensors(layer: LayerDerivation) -> Table:
    rows = tuple(
        (
            (Name(tensor.name),),
            (Answer((Tuple(tensor.symbolic_shape),)),),
            (Answer((tensor.standing,)),),
            (tensor.purpose,),
        )
        for tensor in layer.tensors
    )
    return Table(("tensor", "shape", "trained?", "what it is for"), rows)


def _legend(layer: LayerDerivation) -> Legend:
    """Symbols with one meaning share a row."""
    groups: dict[str, list[SymbolMeaning]] = {}
    for each in layer.symbols:
        groups.setdefault(each.meaning, []).append(each)
    return Legend(
        tuple(
            (
                tuple(_between(", ", [Maths(symbol(each.name)) for each in group])),
                (Answer((", ".join(thousands(each.value) for each in group),)),),
                meaning,
            )
            for meaning, group in groups.items()
        )
    )


def _product(tensor: DerivedTensor, values: Mapping[str, int]) -> Equation:
    """The elements of a tensor: the product, the numbers put in, the value."""
    written = written_product(*tensor.symbolic_shape)
    steps = _steps(Maths(written), Maths(written, values), Maths(tensor.elements))
    return Equation((Name(tensor.name),), _answers(steps))


def _layer_sum(layer: LayerDerivation) -> Equation:
    """From the sum of products to the value of one copy."""
    if not layer.terms:
        nothing = "" if layer.tensors or layer.row.leaf is None or layer.row.leaf.shared else ": it owns no tensors"
        return Equation(("parameters",), ((Answer((Maths(0), nothing)),),))
    written = written_sum(*(written_product(*tensor.symbolic_shape) for tensor in layer.terms))
    shorter = [] if _is_simple(layer) else [Maths(layer.expr)]
    put_in = Maths(written if _is_simple(layer) else layer.expr, layer.values)
    steps = _steps(Maths(written), *shorter, put_in, Maths(layer.one))
    note: Cell = (Answer((split,), "long"),) if layer.times == 1 and (split := _split([layer])) else ()
    return Equation(("parameters",), _answers(steps), note)


def _is_simple(layer: LayerDerivation) -> bool:
    """Whether the sum of products cannot be written shorter: as many terms, and no size that is a product."""
    sizes = [size for tensor in layer.terms for size in tensor.symbolic_shape]
    return len(layer.expr.as_ordered_terms()) == len(layer.terms) and all(size.is_Atom for size in sizes)


def _buffers(layer: LayerDerivation) -> Iterator[Block]:
    buffers = [tensor.elements for tensor in layer.tensors if tensor.standing == "buffer"]
    if buffers:
        steps = _steps(Maths(written_sum(*buffers), {}), Maths(sum(buffers)))
        copies = () if layer.times == 1 else ("; in all copies ", Answer((thousands(layer.row.buffers),)))
        equation = Equation(("buffers",), _answers(steps), ("apart from the parameters", *copies))
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
    """The sum of the parts that own anything; the others add nothing."""
    parts = [part for part in group.parts if part.one]
    if not parts:
        return [Equations((Equation(("parameters",), ((Answer((Maths(0),)),),)),))]
    named = written_sum(*(_times(group.often(part), _relative(part, group)) for part in parts))
    values = written_sum(*(_times(group.often(part), part.one) for part in parts))
    note: Cell = (Answer((_split([group]),), "long"),) if group.times == 1 else ()
    steps = _steps(Maths(named), Maths(values, {}), Maths(group.one))
    return [Equations((Equation(("parameters",), _answers(steps), note),)), *_copies(group)]


def _times(often: int, part: Any) -> Any:
    return part if often == 1 else written_product(often, part)


def _relative(part: Part, group: GroupDerivation) -> str:
    """The name of a part within its group; a copy keeps the name of what it is a copy of."""
    name = part.name.removeprefix(f"{group.name}.")
    return name if name[:1].isalpha() else ".".join((group.name.rpartition(".")[2], name))


def _copies(part: Part) -> Iterator[Block]:
    """The step from one copy to all."""
    if part.times == 1 or not part.one:
        return
    steps = _steps(Maths(written_product(part.times, part.one), {}), Maths(part.times * part.one))
    note = (Answer((_split([part]),), "long"),)
    yield Equations((Equation((f"{thousands(part.times)} copies",), _answers(steps), note),), stepwise=False)


def _model(derivation: Derivation, model: GroupDerivation) -> Section:
    count = derivation.count
    blocks: list[Block] = [_sum(model.parts, readable_bytes(count.bytes))]
    if derivation.form is not None:
        blocks += [Paragraph(("In the sizes of the spec:",)), *form_blocks(derivation.form, model.one)]
    elif derivation.too_long:
        way_out = "'paramcalc formula' gives it, layer by layer."
        blocks.append(Paragraph((f"With so many sizes, the sum in symbols is left out here: {way_out}",)))
    return Section(f"{count.name} · the whole model" if count.name else "The whole model", "", tuple(blocks))


def form_blocks(form: Formula, value: int | None) -> Iterator[Block]:
    """A closed form: its symbols, the formula, the numbers put in, the value, and what it takes for granted."""
    if form.symbols:
        yield Legend(tuple(_size(form, name) for name in form.symbols))
    known = value is not None and set(form.symbols) <= set(form.values)
    substituted = [Maths(form.expr, form.values, form.values), Maths(value)] if known else []
    steps = _steps(Maths(form.expr, at=form.values), *substituted)
    yield Equations((Equation(("parameters",), _answers(steps)),))
    if form.conditions:
        yield Paragraph((f"where {'; '.join(form.conditions)}",))


def _size(form: Formula, name: str) -> tuple[Cell, Cell, str]:
    value = thousands(form.values[name]) if name in form.values else "any" if form.is_of_spec else ""
    return (Maths(form.symbols[name]),), (value,) if value else (), form.meanings.get(name, "")


def _sum(parts: Sequence[Part], size: str = "") -> Table:
    """What each part adds, and its share; those that own nothing are left out."""
    rows = [row for part in parts for row in part.rows]
    total = sum(row.total for row in rows)
    totals = [
        ("total", total, size),
        ("trained", sum(row.trainable for row in rows), ""),
        ("not trained", sum(row.non_trainable for row in rows), ""),
    ]
    buffers = sum(row.buffers for row in rows)
    return Table(
        ("part", "parameters", "share", ""),
        tuple(_sum_row(part, total) for part in parts if part.one),
        (1, 2),
        tuple(
            ((name,), (Answer((thousands(number),)),), (), (Answer((more,)),) if more else ())
            for name, number, more in [*totals, *([("buffers, apart", buffers, "")] if buffers else [])]
        ),
    )


def _sum_row(part: Part, total: int) -> tuple[Cell, ...]:
    whole = part.one * part.times
    copies = () if part.times == 1 else (Answer((Maths(written_product(part.times, part.one), {}),)),)
    return ((part.name,), (Answer((thousands(whole),)),), (Answer((_share(whole, total),)),), copies)


def _share(part: int, whole: int) -> str:
    """A share in tenths of a per cent, rounded half up."""
    tenths = (2000 * part + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10} %"


def _split(parts: Sequence[Part]) -> str:
    """What is trained, and what is not, over all copies."""
    rows = [row for part in parts for row in part.rows]
    trained, fixed = sum(row.trainable for row in rows), sum(row.non_trainable for row in rows)
    named = [(trained, "trained"), (fixed, "not trained")]
    return ", ".join(f"{thousands(number)} {standing}" for number, standing in named if number)


# --- Steps -----------------------------------------------------------------------------


def _steps(*steps: Maths) -> list[Maths]:
    """Steps without those that read as the one before."""
    printed = [notation.text(step.expr, step.values, step.at) for step in steps]
    return [step for step, own, before in zip(steps, printed, [None, *printed], strict=False) if own != before]


def _answers(steps: Sequence[Maths]) -> tuple[Cell, ...]:
    """Steps for the student to find: the last is a number."""
    rooms = ["long"] * (len(steps) - 1) + ["short"]
    return tuple((Answer((step,), room),) for step, room in zip(steps, rooms, strict=True))


def _between(joint: str, items: Sequence[Inline]) -> Iterator[Inline]:
    for place, item in enumerate(items):
        if place:
            yield joint
        yield item
