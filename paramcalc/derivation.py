"""Spec to derivation: why each layer has the parameters it has, as data that can be printed.

The symbols come from the same declaration as the numbers: each layer is run once more, with
a symbol in the place of each of its sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from itertools import count as numbers
from typing import Any

import sympy

from paramcalc import algebra
from paramcalc.algebra import Number, Shape
from paramcalc.counting import Count, LayerCount, count, layer_spec
from paramcalc.errors import refuse, suggest
from paramcalc.formulas import symbol
from paramcalc.graph import Leaf
from paramcalc.layer import Layer
from paramcalc.spec import Spec, Value


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
    #: what stands beside the count: sharing, ties
    remarks: tuple[str, ...]

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
class Derivation:
    """The derivation of a spec, or of the nodes asked for."""

    count: Count
    layers: tuple[LayerDerivation, ...]
    #: the path that was asked for, if one was
    node: str | None

    def to(self, target: str = "text") -> str:
        """The derivation as `text`, `markdown`, `latex` or `html`."""
        from paramcalc.exports import derivations

        return derivations.render(self, target)

    def __str__(self) -> str:
        return self.to("text")

    def _repr_html_(self) -> str:
        return self.to("html")


def explain(
    spec: Spec | Layer,
    convention: str | None = None,
    *,
    node: str | None = None,
    dims: Mapping[str, Value] | None = None,
    input_shape: Sequence[Any] | None = None,
) -> Derivation:
    """Why a spec, or one layer on its own, has the parameters it has.

    `node` is the path of a layer or a group, the only one to be explained: as the rows of a
    count name it, with or without the counters of repeated nodes. Raises `ParamcalcError`, among
    others `unknown-node`.
    """
    if isinstance(spec, Layer):
        spec = layer_spec(spec, input_shape)
        node = node or spec.layers[-1].default_name
    counted = count(spec, convention, dims=dims)
    rows = [row for row in counted.layers if node is None or _is_within(row.name, node)]
    if not rows:
        names = [row.name for row in counted.layers]
        hint = suggest(node, names) or "'paramcalc count' lists the names"
        raise refuse("unknown-node", f"there is no node '{node}'", hint)
    return Derivation(counted, tuple(map(_derive, rows)), node)


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


def _derive(row: LayerCount) -> LayerDerivation:
    leaf = row.leaf
    assert leaf is not None
    tensors, meanings = _derived_tensors(row, leaf) if row.tensors else ((), [])
    used = {each.name for tensor in tensors for size in tensor.symbolic_shape for each in size.free_symbols}
    remarks = ["its tensors are those of another place, and were counted there"] if leaf.shared else []
    remarks += [f"{tensor.name} is {tensor.standing}: counted there" for tensor in tensors if "tied" in tensor.standing]
    return LayerDerivation(
        row,
        type(leaf.layer).summary(),
        leaf.input_shapes,
        tuple(each for each in meanings if each.name in used),
        tensors,
        tuple(remarks),
    )


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
