"""Spec to derivation: why each layer has the parameters it has, as data that can be printed.

The symbols come from the same declaration as the numbers: each layer is run once more, with
a symbol in the place of each of its sizes. Layers add up to groups, and these to the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from itertools import count as numbers
from typing import Any, Literal, TypeAlias

import sympy

from paramcalc.conventions import evaluated, field_environment
from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.display import Displayed, printed
from paramcalc.core.errors import ParamcalcError, refuse, suggest
from paramcalc.graph import BranchRole, Leaf, Tree
from paramcalc.layers.base.declaration import Layer, Remark
from paramcalc.results.count import Count, LayerCount, count
from paramcalc.results.formula import MOST_SYMBOLS, Formula, formula, name_widths, symbol
from paramcalc.spec import Spec, Value

#: The derivation itself; the same as a worksheet, with blanks; and the key of the worksheet.
Sheet: TypeAlias = Literal["derivation", "blank", "answers"]


@dataclass(frozen=True)
class SymbolMeaning:
    """A symbol of a derivation, its value and what it stands for."""

    name: str
    value: int
    meaning: str


@dataclass(frozen=True)
class DerivedTensor:
    """A tensor with its shape in symbols and in numbers."""

    name: str
    #: the kind's own tensors that it holds, by their names in the declaration
    members: tuple[str, ...]
    symbolic_shape: tuple[Any, ...]
    shape: Shape
    elements: Number
    #: `trained`, `not trained`, `frozen`, `buffer`, or `tied to …`
    standing: str
    purpose: str
    #: whether it counts in the total of this row
    counts: bool

    @property
    def product(self) -> Any:
        """The product of its sizes, in symbols."""
        return sympy.sympify(algebra.product(self.symbolic_shape))


@dataclass(frozen=True)
class LayerDerivation:
    """One layer: what it does, its symbols and tensors, and the sum."""

    row: LayerCount
    summary: str
    input_shapes: tuple[Shape, ...]
    symbols: tuple[SymbolMeaning, ...]
    tensors: tuple[DerivedTensor, ...]
    #: what people ask of it, and the answers
    remarks: tuple[Remark, ...]

    @property
    def name(self) -> str:
        """Its path."""
        return self.row.name

    @property
    def times(self) -> int:
        """How often it stands in the network."""
        return int(self.row.times)

    @property
    def one(self) -> int:
        """The parameters of one copy."""
        return sum(int(tensor.elements) for tensor in self.terms)

    @property
    def rows(self) -> tuple[LayerCount, ...]:
        """Its row of the count."""
        return (self.row,)

    @property
    def terms(self) -> tuple[DerivedTensor, ...]:
        """The tensors that the sum adds up."""
        return tuple(tensor for tensor in self.tensors if tensor.counts)

    @property
    def expr(self) -> Any:
        """The parameters of one copy, in symbols."""
        return sympy.expand(sympy.Add(*(tensor.product for tensor in self.terms)))

    @property
    def values(self) -> dict[str, int]:
        """The value of each symbol."""
        return {each.name: each.value for each in self.symbols}


@dataclass(frozen=True)
class GroupDerivation:
    """A group, the copies of a repeated node, or the model: the sum of its parts."""

    #: its path; that of the model is empty
    name: str
    role: BranchRole
    #: of a group that is the call of a block, the block's name
    block: str | None
    #: how often it stands in the network
    times: int
    parts: tuple[Part, ...]

    def often(self, part: Part) -> int:
        """How often a part stands in one copy of the group."""
        return part.times // self.times

    @property
    def one(self) -> int:
        """The parameters of one copy."""
        return sum(self.often(part) * part.one for part in self.parts)

    @property
    def rows(self) -> tuple[LayerCount, ...]:
        """The rows of the count that are in it."""
        return tuple(row for part in self.parts for row in part.rows)


Part: TypeAlias = LayerDerivation | GroupDerivation


@dataclass(frozen=True)
class Derivation(Displayed):
    """The derivation of a spec, or of the nodes asked for."""

    count: Count
    #: the model; or the layers and groups that were asked for
    parts: tuple[Part, ...]
    #: the path that was asked for, if one was
    node: str | None
    #: the closed form of a whole spec; None, where it has none, or one too long for a reader
    form: Formula | None
    #: whether it is too long
    too_long: bool = False

    @property
    def layers(self) -> tuple[LayerDerivation, ...]:
        """The derivations of the layers, in order of the graph."""
        return tuple(_layers(self.parts))

    def to(self, target: str = "text", *, sheet: Sheet = "derivation", standalone: bool = False) -> str:
        """The derivation as `text`, `markdown`, `latex` or `html`.

        As a `sheet`, it may be a worksheet, `blank`, or its key, `answers`. LaTeX that is `standalone`
        is a document, and needs no other.
        """
        return printed(self, target, sheet=sheet, standalone=standalone)

    def __str__(self) -> str:
        return self.to("text")


def explain(
    spec: Spec,
    convention: str | None = None,
    *,
    node: str | None = None,
    dims: Mapping[str, Value] | None = None,
) -> Derivation:
    """Why a spec has the parameters it has.

    `node` is the path of a layer or a group, the only one to be explained: as the rows of a
    count name it, with or without the counters of repeated nodes. Raises `ParamcalcError`, among
    others `unknown-node`.
    """
    if any(map(algebra.is_array, (dims or {}).values())):
        raise refuse("not-one-value", "a derivation is of one size of each dim, not of an array of them")
    counted = count(spec, convention, dims=dims)
    model = _Deriver(counted).model()
    if node is None:
        return Derivation(counted, (model,), None, *_closed_form(spec, convention, dims))
    parts = tuple(_within(model, node))
    if not parts:
        names = [row.name for row in counted.layers]
        hint = suggest(node, names) or "'paramcalc count' lists the names"
        raise refuse("unknown-node", f"there is no node '{node}'", hint)
    return Derivation(counted, parts, node, None)


def _closed_form(spec: Spec, convention: str | None, dims: Mapping[str, Value] | None) -> tuple[Formula | None, bool]:
    """The closed form of a spec, None where there is none; and whether it is left out, as too long for a reader."""
    if not spec.dims and len(name_widths(spec)[1]) > MOST_SYMBOLS:
        return None, True
    try:
        form = formula(spec, convention, dims=dims)
    except ParamcalcError:
        # the count stands without it
        return None, False
    too_long = len(form.symbols) > MOST_SYMBOLS
    return (form if form.symbols and not too_long else None), too_long


def _layers(parts: Sequence[Part]) -> Iterator[LayerDerivation]:
    for part in parts:
        if isinstance(part, LayerDerivation):
            yield part
        else:
            yield from _layers(part.parts)


def _within(part: Part, node: str) -> Iterator[Part]:
    """The outermost parts that are the node of a path, or in it."""
    if part.name and _is_within(part.name, node):
        yield part
    elif isinstance(part, GroupDerivation):
        for inner in part.parts:
            yield from _within(inner, node)


def _is_within(name: str, path: str) -> bool:
    """Whether a row is the node of a path, or in it. Ranges of copies match each of their numbers."""
    parts, asked = _parts(name), _parts(path)
    place = 0
    for part in parts:
        if place == len(asked):
            return True
        if asked[place] == part or _in_range(asked[place], part):
            place += 1
        elif not part[:1].isdigit():
            return False
    return place == len(asked)


def _parts(name: str) -> list[str]:
    """The parts of a path, a range of copies (0..11) kept as one."""
    return [part.replace("\0", "..") for part in name.replace("..", "\0").split(".")]


def _in_range(number: str, part: str) -> bool:
    first, separator, last = part.partition("..")
    return bool(separator) and number.isdigit() and last.isdigit() and int(first) <= int(number) <= int(last)


class _Deriver:
    """Derives the parts of a count."""

    def __init__(self, counted: Count) -> None:
        self.rows = {id(row.leaf): row for row in counted.layers}
        self.root = counted.root
        #: the row that each tensor stands in, shared ones aside
        self.owners = {
            id(use): row.name
            for row in counted.layers
            if row.leaf is not None and not row.leaf.shared
            for use in row.leaf.uses
        }

    def model(self) -> GroupDerivation:
        """The whole."""
        return GroupDerivation("", "model", None, 1, tuple(self._parts(self.root.children, 1)))

    def _parts(self, trees: Sequence[Tree], times: int) -> Iterator[Part]:
        for tree in trees:
            copies = times * int(tree.times)
            if isinstance(tree, Leaf):
                # the input of a layer on its own has no row
                if id(tree) in self.rows:
                    yield self._layer(self.rows[id(tree)], tree)
                continue
            parts = tuple(self._parts(tree.children, copies))
            if len(parts) == 1:
                yield parts[0]  # copies that are all alike are one part, which stands so many times
            else:
                yield GroupDerivation(tree.name, tree.role, tree.block, copies, parts)

    def _layer(self, row: LayerCount, leaf: Leaf) -> LayerDerivation:
        tensors, meanings = _derived_tensors(row, leaf) if row.tensors else ((), [])
        used = {each.name for tensor in tensors for size in tensor.symbolic_shape for each in size.free_symbols}
        return LayerDerivation(
            row,
            type(leaf.layer).summary(),
            leaf.input_shapes,
            tuple(each for each in meanings if each.name in used),
            tensors,
            tuple(self._remarks(leaf, tensors)),
        )

    def _remarks(self, leaf: Leaf, tensors: Sequence[DerivedTensor]) -> Iterator[Remark]:
        """What people ask of the layer at its place, then of its kind."""
        if leaf.shared and leaf.uses:
            owner = self.owners.get(id(leaf.uses[0]), "another place")
            yield Remark("Why does it add nothing?", f"Its tensors are those of {owner}, and were counted there.")
            return
        for tensor in tensors:
            if tensor.standing.startswith("tied"):
                yield Remark(
                    f"Why is {tensor.name} free?",
                    f"It is {tensor.standing}: the same numbers, used in two places. They are stored once, and"
                    " counted there.",
                )
        environment = field_environment(leaf.layer, leaf.input_shapes)
        for remark in type(leaf.layer).remarks:
            if algebra.truth(evaluated(remark.when, environment)):
                yield remark


def _derived_tensors(row: LayerCount, leaf: Leaf) -> tuple[tuple[DerivedTensor, ...], list[SymbolMeaning]]:
    """The tensors of a layer in numbers and in symbols, and what the symbols stand for."""
    layer, shapes, meanings = _in_symbols(leaf.layer, leaf.input_shapes)
    try:
        _, symbolic = layer.infer(*shapes)
    except algebra.Undecided:
        # tensors that depend on which of two sizes is larger are shown in numbers
        meanings, (_, symbolic) = [], leaf.layer.infer(*leaf.input_shapes)
    owned = [tensor.shape for tensor in symbolic if algebra.truth(tensor.condition)]
    tensors = tuple(
        DerivedTensor(
            tensor.name,
            tuple(leaf.uses[member].tensor.name for member in shape.members),
            tuple(map(sympy.sympify, shape.shape)),
            tensor.shape,
            tensor.elements,
            tensor.standing,
            tensor.purpose,
            tensor.tied_to is None and row.spelling.counts(tensor.role),
        )
        for tensor, shape in zip(row.tensors, row.spelled(leaf, owned), strict=True)
    )
    return tensors, meanings


def _in_symbols(layer: Layer, inputs: Sequence[Shape]) -> tuple[Layer, list[Shape], list[SymbolMeaning]]:
    """The layer with a symbol in the place of each size that is stated, and of each input's axis."""
    meanings: list[SymbolMeaning] = []

    def stand_in(name: str, size: Number, meaning: str) -> Number:
        if type(size) is not int:
            return size
        # a layer within the layer may have the same letter for another size
        taken = {each.name: each for each in meanings}
        free = next(
            each
            for each in chain([name], (f"{name}_{number}" for number in numbers(2)))
            if each not in taken or (taken[each].value, taken[each].meaning) == (size, meaning)
        )
        if free not in taken:
            meanings.append(SymbolMeaning(free, size, meaning))
        return symbol(free)

    kind = type(layer)
    shapes = []
    for place, shape in enumerate(inputs):
        axes = kind.inputs[min(place, len(kind.inputs) - 1)]
        # a kind sees the channels last, wherever they are
        names = axes.symbols_at(len(shape), layer.channel_axis)
        shapes.append(
            tuple(
                stand_in(name, size, axes.meanings.get(name, f"size of axis {axis + 1} of the input"))
                for axis, (name, size) in enumerate(zip(names, shape, strict=True))
            )
        )
    return _fields_in_symbols(layer, stand_in), shapes, meanings


def _fields_in_symbols(layer: Layer, stand_in: Callable[[str, Number, str], Number]) -> Layer:
    """A layer, and the layers in it, with symbols in the place of its sizes."""
    kind = type(layer)
    values: dict[str, Any] = {}
    for name, letter in kind.lettered_fields().items():
        value, info = getattr(layer, name), kind.model_fields[name]
        if value is None or value == info.default:
            continue
        sizes = value if isinstance(value, tuple) else (value,)
        names = kind.symbol_names(name, letter, len(sizes))
        # what stands for it where it is absent, is of no interest here
        meaning = str(info.description).split(";")[0]
        made = tuple(stand_in(*each, meaning) for each in zip(names, sizes, strict=True))
        values[name] = made if isinstance(value, tuple) else made[0]
    for name in kind.nested_fields():
        value = getattr(layer, name)
        if isinstance(value, tuple):
            values[name] = tuple(_fields_in_symbols(each, stand_in) for each in value)
        elif value is not None:
            values[name] = _fields_in_symbols(value, stand_in)
    return layer.model_copy(update=values)
