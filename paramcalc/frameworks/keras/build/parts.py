"""Layers that Keras has no class for."""

from __future__ import annotations

from typing import Any

import keras


class Weights(keras.layers.Layer):
    """Tensors of its own: the input passes, is multiplied by one of them, or one is the output."""

    def __init__(
        self,
        shapes: dict | None = None,
        states: dict | None = None,
        output: str | None = None,
        equation: str | None = None,
        **common: Any,
    ) -> None:
        super().__init__(**common)
        self.equation = equation
        # of those that are trained, and of those that are not
        self.shapes, self.states, self.output_name = shapes or {}, states or {}, output

    def build(self, input_shape: Any) -> None:
        self.tensors = {}
        for name, shape in self.shapes.items():
            self.tensors[name] = self.add_weight(shape, name=name)
        for name, shape in self.states.items():
            self.tensors[name] = self.add_weight(shape, "zeros", trainable=False, name=name)

    def call(self, x: Any) -> Any:
        if self.equation is not None:
            kernel, *added = self.tensors.values()
            return sum(added, keras.ops.einsum(self.equation, x, kernel))
        if self.output_name is None:
            return x
        tensor = self.tensors[self.output_name]
        # a one for each example, so that the tensor is repeated as often as there are examples
        ones = keras.ops.ones_like(x, tensor.dtype)
        if len(x.shape) > 1:
            ones = keras.ops.max(ones, axis=tuple(range(1, len(x.shape))))
        return tensor * keras.ops.reshape(ones, (-1, *(1 for _ in tensor.shape)))


class TiedDense(keras.layers.Layer):
    """A Dense layer some of whose tensors are those of other layers."""

    def __init__(
        self,
        units: int,
        kernel: Any = None,
        bias: Any = None,
        use_bias: bool = True,
        activation: str | None = None,
        **common: Any,
    ) -> None:
        super().__init__(**common)
        self.units, self.use_bias = units, use_bias
        # functions that give them: a tensor kept here would be owned twice
        self.given_kernel, self.given_bias = kernel, bias
        self.activation = keras.activations.get(activation)

    def build(self, input_shape: Any) -> None:
        if self.given_kernel is None:
            self.kernel = self.add_weight((input_shape[-1], self.units), name="kernel")
        if self.given_bias is None and self.use_bias:
            self.bias = self.add_weight((self.units,), "zeros", name="bias")

    def call(self, x: Any) -> Any:
        kernel = self.given_kernel() if self.given_kernel else self.kernel
        x = keras.ops.matmul(x, keras.ops.cast(kernel, x.dtype))
        if self.use_bias:
            bias = self.given_bias() if self.given_bias else self.bias
            x = x + keras.ops.cast(bias, x.dtype)
        return self.activation(x)


class TwoBiasLSTMCell(keras.layers.LSTMCell):
    """A step of an LSTM with the second bias that PyTorch keeps."""

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.recurrent_bias = self.add_weight((4 * self.units,), "zeros", name="recurrent_bias")

    def call(self, x: Any, states: Any, training: bool = False) -> Any:
        state, cell = states
        gates = keras.ops.matmul(x, self.kernel) + keras.ops.matmul(state, self.recurrent_kernel)
        i, f, g, o = keras.ops.split(gates + self.bias + self.recurrent_bias, 4, axis=-1)
        cell = keras.ops.sigmoid(f) * cell + keras.ops.sigmoid(i) * keras.ops.tanh(g)
        state = keras.ops.sigmoid(o) * keras.ops.tanh(cell)
        return state, [state, cell]


class CountingBatchNormalization(keras.layers.BatchNormalization):
    """A batch normalisation that counts the batches, as PyTorch's does."""

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        options = {"dtype": "int64", "trainable": False, "name": "batch_counter"}
        self.batch_counter = self.add_weight((), "zeros", **options)

    def call(self, x: Any, training: Any = None, mask: Any = None) -> Any:
        if training:
            self.batch_counter.assign_add(1)
        return super().call(x, training=training, mask=mask)


class Attention(keras.layers.Layer):
    """Attention of any form, from its projections."""

    def __init__(
        self,
        num_heads: int,
        num_key_value_heads: int,
        key_dim: int,
        value_dim: int,
        output_dim: int,
        biases: tuple[str, ...] = ("query", "key", "value", "output"),
        causal: bool = False,
        **common: Any,
    ) -> None:
        super().__init__(**common)
        self.causal = causal
        self.heads, self.shared_heads = num_heads, num_key_value_heads
        self.key_dim, self.value_dim, self.output_dim = key_dim, value_dim, output_dim
        self.biases = biases

    def build(self, query_shape: Any, value_shape: Any = None, key_shape: Any = None) -> None:
        value_shape = value_shape or query_shape
        key_shape = key_shape or value_shape
        heads = "btd,dhk->bthk"
        self.query = self.projection("query", heads, query_shape, self.heads, self.key_dim)
        self.key = self.projection("key", heads, key_shape, self.shared_heads, self.key_dim)
        self.value = self.projection("value", heads, value_shape, self.shared_heads, self.value_dim)
        mixed = (*query_shape[:-1], self.heads, self.value_dim)
        self.out = self.projection("attention_output", "bthk,hkd->btd", mixed, self.output_dim)

    def projection(self, name: str, equation: str, shape: Any, *outputs: int) -> Any:
        """Make the weights from one side to the other, with a bias for each of the outputs."""
        biased = name.removeprefix("attention_") in self.biases
        layer = keras.layers.EinsumDense(
            equation,
            (None, *outputs),
            bias_axes=equation[-len(outputs) :] if biased else None,
            name=name,
            dtype=self.dtype,
        )
        layer.build(shape)
        return layer

    def call(self, query: Any, value: Any = None, key: Any = None) -> Any:
        value = query if value is None else value
        key = value if key is None else key
        share = self.heads // self.shared_heads
        keys = keras.ops.repeat(self.key(key), share, axis=2)
        values = keras.ops.repeat(self.value(value), share, axis=2)
        scores = keras.ops.einsum("bthk,bshk->bhts", self.query(query), keys)
        if self.causal:
            ones = keras.ops.ones_like(scores)
            seen = keras.ops.cumsum(ones, axis=-2) >= keras.ops.cumsum(ones, axis=-1)
            scores = keras.ops.where(seen, scores, -1e9)
        scores = keras.ops.softmax(scores / self.key_dim**0.5)
        return self.out(keras.ops.einsum("bhts,bshv->bthv", scores, values))
