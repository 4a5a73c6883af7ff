"""What is known to be counted wrongly elsewhere, one by one, against the real models."""

from __future__ import annotations

from collections import Counter

import pytest

import paramcalc as pc
from paramcalc.conventions import convention

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

#: The states of one recurrent layer are where another begins.
ENCODER_DECODER = """
paramcalc: 1
layers:
  - Input: {shape: [7, 5]}
    name: source
  - LSTM: {units: 3, return_state: true}
    name: encoder
  - Input: {shape: [9, 4]}
    name: target
  - LSTM: {units: 3, return_sequences: true}
    name: decoder
    inputs: [target, encoder.1, encoder.2]
  - Dense: {units: 10}
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


def test_glu_by_name_has_another_shape_than_keras_says() -> None:
    """So it is refused as an activation, and is a layer type of its own."""
    import keras
    import numpy as np

    layer = keras.layers.Activation("glu")
    assert layer(keras.Input((4, 6))).shape == (None, 4, 6)
    assert layer(np.zeros((2, 4, 6))).shape == (2, 4, 3)
    assert pc.GLU().output_shape((4, 6)) == (4, 3)
    with pytest.raises(pc.ParamcalcError, match="it is a layer type of its own: GLU"):
        pc.Activation(activation="glu")


def test_threshold_by_name_cannot_be_called_in_keras() -> None:
    import keras
    import numpy as np

    with pytest.raises(TypeError, match="missing 2 required positional arguments"):
        keras.layers.Activation("threshold")(np.zeros((2, 3)))
    assert convention("keras").equivalent(pc.Activation(activation="threshold"), [(3,)]) is None


def test_keras_shares_another_axis_of_prelu_than_a_negative_number_names() -> None:
    import keras

    layer = keras.layers.PReLU(shared_axes=-1)
    layer.build((None, 4, 5, 6))
    assert layer.alpha.shape == (4, 1, 6)
    with pytest.raises(pc.ParamcalcError, match="count from 1, not -1"):
        pc.count(pc.PReLU(shared_axes=-1), input_shape=(4, 5, 6))


def test_keras_says_another_shape_than_attention_has_where_places_are_repeated() -> None:
    import keras
    import numpy as np

    shapes = [(1, 4, 5), (7, 3, 5)]
    layer = keras.layers.Attention()
    assert layer([keras.Input(shape) for shape in shapes]).shape == (None, 1, 4, 5)
    assert layer([np.zeros((2, *shape)) for shape in shapes]).shape == (2, 7, 4, 5)
    with pytest.raises(pc.ParamcalcError, match="must agree in every axis but the length"):
        pc.count(pc.Attention(), input_shape=shapes)


def test_keras_runs_a_grouped_attention_that_it_does_not_build() -> None:
    """With a value of other features than the query: no model can have it, so the table has no class for it."""
    import keras
    import numpy as np

    shapes = [(5, 6), (7, 8)]
    layer = keras.layers.GroupQueryAttention(3, 4, 2)
    assert layer(*(np.zeros((2, *shape)) for shape in shapes)).shape == (2, 5, 6)
    with pytest.raises(ValueError, match="must be equal, but are 6, 8"):
        layer(*map(keras.Input, shapes))
    kind = pc.MultiHeadAttention(num_heads=4, key_dim=3, num_key_value_heads=2)
    assert convention("keras").equivalent(kind, shapes) is None


def test_attention_of_torch_appends_a_key_and_a_value_without_a_bias() -> None:
    import torch

    real = torch.nn.MultiheadAttention(6, 2, bias=False, add_bias_kv=True)
    layer = pc.MultiHeadAttention(num_heads=2, key_dim=3, use_bias=False, add_bias_kv=True)
    row = pc.count(layer, "torch", input_shape=[(4, 6)]).layers[-1]
    assert {tensor.name: tensor.shape for tensor in row.tensors} == {
        name: tuple(parameter.shape) for name, parameter in real.named_parameters()
    }
    assert {"bias_k", "bias_v"} < {tensor.name for tensor in row.tensors}


def test_lengths_that_vary_are_none_in_keras() -> None:
    check(pc.loads(FREE), "keras")


@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True:UserWarning")
def test_transformer_of_torch() -> None:
    import torch

    with torch.device("meta"):
        real = torch.nn.Transformer()
    whole = pc.count(pc.Transformer(num_heads=8), "torch", input_shape=[(10, 512), (20, 512)])
    assert {tensor.name: tensor.shape for tensor in whole.layers[-1].tensors} == {
        name: tuple(parameter.shape) for name, parameter in real.named_parameters()
    }
    count = pc.count(pc.loads(TRANSFORMER), expand=True)
    assert count.total == whole.total == 44_140_544 == sum(parameter.numel() for parameter in real.parameters())
    ours = Counter(tensor.shape for row in count.layers for tensor in row.tensors)
    assert ours == Counter(tuple(parameter.shape) for parameter in real.parameters())


def test_encoder_and_decoder_of_keras() -> None:
    import keras

    source, target = keras.Input((7, 5)), keras.Input((9, 4))
    _, *states = keras.layers.LSTM(3, return_state=True)(source)
    decoded = keras.layers.LSTM(3, return_sequences=True)(target, initial_state=states)
    real = keras.Model([source, target], keras.layers.Dense(10)(decoded))
    count = pc.count(pc.loads(ENCODER_DECODER))
    assert count.total == real.count_params()
    assert count.layers[-1].output_shape == tuple(real.output_shape[1:])


def test_the_states_of_a_stateful_layer_are_no_parameters() -> None:
    import keras

    layer = keras.layers.LSTM(3, stateful=True)
    layer(keras.Input(batch_shape=(2, 7, 5)))
    assert len(layer.states) == 2
    assert layer.count_params() == pc.count(pc.LSTM(units=3), input_shape=(7, 5)).total


@pytest.mark.parametrize(("reset_after", "shape"), [(True, (2, 9)), (False, (9,))])
def test_gru_of_keras_has_both_offsets_as_one_tensor(reset_after: bool, shape: tuple[int, ...]) -> None:
    import keras

    real = keras.layers.GRU(3, reset_after=reset_after)
    real.build((None, 7, 5))
    row = pc.count(pc.GRU(units=3, reset_after=reset_after), input_shape=(7, 5)).layers[-1]
    ours = {tensor.name: tensor.shape for tensor in row.tensors}
    assert tuple(real.cell.bias.shape) == ours["gru_cell/bias"] == shape


def test_bidirectional_of_keras_says_the_shape_of_its_first_layer() -> None:
    """A layer that is given for the way back may be wider; only a run shows it."""
    import keras
    import numpy as np

    real = keras.layers.Bidirectional(
        keras.layers.LSTM(3), backward_layer=keras.layers.GRU(4, go_backwards=True), merge_mode="concat"
    )
    assert real(keras.Input((7, 5))).shape == (None, 3 + 3)
    assert real(np.zeros((2, 7, 5))).shape == (2, 3 + 4)
    ours = pc.Bidirectional(layer=pc.LSTM(units=3), backward_layer=pc.GRU(units=4, go_backwards=True))
    assert pc.count(ours, input_shape=(7, 5)).layers[-1].output_shape == (7,)


def test_bidirectional_of_keras_joins_the_last_axis_also_with_the_channels_first() -> None:
    import keras

    real = keras.layers.Bidirectional(keras.layers.ConvLSTM1D(4, 1, data_format="channels_first"))
    ours = pc.Bidirectional(layer=pc.ConvLSTM1D(filters=4, kernel_size=1, data_format="channels_first"))
    shape = pc.count(ours, input_shape=(7, 3, 5)).layers[-1].output_shape
    assert real(keras.Input((7, 3, 5))).shape[1:] == shape == (4, 5 + 5)


def test_time_distributed_of_keras_takes_no_layer_with_several_outputs() -> None:
    import keras

    real = keras.layers.TimeDistributed(keras.layers.LSTM(3, return_state=True))
    with pytest.raises(ValueError, match=r"Cannot convert '\d' to a shape"):
        real(keras.Input((7, 4, 5)))
    with pytest.raises(pc.ParamcalcError, match="a layer with one output"):
        pc.count(pc.TimeDistributed(layer=pc.LSTM(units=3, return_state=True)), input_shape=(7, 4, 5))


def test_the_states_of_torch_have_the_batch_behind_the_layers() -> None:
    import torch

    real = torch.nn.GRU(5, 3, num_layers=2, bidirectional=True, batch_first=True)
    output, states = real(torch.zeros(6, 7, 5))
    layer = pc.GRU(units=3, num_layers=2, bidirectional=True, return_sequences=True, return_state=True)
    row = pc.count(layer, "torch", input_shape=(7, 5)).layers[-1]
    assert (6, *row.output_shape) == tuple(output.shape)
    # ours are one for each layer and way, with the batch first as everywhere
    assert [(6, *shape) for shape in row.further_output_shapes] == [tuple(state.shape) for state in states]


def _linear_parameters(width: int, shared: int, biases: dict[str, bool]) -> int:
    """The parameters of attention as models write it by hand: each projection a Linear with a bias or without."""
    from torch import nn

    outputs = {"query": width, "key": shared, "value": shared, "output": width}
    modules = nn.ModuleList(nn.Linear(width, outputs[name], bias=bias) for name, bias in biases.items())
    return sum(parameter.numel() for parameter in modules.parameters())


@pytest.mark.parametrize(
    ("width", "heads", "shared", "biases"),
    [
        # Qwen2-0.5B, Whisper-tiny, Stable Diffusion
        (896, 14, 2, {"query": True, "key": True, "value": True, "output": False}),
        (384, 6, 6, {"query": True, "key": False, "value": True, "output": True}),
        (320, 8, 8, {"query": False, "key": False, "value": False, "output": True}),
    ],
)
def test_attention_with_biases_of_some_projections(
    width: int, heads: int, shared: int, biases: dict[str, bool]
) -> None:
    real = _linear_parameters(width, shared * width // heads, biases)
    fields = {f"{name}_bias": bias for name, bias in biases.items()}
    layer = pc.MultiHeadAttention(num_heads=heads, key_dim=width // heads, num_key_value_heads=shared, **fields)
    for framework in ("keras", "torch"):
        assert pc.count(layer, framework, input_shape=(7, width)).total == real
        assert convention(framework).equivalent(layer, [(7, width)]) is None
