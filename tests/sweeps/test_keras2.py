"""Descriptions of Keras 2: recorded with tf-keras 2.21, and what that said of them (tests/keras2/record.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import paramcalc as pc

pytestmark = pytest.mark.sweep

MODELS = json.loads((Path(__file__).parents[1] / "keras2" / "models.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", MODELS)
def test_a_model_of_keras_2_is_read(name: str) -> None:
    recorded = MODELS[name]
    spec = pc.loads(pc.dumps(pc.from_keras(recorded["description"])))
    count = pc.count(spec, expand=True)
    weights = sorted([list(tensor.shape), tensor.trainable] for row in count.layers for tensor in row.tensors)
    assert weights == recorded["weights"]
    assert outputs(spec, count) == recorded["outputs"]


def outputs(spec: pc.Spec, count: pc.Count) -> list[list[Any]]:
    """The shapes of the outputs, the batch first; None for a length that varies."""
    rows = {row.name: row for row in count.layers}
    named = spec.outputs or (count.layers[-1].name,)
    ends = [next(row for name, row in reversed(rows.items()) if f"{name}.".startswith(f"{each}.")) for each in named]
    return [[None, *(size if isinstance(size, int) else None for size in row.output_shape)] for row in ends]


def test_a_layer_that_keras_3_has_not_is_refused_by_name() -> None:
    local = {"class_name": "LocallyConnected1D", "config": {"name": "local", "batch_input_shape": [None, 8, 6]}}
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.from_keras({"class_name": "Sequential", "config": {"name": "s", "layers": [local]}})
    assert str(caught.value) == (
        "error[unknown-kind]: the layer 'local' is of the class 'LocallyConnected1D', which is no layer type\n"
        "    give the live model to pc.from_keras, or write its tensors as Weights"
    )


def test_a_function_that_no_kind_is_is_refused_by_its_own_name() -> None:
    description = json.loads(json.dumps(MODELS["sum"]["description"]))
    description["config"]["layers"][-1]["config"]["function"] = "math.cumulative_logsumexp"
    with pytest.raises(pc.ParamcalcError, match=r"is of the class 'math\.cumulative_logsumexp', and its shape is not"):
        pc.from_keras(description)


def test_a_matrix_that_is_turned_is_not_taken_for_one_that_is_not() -> None:
    description = json.loads(json.dumps(MODELS["sum"]["description"]))
    function = description["config"]["layers"][-1]
    function["config"]["function"] = "linalg.matmul"
    name, call, place, given = function["inbound_nodes"][0]
    function["inbound_nodes"] = [[name, call, place, {"b": given["y"], "transpose_b": True}]]
    with pytest.raises(pc.ParamcalcError, match=r"is of the class 'linalg\.matmul', and its shape is not"):
        pc.from_keras(description)
