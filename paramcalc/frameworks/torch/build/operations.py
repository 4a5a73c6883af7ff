"""What PyTorch has no class for: an operation on tensors, or a class that the source brings with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from paramcalc.frameworks.building.arguments import (
    ACTIVATIONS,
    FUNCTIONS,
    attention_arguments,
    check_attention,
    check_function_of_several,
    check_weights,
    check_window,
    plain_form,
    weights_arguments,
)
from paramcalc.frameworks.building.axes import cut_text, reduced_axes, slice_text
from paramcalc.frameworks.building.naming import Names
from paramcalc.frameworks.building.structure import Made, cannot_build
from paramcalc.frameworks.building.writing import Call, Expr, Items, Joined, Slot, literal, spelled
from paramcalc.frameworks.torch.build.module_names import MODULE_NAMES
from paramcalc.graph import Leaf

#: The expression of an output, from what is called and the variables of the inputs.
Output = Callable[[str, Sequence[str]], Expr]
#: The same of an operation, which calls nothing of its own.
Operation = Callable[[Sequence[str]], Expr]


def applied(function: str, x: Expr) -> Expr:
    """Return an activation of an expression."""
    name, *further = ACTIVATIONS[function]
    return Call(name, (("", x), *(("", each) for each in further))) if name else x


def moved_axes(layer: Any) -> tuple[int, ...]:
    """Return the axes that a layer names, as a tuple."""
    return tuple(sorted(layer.axis)) if isinstance(layer.axis, tuple) else (layer.axis,)


# --- Classes that the source brings ------------------------------------------------------------


def own_class(leaf: Leaf, names: Names) -> Made | None:
    """Return how a layer is written by a class that the source brings, where there is one for the layer type."""
    if type(leaf.layer).__name__ not in _CLASSES:
        return None
    name, check, arguments, output = _CLASSES[type(leaf.layer).__name__]
    check(leaf)
    given = names.of(leaf, arguments)
    call = Call(name, tuple((each, spelled(each, value)) for each, value in given.items()))
    return Made(call, output(leaf), part=name)


def _plain(leaf: Leaf) -> Output:
    return lambda place, taken: Call(place, tuple(("", name) for name in taken))


def _check_weights(leaf: Leaf) -> None:
    check_weights(leaf, "PyTorch")
    layer: Any = leaf.layer
    for name in (*layer.tensors_, *layer.states):
        if name in MODULE_NAMES or name.startswith("_"):
            why = f"its modules have something else called {name!r}"
            raise cannot_build(leaf, "PyTorch", why, "rename the tensor")


def _weights(leaf: Leaf) -> dict[str, Any]:
    return weights_arguments(leaf.layer)


def _batch_norm(leaf: Leaf) -> dict[str, Any]:
    layer: Any = leaf.layer
    (size,) = _sizes_along(leaf)
    return {
        "num_features": size,
        "scale": layer.scale,
        "center": layer.center,
        "batch_counter": layer.batch_counter,
    }


def _batch_norm_call(leaf: Leaf) -> Output:
    layer: Any = leaf.layer
    rank = len(leaf.input_shapes[0]) + 1
    return _plain(leaf) if layer.axis % rank == 1 else _moved(layer.axis, 1)


def _moved(axis: Any, there: Any) -> Output:
    back, forth = (f".movedim({literal(one)}, {literal(other)})" for one, other in ((there, axis), (axis, there)))
    return lambda place, taken: Joined((Call(place, (("", taken[0] + forth),)), back))


def _sizes_along(leaf: Leaf) -> tuple[Any, ...]:
    """Return the sizes of the axes that a layer names, in the order of its tensors."""
    rank = len(leaf.input_shapes[0]) + 1
    return tuple(leaf.input_shapes[0][axis % rank - 1] for axis in moved_axes(leaf.layer))


def _layer_norm(leaf: Leaf) -> dict[str, Any]:
    layer: Any = leaf.layer
    return {"normalized_shape": _sizes_along(leaf), "scale": layer.scale, "center": layer.center}


def _layer_norm_call(leaf: Leaf) -> Output:
    rank = len(leaf.input_shapes[0]) + 1
    axes = tuple(axis % rank for axis in moved_axes(leaf.layer))
    last = tuple(range(-len(axes), 0))
    return _plain(leaf) if axes == tuple(range(rank - len(axes), rank)) else _moved(axes, last)


def _lstm(leaf: Leaf) -> dict[str, Any]:
    layer: Any = leaf.layer
    return {"input_size": leaf.input_shapes[0][-1], "hidden_size": layer.units}


def _lstm_call(leaf: Leaf) -> Output:
    layer: Any = leaf.layer
    end = "[0]" if layer.return_sequences else "[0][:, -1]"
    return lambda place, taken: Joined((Call(place, (("", taken[0]),)), end))


def _attention(leaf: Leaf) -> dict[str, Any]:
    features = [shape[-1] for shape in leaf.input_shapes]
    value = features[min(1, len(features) - 1)]
    return {"features": (features[0], value, features[2] if len(features) > 2 else value), **attention_arguments(leaf)}


def _check_heads(leaf: Leaf) -> None:
    check_window(leaf, "PyTorch")
    layer: Any = leaf.layer
    if layer.use_scale or layer.score_mode != "dot" or any(len(shape) != 2 for shape in leaf.input_shapes):
        raise cannot_build(leaf, "PyTorch", "there is no class for it with these fields")


def _heads(leaf: Leaf) -> dict[str, Any]:
    layer: Any = leaf.layer.filled(leaf.input_shapes[0])
    given = {"num_heads": layer.num_heads, "num_key_value_heads": layer.num_key_value_heads}
    return {**given, **({"causal": True} if layer.causal else {})}


def _only(*understood: str) -> Callable[[Leaf], None]:
    return lambda leaf: plain_form(leaf, "PyTorch", *understood)


#: Of a kind: the class, what refuses the layers that it is not, its arguments, and how it is called.
_CLASSES: dict[str, tuple[str, Callable[[Leaf], None], Callable[[Leaf], dict[str, Any]], Callable[[Leaf], Output]]] = {
    "Weights": ("Weights", _check_weights, _weights, _plain),
    "BatchNorm": ("OwnBatchNorm", _only("axis", "center", "scale", "batch_counter"), _batch_norm, _batch_norm_call),
    "LayerNorm": ("OwnLayerNorm", _only("axis", "center", "scale"), _layer_norm, _layer_norm_call),
    "LSTM": ("OneBiasLSTM", _only("units", "use_bias", "recurrent_bias", "return_sequences"), _lstm, _lstm_call),
    "Attention": ("HeadsAttention", _check_heads, _heads, _plain),
    "MultiHeadAttention": ("OwnAttention", lambda leaf: check_attention(leaf, "PyTorch"), _attention, _plain),
}


# --- Operations --------------------------------------------------------------------------------


def operation(leaf: Leaf, names: Names) -> Made:
    """Return how a layer without tensors is written, as an operation. Raises `cannot-build` where it is none."""
    kind = type(leaf.layer).__name__
    if kind not in _OPERATIONS:
        raise cannot_build(leaf, "PyTorch", "PyTorch has no class for it with these fields")
    written = _OPERATIONS[kind](leaf, names)
    return Made(None, lambda place, taken: written(taken))


def _activation(leaf: Leaf, names: Names) -> Operation:
    layer: Any = leaf.layer
    return lambda taken: applied(layer.activation, taken[0])


def _elementwise(operator: str) -> Callable[[Leaf, Names], Operation]:
    def written(leaf: Leaf, names: Names) -> Operation:
        return lambda taken: f" {operator} ".join(_aligned(leaf, taken))

    return written


def _pairwise(function: str) -> Callable[[Leaf, Names], Operation]:
    """Return what applies a function of two inputs to any number: to the first two, to that and the third, …"""

    def written(leaf: Leaf, names: Names) -> Operation:
        def output(taken: Sequence[str]) -> Expr:
            result, *others = map(_as_expression, _aligned(leaf, taken))
            for each in others:
                result = Call(function, (("", result), ("", each)))
            return result

        return output

    return written


def _as_expression(text: str) -> Expr:
    return text


def _average(leaf: Leaf, names: Names) -> Operation:
    return lambda taken: f"({' + '.join(_aligned(leaf, taken))}) / {len(taken)}"


def _aligned(leaf: Leaf, taken: Sequence[str]) -> list[str]:
    """Return inputs with the same number of axes; those that are missing stand behind the batch."""
    rank = max(map(len, leaf.input_shapes))
    missing = [rank - len(shape) for shape in leaf.input_shapes]
    return [x + (f"[:{', None' * number}]" if number else "") for x, number in zip(taken, missing, strict=True)]


def _concatenate(leaf: Leaf, names: Names) -> Operation:
    layer: Any = leaf.layer
    return lambda taken: Call("torch.cat", (("", Items(tuple(taken))), ("dim", str(layer.axis))))


def _reshape(leaf: Leaf, names: Names) -> Operation:
    def target(leaf: Leaf) -> Any:
        layer: Any = leaf.layer
        return tuple(layer.target_shape)

    sizes = tuple(("", Slot("size", literal(size))) for size in names.of(leaf, target))
    return lambda taken: Call(f"{taken[0]}.reshape", (("", f"len({taken[0]})"), *sizes))


def _flatten(leaf: Leaf, names: Names) -> Operation:
    return lambda taken: f"{taken[0]}.reshape(len({taken[0]}), -1)"


def _slice(leaf: Leaf, names: Names) -> Operation:
    return lambda taken: taken[0] + slice_text(leaf)


#: How PyTorch calls what is made of several axes at once.
_REDUCING = {
    "sum": "sum", "mean": "mean", "max": "amax", "min": "amin", "std": "std", "var": "var", "logsumexp": "logsumexp",
    "any": "any", "all": "all", "norm": "linalg.vector_norm",
}  # fmt: skip


def _reduce(leaf: Leaf, names: Names) -> Operation:
    layer: Any = leaf.layer
    if layer.function not in _REDUCING:
        raise cannot_build(leaf, "PyTorch", f"no function gives the {layer.function} along several axes")
    given = (("dim", literal(reduced_axes(leaf))), ("keepdim", literal(layer.keepdims)))
    return lambda taken: Call(f"torch.{_REDUCING[layer.function]}", (("", taken[0]), *given))


def _of_several(leaf: Leaf, names: Names) -> Operation:
    check_function_of_several(leaf, "PyTorch")
    layer: Any = leaf.layer
    name = f"torch.{FUNCTIONS[layer.function]}"
    return lambda taken: Call(name, tuple(("", x) for x in _aligned(leaf, taken)))


def _einsum(leaf: Leaf, names: Names) -> Operation:
    layer: Any = leaf.layer
    return lambda taken: Call("torch.einsum", (("", literal(layer.equation)), *(("", x) for x in taken)))


def _permute(leaf: Leaf, names: Names) -> Operation:
    layer: Any = leaf.layer
    axes = layer.dims if isinstance(layer.dims, tuple) else (layer.dims,)
    return lambda taken: Call(f"{taken[0]}.permute", tuple(("", str(axis)) for axis in (0, *axes)))


def _repeat(leaf: Leaf, names: Names) -> Operation:
    def steps(leaf: Leaf) -> Any:
        layer: Any = leaf.layer
        return layer.n

    times = Slot("times", literal(names.of(leaf, steps)))
    return lambda taken: Call(f"{taken[0]}[:, None].repeat", (("", "1"), ("", times), ("", "1")))


def _crop(leaf: Leaf, names: Names) -> Operation:
    layer: Any = leaf.layer
    index = cut_text(layer.cropping, channels_first=layer.data_format == "channels_first")
    return lambda taken: taken[0] + index


def _unit_norm(leaf: Leaf, names: Names) -> Operation:
    layer: Any = leaf.layer
    axis = layer.axis if not isinstance(layer.axis, tuple) or len(layer.axis) > 1 else layer.axis[0]
    return lambda taken: Call("functional.normalize", (("", taken[0]), ("dim", literal(axis))))


def _rescaling(leaf: Leaf, names: Names) -> Operation:
    layer: Any = leaf.layer

    def factor(value: Any, x: str) -> str:
        # of each channel
        return f"{x}.new_tensor({literal([*value])})" if isinstance(value, tuple) else literal(value)

    def output(taken: Sequence[str]) -> Expr:
        scaled = f"{taken[0]} * {factor(layer.scale, taken[0])}"
        return scaled if layer.offset == 0 else f"{scaled} + {factor(layer.offset, taken[0])}"

    return output


_OPERATIONS: dict[str, Callable[[Leaf, Names], Operation]] = {
    "Activation": _activation,
    "Add": _elementwise("+"),
    "Average": _average,
    "Concatenate": _concatenate,
    "Cropping1D": _crop,
    "Cropping2D": _crop,
    "Cropping3D": _crop,
    "Einsum": _einsum,
    "Elementwise": _of_several,
    "Flatten": _flatten,
    "Maximum": _pairwise("torch.maximum"),
    "Minimum": _pairwise("torch.minimum"),
    "Multiply": _elementwise("*"),
    "Permute": _permute,
    "Reduce": _reduce,
    "RepeatVector": _repeat,
    "Rescaling": _rescaling,
    "Reshape": _reshape,
    "Slice": _slice,
    "Subtract": _elementwise("-"),
    "UnitNorm": _unit_norm,
}
#: The kinds that can be written though PyTorch has no class for them; an input is an argument of the whole.
OWN_KINDS = frozenset({"Input", *_CLASSES, *_OPERATIONS})
