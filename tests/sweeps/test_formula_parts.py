"""The parts of a closed form, its leading terms and elasticities, and how it is written."""

from fractions import Fraction

import pytest
import sympy

import paramcalc as pc
from paramcalc.core import notation
from tests.language import form_of
from tests.sweeps.test_formula_copies import PROGRESSIONS
from tests.sweeps.test_formulas import FORM

pytestmark = pytest.mark.sweep

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
