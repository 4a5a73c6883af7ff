"""Closed forms: against the count at random sizes, and against what the literature has."""

from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

import paramcalc as pc

TRANSFORMER = """
paramcalc: 1
framework: torch
dims: {vocabulary: 100, width: 24, depth: 3, heads: 4, head_dim: width / heads, ff: 4 * width, tokens: null}
layers:
  - Input: {shape: [tokens]}
  - Embedding: {input_dim: vocabulary, output_dim: width}
  - name: body
    times: depth
    layers:
      - residual: true
        layers:
          - LayerNorm
          - MultiHeadAttention: {num_heads: heads, key_dim: head_dim}
      - residual: true
        layers:
          - LayerNorm
          - Dense: {units: ff}
          - Dense: {units: width}
"""

#: A closed form that is known, by the general form of a kind with its defaults or by its fields.
GENERAL = {
    "Dense": "n*u + use_bias*u",
    "BatchNorm": "scale*c + center*c + 2*c + batch_counter",
    "LayerNorm": "scale*c + center*c",
    "RMSNorm": "scale*c",
    "GroupNorm": "scale*c + center*c",
    "InstanceNorm": "scale*c + center*c + track_running_stats*(2*c + batch_counter)",
    "Bilinear": "n*m*u + use_bias*u",
    "Embedding": "v*d",
    "EmbeddingBag": "v*d",
    "ReversibleEmbedding": "v*d + (1 - tie_weights)*v*d",
    # Hochreiter and Schmidhuber with forget gates: 4 (u (n + u) + u), and PyTorch's second offset
    "LSTM": "4*(u*(n + u) + use_bias*u + use_bias*recurrent_bias*u)",
    "Conv2D": "k_h*k_w*c*f/g + use_bias*f",
    "MultiHeadAttention": "d*h*k + m*g*k + e*g*v + h*v*o + use_bias*(h*k + g*k + g*v + o)",
    "Dropout": "0",
    "Add": "0",
}


@pytest.mark.parametrize("name", GENERAL)
def test_the_general_form_of_a_kind_is_the_known_one(name: str) -> None:
    form = pc.formula(pc.kind(name))
    known = sympy.sympify(GENERAL[name], locals=dict(form.symbols))
    assert sympy.expand(form.expr - known) == 0


def test_the_number_of_heads_does_not_matter() -> None:
    form = pc.formula(pc.loads(TRANSFORMER))
    d, layers, rows = (form.symbols[name] for name in ("width", "depth", "vocabulary"))
    assert sympy.expand(form.expr - (layers * (12 * d**2 + 13 * d) + rows * d)) == 0
    assert form.conditions == ("heads divides width", "depth ≥ 1")


@given(
    vocabulary=st.integers(1, 10**6),
    head_dim=st.integers(1, 100),
    heads=st.integers(1, 100),
    depth=st.integers(1, 10**30),
)
def test_the_form_at_any_sizes_is_the_count_there(vocabulary: int, head_dim: int, heads: int, depth: int) -> None:
    sizes = {"vocabulary": vocabulary, "width": head_dim * heads, "heads": heads, "depth": depth}
    assert FORM(**sizes) == pc.count(SPEC, dims=sizes).total


SPEC = pc.loads(TRANSFORMER)
FORM = pc.formula(SPEC)


def test_arrays_are_taken_point_by_point_and_never_wrap() -> None:
    widths = np.array([24, 2**40])
    assert FORM(width=widths).tolist() == [FORM(width=24), FORM(width=2**40)]
    assert FORM(width=2**40) > 2**63


def test_keep_leaves_only_those_symbols() -> None:
    form = pc.formula(SPEC, keep=["width"])
    assert set(form.symbols) == {"width"}
    assert form() == FORM()


def test_dims_that_are_set_are_substituted() -> None:
    form = pc.formula(SPEC, dims={"heads": 2})
    assert "heads" not in form.symbols
    assert form() == FORM(heads=2)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"width": 25}, "the form holds where heads divides width, and not at"),
        ({"depth": 0}, "'depth' is a whole number of at least 1, not 0"),
        ({"wdith": 3}, "did you mean 'width'?"),
    ],
)
def test_the_form_is_not_evaluated_where_it_does_not_hold(sizes: dict[str, Any], message: str) -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        FORM(**sizes)
    assert message in str(caught.value)


FIXED = {
    "a condition": (
        (
            "dims: {n: 8, deep: 5}\nlayers:\n  - Input: {shape: [3]}\n"
            "  - {Dense: {units: n}, when: deep > 3}\n  - Dense: {units: 2 * n}"
        ),
        {"deep"},
    ),
    "a rounded size of a tensor": (
        "dims: {n: 9}\nlayers:\n  - Input: {shape: [3]}\n  - Dense: {units: n // 2}",
        {"n"},
    ),
    "a minimum": (
        "dims: {n: 9, m: 4}\nlayers:\n  - Input: {shape: [3]}\n  - Dense: {units: 'min(n, m)'}\n  - Dense: {units: m}",
        {"n", "m"},
    ),
    "a counter that rows depend on": (
        (
            "dims: {n: 9, times: 4}\nlayers:\n  - Input: {shape: [3]}\n"
            "  - {Dense: {units: n * i * i + 1}, times: times, index: i}"
        ),
        {"times"},
    ),
    "a list": (
        (
            "dims: {widths: [4, 5], n: 3}\nlayers:\n  - Input: {shape: [n]}\n"
            "  - {Dense: {units: 'widths[i]'}, times: len(widths), index: i}"
        ),
        {"widths"},
    ),
}


@pytest.mark.parametrize("reason", FIXED)
def test_a_dim_that_cannot_stay_a_symbol_is_fixed_and_said(reason: str) -> None:
    text, fixed = FIXED[reason]
    spec = pc.loads(f"paramcalc: 1\n{text}")
    form = pc.formula(spec)
    assert set(form.fixed) == fixed
    assert form() == pc.count(spec).total
    assert "fixed" in str(form)


PROGRESSIONS = {
    # Huang et al. 2017: each layer sees all before it
    "an input that grows by a step": (
        (
            "dims: {growth: 12, depth: 5, width: 24}\nlayers:\n  - Input: {shape: [width]}\n"
            "  - {name: body, times: depth, layers: [{Dense: {units: growth}, name: new},"
            " {Concatenate: {axis: -1}, inputs: [input, new]}]}"
        ),
        "depth*growth*(width + 1) + growth**2*depth*(depth - 1)/2",
    ),
    # width² first, then width·2^(i-1) · width·2^i for i from 1
    "a width that doubles": (
        (
            "dims: {depth: 5, width: 24}\nlayers:\n  - Input: {shape: [width]}\n"
            "  - {Dense: {units: width * 2 ** i, use_bias: false}, times: depth, index: i}"
        ),
        "width**2 + width**2*(4**depth - 4)/6",
    ),
    "a first copy that differs": (
        (
            "dims: {depth: 5, width: 24}\nlayers:\n  - Input: {shape: [7]}\n"
            "  - {Dense: {units: width, use_bias: false}, times: depth}"
        ),
        "7*width + (depth - 1)*width**2",
    ),
}


@pytest.mark.parametrize("name", PROGRESSIONS)
def test_copies_that_grow_are_summed_in_closed_form(name: str) -> None:
    text, known = PROGRESSIONS[name]
    spec = pc.loads(f"paramcalc: 1\n{text}")
    form = pc.formula(spec)
    assert "depth" not in form.fixed
    assert sympy.simplify(form.expr - sympy.sympify(known, locals=dict(form.symbols))) == 0
    for depth in (1, 2, 3, 10):
        assert form(depth=depth) == pc.count(spec, dims={"depth": depth}).total


def test_a_rounded_length_does_no_harm() -> None:
    spec = pc.loads(
        "paramcalc: 1\ndims: {side: 9, filters: 4}\nlayers:\n  - Input: {shape: [side, side, 3]}\n"
        "  - Conv2D: {filters: filters, kernel_size: 3, strides: 2}\n  - GlobalAveragePool2D\n  - Dense: {units: 2}"
    )
    form = pc.formula(spec)
    filters = form.symbols["filters"]
    assert sympy.expand(form.expr - (27 * filters + filters + 2 * filters + 2)) == 0
    assert form.fixed == {}


def test_a_free_dim_that_a_tensor_needs_is_a_symbol_without_a_value() -> None:
    spec = pc.loads("paramcalc: 1\ndims: {n: null}\nlayers:\n  - Input: {shape: [n]}\n  - Dense: {units: 2}")
    form = pc.formula(spec)
    assert form(n=10) == 22
    with pytest.raises(pc.ParamcalcError) as caught:
        form()
    assert caught.value.code == "free-dim"


def test_widths_that_must_agree_are_one_symbol() -> None:
    spec = pc.Spec(
        layers=[
            pc.Node(pc.Input(shape=(8,)), name="x"),
            pc.Node(
                layers=[pc.Node(pc.Dense(units=4), name="down"), pc.Node(pc.Dense(units=8), name="up")], residual=True
            ),
        ]
    )
    form = pc.formula(spec)
    assert len(form.symbols) == 2
    assert form() == pc.count(spec).total


def test_latex_names_stand_upright() -> None:
    assert FORM.to("latex") == (
        r"\mathrm{depth} \cdot \left(12 \cdot \mathrm{width}^{2} + 13 \cdot \mathrm{width}\right)"
        r" + \mathrm{vocabulary} \cdot \mathrm{width}"
    )


def test_a_kind_whose_tensors_a_spec_names_has_no_general_form() -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.formula(pc.Weights)
    assert "its tensors are those that a spec names" in str(caught.value)


def test_a_condition_on_a_flag_is_never_decided_in_silence() -> None:
    class Careless(pc.Layer):
        """Branches on a flag, which no declaration may."""

        use_bias: Any = pc.Dense.model_fields["use_bias"]

        def tensors(self, x: Any) -> Any:
            if self.use_bias:
                yield pc.Tensor("bias", (x[-1],), "an offset")

    from paramcalc.algebra import Undecided
    from paramcalc.formulas import FlagSymbol

    layer = Careless.model_construct(use_bias=FlagSymbol("use_bias"))
    with pytest.raises(Undecided):
        list(layer.tensors((3,)))


def test_free_dims_need_no_sizes_for_a_form() -> None:
    # a free length that a window slides over, beside a free dim that a tensor needs
    spec = pc.loads(
        "paramcalc: 1\ndims: {n: null, tokens: null}\nlayers:\n  - Input: {shape: [tokens, 5, 2]}\n"
        "  - Conv2D: {filters: 3, kernel_size: 3}\n  - {Input: {shape: [n]}, name: x}\n  - Dense: {units: 2}\n"
    )
    form = pc.formula(spec)
    assert sympy.expand(form.expr - (2 * form.symbols["n"] + 2 + 9 * 2 * 3 + 3)) == 0
