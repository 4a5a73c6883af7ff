"""Spec to derivation: why each layer has the parameters it has, as data that can be printed.

The symbols come from the same declaration as the numbers: each layer is run once more, with
symbols in the place of its sizes. Layers add up to groups, and these to the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import sympy

from paramcalc.conventions import evaluated, field_environment
from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.display import Displayed, derived, printed
from paramcalc.core.errors import ParamcalcError, refuse, suggest
from paramcalc.core.expression import Environment
from paramcalc.graph import BranchRole, CopyRange, Leaf, Tree
from paramcalc.layers.base.declaration import Layer, Remark, Tensor
from paramcalc.results.count import Count, LayerCount, count
from paramcalc.results.formula import MOST_SYMBOLS, Formula, formula, name_widths
from paramcalc.results.layer_symbols import SymbolMeaning, in_symbols
from paramcalc.results.paths import is_within
from paramcalc.spec import Framework, Spec, Value

#: The derivation itself; the same as a worksheet, with blanks; and the key of the worksheet.
Sheet: TypeAlias = Literal["derivation", "blank", "answers"]
#: How a derivation may be printed.
Notation: TypeAlias = Literal["text", "markdown", "latex", "html"]


@dataclass(frozen=True)
class DerivedTensor:
    """A tensor with its shape in symbols and in numbers."""

    name: str
    #: the layer type's own tensors that it holds, by their names in the declaration
    members: tuple[str, ...]
    symbolic_shape: tuple[Any, ...]
    shape: Shape
    elements: Number
    #: `trained`, `not trained`, `frozen`, `buffer`, or `tied to …`
    standing: str
    #: the path of the tensor whose numbers these are, if it is tied
    tied_to: str | None
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
    #: the same as a list, with the numbers of copies, and the copies that each number stands for
    path: tuple[str, ...]
    copies: tuple[CopyRange, ...]
    role: BranchRole
    #: of a group that is the call of a block, the block's name
    block: str | None
    #: how often it stands in the network
    times: int
    parts: tuple[NodeDerivation, ...]

    def often(self, part: NodeDerivation) -> int:
        """Return how often a part stands in one copy of the group."""
        return part.times // self.times

    @property
    def one(self) -> int:
        """The parameters of one copy."""
        return sum(self.often(part) * part.one for part in self.parts)

    @property
    def rows(self) -> tuple[LayerCount, ...]:
        """The rows of the count that are in it."""
        return tuple(row for part in self.parts for row in part.rows)


NodeDerivation: TypeAlias = LayerDerivation | GroupDerivation


@dataclass(frozen=True)
class Derivation(Displayed):
    """The derivation of a spec, or of the nodes asked for."""

    count: Count
    #: the model; or the layers and groups that were asked for
    parts: tuple[NodeDerivation, ...]
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

    def to(
        self, target: Notation = "text", *, sheet: Sheet = "derivation", standalone: bool = False, brief: bool = False
    ) -> str:
        """Print the derivation as `text`, `markdown`, `latex` or `html`.

        As a `sheet`, it may be a worksheet, `blank`, or its key, `answers`. LaTeX that is `standalone`
        is a document, and needs no other. A `brief` derivation has a line for each layer.
        """
        return printed(self, target, sheet=sheet, standalone=standalone, brief=brief)

    def plain(self) -> dict[str, Any]:
        """Return the derivation as JSON has it; the keys are stable."""
        return derived(self)

    def __str__(self) -> str:
        return self.to("text")


def explain(
    spec: Spec,
    convention: Framework | None = None,
    *,
    node: str | None = None,
    dims: Mapping[str, Value] | None = None,
) -> Derivation:
    """Derive the parameters that a spec has.

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


def _closed_form(
    spec: Spec, convention: Framework | None, dims: Mapping[str, Value] | None
) -> tuple[Formula | None, bool]:
    """Return the closed form of a spec, where it has a short one; and whether it has one too long for a reader."""
    if not spec.dims and len(name_widths(spec)[1]) > MOST_SYMBOLS:
        return None, True
    try:
        form = formula(spec, convention, dims=dims)
    except ParamcalcError:
        # the count stands without it
        return None, False
    too_long = len(form.symbols) > MOST_SYMBOLS
    return (form if (form.symbols or form.fixed) and not too_long else None), too_long


def _layers(parts: Sequence[NodeDerivation]) -> Iterator[LayerDerivation]:
    for part in parts:
        if isinstance(part, LayerDerivation):
            yield part
        else:
            yield from _layers(part.parts)


def _within(part: NodeDerivation, node: str) -> Iterator[NodeDerivation]:
    """Give the outermost parts that are the node of a path, or in it."""
    if part.name and is_within(part.name, node):
        yield part
    elif isinstance(part, GroupDerivation):
        for inner in part.parts:
            yield from _within(inner, node)


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
        """Derive the whole."""
        return GroupDerivation("", (), (), "model", None, 1, tuple(self._derived(self.root.children, 1)))

    def _derived(self, trees: Sequence[Tree], times: int) -> Iterator[NodeDerivation]:
        for tree in trees:
            copies = times * int(tree.times)
            if isinstance(tree, Leaf):
                # the input of a layer on its own has no row
                if id(tree) in self.rows:
                    yield self._layer(self.rows[id(tree)], tree)
                continue
            parts = tuple(self._derived(tree.children, copies))
            if len(parts) == 1:
                yield parts[0]  # copies that are all alike are one part, which stands as often as they do
            else:
                yield GroupDerivation(tree.name, tree.names, tree.ranges, tree.role, tree.block, copies, parts)

    def _layer(self, row: LayerCount, leaf: Leaf) -> LayerDerivation:
        tensors, meanings = _derived_tensors(row, leaf) if row.tensors else ((), [])
        texts = _Texts(leaf.layer, leaf.input_shapes, leaf.outputs[0], [use.tensor for use in leaf.uses])
        # what is asked of a layer that is used again, is answered where its tensors count
        asked = () if leaf.shared and leaf.uses else texts.remarks
        used = {each.name for tensor in tensors for size in tensor.symbolic_shape for each in size.free_symbols}
        return LayerDerivation(
            row,
            texts.summary,
            leaf.flow_shapes,
            tuple(each for each in meanings if each.name in used),
            tensors,
            (*self._remarks_here(leaf, tensors), *asked),
        )

    def _remarks_here(self, leaf: Leaf, tensors: Sequence[DerivedTensor]) -> Iterator[Remark]:
        """Give what people ask of a layer whose tensors are those of another one."""
        if leaf.shared and leaf.uses:
            owner = self.owners.get(id(leaf.uses[0]), "another layer")
            yield Remark("Why does it add nothing?", f"Its tensors are those of {owner}, and were counted there.")
        for tensor in tensors:
            if tensor.tied_to is not None:
                yield Remark(
                    f"Why is {tensor.name} free?",
                    f"It is tied to {tensor.tied_to}: the same numbers, used twice. They are stored once, and"
                    " counted there.",
                )


class _Texts:
    """What a layer type says of a layer: what is true with its fields, and no more."""

    def __init__(self, layer: Layer, inputs: tuple[Shape, ...], output: Shape, tensors: Sequence[Tensor]) -> None:
        self.layer = layer
        self.inputs = inputs
        self.tensors = tensors
        self.environment = field_environment(layer, inputs)
        elements = {tensor.name: algebra.product(tensor.shape) for tensor in tensors}
        self.numbers = Environment({**elements, "output": algebra.product(output)}, inputs[0] if inputs else None)

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return self._true(self.layer.summary())

    @property
    def remarks(self) -> Iterator[Remark]:
        """What people ask of it and of a layer given to it, with the answers."""
        for remark in self.layer.remarks:
            if self._holds(remark.when):
                yield replace(remark, answer=self._counted(self._true(remark.answer)))
        for texts in self._within():
            yield from texts.remarks

    def _within(self) -> Iterator[_Texts]:
        """Yield the same of each layer that is a field of this one."""
        given = [getattr(self.layer, name) for name in self.layer.nested_fields()]
        left = {id(layer) for value in given for layer in (value if isinstance(value, tuple) else (value,))}
        for part in self.layer.filled(self.inputs[0] if self.inputs else None).parts(*self.inputs) if left else ():
            if id(part.layer) in left:
                left.remove(id(part.layer))
                own = [each.inner for each in self.tensors if each.part and each.inner and each.part.name == part.name]
                yield _Texts(part.layer, part.inputs, part.layer.output_shapes(*part.inputs)[0], own)

    def _true(self, text: str) -> str:
        """Leave out the words that do not hold."""
        for phrase in self.layer.phrases:
            if not self._holds(phrase.when):
                text = text.replace(phrase.words, "")
        return text

    def _counted(self, text: str) -> str:
        """Put in the number that an expression in braces gives."""
        return re.sub(r"\{(.+?)\}", lambda found: _number(evaluated(found[1], self.numbers)), text)

    def _holds(self, condition: str) -> bool:
        return algebra.truth(evaluated(condition, self.environment))


def _number(value: Any) -> str:
    return f"{value:,}" if type(value) is int else str(value)


def _derived_tensors(row: LayerCount, leaf: Leaf) -> tuple[tuple[DerivedTensor, ...], list[SymbolMeaning]]:
    """Return the tensors of a layer in numbers and in symbols, and what the symbols stand for."""
    layer, shapes, meanings = in_symbols(leaf.layer, leaf.input_shapes)
    try:
        symbolic = layer.owned_tensors(*shapes)
    except algebra.Undecided:
        # tensors that depend on which of two sizes is larger are shown in numbers
        meanings, symbolic = [], leaf.layer.owned_tensors(*leaf.input_shapes)
    owned = [tensor.shape for tensor in symbolic if algebra.truth(tensor.condition)]
    tensors = tuple(
        DerivedTensor(
            tensor.name,
            tuple(leaf.uses[member].tensor.name for member in shape.members),
            tuple(map(sympy.sympify, shape.shape)),
            tensor.shape,
            tensor.elements,
            tensor.standing,
            tensor.tied_to,
            tensor.purpose,
            tensor.tied_to is None and row.convention.counts(tensor.role),
        )
        for tensor, shape in zip(row.tensors, row.laid_out(leaf, owned), strict=True)
    )
    return tensors, meanings
