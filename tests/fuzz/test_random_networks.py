"""On random networks, every reading of the declarations agrees with every other."""

import pytest
from hypothesis import given, settings

import paramcalc as pc
from tests.cross_check.networks import networks

pytestmark = pytest.mark.fuzz


@settings(max_examples=100)
@given(spec=networks(ties=True))
def test_the_closed_form_at_the_sizes_of_a_network_is_its_count(spec: pc.Spec) -> None:
    for convention in ("keras", "torch"):
        assert pc.formula(spec, convention)() == pc.count(spec, convention).total


@settings(max_examples=100)
@given(spec=networks(ties=True))
def test_the_derivation_of_each_layer_gives_its_count(spec: pc.Spec) -> None:
    for convention in ("keras", "torch"):
        derivation = pc.explain(spec, convention)
        for layer in derivation.layers:
            values = {symbol: layer.values[symbol.name] for symbol in layer.expr.free_symbols}
            assert layer.expr.xreplace(values) * layer.row.times == layer.row.total
        (model,) = derivation.parts
        assert model.one == derivation.count.total
        for target in ("text", "markdown", "latex", "html"):
            assert f"{derivation.count.total:,}" in derivation.to(target).replace("{,}", ",")


@settings(max_examples=100)
@given(spec=networks(ties=True))
def test_a_comparison_has_the_totals_of_both(spec: pc.Spec) -> None:
    comparison = pc.compare(spec)
    for name, derivation in zip(comparison.conventions, (comparison.left, comparison.right), strict=True):
        assert derivation.count.total == pc.count(spec, name).total
    alike = all(not layer.differs for layer in comparison.layers)
    assert not alike or comparison.left.count.total == comparison.right.count.total
    assert "The two totals" in str(comparison)
