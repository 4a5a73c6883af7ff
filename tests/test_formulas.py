"""Closed forms: against the count at random sizes, and against what is derived by hand."""

import json
import textwrap
import time
from fractions import Fraction
from itertools import cycle
from typing import Any

import jsonschema
import numpy as np
import pytest
import sympy
from sympy.functions.elementary.integers import ceiling, floor

import paramcalc as pc
from paramcalc.core import notation
from paramcalc.core.symbols import Scaled
from paramcalc.exports.languages.tree import form_schema
from paramcalc.results.formula import symbol
from paramcalc.results.formula.conditions import needed

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
    "a condition that is required, one of two": (
        (
            "dims: {n: 9, a: 5, b: 8}\nrequires: [a <= 0 or a < b]\nlayers:\n  - Input: {shape: [b]}\n"
            "  - Dense: {units: n}"
        ),
        {"a", "b"},
    ),
    "a comparison as a flag": (
        "dims: {n: 9}\nlayers:\n  - Input: {shape: [3]}\n  - Dense: {units: 5, use_bias: n > 6}",
        {"n"},
    ),
    "a counter that rows depend on": (
        (
            "dims: {n: 9, times: 4}\nlayers:\n  - Input: {shape: [3]}\n"
            "  - {Dense: {units: n * i * i + 1}, times: times, index: i}"
        ),
        {"times"},
    ),
    "a list of which an element decides": (
        (
            "dims: {widths: [4, 5], n: 3}\nlayers:\n  - Input: {shape: [n]}\n"
            "  - {Dense: {units: 'widths[i]', use_bias: 'widths[i] > 4'}, times: len(widths), index: i}"
        ),
        {"widths"},
    ),
    "the length of a list": (
        (
            "dims: {widths: [4, 5], n: 3}\nlayers:\n  - Input: {shape: [n]}\n"
            "  - {Dense: {units: 'widths[i]'}, times: len(widths), index: i}"
        ),
        {"len(widths)"},
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
    "copies side by side": (
        (
            "dims: {depth: 5, width: 24}\nlayers:\n  - Input: {shape: [width]}\n"
            "  - {name: experts, parallel: depth, index: i, merge: Add, layers:"
            " [Dense: {units: i + 1, use_bias: false}, Dense: {units: 6, use_bias: false}]}"
        ),
        "(width + 6)*depth*(depth + 1)/2",
    ),
    "listed copies whose width doubles": (
        (
            "connections: none\ndims: {depth: 5, width: 24}\nlayers:\n"
            "  - {Dense: {units: width * 2 ** (i + 1)}, times: depth, index: i, of: [width * 2 ** i]}"
        ),
        "2*width**2*(4**depth - 1)/3 + 2*width*(2**depth - 1)",
    ),
    "listed copies whose width is halved": (
        (
            "connections: none\ndims: {depth: 5, width: 24}\nlayers:\n"
            "  - {name: up, times: depth, index: i, layers: [{Conv2DTranspose: {filters: width * 2 ** (depth - 1 - i),"
            " kernel_size: 2}, of: [null, null, width * 2 ** (depth - i)]}]}"
        ),
        "8*width**2*(4**depth - 1)/3 + width*(2**depth - 1)",
    ),
    "listed copies whose width is a square": (
        (
            "connections: none\ndims: {depth: 5, width: 24}\nlayers:\n"
            "  - {Dense: {units: width * (i + 1), use_bias: false}, times: depth, index: i, of: [(i + 1) * width]}"
        ),
        "width**2*depth*(depth + 1)*(2*depth + 1)/6",
    ),
}


#: A U-Net, whose levels on the way up take what those on the way down give.
UNET = """
paramcalc: 1
framework: torch
dims: {colours: 3, classes: 2, width: 16, depth: 4}
layers:
  - Input: {shape: [colours, IMAGE, IMAGE]}
  - name: down
    times: depth - 1
    index: i
    layers:
      - Conv2D: {filters: width * 2 ** i, kernel_size: 3, padding: 1}
        name: conv
      - MaxPool2D
  - Conv2D: {filters: width * 2 ** (depth - 1), kernel_size: 3, padding: 1}
  - name: up
    times: depth - 1
    index: i
    layers:
      - Conv2DTranspose: {filters: width * 2 ** (depth - 2 - i), kernel_size: 2, strides: 2}
        name: up
      - Concatenate: {axis: 1}
        inputs: ["down[depth - 2 - i].conv", up]
      - Conv2D: {filters: width * 2 ** (depth - 2 - i), kernel_size: 3, padding: 1}
  - Conv2D: {filters: classes, kernel_size: 1}
"""


def test_the_depth_of_a_u_net_stays_a_symbol() -> None:
    """The sweeps try it with other images."""
    check_u_net(8, 4)


def check_u_net(image: int, deepest: int) -> None:
    """As deep as its image can be halved: where it cannot, what is joined is not of one size, or nothing is left."""
    spec = pc.loads(UNET.replace("IMAGE", str(image)))
    form = pc.formula(spec)
    colours, classes, width, depth = (form.symbols[name] for name in ("colours", "classes", "width", "depth"))
    down = 9 * colours * width + width + 9 * width**2 * (4**depth - 4) / 6 + width * (2**depth - 2)
    # the weights of 2 times 2, and of 3 times 3, of which each has twice as many inputs as outputs
    up = 2 * (4 + 9) * width**2 * (4 ** (depth - 1) - 1) / 3 + 2 * width * (2 ** (depth - 1) - 1)
    assert sympy.simplify(form.expr - (down + up + classes * width + classes)) == 0
    assert form.conditions == (f"depth ≤ {deepest}", "depth ≥ 2")
    for levels in range(2, deepest + 1):
        assert form(depth=levels) == pc.count(spec, dims={"depth": levels}).total
    with pytest.raises(pc.ParamcalcError, match=f"depth ≤ {deepest}"):
        form(depth=deepest + 1)
    with pytest.raises(pc.ParamcalcError):
        pc.count(spec, dims={"depth": deepest + 1})


def test_a_copy_that_follows_no_rule_is_not_taken_for_another() -> None:
    """The last copy on the way up takes what the first on the way down gives, which has another width."""
    text = UNET.replace("IMAGE", "64").replace("width * 2 ** i,", '"width * 2 ** i if i > 0 else 5",')
    spec = pc.loads(text)
    form = pc.formula(spec)
    assert "depth" in form.fixed
    assert form() == pc.count(spec).total


def test_powers_of_one_number_are_one_power() -> None:
    """Widths that are doubled are summed as powers of 4, on the way up as on the way down."""
    way = "{Dense: {units: WIDTH, use_bias: false}, times: depth, index: i, of: [WIDTH]}"
    ways = [way.replace("WIDTH", f"width * 2 ** ({exponent})") for exponent in ("i", "depth - 1 - i")]
    text = "paramcalc: 1\nconnections: none\ndims: {depth: 5, width: 24}\nlayers:\n  - " + "\n  - ".join(ways)
    form = pc.formula(pc.loads(text))
    assert str(form.expr) == "2*width**2*(4**depth - 1)/3"
    assert form.conditions == ("depth ≥ 1",)
    assert form() == 2 * 24**2 * (4**5 - 1) // 3


@pytest.mark.parametrize("name", PROGRESSIONS)
def test_copies_that_grow_are_summed_in_closed_form(name: str) -> None:
    text, known = PROGRESSIONS[name]
    spec = pc.loads(f"paramcalc: 1\n{text}")
    form = pc.formula(spec)
    assert "depth" not in form.fixed
    assert sympy.simplify(form.expr - sympy.sympify(known, locals=dict(form.symbols))) == 0
    for depth in (1, 2, 3, 10):
        assert form(depth=depth) == pc.count(spec, dims={"depth": depth}).total


#: Conditions on the number of a copy, and what a width of 1, 10 where they hold, sums up to in all copies.
CLASSES = {
    "i == 0": "n + 9",
    "i == 3": "n + 9",
    "i == n - 1": "n + 9",
    "i != 2": "10*n - 9",
    "i < k": "n + 9*k",
    "i >= k": "10*n - 9*k",
    "k > i": "n + 9*k",
    "n - i <= k": "n + 9*k",
    "i > 1": "10*n - 18",
    "i in [1, 3]": "n + 18",
    "i < k and i != 0": "n + 9*k - 9",
    "i % 2 == 0": "n + 9*ceiling(n/2)",
    "i % 2 == 1": "n + 9*floor(n/2)",
    "(i + 1) % 3 == 0": "n + 9*floor(n/3)",
    "i % 3 != 0": "10*n - 9*ceiling(n/3)",
    "i % 2 == 0 and i % 4 != 2": "n + 9*ceiling(n/4)",
    "i % 4 in [0, 1, 2, 3]": "10*n",
}
#: Copies with a layer of that width: as a mere list, one behind the other, side by side.
CLASS_SPECS = {
    "listed": (
        "connections: none\ndims: {n: 12, k: 4}\nlayers:\n"
        "  - {Dense: {units: '10 if CONDITION else 1', use_bias: false}, times: n, index: i, of: [1]}"
    ),
    "in sequence": (
        "dims: {n: 12, k: 4}\nlayers:\n  - Input: {shape: [1]}\n  - name: body\n    times: n\n    index: i\n"
        "    layers:\n      - Dense: {units: 10, use_bias: false}\n        when: CONDITION\n"
        "        else: [Dense: {units: 1, use_bias: false}]\n      - Slice: {axis: -1, stop: 1}\n"
    ),
    "side by side": (
        "dims: {n: 12, k: 4}\nlayers:\n  - Input: {shape: [1]}\n"
        "  - {name: body, parallel: n, index: i, merge: Concatenate,"
        " layers: [Dense: {units: '10 if CONDITION else 1', use_bias: false}, Slice: {axis: -1, stop: 1}]}"
    ),
}


@pytest.mark.parametrize(("condition", "copies"), [*zip(CLASSES, cycle(CLASS_SPECS), strict=False)])
def test_copies_are_summed_by_what_their_number_decides(condition: str, copies: str) -> None:
    """Each condition in copies of one kind; the sweeps try it in all kinds."""
    check_classes(condition, copies)


def check_classes(condition: str, copies: str) -> None:
    spec = pc.loads("paramcalc: 1\n" + CLASS_SPECS[copies].replace("CONDITION", condition))
    form = pc.formula(spec)
    assert not form.fixed
    expected = sympy.sympify(CLASSES[condition], locals=dict(form.symbols))
    sizes = [{"n": n, "k": k} for n, k in ((4, 1), (5, 4), (7, 2), (30, 4))]
    for size in sizes:
        named = {name: size[name] for name in form.symbols}
        values = {each: size[name] for name, each in form.symbols.items()}
        assert form(**named) == pc.count(spec, dims=size).total == expected.xreplace(values).doit()


@pytest.mark.parametrize("zero", ["0 * j", "j - j", "min(j, 1) * 0", "min(j + 1, 1) - 1"])
def test_a_counter_that_cancels_leaves_a_number(zero: str) -> None:
    """It names a copy, and an element of a list, as a number that is written does."""
    text = """
    paramcalc: 1
    dims: {width: 6, depth: 3}
    layers:
      - Input: {shape: [width]}
      - name: down
        times: depth
        layers: [Dense: {units: width, use_bias: false}]
      - name: up
        times: depth
        index: j
        layers:
          - Dense: {units: "[5, 7][ZERO]", use_bias: false}
            inputs: ["down[ZERO]"]
          - Dense: {units: 5, use_bias: false}
            when: j == 0
    """
    form = pc.formula(pc.loads(textwrap.dedent(text).replace("ZERO", zero)))
    width, depth = form.symbols["width"], form.symbols["depth"]
    assert sympy.expand(form.expr - (depth * width**2 + depth * 5 * width + 5 * 5)) == 0


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


@pytest.mark.parametrize("size", STEPS)
def test_a_size_that_rounds_or_chooses_stays_in_the_form(size: str) -> None:
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


SHORTEST = {
    # a group whose first copy differs: what it lacks is taken away
    "united": (
        "n: 4, depth: 9",
        (
            "  - {layers: [{Dense: {units: n}}, {Dense: {units: n}}]}\n"
            "  - {times: depth - 1, layers: [{Dense: {units: n}}, {Dense: {units: n}}]}"
        ),
        "depth*(2*n**2 + 2*n) - n**2 + 4*n",
    ),
    "X + (depth - 1)·X": (
        "n: 4, depth: 9",
        "  - {Dense: {units: n, use_bias: false}}\n  - Dense: {units: n}\n  - {Dense: {units: n}, times: depth - 1}",
        "depth*(n**2 + n) + 4*n",
    ),
    "expanded": ("n: 4", "  - {Dense: {units: n}}\n  - Dense: {units: 3 * n + 1}", "3*n**2 + 9*n + 1"),
}


@pytest.mark.parametrize("way", SHORTEST)
def test_the_shortest_way_to_write_a_form_is_taken(way: str) -> None:
    dims, layers, known = SHORTEST[way]
    form = form_of(dims, layers)
    assert form.expr == sympy.sympify(known, locals=dict(form.symbols))
    assert len(notation.text(form.expr)) <= len(notation.text(form.expanded().expr))


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


# --- What fixes a dim ------------------------------------------------------------------

CAUSES = {
    "a condition": ("n: 8", "  - {Dense: {units: 5}, name: deep, when: n > 3}", ("deep", "n > 3")),
    "a flag by comparison": ("n: 8", "  - Dense: {units: n, use_bias: n > 6}", ("dense", "n > 6")),
    "within an expression": ("n: 8", "  - Dense: {units: '3 if n > 7 else 2'}", ("dense", "3 if n > 7 else 2")),
    "an index": ("n: 1", "  - Dense: {units: '[4, 5][n]'}", ("dense", "[4, 5][n]")),
    "copies": ("n: 3", "  - {Dense: {units: i ** 3 + 1}, name: row, times: n, index: i}", ("row", "n")),
    "a flag": (
        "n: true",
        "  - {layers: [{Dense: {units: 2, use_bias: not n}}], name: group}",
        ("group.dense", "not n"),
    ),
    "a shape that must agree": ("n: 4", "  - {Dense: {units: n}, residual: true}", ("dense", "")),
}


@pytest.mark.parametrize("reason", CAUSES)
def test_what_fixes_a_dim_is_named(reason: str) -> None:
    dims, layers, cause = CAUSES[reason]
    form = form_of(dims, layers)
    assert {*form.fixed} == {"n"}
    assert form.causes == {"n": cause}
    node, expression = cause
    said = " ".join(str(form).split())
    assert f"({node}: {expression})" in said if expression else f"({node})" in said


DIFFERENT = "  - {Dense: {units: n}, name: wide, when: a != n}\n  - Dense: {units: a, use_bias: n == a}"


def test_sizes_that_are_compared_and_differ_stay_symbols() -> None:
    form = form_of("n: 8, a: 4", DIFFERENT)
    n, a = form.symbols["n"], form.symbols["a"]
    assert sympy.expand(form.expr - (4 * n + n + n * a)) == 0
    assert form.fixed == {}
    assert form.conditions == ("a ≠ n",)
    with pytest.raises(pc.ParamcalcError, match="the form holds where"):
        form(n=4)


def test_of_dims_that_are_compared_and_equal_one_stands_for_both() -> None:
    form = form_of("n: 4, a: 4", DIFFERENT)
    n = form.symbols["n"]
    assert sympy.expand(form.expr - (4 * n + n)) == 0
    assert form.fixed == {}
    assert form.conditions == ("a = n",)
    assert form(n=7, a=7) == 4 * 7 + 7
    with pytest.raises(pc.ParamcalcError, match="the form holds where a = n"):
        form(n=7)
    rows = {row.dim: row for row in form.elasticities()}
    assert (rows["n"].elasticity, rows["n"].following, rows["n"].increase) == (1, 5, 5)


def test_sizes_that_are_compared_and_equal_fix_their_dims() -> None:
    form = form_of("n: 8, a: 4", "  - {Dense: {units: n}, name: wide, when: 2 * a != n}\n  - Dense: {units: a}")
    assert form.fixed == {"n": 8, "a": 4}
    assert {*form.causes.values()} == {("wide", "2 * a != n")}
    assert form() == 4 * 4 + 4


def test_dims_that_are_equal_in_a_shape_are_said() -> None:
    form = form_of("n: 8, a: 8", "  - Dense: {units: a}\n  - {Dense: {units: n}, residual: true}")
    assert form.conditions == ("a = n",)
    assert {*form.symbols} == {"a", "n"}
    with pytest.raises(pc.ParamcalcError, match="the form holds where a = n"):
        form(n=7)


def test_dims_that_are_only_compared_are_fixed() -> None:
    form = form_of("n: 4, a: 4, b: 3", "  - {Dense: {units: b}, name: wide, when: a == n}")
    assert form.fixed == {"n": 4, "a": 4}
    assert {*form.causes.values()} == {("wide", "a == n")}
    assert (form.conditions, {*form.symbols}) == ((), {"b"})


def test_a_comparison_that_holds_at_all_sizes_fixes_nothing() -> None:
    form = form_of("n: 4", "  - Dense: {units: n, use_bias: 2 * n > n}\n  - {Dense: {units: n}, when: n == 2 * n}")
    assert form.fixed == {}
    assert form(n=9) == 4 * 9 + 9


def test_a_dim_that_only_decides_what_is_there_is_fixed() -> None:
    form = form_of("version: 2, n: 8", "  - {Dense: {units: n}, name: old, when: version == 1}\n  - Dense: {units: n}")
    assert form.fixed == {"version": 2}
    assert form.causes == {"version": ("old", "version == 1")}
    assert form.conditions == ()


@pytest.mark.parametrize("sizes", ["[4, 5]", "[4, 6]"])
def test_a_list_is_compared_by_its_elements(sizes: str) -> None:
    layers = "  - {Dense: {units: 'w[1]'}, when: 'w == [4, 5]'}\n  - {Dense: {units: 2}, when: '[4, 5] in [w, w]'}"
    spec = pc.loads(f"paramcalc: 1\ndims: {{w: {sizes}}}\nlayers:\n  - Input: {{shape: [4]}}\n{layers}")
    assert pc.formula(spec)() == pc.count(spec).total == (37 if sizes == "[4, 5]" else 0)


def test_an_absent_dim_that_decides_is_fixed() -> None:
    layers = "  - {Dense: {units: r}, name: low, when: r != none}\n  - Dense: {units: 3}"
    form = form_of("r: none, idle: none", layers)
    assert repr(form.fixed) == "{'r': none}"
    assert form.causes == {"r": ("low", "r != none")}
    assert "r = none (low: r != none)" in str(form)
    plain = json.loads(form.to("json"))
    assert plain["fixed"] == {"r": "none"}
    assert plain["causes"] == {"r": {"node": "low", "expression": "r != none"}}
    jsonschema.validate(plain, form_schema())


def test_a_dim_of_a_condition_alone_is_fixed_by_it() -> None:
    dims = "{kind: {text: a}, idle: {text: b}}"
    condition = """'kind in ["a", "c"]'"""
    spec = f"paramcalc: 1\ndims: {dims}\nrequires: [{condition}]\nlayers: [Input: {{shape: [3]}}]"
    form = pc.formula(pc.loads(spec))
    assert form.fixed == {"kind": "a"}
    assert form.causes == {"kind": ("", 'kind in ["a", "c"]')}


def test_a_derivation_says_what_is_fixed() -> None:
    spec = pc.loads(
        "paramcalc: 1\ndims: {n: 8}\nlayers:\n  - Input: {shape: [3]}\n  - {Dense: {units: 5}, when: n > 3}"
    )
    assert "fixed, since the layers themselves depend on it: n = 8 (dense: n > 3)" in " ".join(
        str(pc.explain(spec)).split()
    )


# --- Conditions that follow from others ------------------------------------------------

VISION = """
paramcalc: 1
framework: torch
dims: {image: 224, patch: 16, width: 768, grid: image / patch}
layers:
  - Input: {shape: [3, image, image]}
  - Conv2D: {filters: width, kernel_size: patch, strides: patch}
  - Reshape: {target_shape: [width, grid * grid]}
  - Permute: {dims: [2, 1]}
  - Weights: {tensors: {positions: ["image * image / (patch * patch) + 1", width]}}
"""


M, N, IMAGE, PATCH = (symbol(name) for name in ("m", "n", "image", "patch"))
ONE = sympy.Integer(1)
#: What is assumed, and what of it is left.
IMPLIED: dict[str, tuple[list[Any], list[Any]]] = {
    "the largest of several": ([("≥", sympy.Max(2 * M, N, 7), M + 1)], []),
    "the smallest of several": ([("≥", M + N, sympy.Min(M, 2 * N) + 1)], []),
    "one of several may be too small": ([("≥", sympy.Min(M, N), 2)], [("≥", sympy.Min(M, N), 2)]),
    "halves of a multiple": (
        [("divides", 16, IMAGE), ("=", 2 * floor(IMAGE / 4), floor(IMAGE / 2)), ("≥", floor(IMAGE / 8) - 1, ONE)],
        [("divides", 16, IMAGE)],
    ),
    "a quotient that is whole": (
        [("=", 4 * floor(IMAGE / 4), IMAGE), ("≥", IMAGE, 4)],
        [("divides", 4, IMAGE)],
    ),
    "steps between patches": (
        [("≥", floor(224 / PATCH), ONE), ("≥", floor(floor(224 / PATCH) / 8), ONE)],
        [("≥", 28, PATCH)],
    ),
    "rounded up": ([("≥", ceiling(M / N) * N, M), ("≥", M + N, ceiling(M / N) * N + 1)], []),
    "a remainder": ([("≥", N, sympy.Mod(M, N) + 1)], []),
    "a double": ([("≥", Scaled.of(M, 2.6, "scaled"), ONE), ("≥", Scaled.of(M, 0.29, "scaled_up"), ONE)], []),
    "a double below one": ([("≥", Scaled.of(M, 0.29, "scaled"), ONE)], [("≥", Scaled.of(M, 0.29, "scaled"), 1)]),
}


@pytest.mark.parametrize("case", IMPLIED)
def test_a_condition_that_follows_is_left_out(case: str) -> None:
    stated, left = IMPLIED[case]
    assert needed(stated) == left


def test_a_vision_transformer_assumes_that_patches_divide_the_image() -> None:
    spec = pc.loads(VISION)
    form = pc.formula(spec)
    assert form.conditions == ("patch divides image",)
    for image, patch in ((32, 4), (30, 30), (14, 7)):
        sizes = {"image": image, "patch": patch}
        assert form(**sizes) == pc.count(spec, dims=sizes).total


def test_a_size_that_is_rounded_again_and_again_is_fixed_where_its_conditions_would_be_too_long() -> None:
    layers = "".join(
        "  - ZeroPadding2D: {padding: [[size(1) % 2, 1], [size(2) % 2, 1]]}\n"
        "  - Conv2D: {filters: 4, kernel_size: 3, strides: 2}\n"
        for _ in range(6)
    )
    text = (
        f"paramcalc: 1\ndims: {{image: 224, width: 4}}\nlayers:\n  - Input: {{shape: [image, image, width]}}\n{layers}"
    )
    started = time.process_time()
    form = pc.formula(pc.loads(text))
    assert time.process_time() - started < 10
    assert form.fixed == {"image": 224}
    assert max(map(len, form.conditions), default=0) < 200
    assert form(width=9) == pc.count(pc.loads(text), dims={"width": 9}).total


@pytest.mark.parametrize(
    ("name", "symbol"),
    [("for", "for_"), ("None", "None_"), ("0", "layer_0"), (".", "dense"), ("a-b", "a_b"), ("min", "min_")],
)
def test_the_symbol_of_a_width_is_named_for_its_layer_whatever_that_is_called(name: str, symbol: str) -> None:
    form = pc.formula(pc.Spec([pc.Input(shape=(4,)), pc.Node(pc.Dense(units=3), name=name)]))
    assert (set(form.symbols), form.own_value) == ({"input_", symbol}, 15)


def test_a_group_that_adds_nothing_to_a_path_adds_nothing_to_a_symbol() -> None:
    inner = [pc.Node(pc.Dense(units=3), name="."), pc.Node(pc.Dense(units=2), name="1")]
    form = pc.formula(pc.Spec([pc.Input(shape=(4,)), pc.Node(layers=inner, name=".")]))
    assert (set(form.symbols), form.own_value) == ({"input_", "dense", "layer_1"}, 23)
