"""The closed form of what is kept: the count at any sizes, and what was published."""

from __future__ import annotations

from typing import Any

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

import paramcalc as pc
from tests import recorded

pytestmark = pytest.mark.sweep

#: From 2 on: of one example, or one position, some copies are views.
SIZE = st.integers(2, 40)
ATTENTIONS = ("flash", "math", "weights")

TRANSFORMER = pc.loads("""
paramcalc: 1
framework: torch
dims: {vocabulary: 50, width: 24, heads: 3, depth: 4, inner: 90, tokens: 7, sources: 5}
layers:
  - Input: {shape: [tokens], dtype: int32}
  - Embedding: {input_dim: vocabulary, output_dim: width}
    name: words
  - Input: {shape: [sources, width]}
    name: memory
  - name: body
    inputs: [words, memory]
    times: depth
    layers:
      - residual: true
        layers:
          - LayerNorm
          - MultiHeadAttention: {num_heads: heads, key_dim: width / heads, causal: true}
      - residual: true
        inputs: [input, input.1]
        layers:
          - RMSNorm:
            name: norm
          - MultiHeadAttention: {num_heads: heads, key_dim: width / heads}
            inputs: [norm, input.1]
      - Dense: {units: inner, activation: gelu}
      - Dropout: {rate: 0.1}
      - Dense: {units: width}
  - GRU: {units: width}
  - Dense: {units: vocabulary, activation: softmax}
""")


@settings(deadline=None, max_examples=30)
@given(
    batch=SIZE,
    heads=SIZE,
    features=SIZE,
    sizes=st.fixed_dictionaries(dict.fromkeys(("vocabulary", "depth", "inner", "tokens", "sources"), SIZE)),
    attention=st.sampled_from(ATTENTIONS),
)
def test_the_form_is_the_count_at_any_sizes(
    batch: int, heads: int, features: int, sizes: dict[str, int], attention: str
) -> None:
    form = FORMS[attention]
    dims = {**sizes, "heads": heads, "width": heads * features, "batch": batch}
    given = {name: size for name, size in dims.items() if name in form.symbols}
    assert form(**given) == pc.count(TRANSFORMER, of="saved", dims=dims, attention=attention).total


FORMS = {
    attention: pc.formula(TRANSFORMER, of="saved", dims={"batch": None}, attention=attention)
    for attention in ATTENTIONS
}


def test_no_dim_of_a_transformer_is_fixed() -> None:
    for form in FORMS.values():
        assert {"batch", "width", "depth", "heads", "inner", "tokens", "sources", "vocabulary"} <= {*form.symbols}
        assert not form.fixed
        assert {"batch ≥ 2", "tokens ≥ 2", "sources ≥ 2"} <= {*form.conditions}


GROWING = pc.loads("""
paramcalc: 1
framework: torch
dims: {depth: 5, growth: 3, width: 4}
layers:
  - Input: {shape: [width, 6, 6]}
  - Conv2D: {filters: 2 * width, kernel_size: 3, padding: same}
  - name: dense
    times: depth
    layers:
      - BatchNorm
      - Activation: {activation: relu}
      - Conv2D: {filters: growth, kernel_size: 3, padding: same}
        name: new
      - Concatenate:
        inputs: [input, new]
  - GlobalAveragePool2D
  - Dense: {units: 10}
""")


@settings(deadline=None, max_examples=20)
@given(depth=SIZE, growth=SIZE, width=SIZE, batch=SIZE)
def test_copies_that_grow_are_summed(**sizes: Any) -> None:
    form = pc.formula(GROWING, of="saved", dims={"batch": None})
    given = {name: size for name, size in sizes.items() if name in form.symbols}
    dims = {**{name: value for name, value in form.fixed.items() if type(value) is int}, **given}
    assert form(**given) == pc.count(GROWING, of="saved", dims=dims).total


def test_a_layer_keeps_what_korthikanti_et_al_have() -> None:
    """Korthikanti et al. 2022, "Reducing Activation Recomputation in Large Transformer Models", equation 2.

    s·b·h·(34 + 5·a·s/h) bytes in 16 bits, of a layer whose inner size is 4·h. Their masks have a byte an element, and
    PyTorch's on the CPU those of a number; their statistics of the norms are left out as small; their attention does
    not keep a scaled copy of the query; and they drop nothing between the two linear layers.
    """
    spec = pc.loads("""
    paramcalc: 1
    framework: torch
    dtype: bfloat16
    dims: {s: 64, h: 32, a: 4}
    layers:
      - Input: {shape: [s, h]}
      - TransformerEncoderLayer: {num_heads: a, dim_feedforward: 4 * h, norm_first: true, activation: gelu}
    """)
    form = pc.formula(spec, of="saved", dims={"batch": None}, attention="weights")
    s, h, a, b = (form.symbols[name] for name in ("s", "h", "a", "batch"))
    parts = {part.name.rpartition(".")[2]: part.expr for part in form.by("tensor")}
    between = 2 * 4 * s * b * h
    masks = sympy.expand(parts["mask"] - between)
    ours = form.expr - parts["mask"] + masks / 2 - parts["scaled"] - parts["statistics"]
    assert sympy.expand(ours - s * b * h * (34 + 5 * a * s / h)) == 0
    # of two norms, a mean and a deviation of each position: 16 · s · b in float32
    assert parts["statistics"] * 2 == 16 * s * b


def test_every_layer_type_keeps_what_pytorch_was_seen_to_keep() -> None:
    for example in recorded.kept():
        count = pc.count(example.spec, "torch", of="saved", dims={"batch": example.batch}, attention=example.attention)
        assert count.total == example.bytes, example


def test_attention_is_derived_in_symbols() -> None:
    """What sizes decide, such as whether there is one projection, is decided by those of the spec."""
    spec = pc.Spec([pc.Input(shape=(5, 12)), pc.MultiHeadAttention(num_heads=3, key_dim=4)], framework="torch")
    derivation = pc.explain(spec, of="saved", dims={"batch": 2})
    text = str(derivation)
    assert "projections = 3·batch·d·t·4" in text
    assert f"{pc.count(spec, of='saved', dims={'batch': 2}).total:,} bytes" in text
