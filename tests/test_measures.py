"""Measures: what may be summed over a network, by every verb that takes `of`."""

import json
from importlib import import_module

import pytest
from click.testing import CliRunner

import paramcalc as pc
from paramcalc.cli import main
from paramcalc.core.registry import MEASURES, measure
from paramcalc.measures import Measure

MIXTURE = pc.loads("""
paramcalc: 1
dims: {width: 8, experts: 4, chosen: 2, tokens: 5}
layers:
  - Input: {shape: [tokens, width]}
  - name: experts
    parallel: experts
    active: chosen
    merge: Add
    layers:
      - Dense: {units: 3 * width}
      - Dense: {units: width}
  - Flatten
  - BatchNorm
""")
INVENTORY = pc.loads("""
paramcalc: 1
layers:
  - Input: {shape: [4]}
  - name: rest
    connections: none
    layers:
      - Dense: {units: 2}
        of: [7]
""")


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_has_its_name_and_says_what_it_is(name: str) -> None:
    found = measure(name)
    assert issubclass(found, Measure)
    assert found.name == name
    assert all([found.unit, found.phrase, found.term, found.summary.endswith(".")])


def test_what_is_no_measure_is_refused() -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.count(MIXTURE, of="activation")
    assert (
        str(caught.value) == "error[unknown-measure]: there is no measure 'activation'\n    did you mean 'activations'?"
    )
    with pytest.raises(pc.ParamcalcError, match="'causal' has no meaning for the measure 'bytes'"):
        pc.count(MIXTURE, of="bytes", causal="half")


def test_the_measures_of_tensors_are_what_a_count_has() -> None:
    for convention in ("keras", "torch"):
        count = pc.count(MIXTURE, convention)
        for name, total in (("trainable", count.trainable), ("active", count.active), ("bytes", count.bytes)):
            measured = pc.count(MIXTURE, convention, of=name)
            assert measured.total == total
            assert [row.name for row in measured.layers] == [row.name for row in count.layers]
            assert pc.formula(MIXTURE, convention, of=name)() == total
        assert pc.count(MIXTURE, convention, of="parameters") == count
        assert pc.formula(MIXTURE, convention, of="parameters") == pc.formula(MIXTURE, convention)


def test_of_copies_side_by_side_the_active_ones_flow() -> None:
    # of each of 2 experts 5 · 24 and 5 · 8, their sum 5 · 8, and the normalization of 40
    assert pc.count(MIXTURE, of="activations").total == 2 * (5 * 24 + 5 * 8) + 40 + 40
    form = pc.formula(MIXTURE, of="activations")
    assert form() == pc.count(MIXTURE, of="activations").total
    assert form(tokens=7, chosen=3) == pc.count(MIXTURE, of="activations", dims={"tokens": 7, "chosen": 3}).total


def test_a_batch_is_a_dim_of_every_spec() -> None:
    one = pc.count(MIXTURE, of="activations")
    assert one.dims["batch"] == 1
    assert pc.count(MIXTURE, of="activations", dims={"batch": 6}).total == 6 * one.total
    assert "batch" not in pc.formula(MIXTURE, of="activations").symbols
    assert str(pc.formula(MIXTURE, of="activations", keep=["batch"]).expr) == f"{one.total}*batch"
    free = pc.formula(MIXTURE, of="activations", dims={"batch": None})
    assert {*free.symbols} == {"batch", *pc.formula(MIXTURE, of="activations").symbols}
    assert free(batch=3) == 3 * one.total
    with pytest.raises(pc.ParamcalcError, match="a batch has at least 1 example, not 0"):
        pc.count(MIXTURE, of="activations", dims={"batch": 0})
    with pytest.raises(pc.ParamcalcError, match="the spec has no dim 'batch'"):
        pc.count(MIXTURE, dims={"batch": 2})


def test_a_batch_of_the_spec_itself_is_that_one() -> None:
    own = pc.loads("paramcalc: 1\ndims: {batch: 3, width: 4}\nlayers: [Input: {shape: [2]}, Dense: {units: width}]")
    assert pc.count(own, of="activations").total == 3 * 4
    assert str(pc.formula(own, of="activations").expr) == "batch*width"


def test_what_needs_connections_refuses_an_inventory() -> None:
    assert pc.count(INVENTORY, of="bytes").total == 4 * 16
    for verb in (pc.count, pc.formula):
        with pytest.raises(pc.ParamcalcError) as caught:
            verb(INVENTORY, of="activations")
        assert caught.value.code == "no-connections"
        assert "the measure 'activations' needs connections, and the group 'rest' lists" in str(caught.value)
    with pytest.raises(pc.ParamcalcError, match="a type alone has no form of it"):
        pc.formula(pc.Dense, of="activations")


def test_an_unknown_length_is_asked_for_by_name() -> None:
    spec = pc.loads("paramcalc: 1\ndims: {tokens: null}\nlayers: [Input: {shape: [tokens, 2]}, Dense: {units: 3}]")
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.count(spec, of="activations")
    assert str(caught.value).startswith("<text>:3:39: error[free-dim]: the elements of 'dense' depend on 'tokens'")
    assert str(pc.formula(spec, of="activations").expr) == "3*tokens"
    unnamed = pc.loads("paramcalc: 1\nlayers: [Input: {shape: [null, 2]}, Dense: {units: 3}]")
    for verb in (pc.count, pc.formula):
        with pytest.raises(pc.ParamcalcError, match="the elements of 'dense' depend on a length that is null"):
            verb(unnamed, of="activations")


def test_json_has_the_measure_and_no_key_that_does_not_apply() -> None:
    data = pc.count(MIXTURE, of="activations").plain()
    assert [*data] == ["paramcalc_count", "name", "convention", "measure", "unit", "total", "dims", "layers"]
    assert (data["measure"], data["unit"], data["total"]) == ("activations", "elements", 400)
    assert data["layers"][1]["terms"] == [{"name": "output", "factors": [1, 5, 24], "amount": 120}]
    form = json.loads(pc.formula(MIXTURE, of="activations").to("json"))
    assert (form["measure"], form["unit"]) == ("activations", "elements")
    assert "measure" not in json.loads(pc.formula(MIXTURE).to("json"))


def test_the_command_line_counts_a_measure(tmp_path) -> None:
    path = tmp_path / "mixture.yaml"
    path.write_text(pc.dumps(MIXTURE))
    shown = CliRunner().invoke(main, ["count", str(path), "--of", "activations", "--tensors"]).output
    assert "output  1 · 5 · 24" in shown
    assert "Total:  400 elements" in shown
    assert CliRunner().invoke(main, ["count", str(path), "--of", "activations", "--max", "399"]).exit_code == 1
    refused = CliRunner().invoke(main, ["count", str(path), "--of", "activations", "--trained"])
    assert refused.exit_code == 2
    assert CliRunner().invoke(main, ["formula", str(path), "--of", "bytes", "--dtype", "bfloat16"]).exit_code == 0


def test_a_measure_is_loaded_alone() -> None:
    # the rows of one module are one subject; those of others are not imported with it
    for row in MEASURES.values():
        module = import_module(row.partition(":")[0])
        others = {other.partition(":")[0] for other in MEASURES.values()} - {module.__name__}
        assert not others & {getattr(value, "__module__", "") for value in vars(module).values()}
