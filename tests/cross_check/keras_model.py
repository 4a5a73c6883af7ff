"""The real Keras model of a spec: for each layer the class that the convention's table names.

What no single class of Keras can express is built from its parts here. It is an oracle: it shares the tables and
the graph with paramcalc, and nothing of `pc.build`, which is held to the same counts by tests of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, TypeAlias

import keras
import numpy as np

import paramcalc as pc
from paramcalc.core.algebra import Unknown
from paramcalc.graph import Leaf

from . import reading
from .reading import RealModel, RealTensor

#: Takes the inputs of a layer and gives its output.
Call: TypeAlias = Callable[[Sequence[Any]], Any]
#: A layer, where there is one, and what gives its output.
Part: TypeAlias = tuple[Any, Call]


def model_of(spec: pc.Spec) -> Any:
    """The model of a spec; every layer's output is one of its outputs, by the layer's name."""
    builder = _Builder(spec)
    for leaf in builder.leaves:
        builder.add(leaf)
    return keras.Model(builder.inputs, {leaf.name: builder.outputs[id(leaf)] for leaf in builder.leaves})


def build(spec: pc.Spec) -> RealModel:
    """The model of a spec, and what Keras says of it."""
    model = model_of(spec)
    outputs = model.output
    trained = {id(variable) for variable in model.trainable_weights}
    return RealModel(
        tensors={
            variable.path: RealTensor(tuple(variable.shape), id(variable) in trained, variable.dtype)
            for variable in model.weights
        },
        output_shapes={name: tuple(output.shape[1:]) for name, output in outputs.items()},
        total=model.count_params(),
        trainable=_elements(model.trainable_weights),
        non_trainable=_elements(model.non_trainable_weights),
        bytes=sum(variable.value.numpy().nbytes for variable in model.weights),
        run=lambda: _run(model),
    )


def _elements(variables: Sequence[Any]) -> int:
    return sum(prod(variable.shape) for variable in variables)


def _run(model: Any) -> dict[str, tuple[int, ...]]:
    examples = [np.zeros((2, *tensor.shape[1:]), tensor.dtype) for tensor in model.inputs]
    return {name: tuple(output.shape[1:]) for name, output in model(examples).items()}


class _Builder:
    """Calls the layers of a spec one after another."""

    def __init__(self, spec: pc.Spec) -> None:
        self.spec = spec
        self.leaves = reading.leaves(spec, "keras")
        self.originals = reading.originals(self.leaves)
        self.inputs: list[Any] = []
        self.outputs: dict[int, Any] = {}
        self.calls: dict[int, Call] = {}

    def add(self, leaf: Leaf) -> None:
        """Call the layer of a leaf, or for a shared one the layer that is there already."""
        if isinstance(leaf.layer, pc.Input):
            shape = [None if isinstance(size, Unknown) else size for size in leaf.layer.shape]
            self.inputs.append(keras.Input(shape, dtype=leaf.layer.dtype, name=leaf.name))
            self.outputs[id(leaf)] = self.inputs[-1]
            return
        tensors = [self.outputs[id(flow.leaf)] for flow in leaf.inputs] or [self.batch()]
        if id(leaf) in self.originals:
            self.outputs[id(leaf)] = self.calls[id(self.originals[id(leaf)])](tensors)
            return
        stated = reading.stated(self.spec, leaf.name)
        layer, self.calls[id(leaf)] = _part(leaf, {"name": leaf.name, "dtype": stated.dtype})
        self.outputs[id(leaf)] = self.calls[id(leaf)](tensors)
        # only once it is built: a layer of layers has none before, and would leave them trainable
        if layer is not None and not stated.trainable:
            layer.trainable = False

    def batch(self) -> Any:
        """Any input: what takes none still needs to know how many examples there are."""
        if not self.inputs:
            self.inputs.append(keras.Input((), name="batch"))
        return self.inputs[0]


def _part(leaf: Leaf, common: dict[str, Any]) -> Part:
    """A new layer for a leaf, and what gives its output."""
    kind = type(leaf.layer).__name__
    row = reading.equivalent(leaf, "keras")
    if row is None:
        return _PARTS[kind](leaf, common)
    given = reading.arguments(leaf, row)
    layer = reading.real_class(row)(**_arguments_taken(given), **common)
    return layer, _padded(leaf, layer, given) or _CALLS.get(kind, _with_one)(layer)


def _with_one(layer: Any) -> Call:
    return lambda inputs: layer(inputs[0])


def _with_list(layer: Any) -> Call:
    return lambda inputs: layer(list(inputs))


def _attention(layer: Any) -> Call:
    # a query alone attends to itself
    return lambda inputs: layer(*(inputs if len(inputs) > 1 else inputs * 2))


_CALLS: dict[str, Callable[[Any], Call]] = {
    "Add": _with_list,
    "Multiply": _with_list,
    "Concatenate": _with_list,
    "MultiHeadAttention": _attention,
}


# --- A padding given as numbers: Keras pads in a layer of its own ------------------------


def _arguments_taken(given: dict[str, Any]) -> dict[str, Any]:
    return {**given, "padding": "valid"} if isinstance(given.get("padding"), tuple) else given


def _padded(leaf: Leaf, layer: Any, given: dict[str, Any]) -> Call | None:
    if not isinstance(given.get("padding"), tuple):
        return None
    pad = keras.layers.ZeroPadding2D(given["padding"], given["data_format"], name=f"{leaf.name}.pad")
    return lambda inputs: layer(pad(inputs[0]))


# --- What no class of Keras is, built from its parts --------------------------------------


class _Weights(keras.layers.Layer):
    """Tensors that belong to no layer; the input passes through, or one of them is the output."""

    def __init__(
        self,
        shapes: dict[str, tuple[int, ...]],
        states: dict[str, tuple[int, ...]],
        output: str | None,
        equation: str | None,
        **common: Any,
    ) -> None:
        super().__init__(**common)
        self.equation = equation
        self.tensors = {name: self.add_weight(shape, name=name) for name, shape in shapes.items()}
        self.tensors |= {name: self.add_weight(shape, name=name, trainable=False) for name, shape in states.items()}
        self.chosen = output

    def call(self, x: Any) -> Any:
        if self.equation is not None:
            kernel, *added = self.tensors.values()
            return sum(added, keras.ops.einsum(self.equation, x, kernel))
        if self.chosen is None:
            return x
        tensor = self.tensors[self.chosen]
        # a one for each example, so that the tensor is repeated as often as there are examples;
        # multiplied, since Keras takes some sums with zeros for the offset of a Dense
        ones = keras.ops.ones_like(x, tensor.dtype)
        if len(x.shape) > 1:
            ones = keras.ops.max(ones, axis=tuple(range(1, len(x.shape))))
        return tensor * keras.ops.reshape(ones, (-1, *(1 for _ in tensor.shape)))


class _TwoBiasLSTM(keras.layers.LSTM):
    """An LSTM with the second offset that PyTorch keeps."""

    def build(self, shape: Any) -> None:
        super().build(shape)
        self.second_bias = self.add_weight((4 * self.units,), name="recurrent_bias")


class _CountingBatchNorm(keras.layers.BatchNormalization):
    """A batch normalisation that counts the batches, as PyTorch's does."""

    def build(self, shape: Any) -> None:
        super().build(shape)
        self.batches = self.add_weight((), "zeros", dtype="int64", trainable=False, name="batch_counter")


class _Attention(keras.layers.Layer):
    """Attention of any form, from its projections."""

    def __init__(self, kind: pc.MultiHeadAttention, **common: Any) -> None:
        super().__init__(**common)
        self.kind = kind

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "kind": repr(self.kind)}

    def build(self, query_shape: Any, value_shape: Any = None, key_shape: Any = None) -> None:
        kind, value_shape = self.kind, value_shape or query_shape
        heads, shared = kind.num_heads, kind.num_key_value_heads
        output = kind.output_dim if isinstance(kind.output_dim, tuple) else (kind.output_dim,)
        self.query = self.projection("query", "btd,dhk->bthk", query_shape, heads, kind.key_dim)
        self.key = self.projection("key", "bsd,dgk->bsgk", key_shape or value_shape, shared, kind.key_dim)
        self.value = self.projection("value", "bsd,dgv->bsgv", value_shape, shared, kind.value_dim)
        mixed = (*query_shape[:-1], heads, kind.value_dim)
        axes = "opq"[: len(output)]
        self.out = self.projection("attention_output", f"bthv,hv{axes}->bt{axes}", mixed, *output)
        if kind.use_gate:
            self.gate = self.projection("gate", "btd,dhv->bthv", query_shape, heads, kind.value_dim)
        if kind.add_bias_kv:
            self.appended = [
                self.add_weight((shared, width), name=f"appended_{name}")
                for name, width in (("key", kind.key_dim), ("value", kind.value_dim))
            ]

    def projection(self, name: str, equation: str, shape: Any, *outputs: int) -> Any:
        """The weights from one side to the other, with an offset for each of the outputs."""
        biased = self.kind.use_bias if name == "gate" else getattr(self.kind, f"{name.removeprefix('attention_')}_bias")
        bias = equation.split("->")[1][-len(outputs) :] if biased else None
        layer = keras.layers.EinsumDense(equation, (None, *outputs), bias_axes=bias, name=name, dtype=self.dtype)
        layer.build(shape)
        return layer

    def call(self, query: Any, value: Any = None, key: Any = None) -> Any:
        value = query if value is None else value
        key = value if key is None else key
        share = self.kind.num_heads // self.kind.num_key_value_heads
        keys, values = self.key(key), self.value(value)
        if self.kind.add_bias_kv:
            keys, values = (
                keras.ops.concatenate([x, keras.ops.ones_like(x[:, :1]) * more], axis=1)
                for x, more in zip((keys, values), self.appended, strict=True)
            )
        keys, values = (keras.ops.repeat(x, share, axis=2) for x in (keys, values))
        scores = keras.ops.softmax(keras.ops.einsum("bthk,bshk->bhts", self.query(query), keys))
        mixed = keras.ops.einsum("bhts,bshv->bthv", scores, values)
        return self.out(mixed * keras.ops.sigmoid(self.gate(query)) if self.kind.use_gate else mixed)


def _weights(leaf: Leaf, common: dict[str, Any]) -> Part:
    layer = _Weights(leaf.layer.tensors_, leaf.layer.states, leaf.layer.output, leaf.layer.equation, **common)
    return layer, _with_one(layer)


def _slice(leaf: Leaf, common: dict[str, Any]) -> Part:
    kind = leaf.layer
    axis = kind.axis if kind.axis > 0 else len(leaf.input_shapes[0]) + 1 + kind.axis
    chosen = slice(kind.start, kind.stop, kind.step) if kind.keepdims else kind.start
    return None, lambda inputs: inputs[0][(*(slice(None),) * axis, chosen)]


def _function(leaf: Leaf, common: dict[str, Any]) -> Part:
    function = getattr(keras.ops, leaf.layer.function)
    return None, lambda inputs: function(*inputs)


def _einsum(leaf: Leaf, common: dict[str, Any]) -> Part:
    return None, lambda inputs: keras.ops.einsum(leaf.layer.equation, *inputs)


def _reduce(leaf: Leaf, common: dict[str, Any]) -> Part:
    kind = leaf.layer
    axes = kind.axis or tuple(range(1, len(leaf.input_shapes[0]) + 1))
    function = getattr(keras.ops, kind.function)
    return None, lambda inputs: function(inputs[0], axis=axes, keepdims=kind.keepdims)


def _strided_conv(leaf: Leaf, common: dict[str, Any]) -> Part:
    """Strides and dilation together: every so many places of the convolution without strides."""
    fields = leaf.layer.model_copy(update={"strides": (1, 1)})
    dense = Leaf(leaf.label, fields, leaf.inputs, (), [])
    row = reading.equivalent(dense, "keras")
    assert row is not None
    given = reading.arguments(dense, row)
    layer = keras.layers.Conv2D(**_arguments_taken(given), **common)
    call = _padded(leaf, layer, given) or _with_one(layer)
    places = tuple(slice(None, None, stride) for stride in leaf.layer.strides)
    leading = 1 if leaf.layer.data_format == "channels_last" else 2
    chosen = (*(slice(None),) * leading, *places)
    return layer, lambda inputs: call(inputs)[chosen]


def _padded_pool(leaf: Leaf, common: dict[str, Any]) -> Part:
    kind = leaf.layer.filled(None)
    given = {name: getattr(kind, name) for name in ("pool_size", "strides", "padding", "data_format")}
    made = {"MaxPool2D": keras.layers.MaxPooling2D, "AveragePool2D": keras.layers.AveragePooling2D}
    layer = made[type(kind).__name__](**_arguments_taken(given), **common)
    return layer, _padded(leaf, layer, given) or _with_one(layer)


def _lstm(leaf: Leaf, common: dict[str, Any]) -> Part:
    layer = _TwoBiasLSTM(leaf.layer.units, return_sequences=leaf.layer.return_sequences, **common)
    return layer, _with_one(layer)


def _batch_norm(leaf: Leaf, common: dict[str, Any]) -> Part:
    kind = leaf.layer
    layer = _CountingBatchNorm(kind.axis, center=kind.center, scale=kind.scale, **common)
    return layer, _with_one(layer)


def _any_attention(leaf: Leaf, common: dict[str, Any]) -> Part:
    layer = _Attention(leaf.layer.filled(leaf.input_shapes[0]), **common)
    return layer, lambda inputs: layer(*inputs)


_PARTS: dict[str, Callable[[Leaf, dict[str, Any]], Part]] = {
    "Weights": _weights,
    "Slice": _slice,
    "Reduce": _reduce,
    "Elementwise": _function,
    "Einsum": _einsum,
    "Conv2D": _strided_conv,
    "MaxPool2D": _padded_pool,
    "AveragePool2D": _padded_pool,
    "LSTM": _lstm,
    "BatchNorm": _batch_norm,
    "MultiHeadAttention": _any_attention,
}
