"""Closed forms: against the count at random sizes, and against what is derived by hand."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy

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
    "Conv1D": "k*c*f/g + use_bias*f",
    "Conv2D": "k_h*k_w*c*f/g + use_bias*f",
    "Conv3D": "k_d*k_h*k_w*c*f/g + use_bias*f",
    "Conv1DTranspose": "k*c*f/g + use_bias*f",
    # one window for each output, then one weight from each of those to each filter
    "DepthwiseConv2D": "k_h*k_w*c*m + use_bias*c*m",
    "SeparableConv1D": "k*c*m + c*m*f + use_bias*f",
    "Fold": "0",
    # with a gate, a fifth projection, from the query to the values of all heads; with PyTorch's bias_k and bias_v,
    # one key and one value more
    "MultiHeadAttention": "d*h*k + m*g*k + e*g*v + h*v*o + use_bias*(h*k + g*k + g*v + o)"
    " + use_gate*(d*h*v + use_bias*h*v) + add_bias_kv*(g*k + g*v)",
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
    assert form.substituted == {"heads": 2}
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
    "a comparison as a flag": (
        "dims: {n: 9}\nlayers:\n  - Input: {shape: [3]}\n  - Dense: {units: 5, use_bias: n > 6}",
        {"n"},
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
                yield pc.Tensor("bias", (x[-1],), "a bias")

    from paramcalc.core.algebra import Undecided
    from paramcalc.results.formula import FlagSymbol

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


# --- Parts, leading terms, elasticities ------------------------------------------------


def test_parts_have_the_paths_of_the_spec() -> None:
    # 13·d + 12·d² a layer: 2·d of each norm, 4·d² + 4·d of attention, 4·d² + 4·d and 4·d² + d of the two maps
    d, layers, rows = 24, 3, 100
    known = {
        "embedding": rows * d,
        "body.group": layers * (4 * d**2 + 6 * d),
        "body.group_1": layers * (8 * d**2 + 7 * d),
    }
    assert {part.name: part.value for part in FORM.by("group", depth=2)} == known
    assert {part.name: part.value for part in FORM.by("group")} == {
        "embedding": rows * d,
        "body": layers * (12 * d**2 + 13 * d),
    }
    tensors = {part.name: part for part in FORM.by("tensor")}
    assert tensors["body.group.multi_head_attention.query_kernel"].value == layers * d * d
    assert tensors["body.group_1.dense_1.bias"].share == Fraction(layers * d, FORM())


def test_the_parts_of_a_kind_are_its_tensors() -> None:
    parts = {part.name: part for part in pc.formula(pc.Dense).by("tensor")}
    assert set(parts) == {"kernel", "bias"}
    assert parts["kernel"].value is None
    assert parts["kernel"].share is None


def test_parts_of_copies_that_grow_are_one() -> None:
    spec = pc.loads(f"paramcalc: 1\n{PROGRESSIONS['an input that grows by a step'][0]}")
    kernel, bias = pc.formula(spec).by("tensor")
    assert (kernel.name, bias.name) == ("body.new.kernel", "body.new.bias")
    # the sum of (24 + 12·i)·12 for i from 0 to 4; a bias of 12 in each
    assert kernel.value == sum((24 + 12 * i) * 12 for i in range(5))
    assert bias.value == 5 * 12


def test_the_parts_are_multiplied_out() -> None:
    form = form_of("n: 8, m: 3", "  - Dense: {units: n + m, use_bias: false}")
    n, m = form.symbols["n"], form.symbols["m"]
    assert [part.expr for part in form.by("tensor")] == [4 * n + 4 * m]


def test_a_form_assumes_nothing_that_its_own_sizes_do_not_meet() -> None:
    # a second copy would have 24 - 20 - 20 units: there is none
    spec = pc.loads(
        "paramcalc: 1\ndims: {width: 24, depth: 1}\nlayers:\n  - Input: {shape: [width]}\n"
        "  - {Dense: {units: channels() - 20, use_bias: false}, times: depth}"
    )
    assert pc.formula(spec)() == pc.count(spec).total == 24 * 4


def test_a_wrong_unit_is_refused() -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        FORM.by("copies")  # type: ignore[arg-type]
    assert "the parts of a form are layers, groups or tensors, not 'copies'" in str(caught.value)


def form_of(dims: str, layers: str) -> pc.Formula:
    return pc.formula(pc.loads(f"paramcalc: 1\ndims: {{{dims}}}\nlayers:\n  - Input: {{shape: [4]}}\n{layers}"))


LEADING = {
    # 4·n + n² + n·m + …: two terms of degree 2
    "all of one degree": (
        "n: 8, m: 3",
        "  - Dense: {units: n}\n  - Dense: {units: n}\n  - Dense: {units: m}",
        "n**2 + n*m",
    ),
    # 4·n + n and n² + n: a size that was put in has no degree
    "a number": ("n: 8, m: 1000", "  - Dense: {units: n}\n  - Dense: {units: 1000}", "1000*n + 5*n"),
    # width² first, then width²·2·4^(i - 1) for i from 1 to depth - 1: width²·(4^depth - 4)/6
    "an exponent": (
        "n: 8, d: 5",
        "  - {Dense: {units: n * 2 ** i, use_bias: false}, times: d, index: i}",
        "n**2*4**d/6",
    ),
    "a quotient": ("n: 8, m: 2", "  - Dense: {units: n * n / m}\n  - Dense: {units: n}", "n**3/m"),
    "no symbol": ("n: [8]", "  - Dense: {units: 2}", "10"),
}


@pytest.mark.parametrize("case", LEADING)
def test_the_leading_terms(case: str) -> None:
    dims, layers, known = LEADING[case]
    form = form_of(dims, layers)
    expected = sympy.sympify(known, locals=dict(form.symbols))
    leading = form.asymptotic
    assert sympy.simplify(leading.expr - expected) == 0
    assert leading.share == Fraction(str(expected.subs({form.symbols[n]: v for n, v in form.values.items()}))) / form()


def test_a_free_dim_leaves_no_shares_and_no_elasticities() -> None:
    form = form_of("n: null", "  - {Input: {shape: [n]}, name: x}\n  - Dense: {units: 2}")
    assert form.asymptotic == (2 * form.symbols["n"], None)
    assert [(part.value, part.share) for part in form.by("layer")] == [(None, None)]
    with pytest.raises(pc.ParamcalcError) as caught:
        form.elasticities()
    assert caught.value.code == "free-dim"


def test_elasticities_are_exact() -> None:
    # V·d + L·(12·d² + 13·d) with V = 100, d = 24, L = 3
    total = 100 * 24 + 3 * (12 * 24**2 + 13 * 24)
    rows = {row.dim: row for row in FORM.elasticities()}
    assert rows["width"].elasticity == Fraction(24 * (100 + 3 * (24 * 24 + 13)), total)
    assert rows["depth"].elasticity == Fraction(3 * (12 * 24**2 + 13 * 24), total)
    assert rows["vocabulary"].elasticity == Fraction(100 * 24, total)
    assert rows["heads"].elasticity == 0
    assert {type(row.elasticity) for row in FORM.elasticities()} == {Fraction}
    assert [row.dim for row in FORM.elasticities()] == ["width", "depth", "vocabulary", "heads"]


def test_the_next_size_is_one_at_which_the_form_holds() -> None:
    rows = {row.dim: row for row in FORM.elasticities()}
    # four heads divide 28, not 25; 24 is divided by 6, not by 5
    assert (rows["width"].following, rows["heads"].following, rows["depth"].following) == (28, 6, 4)
    assert rows["depth"].increase == 12 * 24**2 + 13 * 24
    assert rows["width"].increase == FORM(width=28) - FORM()


def test_where_no_size_is_near_there_is_no_next_one() -> None:
    form = form_of("n: 8, m: 8", "  - Dense: {units: n / m}")
    rows = {row.dim: row for row in form.elasticities()}
    assert (rows["m"].following, rows["m"].increase) == (None, None)


def test_the_elasticity_of_an_exponent_has_a_logarithm() -> None:
    # 4·n + n²·2·(1 + 4 + 16 + 64) for n = 8, d = 5; in d: n²·4^d/6 + …, whose slope is n²·4^d·log(4)/6
    form = form_of("n: 8, d: 5", "  - {Dense: {units: n * 2 ** i, use_bias: false}, times: d, index: i}")
    total = 4 * 8 + sum(8 * 2 ** (i - 1) * 8 * 2**i for i in range(1, 5))
    assert form() == total
    rows = {row.dim: row for row in form.elasticities()}
    known = 5 * sympy.Integer(64) * 4**5 * sympy.log(4) / 6 / total
    assert sympy.simplify(rows["d"].elasticity - known) == 0
    assert rows["d"].increase == 8 * 2**4 * 8 * 2**5


def test_a_network_without_parameters_has_no_shares() -> None:
    form = form_of("n: 3", "  - {Activation: {activation: relu}, times: n}")
    assert form() == 0
    assert form.by("layer") == ()
    assert form.asymptotic == (0, None)
    assert all(row.elasticity == 0 for row in form.elasticities())


# --- How it is written -----------------------------------------------------------------


def test_copies_that_are_alike_are_one_product() -> None:
    # the first copy takes what the others take: depth·(n² + n), and no product of depth - 1
    form = form_of("n: 4, depth: 9", "  - Dense: {units: n}\n  - {Dense: {units: n}, times: depth, index: i}")
    n, depth = form.symbols["n"], form.symbols["depth"]
    assert form.expr == depth * (n**2 + n) + 5 * n


def test_each_of_two_copies_counts() -> None:
    for copies in (1, 2, 3):
        form = form_of(
            "n: 4", f"  - Dense: {{units: n, use_bias: false}}\n  - {{Dense: {{units: n}}, times: {copies}}}"
        )
        n = form.symbols["n"]
        assert sympy.expand(form.expr - (4 * n + copies * (n**2 + n))) == 0
        assert sum(part.value or 0 for part in form.by("tensor")) == form() == 16 + copies * 20


def test_bounds_of_one_size_are_one_condition() -> None:
    form = form_of("n: 9", "  - Dense: {units: 2 * n - 5}\n  - Dense: {units: n - 3}\n  - Dense: {units: n + 1}")
    # 2·n - 5 ≥ 1 from 3 on, n - 3 ≥ 1 from 4 on
    assert form.conditions == ("n ≥ 4",)


def test_the_largest_term_comes_first() -> None:
    form = form_of("n: 2, m: 1000", "  - Dense: {units: n, use_bias: false}\n  - Dense: {units: m}")
    assert "parameters = n·m + m + 4·n" in str(form).replace("m·n", "n·m")
