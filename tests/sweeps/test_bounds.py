"""Closed forms that would have more terms than anybody reads, or waits for."""

from __future__ import annotations

import time
from fractions import Fraction
from math import comb

import pytest
import sympy

import paramcalc as pc
from paramcalc.core.algebra import terms_of

pytestmark = pytest.mark.sweep

SUM = "(a+b+c+d+e+f+g+h)"
DIMS = dict.fromkeys("abcdefgh", 2)


def of(*layers: pc.Node | pc.Dense, **dims: int) -> pc.Spec:
    return pc.Spec([pc.Input(shape=("a",)), *layers], dims={**DIMS, **dims})


def group(units: str, **keys: str) -> pc.Node:
    return pc.Node(layers=[pc.Dense(units=units)], name="g", **keys)


def test_a_size_with_too_many_terms_gives_its_dims_their_values() -> None:
    form = pc.formula(of(pc.Dense(units=f"{SUM}**12")))
    assert form.own_value == 3 * 16**12
    assert form.fixed == DIMS
    assert form.causes["a"] == ("dense", f"{SUM}**12")
    assert form() == form.expr == 3 * 16**12


def test_a_size_with_some_terms_stays_in_symbols() -> None:
    form = pc.formula(of(pc.Dense(units=f"{SUM}**3")))
    assert set(form.symbols) == {*"abcdefgh"}
    assert form(**{**DIMS, "h": 5}) == 3 * 19**3


@pytest.mark.parametrize(
    ("spec", "total"),
    [
        (of(group(f"(i+{SUM})**5", times="n", index="i"), n=3), None),
        (of(group("(i+a)**90", times="n", index="i"), n=3), None),
        (of(pc.Dense(units=f"{SUM}**12 / (a+b)")), 3 * 16**12 // 4),
        (of(pc.Dense(units=f"{SUM}**12 // (a+b+c)")), 3 * (16**12 // 6)),
        (of(pc.Dense(units=f"{SUM}**(n*m)"), n=3, m=2), 3 * 16**6),
        (of(pc.Dense(units=f"min({SUM}**12, {SUM}**11 + 5)")), 3 * (16**11 + 5)),
        (of(*(pc.Dense(units=f"(a+b+c+d)**{power}") for power in range(1, 12))), None),
        (of(*(pc.Dense(units=f"(a+b)**{power}") for power in range(1, 13))), None),
    ],
    ids=["counter", "power", "quotient", "floor", "exponent", "least", "eleven layers", "twelve layers"],
)
def test_every_form_is_made_in_a_moment(spec: pc.Spec, total: int | None) -> None:
    start = time.process_time()
    form = pc.formula(spec)
    assert str(form)
    assert str(pc.explain(spec))
    assert form.own_value == (pc.count(spec).total if total is None else total)
    # a moment is a second; machines differ
    assert time.process_time() - start < 10


def test_a_form_that_is_too_long_is_not_multiplied_out() -> None:
    layers = [pc.Dense(units=f"{SUM}**3 + {place}") for place in range(3)]
    form = pc.formula(of(*layers))
    for view in (form.expanded, lambda: form.asymptotic):
        with pytest.raises(pc.ParamcalcError, match="multiplied out, the form has up to") as caught:
            view()
        assert caught.value.code == "limit"
    short = pc.formula(of(*layers), keep=["a", "b"])
    assert short.expanded()(a=3, b=4) == short(a=3, b=4)


def test_the_terms_of_a_power_are_counted() -> None:
    a, b, c = sympy.symbols("a b c", positive=True)
    for expr in (((a + b + c) ** 5), (a + b) ** 3 * (b + c), a**7, 2 * a + b, (a + 1) ** 4 + c, sympy.Integer(3)):
        assert terms_of(expr) >= len(sympy.Add.make_args(sympy.expand(expr)))
    assert terms_of((a + b + c) ** 5) == comb(7, 2)


def test_elasticities_of_many_layers_take_no_longer_than_their_number() -> None:
    """A layer's size s stands in (before + 1)·s + s·after, so that one more adds before + 1 + after."""
    sizes = [place % 7 + 1 for place in range(400)]
    spec = pc.Spec([pc.Input(shape=(5,)), *(pc.Node(pc.Dense(units=u), name=f"d{k}") for k, u in enumerate(sizes))])
    form = pc.formula(spec)
    start = time.process_time()
    rows = {row.dim: row for row in form.elasticities()}
    assert time.process_time() - start < 5
    total = pc.count(spec).total
    around = [5, *sizes, 0]
    for place, size in enumerate(sizes):
        more = around[place] + 1 + around[place + 2]
        row = rows[f"d{place}"]
        assert (row.size, row.following, row.increase) == (size, size + 1, more)
        assert row.elasticity == Fraction(more * size, total)


def test_elasticities_of_products_and_steps() -> None:
    spec = of(group("a*b + c // 2 + (d+e)**2", times="n"), n=3)
    form = pc.formula(spec)
    total = pc.count(spec).total
    for row in form.elasticities():
        assert row.following is not None
        assert row.increase == pc.count(spec, dims={row.dim: row.following}).total - total
        if row.dim != "c":
            slope = sympy.diff(form.expr, form.symbols[row.dim]).subs(
                {form.symbols[k]: v for k, v in form.values.items()}
            )
            assert row.elasticity == Fraction(int(slope) * row.size, total)
    assert next(row for row in form.elasticities() if row.dim == "c").elasticity is None
