"""Closed forms that the literature has, symbolically equal to those derived from specs."""

from fractions import Fraction
from typing import Any

import pytest
import sympy

import paramcalc as pc
from tests.helpers import ROOT

pytestmark = pytest.mark.sweep

SPECS = ROOT / "specs"


def equal(form: pc.Formula, known: str) -> bool:
    """Whether a form is the known expression in the symbols of that name."""
    return same(form.expr, sympy.sympify(known, locals=dict(form.symbols)))


def same(expr: Any, known: Any) -> bool:
    return bool(sympy.simplify(sympy.expand(expr - known)) == 0)


# --- Transformers ----------------------------------------------------------------------

GPT2 = pc.formula(pc.load(SPECS / "gpt2.yaml"))
D, L, V, T = (GPT2.symbols[name] for name in ("width", "depth", "vocabulary", "context"))

WEIGHTS_ONLY = """
paramcalc: 1
dims: {d_model: 768, n_layer: 12, n_heads: 12, d_head: 64, d_attn: n_heads * d_head, d_ff: 3072}
layers:
  - Input: {shape: [100, d_model]}
  - times: n_layer
    layers:
      - MultiHeadAttention: {num_heads: n_heads, key_dim: d_head, use_bias: false}
      - Dense: {units: d_ff, use_bias: false}
      - Dense: {units: d_model, use_bias: false}
"""


def test_kaplan_counts_the_weights_of_a_transformer() -> None:
    # Kaplan et al. 2020, equation 2.1: N ≈ 2 d_model n_layer (2 d_attn + d_ff) = 12 n_layer d_model²,
    # with d_attn = d_ff / 4 = d_model, without embeddings, offsets and other sub-leading terms
    form = pc.formula(pc.loads(WEIGHTS_ONLY))
    assert equal(form, "2*d_model*n_layer*(2*n_heads*d_head + d_ff)")
    d, heads, head, inner, depth = (form.symbols[name] for name in ("d_model", "n_heads", "d_head", "d_ff", "n_layer"))
    assert same(form.expr.subs({head: d / heads, inner: 4 * d}), 12 * depth * d**2)


def test_kaplan_is_the_leading_term_of_gpt2() -> None:
    leading = GPT2.asymptotic
    assert same(leading.expr, 12 * L * D**2)
    # 12 · 12 · 768² of the 124,439,808 of the published model
    assert leading.share == Fraction(12 * 12 * 768**2, 124_439_808)


def test_narayanan_leaves_out_the_last_norm() -> None:
    # Narayanan et al. 2021, equation 2: 12 l h² (1 + 13/(12 h) + (V + s)/(12 l h))
    narayanan = 12 * L * D**2 * (1 + sympy.Rational(13, 12) / D + (V + T) / (12 * L * D))
    assert same(GPT2.expr - narayanan, 2 * D)
    (norm,) = [part for part in GPT2.parts if part.name == "layer_norm"]
    assert same(norm.expr, 2 * D)


def test_gpt2_is_written_as_layers_and_tables() -> None:
    assert GPT2.expr == L * (12 * D**2 + 13 * D) + (V + T + 2) * D


def test_a_layer_of_a_transformer() -> None:
    assert same(sympy.diff(GPT2.expr, L), 12 * D**2 + 13 * D)


ATTENTION = """
paramcalc: 1
framework: torch
dims: {d: 64, heads: 4, head: d / heads}
layers:
  - Input: {shape: [100, d]}
  - MultiHeadAttention: {num_heads: heads, key_dim: head}
"""


def test_attention_does_not_depend_on_the_number_of_heads() -> None:
    # Vaswani et al. 2017, section 3.2.2, with offsets: 4 d² + 4 d
    form = pc.formula(pc.loads(ATTENTION))
    assert equal(form, "4*d**2 + 4*d")
    assert form(heads=1) == form(heads=64) == 4 * 64**2 + 4 * 64
    assert [row.elasticity for row in form.elasticities() if row.dim == "heads"] == [0]


# --- What is added to a trained network ------------------------------------------------

LORA = """
paramcalc: 1
dims: {d: 12288, ff: 4 * d, r: 1, depth: 96}
blocks:
  low_rank:
    arguments: {d_in: null, d_out: null}
    layers:
      - {Dense: {units: d_out, use_bias: false}, name: frozen, trainable: false}
      - Weights: {tensors: {lora_a: [r, d_in], lora_b: [d_out, r]}}
layers:
  - Input: {shape: [d]}
  - name: body
    times: depth
    layers:
      - {block: low_rank, name: query, with: {d_in: d, d_out: d}}
      - {block: low_rank, name: value, with: {d_in: d, d_out: d}}
  - {block: low_rank, name: up, with: {d_in: d, d_out: ff}}
"""


def test_lora_adds_its_rank_times_both_sides() -> None:
    # Hu et al. 2021, section 4.1: B of (d, r) and A of (r, k) beside a frozen matrix of (d, k)
    form = pc.formula(pc.loads(LORA))
    added = {part.name: part for part in form.by("tensor") if "lora" in part.name}
    d, r, depth = (form.symbols[name] for name in ("d", "r", "depth"))
    total = sympy.Add(*(part.expr for part in added.values()))
    assert same(total, 2 * depth * r * (d + d) + r * (d + 4 * d))


def test_lora_on_gpt3_is_the_published_number() -> None:
    # Hu et al. 2021, table 4: on the queries and values of GPT-3 (96 layers, d = 12,288), 4.7 and 37.7 million
    spec = pc.loads(LORA)
    for rank, millions in ((1, "4.7"), (8, "37.7")):
        parts = pc.formula(spec, dims={"r": rank}).by("tensor")
        added = sum(part.value for part in parts if "lora" in part.name and part.name.startswith("body"))
        assert f"{added / 10**6:.1f}" == millions


ADAPTER = """
paramcalc: 1
dims: {d: 768, m: 64}
layers:
  - Input: {shape: [d]}
  - residual: true
    layers:
      - Dense: {units: m}
      - Dense: {units: d}
"""


def test_an_adapter() -> None:
    # Houlsby et al. 2019, section 2.1: 2 m d + d + m
    assert equal(pc.formula(pc.loads(ADAPTER)), "2*m*d + d + m")


# --- Recurrent layers ------------------------------------------------------------------

#: layer, convention → the known form in h units and n inputs.
RECURRENT = {
    # Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000: one offset a gate
    ("LSTM: {units: h}", "keras"): "4*(h*(n + h) + h)",
    # torch.nn.LSTM: bias_ih and bias_hh
    ("LSTM: {units: h}", "torch"): "4*(h*(n + h) + 2*h)",
    ("LSTM: {units: h, use_bias: false}", "torch"): "4*h*(n + h)",
    # Cho et al. 2014: three gates without offsets; with one each, as in Keras 1
    ("GRU: {units: h, reset_after: false, use_bias: false}", "keras"): "3*h*(n + h)",
    ("GRU: {units: h, reset_after: false}", "keras"): "3*(h*(n + h) + h)",
    # keras.layers.GRU as it is by default, reset behind the matrix: bias of shape (2, 3h)
    ("GRU: {units: h}", "keras"): "3*(h*(n + h) + 2*h)",
    # torch.nn.GRU: bias_ih and bias_hh
    ("GRU: {units: h}", "torch"): "3*(h*(n + h) + 2*h)",
}


@pytest.mark.parametrize(("layer", "convention"), RECURRENT)
def test_recurrent_layers(layer: str, convention: str) -> None:
    spec = pc.loads(f"paramcalc: 1\ndims: {{n: 5, h: 7}}\nlayers:\n  - Input: {{shape: [10, n]}}\n  - {layer}")
    assert equal(pc.formula(spec, convention), RECURRENT[layer, convention])


# --- A mixture of experts --------------------------------------------------------------

# `loaded` is how many experts count: all, or those that one token passes through
MIXTRAL = """
paramcalc: 1
framework: torch
dims:
  vocabulary: 32000
  width: 4096
  inner: 14336
  depth: 32
  heads: 32
  key_value_heads: 8
  experts: 8
  loaded: experts
layers:
  - Input: {shape: [100], dtype: int32}
  - Embedding: {input_dim: vocabulary, output_dim: width}
  - name: body
    times: depth
    layers:
      - residual: true
        layers:
          - RMSNorm
          - MultiHeadAttention:
              {num_heads: heads, num_key_value_heads: key_value_heads, key_dim: width / heads, use_bias: false}
      - residual: true
        layers:
          - RMSNorm
          - Weights:
              tensors:
                router: [width, experts]
                gate: [loaded, width, inner]
                up: [loaded, width, inner]
                down: [loaded, inner, width]
  - RMSNorm
  - Dense: {units: vocabulary, use_bias: false}
"""


def test_a_mixture_of_experts_in_total_and_active() -> None:
    # Fedus et al. 2021, Jiang et al. 2024: E experts of three matrices and a router of d·E; a token passes through k
    spec = pc.loads(MIXTRAL)
    rest = "2*vocabulary*width + width + depth*(2*width**2 + 2*width**2*key_value_heads/heads + 2*width"
    total = pc.formula(spec)
    assert equal(total, f"{rest} + width*experts + 3*width*inner*experts)")
    active = pc.formula(spec, dims={"loaded": 2})
    assert equal(active, f"{rest} + width*experts + 3*width*inner*2)")


def test_mixtral_has_the_published_numbers() -> None:
    # KerasHub's preset mixtral_8_7b_en: 46,702,792,704. Jiang et al. 2024: 13B active, 12.9B in the announcement
    spec = pc.loads(MIXTRAL)
    assert pc.formula(spec)() == 46_702_792_704
    assert f"{pc.formula(spec, dims={'loaded': 2})() / 10**9:.1f}" == "12.9"


# --- Convolutional networks ------------------------------------------------------------

DENSENET = """
paramcalc: 1
name: densenet
framework: torch
dims: {growth: 12, layers_a_block: 12, stem: 16, classes: 10}
blocks:
  dense:
    layers:
      - name: layer
        times: layers_a_block
        layers:
          - BatchNorm
          - {Conv2D: {filters: growth, kernel_size: 3, padding: 1, use_bias: false}, name: new}
          - {Concatenate: {axis: 1}, inputs: [input, new]}
  transition:
    layers:
      - BatchNorm
      - Conv2D: {filters: channels(), kernel_size: 1, use_bias: false}
      - AveragePool2D: {pool_size: 2}
layers:
  - Input: {shape: [3, 32, 32]}
  - {Conv2D: {filters: stem, kernel_size: 3, padding: 1, use_bias: false}, name: stem}
  - {block: dense, name: dense_1}
  - {block: transition, name: transition_1}
  - {block: dense, name: dense_2}
  - {block: transition, name: transition_2}
  - {block: dense, name: dense_3}
  - BatchNorm
  - GlobalAveragePool2D
  - {Dense: {units: classes}, name: classifier}
"""


def test_a_densenet_is_one_polynomial() -> None:
    # Huang et al. 2017: layer i of a block that is given c channels sees c + (i - 1) k of them
    form = pc.formula(pc.loads(DENSENET))
    assert form.fixed == {}
    k, n, stem, classes = (form.symbols[name] for name in ("growth", "layers_a_block", "stem", "classes"))
    given = [stem, stem + n * k, stem + 2 * n * k, stem + 3 * n * k]
    blocks = sum((9 * k + 2) * (n * channels + k * n * (n - 1) / 2) for channels in given[:3])
    transitions = sum(channels**2 + 2 * channels for channels in given[1:3])
    known = 27 * stem + blocks + transitions + 2 * given[3] + (given[3] + 1) * classes
    assert same(form.expr, known)
    assert form.expanded().expr.is_polynomial()


@pytest.mark.parametrize(
    ("layers_a_block", "growth", "millions"),
    # Huang et al. 2017, table 2: DenseNet with 40 and 100 layers
    [(12, 12, "1.0"), (32, 12, "7.0"), (32, 24, "27.2")],
)
def test_densenets_have_the_published_sizes(layers_a_block: int, growth: int, millions: str) -> None:
    form = pc.formula(pc.loads(DENSENET))
    assert f"{form(layers_a_block=layers_a_block, growth=growth) / 10**6:.1f}" == millions


RESNET = """
paramcalc: 1
framework: torch
dims: {width: 64, classes: 1000, depths: [3, 4, 6, 3]}
blocks:
  bottleneck:
    arguments: {narrow: null, stride: 1, projected: false}
    layers:
      - {Conv2D: {filters: narrow, kernel_size: 1, use_bias: false}}
      - BatchNorm
      - {Conv2D: {filters: narrow, kernel_size: 3, strides: stride, padding: 1, use_bias: false}}
      - BatchNorm
      - {Conv2D: {filters: 4 * narrow, kernel_size: 1, use_bias: false}}
      - {BatchNorm: , name: last}
      - Conv2D: {filters: 4 * narrow, kernel_size: 1, strides: stride, use_bias: false}
        name: shortcut
        inputs: input
        when: projected
      - {BatchNorm: , name: norm, when: projected}
      - {Add: , inputs: [last, norm]}
layers:
  - Input: {shape: [3, 224, 224]}
  - Conv2D: {filters: width, kernel_size: 7, strides: 2, padding: 3, use_bias: false}
  - BatchNorm
  - MaxPool2D: {pool_size: 3, strides: 2, padding: 1}
  - name: stage
    times: 4
    index: s
    layers:
      - block: bottleneck
        times: depths[s]
        index: b
        with: {narrow: width * 2 ** s, stride: 2 if s > 0 and b == 0 else 1, projected: b == 0}
  - GlobalAveragePool2D
  - Dense: {units: classes}
"""


@pytest.mark.parametrize(
    ("depths", "published"),
    # He et al. 2015, table 1, counted by torchvision's page of each model ("Number of params")
    [((3, 4, 6, 3), 25_557_032), ((3, 4, 23, 3), 44_549_160), ((3, 8, 36, 3), 60_192_808)],
)
def test_resnets_with_bottlenecks(depths: tuple[int, ...], published: int) -> None:
    form = pc.formula(pc.loads(RESNET), dims={"depths": depths})
    assert form() == published
    assert (form.fixed, form.substituted) == ({}, {"depths": depths})
    assert set(form.symbols) == {"width", "classes"}
    assert sympy.Poly(form.expr).total_degree() == 2
