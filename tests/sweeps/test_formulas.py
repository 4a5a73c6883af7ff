"""Closed forms: against the count at random sizes, and against what is derived by hand."""

from typing import Any

import numpy as np
import pytest
import sympy

import paramcalc as pc
from tests.language import form_of

pytestmark = pytest.mark.sweep

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


#: Sizes that round or choose, each a size of a layer between two others.
STEPS = {
    "round_up(8 * n // 3, 16)": [],
    "n // 2": ["n ≥ 2"],
    "n // m": ["n ≥ m"],
    "ceil(n / m)": [],
    "ceil((n - 5) / 2)": ["n ≥ 6"],
    "floor(n * n / (m + 1))": ["n² ≥ m + 1"],
    "n % 7 + 1": [],
    "n % m": ["n mod m ≥ 1"],
    "min(n, m)": [],
    "max(n, 2 * m, 7) - m": [],
    "min(n, m) * max(n, m) // 2": ["max(m, n)·min(m, n) ≥ 2"],
    "n // (m - 3)": ["m ≠ 3", "⌊n/(m - 3)⌋ ≥ 1"],
}


@pytest.mark.parametrize("size", ["round_up(8 * n // 3, 16)", "n // m", "n % m", "max(n, 2 * m, 7) - m"])
def test_a_size_that_rounds_or_chooses_stays_in_the_form(size: str) -> None:
    """The sweeps try all."""
    check_steps(size)


def check_steps(size: str) -> None:
    spec = pc.loads(
        "paramcalc: 1\ndims: {n: 30, m: 4}\nlayers:\n  - Input: {shape: [3]}\n"
        f"  - Dense: {{units: '{size}'}}\n  - Dense: {{units: n + m}}"
    )
    form = pc.formula(spec)
    assert form.fixed == {}
    assert set(form.conditions) == set(STEPS[size])
    points = [(n, m) for n in (1, 2, 5, 6, 7, 30, 31, 97) for m in (1, 2, 3, 4, 5, 8, 31)]
    held = [point for point in points if _agree(spec, form, *point)]
    assert len(held) > 20
    arrays = {name: np.array([point[place] for point in held]) for place, name in enumerate(form.symbols)}
    assert form(**arrays).tolist() == [form(n=n, m=m) for n, m in held]


def _agree(spec: pc.Spec, form: pc.Formula, n: int, m: int) -> bool:
    """Whether the form has a value there, as the count has, and then the same one."""
    try:
        total = pc.count(spec, dims={"n": n, "m": m}).total
    except pc.ParamcalcError:
        with pytest.raises(pc.ParamcalcError):
            form(n=n, m=m)
        return False
    assert form(n=n, m=m) == total
    return True


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


def test_a_free_dim_in_conditions_alone_needs_no_value() -> None:
    # a window of 3 over an unknown length: the total does not depend on it, that there is an output does
    form = form_of(
        "tokens: null", "  - {Input: {shape: [tokens, 2]}, name: x}\n  - Conv1D: {filters: 5, kernel_size: 3}"
    )
    total = 3 * 2 * 5 + 5
    assert form.conditions == ("tokens ≥ 3",)
    assert form() == form.own_value == form(tokens=3) == total
    assert [(part.value, part.share) for part in form.by("layer")] == [(total, 1)]
    assert form.elasticities() == ()
    assert f"= {total}" in str(form)
    with pytest.raises(pc.ParamcalcError, match="the form holds where tokens ≥ 3"):
        form(tokens=2)


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


# --- Lists -----------------------------------------------------------------------------

PYRAMID = pc.loads(
    "paramcalc: 1\ndims: {widths: [8, 16, 32], depths: [1, 2, 3], classes: 5}\nlayers:\n  - Input: {shape: [7]}\n"
    "  - name: stage\n    times: len(widths)\n    index: i\n    layers:\n"
    "      - {Dense: {units: 'widths[i]'}, name: grow}\n"
    "      - {Dense: {units: 'widths[i]'}, name: keep, times: 'depths[i]'}\n"
    "  - Dense: {units: classes}\n"
)


def test_elements_of_lists_are_symbols() -> None:
    form = pc.formula(PYRAMID)
    assert {*form.symbols} == {*(f"{name}_{place}" for name in ("widths", "depths") for place in range(3)), "classes"}
    assert form.fixed == {"len(widths)": 3, "len(depths)": 3}
    assert form.meanings["widths_1"] == "widths[1]"
    widths, depths = (3, 5, 4), (2, 1, 6)
    total = pc.count(PYRAMID, dims={"widths": widths, "depths": depths}).total
    # 7 → 3 → 5 → 4 → 5, each width kept so often
    before = (7, *widths)
    assert total == sum((a + 1) * b + d * (b + 1) * b for a, b, d in zip(before, widths, depths, strict=False)) + 25
    assert form(widths=widths, depths=depths) == total
    named = {f"widths_{i}": width for i, width in enumerate(widths)} | {f"depths_{i}": d for i, d in enumerate(depths)}
    assert form(**named) == total
    assert form.dims_of(named) == {"widths": widths, "depths": depths}
    assert form(widths=[3, np.array([5, 6]), 4], depths=depths).tolist() == [
        form(widths=[3, n, 4], depths=depths) for n in (5, 6)
    ]


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"widths": [1, 2]}, "the form holds where len(widths) = 3, not 2"),
        ({"widths": 8}, "'widths' is a list of 3 sizes, not 8"),
        ({"widths": [1, 0, 2]}, "'widths[1]' is a whole number of at least 1, not 0"),
        ({"widths": [1, 1.5, 2]}, "a size is a whole number"),
        ({"width": 3}, "did you mean 'widths'?"),
    ],
)
def test_a_wrong_list_is_refused(sizes: dict[str, Any], message: str) -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.formula(PYRAMID)(**sizes)
    assert message in str(caught.value)


def test_elements_that_must_be_equal_are_one_symbol() -> None:
    spec = pc.loads(
        "paramcalc: 1\ndims: {widths: [8, 8]}\nlayers:\n  - Input: {shape: ['widths[0]']}\n"
        "  - {Dense: {units: 'widths[1]'}, residual: true}\n"
    )
    form = pc.formula(spec)
    assert len(form.symbols) == 1
    assert form(widths=[3, 3]) == pc.count(spec, dims={"widths": (3, 3)}).total
    with pytest.raises(pc.ParamcalcError) as caught:
        form(widths=[3, 4])
    assert caught.value.code == "unmet-condition"


def test_a_list_that_is_not_kept_or_set_has_its_values() -> None:
    assert pc.formula(PYRAMID, keep=["classes"]).substituted == {"widths": (8, 16, 32), "depths": (1, 2, 3)}
    form = pc.formula(PYRAMID, dims={"widths": (2, 3)} | {"depths": (1, 1)})
    assert {*form.symbols} == {"classes"}
    assert form() == pc.count(PYRAMID, dims={"widths": (2, 3), "depths": (1, 1)}).total


def test_the_name_of_an_element_gives_way_to_a_dim() -> None:
    form = form_of("w_0: 5, w: [3]", "  - Dense: {units: 'w[0]'}\n  - Dense: {units: w_0}")
    assert {*form.symbols} == {"w_0", "w_0_"}
    assert form(w=[2], w_0=7) == 4 * 2 + 2 + 2 * 7 + 7
