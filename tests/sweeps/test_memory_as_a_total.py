"""Memory as the target of solve and as a column of sweep: the total of the sheet, by closed forms."""

from __future__ import annotations

import itertools
from contextlib import suppress
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import paramcalc as pc
from paramcalc.measures.optimizers import OPTIMIZERS
from paramcalc.results.sweeps import measuring
from tests.helpers import ROOT
from tests.strategies import specs

pytestmark = pytest.mark.sweep

GPT2 = pc.load(ROOT / "specs" / "gpt2.yaml")
#: Tensors of one, two and four axes, states, a frozen layer, and one that is repeated.
MIXED = pc.loads("""
paramcalc: 1
dims: {width: 8, depth: 2, side: 6}
layers:
  - Input: {shape: [side, side, 3], dtype: float32}
  - Conv2D: {filters: width, kernel_size: 3, padding: same}
  - BatchNorm
  - times: depth
    layers:
      - Conv2D: {filters: width, kernel_size: 1, use_bias: false}
      - Activation: {activation: relu}
  - Flatten
  - Dense: {units: 70 * width}
    trainable: false
  - Dense: {units: 10}
""")
AROUND = {"LossScaleOptimizer": {"inner_optimizer": "adam"}}


def sheet(spec: pc.Spec, convention: Any, dims: Any, **arguments: Any) -> int | None:
    """The total of the sheet; None where a part is not known, or it is refused."""
    with suppress(pc.ParamcalcError):
        return pc.memory(spec, convention, dims=dims, **arguments).total
    return None


def swept(spec: pc.Spec, convention: Any, vary: Any, **arguments: Any) -> dict[tuple[Any, ...], int]:
    with mock.patch.object(measuring, "FEW", 0):
        found = pc.sweep(spec, vary, convention, of="memory", **arguments).columns
    rows = zip(*(column.tolist() for column in found.values()), strict=True)
    return {row[:-1]: row[-1] for row in rows}


@pytest.mark.parametrize(
    ("framework", "name"), [(framework, name) for framework, table in OPTIMIZERS.items() for name in table]
)
def test_the_column_has_the_totals_of_sheets(framework: Any, name: str) -> None:
    training: Any = {name: AROUND[name]} if name in AROUND else name
    vary = {"width": [1, 4, 60, 64], "depth": [1, 3], "batch": [1, 2, 5]}
    for master in (None, "float32"):
        arguments = {"training": training, "master": master, "dtype": "bfloat16"}
        expected = {}
        for point in itertools.product(*vary.values()):
            total = sheet(MIXED, framework, dict(zip(vary, point, strict=True)), **arguments)
            if total is not None:
                expected[point] = total
        if not expected:
            # an optimizer that is refused by name, or takes no such tensors
            with pytest.raises(pc.ParamcalcError):
                swept(MIXED, framework, vary, **arguments)
            return
        assert swept(MIXED, framework, vary, **arguments) == expected


VALUES = {"width": [1, 4, 12, 64], "depth": [1, 2, 3], "wide": [1, 12, 20], "model.experts": [1, 2, 3], "batch": [1, 3]}


@settings(max_examples=40, deadline=None)
@given(specs(), st.sampled_from([None, "adamw", "adafactor"]), st.data())
def test_memory_of_random_specs_is_that_of_sheets(spec: pc.Spec, training: Any, data: st.DataObject) -> None:
    known = [name for name in VALUES if name in spec.dims or name == "batch"]
    names = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=2, unique=True))
    vary = {name: VALUES[name] for name in names}
    points = [*itertools.product(*vary.values())]
    expected = {point: sheet(spec, None, dict(zip(vary, point, strict=True)), training=training) for point in points}
    try:
        found = swept(spec, None, vary, training=training)
    except pc.ParamcalcError:
        # what is refused at any sizes is not known in any sheet
        assert None in expected.values()
        return
    assert found == {point: total for point, total in expected.items() if total is not None}


def test_solutions_for_memory_are_those_of_brute_force() -> None:
    dims = {"tokens": 64, "heads": 8}
    arguments = {"training": "adamw", "dtype": "bfloat16", "master": "float32"}
    domains = {"width": range(64, 257, 32), "depth": range(1, 6), "batch": range(1, 4)}
    everything = {}
    for point in itertools.product(*domains.values()):
        sizes = dict(zip(domains, point, strict=True))
        everything[point] = sheet(GPT2, None, {**dims, **sizes}, **arguments)
    target = 40 * 2**20
    near = sorted(abs(total - target) for total in everything.values() if abs(total - target) <= target // 20)  # type: ignore[operator]
    solutions = pc.solve(
        GPT2, targets={"memory": "40MiB"}, vary=domains, dims=dims, tolerance="5%", limit=10_000, **arguments
    )
    assert [abs(each.difference) for each in solutions] == near
    assert all(everything[tuple(each.values())] == each.total for each in solutions)
    assert solutions.complete


def test_the_largest_batch_that_fits() -> None:
    dims = {"tokens": 1024}
    for training in (None, "adamw"):
        solutions = pc.solve(
            GPT2, of="memory", total="8GiB", vary="batch", dims=dims, training=training, which="at-most"
        )
        assert solutions.below is not None
        batch = solutions.below["batch"]
        least, more = (sheet(GPT2, None, {**dims, "batch": each}, training=training) for each in (batch, batch + 1))
        assert least is not None
        assert more is not None
        assert least == solutions.below.total <= 2**33 < more
        # what is kept of a single example is another form
        assert "batch ≥ 2" not in solutions.conditions
