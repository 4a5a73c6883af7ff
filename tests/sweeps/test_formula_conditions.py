"""What a closed form assumes, and what fixes a dim in it."""

import json
import time
from typing import Any

import jsonschema
import pytest
import sympy
from sympy.functions.elementary.integers import ceiling, floor

import paramcalc as pc
from paramcalc.core.symbols import Scaled
from paramcalc.exports.languages.tree import form_schema
from paramcalc.results.formula import symbol
from paramcalc.results.formula.conditions import needed
from tests.language import form_of

pytestmark = pytest.mark.sweep

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
            "dims: {n: 9, a: 5, b: 8}\nrequires: [a <= 3 or a < b]\nlayers:\n  - Input: {shape: [b]}\n"
            "  - Dense: {units: n}"
        ),
        {"a"},
    ),
    "how often a list is repeated": (
        (
            "dims: {n: 3, b: 8, kinds: '[\"x\"] * n'}\nlayers:\n  - Input: {shape: [b]}\n"
            "  - Dense: {units: 5}\n    when: '\"x\" in kinds'"
        ),
        {"n"},
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


def test_of_several_conditions_one_of_which_holds_the_last_is_assumed() -> None:
    form = pc.formula(
        pc.loads(
            "paramcalc: 1\ndims: {n: 8, a: 4, flag: true}\nrequires: [not flag or n // a * a == n]\n"
            "layers:\n  - Input: {shape: [a]}\n  - Dense: {units: n}"
        )
    )
    assert {*form.symbols} == {"n", "a"}
    assert form.conditions == ("a divides n",)


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
