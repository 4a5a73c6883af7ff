"""How a layer is written with the classes of PyTorch: what makes the module, and what calls it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import prod
from typing import Any

from paramcalc.conventions import Convention, Equivalent
from paramcalc.core.algebra import Unknown
from paramcalc.core.registry import kind
from paramcalc.frameworks.building.arguments import applied_function, check_window, constructor
from paramcalc.frameworks.building.axes import cut_text, spatial
from paramcalc.frameworks.building.fitting import Fit, fit
from paramcalc.frameworks.building.lesser import takes_maxima
from paramcalc.frameworks.building.naming import Names
from paramcalc.frameworks.building.structure import Made, cannot_build
from paramcalc.frameworks.building.writing import Call, Expr, Joined, literal
from paramcalc.frameworks.torch.build.operations import applied, moved_axes, operation, own_class
from paramcalc.graph import Leaf
from paramcalc.layers.base.declaration import Layer


def made(convention: Convention, leaf: Leaf, names: Names) -> Made:
    """Return how a layer is written: by a class of PyTorch, by one that the source brings, or as an operation.

    Raises `cannot-build` for what is none of these.
    """
    found = fit(convention, leaf, _accepts, _replaced(leaf), names)
    if found is not None:
        _check_places(leaf)
        found = replace(found, given=_without_repeats(found.given))
        is_default = _default_of(convention, found.row)
        made = constructor(convention, leaf, "PyTorch", found, _accepts_within, is_default, _path)
        return _called(convention, leaf, found, made)
    return own_class(leaf, names) or operation(leaf, names)


def _path(path: str) -> str:
    """Return the path of a class as the source has it, which imports `nn`."""
    return path.removeprefix("torch.")


def _accepts(layer: Layer, given: Mapping[str, Any]) -> bool:
    """Return whether a class does what the layer does: `same` only where it is a convolution without strides."""
    if "output_size" in given and not getattr(layer, "keepdims", True):
        return False
    if "output_padding" in given:
        return _accepts_transposed(layer)
    padding, stride = given.get("padding"), given.get("stride", 1)
    if padding == "same":
        return "in_channels" in given and max(stride if isinstance(stride, tuple) else (stride,)) == 1
    if isinstance(padding, tuple) and "pool_size" in type(layer).model_fields:
        # a pooling takes no padding beyond half its window
        return all(2 * pad <= size for pad, size in zip(padding, given["kernel_size"], strict=True))
    return padding != "causal"


def _accepts_transposed(layer: Any) -> bool:
    """Return whether the output ends with the last window, as it does here; Keras fills the last stride."""
    if isinstance(layer.padding, tuple):
        return True
    reached = (step * (size - 1) + 1 for size, step in zip(layer.kernel_size, layer.dilation_rate, strict=True))
    fills = layer.output_padding is not None or all(map(int.__ge__, reached, layer.strides))
    return layer.padding == "valid" and fills


def _accepts_within(layer: Layer, given: Mapping[str, Any]) -> bool:
    """Return whether a class does what a layer in the layer does, which is not moved to the axes that its class has."""
    return _accepts(layer, given) and not ("normalized_shape" in given and getattr(layer, "axis", -1) != -1)


def _default_of(convention: Convention, row: Equivalent) -> Callable[[str, str, Any], bool]:
    """Return what tells whether an argument has the value that it has where it is not given."""
    defaults = convention.table.defaults

    def is_default(name: str, text: str, value: Any) -> bool:
        if name in row.written.split():
            return False
        if name == "padding" and value == "valid":
            return True
        # a number for each axis, where they are the same, is one for all
        single = value[0] if isinstance(value, tuple) and len({*value}) == 1 else value
        return name in defaults and type(single) is type(defaults[name]) and single == defaults[name]

    return is_default


def _replaced(leaf: Leaf) -> dict[str, Any]:
    """Return arguments that the table's expressions say of one axis alone."""
    axis = getattr(leaf.layer, "axis", None)
    if not isinstance(axis, tuple):
        return {}
    return {"normalized_shape": tuple(leaf.input_shapes[0][each - 1 if each > 0 else each] for each in sorted(axis))}


def _without_repeats(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments without the features of keys and values that are those of the query, as the class assumes."""
    return {name: value for name, value in given.items() if name not in ("kdim", "vdim") or value != given["embed_dim"]}


def _check_places(leaf: Leaf) -> None:
    """Refuse what PyTorch refuses to run: one position alone, with itself taken away."""
    if isinstance(leaf.layer, kind("InstanceNorm")):
        lengths = spatial(leaf.layer, leaf.input_shapes[0])
        if not any(isinstance(length, Unknown) for length in lengths) and prod(lengths) == 1:
            raise cannot_build(leaf, "PyTorch", "it normalises one place alone")


# --- Calls ----------------------------------------------------------------------------------


def _called(convention: Convention, leaf: Leaf, found: Fit, made: Expr) -> Made:
    """Return a module, and how it is called."""
    match found.row.call:
        case "sequence":
            return _recurrent(leaf, made)
        case "step":
            return _cell(leaf, made)
        case "attention":
            return Made(made, partial(_attending, leaf))
    return Made(made, lambda place, taken: _around(convention, leaf, found, place, taken))


def _attending(leaf: Leaf, place: str, taken: Sequence[str]) -> Expr:
    query, value, key = (*taken, *[taken[-1]] * 2)[:3]
    check_window(leaf, "PyTorch")
    arguments: list[tuple[str, Expr]] = [("", query), ("", key), ("", value)]
    if len(taken) < 3 and not taken[-1].isidentifier():
        # brought to another dtype once, so that the module sees that they are the same
        arguments = [*(("", each) for each in taken[:-1]), ("", f"*[{taken[-1]}] * {4 - len(taken)}")]
    arguments.append(("need_weights", "False"))
    if getattr(leaf.layer, "causal", None):
        # true where a position must not look: at those that come after it
        lengths = [("", f"{query}.shape[1]"), ("", f"{key}.shape[1]")]
        ones = Call(f"{query}.new_ones", (*lengths, ("dtype", "torch.bool")))
        arguments.append(("attn_mask", Joined((ones, ".triu(1)"))))
    return Joined((Call(place, tuple(arguments)), "[0]"))


def _recurrent(leaf: Leaf, made: Expr) -> Made:
    """Return a module over a sequence: PyTorch stacks the states of all layers and directions."""
    layer: Any = leaf.layer

    def stacked(states: Sequence[str]) -> str:
        return f"{states[0]}[None]" if len(states) == 1 else f"torch.stack([{', '.join(states)}])"

    def output(place: str, taken: Sequence[str]) -> Expr:
        sequence, *states = taken
        given: list[tuple[str, Expr]] = [("", sequence)]
        if states and _has_memory(layer):
            given.append(("", f"({stacked(states[::2])}, {stacked(states[1::2])})"))
        elif states:
            given.append(("", stacked(states)))
        call = Call(place, tuple(given))
        return call if layer.return_state else Joined((call, "[0]" if layer.return_sequences else "[0][:, -1]"))

    def unpacked(given: Sequence[str]) -> list[str]:
        sequence, *states = given
        if not layer.return_state:
            return [sequence]
        parts = [states[::2], states[1::2]] if _has_memory(layer) else [states]
        inner = [f"({', '.join(part)}{',' * (len(part) == 1)})" for part in parts]
        target = f"{sequence}, {inner[0]}" if len(inner) == 1 else f"{sequence}, ({', '.join(inner)})"
        return [target, *([] if layer.return_sequences else [f"{sequence} = {sequence}[:, -1]"])]

    return Made(made, output, unpacked)


def _has_memory(layer: Any) -> bool:
    """Return whether each state is two vectors: the output, and what is remembered beside it."""
    return len(layer.state_shapes) > 1


def _cell(leaf: Leaf, made: Expr) -> Made:
    """Return a module that goes one step."""

    def output(place: str, taken: Sequence[str]) -> Expr:
        x, *states = taken
        given = [x, f"({', '.join(states)})" if _has_memory(leaf.layer) else states[0]] if states else [x]
        return Call(place, tuple(("", each) for each in given))

    def unpacked(given: Sequence[str]) -> list[str]:
        state, again, *memory = given
        return [", ".join([state, *memory]), f"{again} = {state}"]

    return Made(made, output, unpacked)


def _around(convention: Convention, leaf: Leaf, found: Fit, place: str, taken: Sequence[str]) -> Expr:
    """Return the call of a module, with what is done before and behind it."""
    # of a layer around a layer, the one whose output it has
    layer: Any = leaf.layer
    if layer.wrapped(*leaf.input_shapes) is not None:
        layer = layer.layer
    row = found.row if layer is leaf.layer else convention.equivalent(layer, leaf.input_shapes)
    function = applied_function(layer, row)
    x: Expr = taken[0]
    moves = _moves(layer, leaf, found)
    if moves is not None:
        x = Joined((x, f".movedim({literal(moves[0])}, {literal(moves[1])})"))
    if found.pads:
        x = _padded(leaf, x, found)
    x = Call(place, (("", x), *(("", each) for each in taken[1:])))
    if found.squeezed:
        return Joined((x, ".flatten(1)"))
    if found.places:
        x = Joined((x, "[:, :, " + ", ".join(f"::{each}" for each in found.places) + "]"))
    if found.cuts:
        x = Joined((x, cut_text(found.cuts, channels_first=True)))
    if moves is not None:
        back = f".movedim({literal(moves[1])}, {literal(moves[0])})"
        # a pooling may say where each number stood, too
        x = Joined((x, back)) if len(leaf.outputs) == 1 else Joined((f"[each{back} for each in ", x, "]"))
    return applied(function, x) if function else x


def _moves(layer: Any, leaf: Leaf, found: Fit) -> tuple[Any, Any] | None:
    """Return the axes that the class has elsewhere than the layer, and where it has them."""
    rank = len(leaf.input_shapes[0]) + 1
    if "normalized_shape" in found.given:
        axes = tuple(axis % rank for axis in moved_axes(layer))
        last = tuple(range(rank - len(axes), rank))
        back = tuple(range(-len(axes), 0))
        return None if axes == last else ((axes[0], -1) if len(axes) == 1 else (axes, back))
    fields = type(layer).model_fields
    if "data_format" in fields:
        return None if layer.channel_axis != -1 else (-1, 1)
    if type(layer).layout != "axis":
        return None
    return None if layer.channel_axis % rank == 1 else (layer.channel_axis, 1)


def _padded(leaf: Leaf, x: Expr, found: Fit) -> Expr:
    assert found.pads is not None
    # the last axis first
    widths = tuple(width for pad in reversed(found.pads) for width in pad)
    arguments: list[tuple[str, Expr]] = [("", x), ("", literal(widths))]
    if takes_maxima(leaf.layer):
        arguments.append(("value", 'float("-inf")'))
    return Call("functional.pad", tuple(arguments))
