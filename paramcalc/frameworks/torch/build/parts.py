"""Modules that PyTorch has no class for."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Weights(nn.Module):
    """Tensors of its own: the input passes, is multiplied by one of them, or one is the output."""

    def __init__(
        self,
        shapes: dict | None = None,
        states: dict | None = None,
        output: str | None = None,
        equation: str | None = None,
    ) -> None:
        super().__init__()
        self._output = output
        self._equation, self._names = equation, [*(shapes or {}), *(states or {})]
        for name, shape in (shapes or {}).items():
            self.register_parameter(name, nn.Parameter(torch.zeros(shape)))
        for name, shape in (states or {}).items():
            self.register_buffer(name, torch.zeros(shape))

    def forward(self, x: Tensor) -> Tensor:
        if self._equation is not None:
            kernel, *added = (getattr(self, name) for name in self._names)
            return sum(added, torch.einsum(self._equation, x, kernel))
        if self._output is None:
            return x
        tensor = getattr(self, self._output)
        return tensor.expand(len(x), *tensor.shape)


class OwnBatchNorm(nn.Module):
    """A batch normalisation with any of its tensors, along axis 1."""

    def __init__(
        self,
        num_features: int,
        scale: bool = True,
        center: bool = True,
        batch_counter: bool = True,
        momentum: float = 0.1,
    ) -> None:
        super().__init__()
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_features)) if scale else None
        self.beta = nn.Parameter(torch.zeros(num_features)) if center else None
        self.register_buffer("moving_mean", torch.zeros(num_features))
        self.register_buffer("moving_variance", torch.ones(num_features))
        self.register_buffer("batch_counter", torch.tensor(0) if batch_counter else None)

    def forward(self, x: Tensor) -> Tensor:
        if self.training and self.batch_counter is not None:
            self.batch_counter.add_(1)
        statistics = self.moving_mean, self.moving_variance
        parameters = self.gamma, self.beta
        return functional.batch_norm(x, *statistics, *parameters, self.training, self.momentum)


class OwnLayerNorm(nn.Module):
    """A layer normalisation that may have a shift and no scale."""

    def __init__(self, normalized_shape: tuple, scale: bool = True, center: bool = True) -> None:
        super().__init__()
        self.normalized_shape = normalized_shape
        self.gamma = nn.Parameter(torch.ones(normalized_shape)) if scale else None
        self.beta = nn.Parameter(torch.zeros(normalized_shape)) if center else None

    def forward(self, x: Tensor) -> Tensor:
        return functional.layer_norm(x, self.normalized_shape, self.gamma, self.beta)


class OneBiasLSTM(nn.Module):
    """An LSTM with one bias, as Keras has it."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(input_size, 4 * hidden_size) * 0.05)
        self.recurrent_kernel = nn.Parameter(torch.randn(hidden_size, 4 * hidden_size) * 0.05)
        self.bias = nn.Parameter(torch.zeros(4 * hidden_size))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        states = [x.new_zeros(1, len(x), len(self.recurrent_kernel)) for _ in range(2)]
        weights = [self.kernel.t(), self.recurrent_kernel.t(), self.bias, torch.zeros_like(self.bias)]
        output, state, cell = torch.lstm(x, states, weights, True, 1, 0.0, self.training, False, True)
        return output, state, cell


class OwnAttention(nn.Module):
    """Attention of any form, from its projections."""

    def __init__(
        self,
        features: tuple[int, int, int],
        num_heads: int,
        num_key_value_heads: int,
        key_dim: int,
        value_dim: int,
        output_dim: int,
        biases: tuple[str, ...] = ("query", "key", "value", "output"),
        causal: bool = False,
    ) -> None:
        super().__init__()
        query, value, key = features
        heads, shared = num_heads, num_key_value_heads
        self.own("query", "query" in biases, query, heads, key_dim)
        self.own("key", "key" in biases, key, shared, key_dim)
        self.own("value", "value" in biases, value, shared, value_dim)
        self.output_kernel = nn.Parameter(torch.randn(heads, value_dim, output_dim) * 0.02)
        self.output_bias = nn.Parameter(torch.zeros(output_dim)) if "output" in biases else None
        self.share = heads // shared
        self.causal = causal

    def own(self, name: str, use_bias: bool, features: int, heads: int, width: int) -> None:
        """Make the parameters of a projection to the heads."""
        kernel = nn.Parameter(torch.randn(features, heads, width) * 0.02)
        bias = nn.Parameter(torch.zeros(heads, width)) if use_bias else None
        self.register_parameter(f"{name}_kernel", kernel)
        self.register_parameter(f"{name}_bias", bias)

    def projected(self, name: str, x: Tensor) -> Tensor:
        """Apply a projection: batch, head, position, features."""
        y = torch.einsum("btd,dhk->bthk", x, self.get_parameter(f"{name}_kernel"))
        bias = getattr(self, f"{name}_bias")
        return (y if bias is None else y + bias).transpose(1, 2)

    def forward(self, query: Tensor, value: Tensor | None = None, key: Tensor | None = None):
        value = query if value is None else value
        key = value if key is None else key
        queries = self.projected("query", query)
        keys = self.projected("key", key).repeat_interleave(self.share, 1)
        values = self.projected("value", value).repeat_interleave(self.share, 1)
        attend = functional.scaled_dot_product_attention
        mixed = attend(queries, keys, values, is_causal=self.causal)
        y = torch.einsum("bhtv,hvo->bto", mixed, self.output_kernel)
        return y if self.output_bias is None else y + self.output_bias


class HeadsAttention(nn.Module):
    """Attention of what is projected already, the features of all heads side by side."""

    def __init__(self, num_heads: int, num_key_value_heads: int, causal: bool = False) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.num_key_value_heads = num_key_value_heads
        self.causal = causal

    def forward(self, query: Tensor, value: Tensor, key: Tensor | None = None) -> Tensor:
        key = value if key is None else key
        queries = query.unflatten(2, (self.num_heads, -1)).transpose(1, 2)
        keys, values = (x.unflatten(2, (self.num_key_value_heads, -1)).transpose(1, 2) for x in (key, value))
        if self.num_heads != self.num_key_value_heads:
            share = self.num_heads // self.num_key_value_heads
            keys, values = (x.repeat_interleave(share, 1) for x in (keys, values))
        mixed = functional.scaled_dot_product_attention(queries, keys, values, is_causal=self.causal)
        return mixed.transpose(1, 2).flatten(2)
