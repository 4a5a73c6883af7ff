"""PyTorch's Transformer as one layer: closed forms, and layers whose number is not known."""

import time

import numpy as np
import pytest
import sympy

import paramcalc as pc
from paramcalc.core import algebra
from paramcalc.core.algebra import Undecided, Unknown
from paramcalc.core.errors import LIMITS

SPEC = """
paramcalc: 1
framework: torch
dims: {width: 512, depth: 6, ff: 2048}
layers:
  - Input: {shape: [10, width]}
    name: source
  - TransformerEncoder: {num_heads: 8, dim_feedforward: ff, num_layers: depth, norm: LayerNorm}
  - Input: {shape: [20, width]}
    name: target
  - TransformerDecoder: {num_heads: 8, dim_feedforward: ff, num_layers: depth, norm: LayerNorm}
    inputs: [target, transformer_encoder]
"""


def by_hand(width: int, depth: int, ff: int) -> int:
    """Vaswani et al. 2017: four projections each attention, two linear layers, a scale and an offset each norm."""
    attention = 4 * (width * width + width)
    feedforward = 2 * width * ff + ff + width
    norm = 2 * width
    encoder = depth * (attention + feedforward + 2 * norm) + norm
    decoder = depth * (2 * attention + feedforward + 3 * norm) + norm
    return encoder + decoder


@pytest.mark.parametrize("sizes", [{}, {"width": 64}, {"depth": 1, "ff": 7}, {"width": 8, "depth": 3, "ff": 1}])
def test_the_count_is_that_of_the_paper(sizes: dict[str, int]) -> None:
    counted = pc.count(pc.loads(SPEC), dims=sizes)
    assert counted.total == by_hand(**{"width": 512, "depth": 6, "ff": 2048} | sizes)


def test_the_closed_form_keeps_the_number_of_layers() -> None:
    form = pc.formula(pc.loads(SPEC))
    assert form.fixed == {}
    assert {*form.symbols} == {"width", "ff", "depth"}
    for depth in (1, 2, 6, 9):
        assert form(width=128, ff=99, depth=depth) == by_hand(128, depth, 99)


def test_the_general_form_of_a_layer_is_known() -> None:
    form = pc.formula(pc.TransformerEncoderLayer, "torch")
    d, f, use_bias = (form.symbols[name] for name in ("d", "f", "use_bias"))
    known = 4 * d**2 + 2 * d * f + 2 * d + use_bias * (4 * d + f + d + 2 * d)
    assert sympy.expand(form.expr - known) == 0
    assert form.conditions == ("h divides d",)


def test_widths_may_be_an_array_and_the_number_of_layers_may_not() -> None:
    widths = np.array([64, 128])
    assert pc.count(pc.loads(SPEC), dims={"width": widths}).total.tolist() == [
        by_hand(64, 6, 2048),
        by_hand(128, 6, 2048),
    ]
    with pytest.raises(pc.ParamcalcError, match="not-one-value"):
        pc.count(pc.loads(SPEC), dims={"depth": np.array([2, 3])})


def test_another_norm_or_encoder_is_counted_as_its_own_kind() -> None:
    shapes = [(10, 8), (20, 8)]
    encoder = pc.TransformerEncoder(num_heads=2, dim_feedforward=3, norm=pc.RMSNorm())
    layer = pc.Transformer(num_heads=2, dim_feedforward=3, custom_encoder=encoder, num_decoder_layers=1)
    plain = pc.Transformer(num_heads=2, dim_feedforward=3, num_encoder_layers=1, num_decoder_layers=1)
    totals = [pc.count(each, "torch", input_shape=shapes).total for each in (layer, plain)]
    # the offset of the encoder's norm is not there
    assert totals[1] - totals[0] == 8
    assert totals[1] == by_hand(8, 1, 3)


@pytest.mark.parametrize("number", [sympy.Symbol("n"), np.array([1, 2]), Unknown("n")])
def test_copies_need_a_number(number: object) -> None:
    with pytest.raises(Undecided):
        algebra.copies(number)


def test_copies_are_bounded() -> None:
    assert [*algebra.copies(3)] == [0, 1, 2]
    assert len(algebra.copies(LIMITS.copies)) == LIMITS.copies
    with pytest.raises(pc.ParamcalcError, match=r"error\[limit\]: 5,001 copies"):
        algebra.copies(LIMITS.copies + 1)


@pytest.mark.parametrize("place", ["within", "behind"])
def test_the_copies_of_layers_are_bounded_in_all_of_a_model(place: str) -> None:
    few, many = (f"TransformerEncoder: {{num_heads: 1, num_layers: {number}" for number in (101, LIMITS.copies - 10))
    layers = f"  - {few}, norm: {{{many}}}}}}}\n" if place == "within" else f"  - {few}}}\n  - {many}}}\n"
    spec = pc.loads("paramcalc: 1\nlayers:\n  - Input: {shape: [3, 4]}\n" + layers)
    start = time.process_time()
    with pytest.raises(pc.ParamcalcError, match="4,990 copies of a layer: a model has 5,000 at the most") as caught:
        pc.count(spec)
    assert caught.value.code == "limit"
    # refused before they are evaluated, which takes some seconds
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    ("shapes", "together"),
    [
        ([(3,)], (3,)),
        ([(3, 1), (4,)], (3, 4)),
        ([(), (2, 1, 3), (5, 1)], (2, 5, 3)),
    ],
)
def test_shapes_of_an_elementwise_operation(shapes: list[algebra.Shape], together: algebra.Shape) -> None:
    assert algebra.broadcast_shapes(shapes) == together
    assert algebra.broadcast_shapes(shapes) == np.broadcast_shapes(*shapes)


def test_shapes_that_are_equal() -> None:
    assert algebra.equal_shapes((2, Unknown()), (2, 3))
    assert not algebra.equal_shapes((2, 3), (2, 4))
    assert not algebra.equal_shapes((2, 3), (2, 3, 1))


# --- Biases of some projections alone ----------------------------------------------------

#: Qwen2-0.5B: biases of query, key and value, and none of the output. The published number is that of the tensors in
#: its checkpoint (huggingface.co/Qwen/Qwen2-0.5B, 494,032,768 parameters).
QWEN2 = """
paramcalc: 1
framework: torch
dims: {vocabulary: 151936, width: 896, depth: 24, heads: 14, shared: 2, inner: 4864}
layers:
  - Input: {shape: [null], dtype: int32}
  - Embedding: {input_dim: vocabulary, output_dim: width}
    name: embedding
  - times: depth
    name: layers
    layers:
      - residual: true
        layers:
          - RMSNorm
          - MultiHeadAttention:
              {num_heads: heads, num_key_value_heads: shared, key_dim: width / heads, output_bias: false, causal: true}
      - residual: true
        layers:
          - RMSNorm:
            name: norm
          - Dense: {units: inner, use_bias: false, activation: silu}
            name: gate
          - Dense: {units: inner, use_bias: false}
            name: up
            inputs: norm
          - Multiply:
            inputs: [gate, up]
          - Dense: {units: width, use_bias: false}
  - RMSNorm
  - Dense: {units: vocabulary, use_bias: false}
    tie: {kernel: embedding.embeddings}
"""

#: Whisper-tiny: keys without a bias. The published number is that of the tensors in its checkpoint, the fixed positions
#: of the encoder included (huggingface.co/openai/whisper-tiny, 37,760,640 parameters).
WHISPER = """
paramcalc: 1
framework: torch
dims: {vocabulary: 51865, width: 384, depth: 4, heads: 6, inner: 1536}
blocks:
  attention:
    layers:
      - LayerNorm
      - MultiHeadAttention: {num_heads: heads, key_dim: width / heads, key_bias: false}
  feed_forward:
    layers:
      - LayerNorm
      - Dense: {units: inner, activation: gelu}
      - Dense: {units: width}
layers:
  - Input: {shape: [80, 3000]}
  - Conv1D: {filters: width, kernel_size: 3, padding: 1, activation: gelu}
  - Conv1D: {filters: width, kernel_size: 3, padding: 1, strides: 2, activation: gelu}
  - Permute: {dims: [2, 1]}
  - Weights: {tensors: {positions: [1500, width]}}
  - times: depth
    name: encoder
    layers:
      - block: attention
        residual: true
      - block: feed_forward
        residual: true
  - LayerNorm:
    name: memory
  - Input: {shape: [448], dtype: int32}
  - Embedding: {input_dim: vocabulary, output_dim: width}
    name: embedding
  - Weights: {tensors: {positions: [448, width]}}
    name: text
  - times: depth
    name: decoder
    inputs: [text, memory]
    layers:
      - block: attention
        name: own
        residual: true
        inputs: input
      - LayerNorm:
        name: norm
      - MultiHeadAttention: {num_heads: heads, key_dim: width / heads, key_bias: false}
        name: cross
        inputs: [norm, input.1]
      - Add:
        inputs: [own, cross]
      - block: feed_forward
        residual: true
  - LayerNorm
  - Dense: {units: vocabulary, use_bias: false}
    tie: {kernel: embedding.embeddings}
"""


@pytest.mark.parametrize(("text", "published"), [(QWEN2, 494_032_768), (WHISPER, 37_760_640)], ids=["qwen2", "whisper"])
def test_models_with_biases_of_some_projections(text: str, published: int) -> None:
    spec = pc.loads(text)
    assert pc.count(spec).total == published
    assert pc.formula(spec)() == published
    assert pc.count(spec, "keras").total == published


@pytest.mark.parametrize("convention", ["keras", "torch"])
def test_each_projection_has_a_bias_of_its_own(convention: str) -> None:
    d, h, k, g = 12, 4, 3, 2
    kernels = d * h * k + 2 * d * g * k + h * k * d
    sizes = {"query_bias": h * k, "key_bias": g * k, "value_bias": g * k, "output_bias": d}
    for use_bias in (True, False):
        for name, size in sizes.items():
            layer = pc.MultiHeadAttention(
                num_heads=h, key_dim=k, num_key_value_heads=g, use_bias=use_bias, **{name: not use_bias}
            )
            biases = sum(sizes.values()) - size if use_bias else size
            assert pc.count(layer, convention, input_shape=(5, d)).total == kernels + biases


def test_attention_says_whether_it_is_causal_and_counts_alike() -> None:
    for causal in (None, True, False):
        layer = pc.MultiHeadAttention(num_heads=2, key_dim=3, causal=causal)
        assert pc.count(layer, input_shape=(5, 6)).total == 4 * 36 + 4 * 6
