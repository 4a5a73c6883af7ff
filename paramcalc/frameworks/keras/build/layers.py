"""How a layer is written with the classes of Keras: what makes it, and what calls it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from paramcalc.conventions import Convention, Equivalent
from paramcalc.core.algebra import Unknown
from paramcalc.frameworks.building.arguments import (
    applied_function,
    attention_arguments,
    check_attention,
    check_function_of_several,
    check_weights,
    check_window,
    constructor,
    plain_form,
    weights_arguments,
)
from paramcalc.frameworks.building.axes import cut_text, reduced_axes, slice_text
from paramcalc.frameworks.building.fitting import Fit, fit
from paramcalc.frameworks.building.lesser import takes_maxima
from paramcalc.frameworks.building.naming import Names
from paramcalc.frameworks.building.structure import Made, cannot_build, in_a_row
from paramcalc.frameworks.building.writing import Call, Expr, Items, Joined, Slot, literal, spelled
from paramcalc.graph import Leaf
from paramcalc.layers.base.declaration import Layer

#: The name and the dtype of a layer.
Common = tuple[tuple[str, Expr], ...]


def made(convention: Convention, leaf: Leaf, names: Names, common: Common) -> Made:
    """Return how a layer is written: by a class of Keras, by one that the source brings, or as an operation.

    `common` are the arguments that every layer has. Raises `cannot-build` for what is none of these.
    """
    found = fit(convention, leaf, _accepts, None, names)
    if found is None:
        return _without_a_class(leaf, names, common)
    if found.row.unwritten:
        raise cannot_build(leaf, "Keras", found.row.unwritten)
    is_default = _default_of(convention, leaf.layer, found.row)
    own = constructor(convention, leaf, "Keras", found, _accepts, is_default, str)
    if found.row.name == "keras.Input":
        kept = tuple(each for each in own.arguments if each != ("dtype", Slot("dtype", '"float32"')))
        call = Call("keras.Input", (*kept, *common[:1]))
        return Made(None, lambda layer, taken: call)
    given = tuple(each for each in own.arguments if each[0] != "dtype")
    if len(given) < len(own.arguments) and len(common) > 1:
        raise cannot_build(leaf, "Keras", "its weights of few bits come from those of 32", "leave the dtype out")
    written = Call(own.function, (*own.arguments, *common))
    return Made(written, _output(leaf, found), _unpacked(leaf, found.row))


def _accepts(layer: Layer, given: Mapping[str, Any]) -> bool:
    """Return whether a class takes such a padding: a layer that slides a window takes no numbers."""
    return not (isinstance(given.get("padding"), tuple) and type(layer).model_fields["padding"].default == "valid")


def _default_of(convention: Convention, layer: Layer, row: Equivalent) -> Callable[[str, str, Any], bool]:
    """Return what tells whether an argument is the default of its field, which is that of Keras as well."""
    fields, defaults = type(layer).model_fields, convention.table.defaults

    def is_default(name: str, text: str, value: Any) -> bool:
        if name in row.written.split():
            return False
        if name in defaults:
            return bool(value == defaults[name])
        return text in fields and not fields[text].is_required() and bool(getattr(layer, text) == fields[text].default)

    return is_default


# --- Calls ---------------------------------------------------------------------------------


def with_one(layer: Expr, taken: Sequence[str]) -> Expr:
    """Return a layer called with its only input."""
    return Call(layer, (("", taken[0]),))


def _output(leaf: Leaf, found: Fit) -> Callable[[Any, Sequence[str]], Expr]:
    """Return what writes the output of a layer of a class, with what is added before and taken behind."""
    function = applied_function(leaf.layer, found.row)

    def output(layer: Expr, taken: Sequence[str]) -> Expr:
        first: Expr = _padded(leaf, taken[0], found.pads) if found.pads else taken[0]
        result: Expr = Call(layer, _given(leaf, found.row, [first, *taken[1:]]))
        if found.places:
            result = Joined((result, _index(leaf, found.places)))
        if found.cuts:
            result = Joined((result, cut_text(found.cuts, channels_first=leaf.layer.channel_axis == 1)))
        if found.squeezed:
            result = Call("keras.ops.squeeze", (("", result), ("", literal(_spatial_axes(leaf)))))
        return Call(f"keras.activations.{function}", (("", result),)) if function else result

    return output


def _given(leaf: Leaf, row: Equivalent, taken: Sequence[Expr]) -> tuple[tuple[str, Expr], ...]:
    """Return what a layer is called with."""
    first, *others = taken
    match row.call:
        case "list":
            return (("", Items(tuple(taken))), *_causal(leaf))
        case "tuple":
            return (("", Joined(("(", first, *(part for each in others for part in (", ", each)), ")"))),)
        case "attention":
            attended = tuple(("", each) for each in (taken if others else (first, first)))
            return (*attended, *_causal(leaf))
        case "step":
            if not others:
                raise cannot_build(leaf, "Keras", "its class must be given the states before")
            return (("", first), ("", _by_cell(leaf, others)))
        case "sequence" if others:
            return (("", first), ("initial_state", _by_cell(leaf, others)))
    if getattr(leaf.layer, "reverse", False):
        return (("", first), ("reverse", "True"))
    return tuple(("", each) for each in taken)


def _causal(leaf: Leaf) -> tuple[tuple[str, Expr], ...]:
    """Return the argument of a call in which no position attends to one that comes after it."""
    check_window(leaf, "Keras")
    if not getattr(leaf.layer, "causal", None):
        return ()
    if any(len(shape) != 2 for shape in leaf.input_shapes):
        raise cannot_build(leaf, "Keras", "it is causal, over several axes")
    return (("use_causal_mask", "True"),)


def _padded(leaf: Leaf, name: str, pads: Any) -> Expr:
    axes = dict(zip(_spatial_axes(leaf), pads, strict=True))
    widths = tuple(axes.get(axis, (0, 0)) for axis in range(len(leaf.input_shapes[0]) + 1))
    arguments: list[tuple[str, Expr]] = [("", name), ("", literal(widths))]
    if takes_maxima(leaf.layer):
        arguments.append(("constant_values", 'float("-inf")'))
    return Call("keras.ops.pad", tuple(arguments))


def _spatial_axes(leaf: Leaf) -> tuple[int, ...]:
    rank = len(leaf.input_shapes[0])
    return tuple(range(2, rank + 1)) if leaf.layer.channel_axis == 1 else tuple(range(1, rank))


def _index(leaf: Leaf, places: Sequence[int]) -> str:
    steps = dict(zip(_spatial_axes(leaf), places, strict=True))
    last = max(steps)
    return "[" + ", ".join(f"::{steps[axis]}" if axis in steps else ":" for axis in range(last + 1)) + "]"


# --- States --------------------------------------------------------------------------------


def _cells(layer: Any) -> list[Any]:
    """Return the cells of a layer that has several on top of one another; none, where it has one or is one."""
    cells = getattr(layer, "cells", None) or getattr(layer, "cell", None)
    return [*cells] if isinstance(cells, tuple) else _cells(cells) if cells is not None else []


def _groups(leaf: Leaf, layer: Any) -> list[int]:
    """Return how many states each cell of a layer has, where Keras has them cell by cell."""
    cells = _cells(layer)
    if any(_cells(cell) for cell in cells):
        raise cannot_build(leaf, "Keras", "Keras does not say the states of stacks in a stack")
    return [len(cell.state_shapes) for cell in cells]


def _by_cell(leaf: Leaf, states: Sequence[Expr]) -> Expr:
    """Return the states to begin with, those of each cell in a list."""
    groups = _groups(leaf, leaf.layer)
    if hasattr(leaf.layer, "merge_mode") and any(_cells(each) for each in _ways(leaf.layer)):
        raise cannot_build(leaf, "Keras", "its class takes no states of stacked cells")
    if not groups:
        return Items(tuple(states))
    rest = iter(states)
    return Items(tuple(Items(tuple(next(rest) for _ in range(number))) for number in groups))


def _ways(layer: Any) -> Iterator[Any]:
    """Yield the layers of a layer that goes both ways."""
    yield layer.layer
    yield layer.backward_layer or layer.layer


def _unpacked(leaf: Leaf, row: Equivalent) -> Callable[[Sequence[str]], list[str]]:
    """Return how the outputs of a layer are unpacked: Keras has the states of cells as a list."""
    if len(leaf.outputs) == 1:
        return in_a_row
    layer: Any = leaf.layer
    if row.call == "step":
        groups = _groups(leaf, layer)
        nested = groups if len(groups) > 1 else []
        return lambda given: [f"{given[0]}, {_tuple(_grouped(given[1:], nested, alone=True))}"]
    groups = [
        number for each in (_ways(layer) if hasattr(layer, "merge_mode") else [layer]) for number in _one(leaf, each)
    ]
    before = len(leaf.outputs) - sum(groups)
    return lambda given: [", ".join([*given[:before], *_grouped(given[before:], groups, alone=False)])]


def _one(leaf: Leaf, layer: Any) -> list[int]:
    """Return how many states each cell has; each state on its own, where there are no cells on top of one another."""
    if not getattr(layer, "return_state", False):
        return []
    return _groups(leaf, layer)


def _grouped(names: Sequence[str], groups: Sequence[int], alone: bool) -> list[str]:
    """Return names, those of a group within parentheses; a group of one as well, unless it stands alone."""
    if not groups:
        return [*names]
    rest = iter(names)
    found = [[next(rest) for _ in range(number)] for number in groups]
    return [each[0] if len(each) == 1 and not alone else _tuple(each) for each in found]


def _tuple(names: Sequence[str]) -> str:
    return f"({', '.join(names)}{',' * (len(names) == 1)})"


# --- What Keras has no class for -------------------------------------------------------------


def _without_a_class(leaf: Leaf, names: Names, common: Common) -> Made:
    """Return how a layer is written by a class that the source brings, or as an operation. Raises `cannot-build`."""
    kind = type(leaf.layer).__name__
    if kind in _OPERATIONS:
        return _OPERATIONS[kind](leaf, common)
    if kind not in _CLASSES:
        raise cannot_build(leaf, "Keras", "Keras has no class for it with these fields")
    class_name, check, arguments = _CLASSES[kind]
    check(leaf)
    found = names.of(leaf, arguments)
    given = tuple((name, spelled(name, value)) for name, value in found.items())
    if class_name == "TwoBiasLSTMCell":
        cell = Call(class_name, (given[0], *common[1:]))
        return Made(Call("keras.layers.RNN", (("", cell), *given[1:], *common)), with_one, part=class_name)
    return Made(Call(class_name, (*given, *common)), _with_all, part=class_name)


def _with_all(layer: Expr, taken: Sequence[str]) -> Expr:
    return Call(layer, tuple(("", name) for name in taken))


def _slice(leaf: Leaf, common: Common) -> Made:
    index = slice_text(leaf)
    return Made(None, lambda _, taken: taken[0] + index)


def _reshape(leaf: Leaf, common: Common) -> Made:
    free = [isinstance(size, Unknown) for size in leaf.output]
    if sum(free) > 1:
        raise cannot_build(leaf, "Keras", "more than one length is unknown")
    shape = tuple(-1 if unknown else size for size, unknown in zip(leaf.output, free, strict=True))
    call = Call("keras.layers.Reshape", (("target_shape", Slot("target_shape", literal(shape))), *common))
    return Made(call, with_one)


def _reduce(leaf: Leaf, common: Common) -> Made:
    layer: Any = leaf.layer
    given = (("axis", literal(reduced_axes(leaf))), ("keepdims", literal(layer.keepdims)))
    return Made(None, lambda _, taken: Call(f"keras.ops.{layer.function}", (("", taken[0]), *given)))


def _elementwise(leaf: Leaf, common: Common) -> Made:
    check_function_of_several(leaf, "Keras")
    layer: Any = leaf.layer
    return Made(None, lambda _, taken: _with_all(f"keras.ops.{layer.function}", taken))


def _einsum(leaf: Leaf, common: Common) -> Made:
    layer: Any = leaf.layer
    equation = ("", literal(layer.equation))
    return Made(None, lambda _, taken: Call("keras.ops.einsum", (equation, *(("", name) for name in taken))))


def _weights(leaf: Leaf) -> dict[str, Any]:
    return weights_arguments(leaf.layer)


def _batch_norm(leaf: Leaf) -> dict[str, Any]:
    layer: Any = leaf.layer
    return {"axis": layer.axis, "center": layer.center, "scale": layer.scale}


def _lstm(leaf: Leaf) -> dict[str, Any]:
    layer: Any = leaf.layer
    return {"units": layer.units, "return_sequences": layer.return_sequences}


def _only(*understood: str) -> Callable[[Leaf], None]:
    return lambda leaf: plain_form(leaf, "Keras", *understood)


#: Of a kind: the class that the source brings, what refuses the layers that it is not, and its arguments.
_CLASSES: dict[str, tuple[str, Callable[[Leaf], None], Callable[[Leaf], dict[str, Any]]]] = {
    "Weights": ("Weights", lambda leaf: check_weights(leaf, "Keras"), _weights),
    "BatchNorm": ("CountingBatchNormalization", _only("axis", "center", "scale", "batch_counter"), _batch_norm),
    "LSTM": ("TwoBiasLSTMCell", _only("units", "use_bias", "recurrent_bias", "return_sequences"), _lstm),
    "MultiHeadAttention": ("Attention", lambda leaf: check_attention(leaf, "Keras"), attention_arguments),
}
_OPERATIONS: dict[str, Callable[[Leaf, Common], Made]] = {
    "Einsum": _einsum,
    "Elementwise": _elementwise,
    "Reduce": _reduce,
    "Slice": _slice,
    "Unflatten": _reshape,
}
#: The kinds that can be written though Keras has no class for them.
OWN_KINDS = frozenset({*_CLASSES, *_OPERATIONS})
