"""The network that paramcalc began with: from YAML, from JSON, built in Python, from the command line.

The expected numbers are those that Keras prints for it, and PyTorch's for the same network.
"""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import paramcalc as pc
from paramcalc.cli import main

SPEC = Path(__file__).parent.parent / "specs" / "keras_mlp.yaml"


def built_in_python() -> pc.Spec:
    return pc.Spec(
        name="keras_mlp",
        layers=[
            pc.Node(pc.Input(shape=(4096,)), name="input_3"),
            pc.Node(pc.Dense(units=512, activation="relu"), name="dense_1"),
            pc.Node(pc.BatchNorm(), name="batchnormalization_1"),
            pc.Node(pc.Dropout(rate=0.5), name="dropout_1"),
            pc.Node(pc.Dense(units=80, activation="sigmoid"), name="dense_2"),
        ],
    )


SPECS = {
    "yaml": lambda: pc.load(SPEC),
    "json": lambda: pc.loads(json.dumps(pc.load(SPEC).plain())),
    "python": built_in_python,
}


@pytest.mark.parametrize("origin", SPECS)
def test_all_ways_give_the_same_spec(origin: str) -> None:
    assert SPECS[origin]() == pc.load(SPEC)


@pytest.mark.parametrize("origin", SPECS)
def test_keras_counts_the_moving_averages(origin: str) -> None:
    count = pc.count(SPECS[origin]())
    assert [(row.name, row.total) for row in count.layers] == [
        ("input_3", 0),
        ("dense_1", 2_097_664),
        ("batchnormalization_1", 2_048),
        ("dropout_1", 0),
        ("dense_2", 41_040),
    ]
    assert (count.total, count.trainable, count.non_trainable) == (2_140_752, 2_139_728, 1_024)
    assert (count.buffers, count.bytes) == (0, 4 * 2_140_752)


@pytest.mark.parametrize("origin", SPECS)
def test_torch_reports_them_apart(origin: str) -> None:
    count = pc.count(SPECS[origin](), "torch")
    assert (count.total, count.trainable, count.non_trainable) == (2_139_728, 2_139_728, 0)
    # mean and variance of 512 features, and the number of batches seen
    assert count.buffers == 1_025


def test_the_closed_form_has_a_symbol_for_each_width() -> None:
    form = pc.formula(pc.load(SPEC))
    symbols = form.symbols
    inputs, first, second = (symbols[name] for name in ("input_3", "dense_1", "dense_2"))
    by_hand = inputs * first + first + 4 * first + first * second + second
    assert (form.expr - by_hand).expand() == 0
    assert form() == 2_140_752
    assert form(dense_1=1024) == 4096 * 1024 + 5 * 1024 + 1024 * 80 + 80


def test_the_derivation_answers_the_question() -> None:
    derivation = pc.explain(pc.load(SPEC), node="batchnormalization_1")
    (layer,) = derivation.layers
    assert [(tensor.name, tensor.elements, tensor.standing) for tensor in layer.tensors] == [
        ("gamma", 512, "trained"),
        ("beta", 512, "trained"),
        ("moving_mean", 512, "not trained"),
        ("moving_variance", 512, "not trained"),
    ]
    text = str(derivation)
    for step in ("c + c + c + c", "= 4·c", "= 4 · 512", "= 2,048        1,024 trained, 1,024 not trained"):
        assert step in text


@pytest.mark.parametrize("target", ["text", "markdown", "latex", "html"])
def test_the_derivation_in_each_notation_has_every_layer_and_the_sum(target: str) -> None:
    printed = pc.explain(pc.load(SPEC)).to(target)
    for number in ("2,097,152", "2,048", "41,040", "2,140,752", "2,139,728", "1,024"):
        assert number in printed.replace("{,}", ",")


def test_the_general_form_of_the_kind() -> None:
    form = pc.formula(pc.BatchNorm)
    c, center, scale = (form.symbols[name] for name in ("c", "center", "scale"))
    assert form.expr.subs({form.symbols["batch_counter"]: 0}) == 2 * c + center * c + scale * c


def test_json_has_the_keys_of_the_contract() -> None:
    result = CliRunner().invoke(main, ["count", str(SPEC), "--format", "json"])
    assert result.exit_code == 0
    data = json.loads(result.stdout)
    assert list(data) == [
        "paramcalc_count", "name", "convention", "total", "trainable", "non_trainable", "buffers", "total_untied",
        "active", "bytes",
        "dims",
        "layers",
    ]  # fmt: skip
    assert data["layers"][1] == {
        "name": "dense_1",
        "path": ["dense_1"],
        "copies": [],
        "kind": "Dense",
        "inputs": ["input_3"],
        "times": 1,
        "output_shape": [None, 512],
        "total": 2_097_664,
        "trainable": 2_097_664,
        "non_trainable": 0,
        "buffers": 0,
        "active": 2_097_664,
        "tensors": [
            {
                "name": "kernel", "shape": [4096, 512], "role": "parameter", "trainable": True, "dtype": "float32",
                "tied_to": None,
            },
            {
                "name": "bias", "shape": [512], "role": "parameter", "trainable": True, "dtype": "float32",
                "tied_to": None,
            },
        ],
    }  # fmt: skip
