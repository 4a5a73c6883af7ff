"""What is known to be counted wrongly elsewhere, one by one, against the real models."""

from __future__ import annotations

from collections import Counter

import pytest

import paramcalc as pc

from .comparison import check

pytestmark = pytest.mark.framework

FROZEN_NORM = """
paramcalc: 1
layers:
  - Input: {shape: [5, 8]}
  - BatchNorm:
    name: frozen
    trainable: false
  - BatchNorm: {scale: false}
"""

#: One layer called three times, and one inside a group that is frozen but for its last layer.
SHARED = """
paramcalc: 1
layers:
  - Input: {shape: [8]}
    name: left
  - Dense: {units: 8}
    name: twice
  - trainable: false
    name: tower
    layers:
      - share: twice
      - Dense: {units: 8}
        name: inner
      - Dense: {units: 8}
        trainable: true
  - share: tower.inner
  - Add:
    inputs: [left, tower]
"""

#: A sequence and an image whose lengths vary.
FREE = """
paramcalc: 1
dims: {tokens: null}
layers:
  - Input: {shape: [tokens, 6]}
    name: sequence
  - residual: true
    layers:
      - LayerNorm
      - MultiHeadAttention: {num_heads: 2, key_dim: 3}
  - LSTM: {units: 4, return_sequences: true}
  - Weights: {tensors: {token: [1, 4]}, output: token}
    name: token
  - Concatenate: {axis: 1}
    inputs: [token, lstm]
  - LSTM: {units: 4}
  - Input: {shape: [null, null, 3]}
    name: image
  - Conv2D: {filters: 4, kernel_size: 3, strides: 2, padding: same}
  - MaxPool2D
  - BatchNorm
  - Flatten
  - GlobalAveragePool2D:
    inputs: [batch_norm]
"""

TRANSFORMER = """
paramcalc: 1
framework: torch
dims: {width: 512, heads: 8, ff: 2048, depth: 6}
blocks:
  mlp:
    layers:
      - Dense: {units: ff}
      - Dense: {units: width}
  attention:
    layers:
      - MultiHeadAttention: {num_heads: heads, key_dim: width / heads}
layers:
  - Input: {shape: [10, width]}
  - times: depth
    layers:
      - block: attention
        residual: true
      - LayerNorm
      - block: mlp
        residual: true
      - LayerNorm
  - LayerNorm:
    name: memory
  - Input: {shape: [20, width]}
  - times: depth
    layers:
      - block: attention
        residual: true
      - LayerNorm:
        name: query
      - MultiHeadAttention: {num_heads: heads, key_dim: width / heads}
        inputs: [query, memory]
        residual: true
      - LayerNorm
      - block: mlp
        residual: true
      - LayerNorm
  - LayerNorm
"""


@pytest.mark.parametrize("framework", ["keras", "torch"])
@pytest.mark.parametrize("text", [FROZEN_NORM, SHARED])
def test_quirk(framework: str, text: str) -> None:
    check(pc.loads(text), framework)


def test_frozen_batch_norm_keeps_its_states_apart() -> None:
    spec = pc.loads(FROZEN_NORM)
    keras, torch = (pc.count(spec, framework) for framework in ("keras", "torch"))
    assert (keras.total, keras.trainable, keras.buffers) == (4 * 8 + 3 * 8, 8, 0)
    assert (torch.total, torch.trainable, torch.buffers) == (2 * 8 + 8, 8, 2 * (2 * 8 + 1))


def test_lengths_that_vary_are_none_in_keras() -> None:
    check(pc.loads(FREE), "keras")


@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True:UserWarning")
def test_transformer_of_torch() -> None:
    import torch

    with torch.device("meta"):
        real = torch.nn.Transformer()
    count = pc.count(pc.loads(TRANSFORMER), expand=True)
    assert count.total == 44_140_544 == sum(parameter.numel() for parameter in real.parameters())
    ours = Counter(tensor.shape for row in count.layers for tensor in row.tensors)
    assert ours == Counter(tuple(parameter.shape) for parameter in real.parameters())
