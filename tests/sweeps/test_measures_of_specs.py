"""What must hold of every measure of every spec: its form at random sizes, its copies one by one, its derivation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import paramcalc as pc
from paramcalc.core.registry import MEASURES, measure
from paramcalc.results.formula import name_widths, symbol
from tests.helpers import ROOT, SPECS
from tests.sweeps.forms import sizes_for

pytestmark = pytest.mark.sweep

#: The measures that depend on what flows; the others are those of a count.
FLOWING = [name for name in MEASURES if measure(name).needs_connections]
#: A length that a spec leaves open.
LENGTH = 6


def spec_of(path: Path, of: str) -> pc.Spec:
    """A spec to be measured; a mixture of experts with all of them active, where what is kept of some is refused."""
    text = path.read_text(encoding="utf-8")
    return pc.loads(text.replace("active: experts_per_token", "active: experts") if of == "saved" else text)


def free(spec: pc.Spec) -> dict[str, Any]:
    """A value for each dim that has none."""
    return {name: LENGTH for name, value in spec.dims.items() if value is None}


@pytest.mark.parametrize("of", FLOWING)
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_form_of_a_measure_is_the_count_at_any_sizes(path: Path, of: str) -> None:
    spec = spec_of(path, of)
    form = pc.formula(spec, of=of)
    named = spec if spec.dims else name_widths(spec)[0]
    lengths = {name: size for name, size in free(spec).items() if name in form.symbols}
    assert form(**lengths) == pc.count(spec, of=of, dims=free(spec)).total

    # a condition may be one on a length that the spec leaves open
    valued = replace(form, values={**lengths, **form.values})

    @settings(settings.get_profile("layers"))
    @given(st.data())
    def at_random_sizes(data: st.DataObject) -> None:
        sizes = sizes_for(valued, data)
        dims = {**free(named), **form.dims_of(sizes)}
        assert form(**sizes) == pc.count(named, form.convention, of=of, dims=dims).total

    at_random_sizes()


@pytest.mark.parametrize("of", FLOWING)
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_copies_that_are_alike_come_to_what_they_do_one_by_one(path: Path, of: str) -> None:
    spec = spec_of(path, of)
    dims = free(spec) | {"batch": 3}
    folded = pc.count(spec, of=of, dims=dims)
    assert folded.total == pc.count(spec, of=of, dims=dims, expand=True).total
    assert folded.total == pc.count(spec, of=of, dims=dims, depth=1).total
    assert folded.total == 3 * pc.count(spec, of=of, dims=free(spec)).total or of == "saved"


@pytest.mark.parametrize("of", FLOWING)
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_derivation_of_a_measure_adds_up(path: Path, of: str) -> None:
    derivation = pc.explain(spec_of(path, of), of=of, dims=free(pc.load(path)) | {"batch": 2})
    assert sum(layer.row.total for layer in derivation.layers) == derivation.measurement.total
    for layer in derivation.layers:
        assert layer.expr.xreplace({symbol(name): value for name, value in layer.values.items()}) == layer.one
        assert layer.copies * layer.one + layer.row.once == layer.row.total


@pytest.mark.parametrize("of", FLOWING)
def test_repeats_cost_nothing(of: str) -> None:
    spec = pc.load(next(path for path in SPECS if path.stem == "gpt2"))
    one, two, many = (pc.count(spec, of=of, dims={"tokens": 8, "depth": depth}).total for depth in (3, 4, 10**12))
    assert many == one + (10**12 - 3) * (two - one)


@pytest.mark.parametrize("of", ["flops", "activations"])
def test_what_a_reference_to_a_copy_depends_on_is_fixed_alone(of: str) -> None:
    spec = pc.load(ROOT / "specs" / "u_net.yaml")
    form = pc.formula(spec, of=of, keep=["width", "levels"])
    assert form.fixed == {"levels": 5}
    assert form.causes["levels"].node == "up.0.concatenate"
    for width in (1, 7, 32):
        assert form(width=width) == pc.count(spec, of=of, dims={"width": width}).total
