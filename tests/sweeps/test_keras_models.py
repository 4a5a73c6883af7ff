"""Keras models from their descriptions: what is read, what is refused and how, archives made to do harm, checks."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import struct
import sys
import zipfile
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import paramcalc as pc
from paramcalc.cli import main
from paramcalc.frameworks.keras.read import layers

pytestmark = pytest.mark.sweep

ROOT = Path(__file__).parents[2]


def tensor(layer: str, shape: list[int | None], call: int = 0, place: int = 0) -> dict[str, Any]:
    """An output, as Keras 3 writes it."""
    config = {"shape": shape, "dtype": "float32", "keras_history": [layer, call, place]}
    return {"class_name": "__keras_tensor__", "config": config}


def entry(kind: str, name: str, *calls: Any, module: str = "keras.layers", **config: Any) -> dict[str, Any]:
    """A layer, and what each of its calls is given."""
    return {
        "module": module,
        "class_name": kind,
        "config": {"name": name, **config},
        "registered_name": None if module == "keras.layers" else kind,
        "name": name,
        "inbound_nodes": [{"args": list(call), "kwargs": {}} for call in calls],
    }


def source(name: str, *shape: int | None) -> dict[str, Any]:
    return entry("InputLayer", name, batch_shape=[None, *shape], dtype="float32")


def functional(*layers: dict[str, Any], outputs: list[Any], inputs: list[Any] | None = None, **config: Any) -> Any:
    first = [layer["name"] for layer in layers if layer["class_name"] == "InputLayer"]
    inputs = inputs or [[name, 0, 0] for name in first]
    config = {"layers": list(layers), "input_layers": inputs, "output_layers": outputs, **config}
    return {"module": "keras.src.models.functional", "class_name": "Functional", "config": {"name": "model", **config}}


def sequential(*layers: dict[str, Any]) -> Any:
    return {"module": "keras", "class_name": "Sequential", "config": {"name": "model", "layers": list(layers)}}


def two_dense(first: tuple[str, str, int], second: tuple[str, str, int]) -> Any:
    """A model of an input `x` and two layers, each a name, what it takes and how wide that is said to be."""
    layers = [entry("Dense", name, [tensor(taken, [None, width])], units=4) for name, taken, width in (first, second)]
    return functional(source("x", 4), *layers, outputs=[[second[0], 0, 0]])


def nested(model: Any, name: str, *calls: Any) -> dict[str, Any]:
    """A model as a layer of another."""
    config = {**model["config"], "name": name}
    return {
        **model,
        "config": config,
        "name": name,
        "inbound_nodes": [{"args": list(each), "kwargs": {}} for each in calls],
    }


MLP = sequential(source("x", 4), entry("Dense", "hidden", units=8, activation="relu"), entry("Dense", "out", units=2))


def test_json_data_and_text_are_the_same() -> None:
    spec = pc.from_keras(MLP)
    assert pc.from_keras(json.dumps(MLP)) == spec
    assert pc.count(spec).total == (4 + 1) * 8 + (8 + 1) * 2


def test_a_shared_layer_counts_once() -> None:
    x, once = tensor("x", [None, 4]), tensor("dense", [None, 4])
    model = functional(source("x", 4), entry("Dense", "dense", [x], [once], units=4), outputs=[["dense", 1, 0]])
    count = pc.count(pc.from_keras(model))
    assert (count.total, count.total_untied) == (20, 40)


def test_a_frozen_layer_counts_and_is_not_trained() -> None:
    model = sequential(source("x", 4), entry("Dense", "a", units=2, trainable=False), entry("Dense", "b", units=2))
    count = pc.count(pc.from_keras(model))
    assert (count.total, count.trainable, count.non_trainable) == (16, 6, 10)


def test_a_frozen_model_trains_nothing() -> None:
    model = sequential(source("x", 4), entry("Dense", "a", units=2))
    model["config"]["trainable"] = False
    assert pc.count(pc.from_keras(model)).trainable == 0


def test_a_model_within_with_two_inputs_and_two_outputs_called_twice() -> None:
    a, b = tensor("a", [None, 3]), tensor("b", [None, 5])
    inner = functional(
        source("a", 3),
        source("b", 5),
        entry("Dense", "left", [a], units=3),
        entry("Dense", "right", [b], units=5),
        outputs=[["left", 0, 0], ["right", 0, 0]],
    )
    first = [[tensor("x", [None, 3]), tensor("y", [None, 5])]]
    second = [[tensor("inner", [None, 3], 0, 0), tensor("inner", [None, 5], 0, 1)]]
    # as Keras writes it: here the calls of a model within count from 1
    outputs = [["inner", 2, 1], ["inner", 1, 0]]
    model = functional(source("x", 3), source("y", 5), nested(inner, "inner", first, second), outputs=outputs)
    spec = pc.from_keras(model)
    assert spec.outputs == ("inner_1", "inner.left")
    assert pc.count(spec).total == 3 * 3 + 3 + 5 * 5 + 5
    assert pc.loads(pc.dumps(spec)) == spec


def test_what_a_model_within_hands_on_is_its_input() -> None:
    a, b = tensor("a", [None, 3]), tensor("b", [None, 5])
    inner = functional(
        source("a", 3), source("b", 5), entry("Dense", "right", [b], units=5), outputs=[["a", 0, 0], ["right", 0, 0]]
    )
    assert a
    given = [[tensor("x", [None, 3]), tensor("y", [None, 5])]]
    taken = [tensor("inner", [None, 3], 0, 0)]
    model = functional(
        source("x", 3),
        source("y", 5),
        nested(inner, "inner", given),
        entry("Dense", "out", taken, units=2),
        outputs=[["out", 0, 0]],
    )
    spec = pc.from_keras(model)
    assert pc.count(spec).total == 5 * 5 + 5 + 3 * 2 + 2


def test_a_model_within_that_has_no_layers_hands_on_what_it_is_given() -> None:
    empty = functional(source("a", 3), outputs=[["a", 0, 0]])
    calls = [tensor("x", [None, 3])], [tensor("empty", [None, 3])]
    given = [tensor("empty", [None, 3], 1)]
    model = functional(
        source("x", 3),
        nested(empty, "empty", *calls),
        entry("Dense", "out", given, units=2),
        outputs=[["out", 0, 0], ["empty", 1, 0]],
    )
    assert pc.count(pc.from_keras(model)).total == 3 * 2 + 2


def test_indexing_and_arithmetic_between_layers() -> None:
    every = {"class_name": "__slice__", "config": {"start": None, "stop": None, "step": None}}
    part = {"class_name": "__slice__", "config": {"start": 1, "stop": 3, "step": None}}
    numpy = "keras.src.ops.numpy"
    model = functional(
        source("x", 4, 6),
        entry("GetItem", "get", [tensor("x", [None, 4, 6]), [every, part, 0]], module=numpy),
        entry("Multiply", "times", [tensor("get", [None, 2]), 2.0], module=numpy),
        entry("Add", "add", [tensor("get", [None, 2]), tensor("times", [None, 2])], module=numpy),
        entry("ExpandDims", "expand", [tensor("add", [None, 2])], module=numpy, axis=-1),
        entry("Dense", "out", [tensor("expand", [None, 2, 1])], units=3),
        outputs=[["out", 0, 0]],
    )
    count = pc.count(pc.from_keras(model))
    assert count.layers[-1].output_shape == (2, 3)
    assert count.total == 1 * 3 + 3


def test_keras_2_is_read() -> None:
    x = {
        "class_name": "InputLayer",
        "config": {"batch_input_shape": [None, 4], "name": "x"},
        "name": "x",
        "inbound_nodes": [],
    }
    dense = {
        "class_name": "Dense",
        "config": {"name": "d", "units": 3},
        "name": "d",
        "inbound_nodes": [[["x", 0, 0, {}]]],
    }
    config = {"name": "old", "layers": [x, dense], "input_layers": [["x", 0, 0]], "output_layers": [["d", 0, 0]]}
    assert pc.count(pc.from_keras({"class_name": "Model", "config": config, "keras_version": "2.3.1"})).total == 15
    first = {"class_name": "Dense", "config": {"name": "d", "units": 3, "batch_input_shape": [None, 4]}}
    assert pc.count(pc.from_keras({"class_name": "Sequential", "config": {"name": "s", "layers": [first]}})).total == 15


def test_dtypes_follow_the_policy() -> None:
    def policy(name: str) -> dict[str, Any]:
        return {"module": "keras", "class_name": "DTypePolicy", "config": {"name": name}, "registered_name": None}

    model = sequential(
        source("x", 4),
        entry("Dense", "a", units=2, dtype=policy("mixed_float16")),
        entry("Dense", "b", units=2, dtype=policy("bfloat16")),
    )
    assert pc.count(pc.from_keras(model)).bytes == 10 * 4 + 6 * 2


def attention(name: str, before: str) -> list[dict[str, Any]]:
    """A self-attention, which takes one output twice, and the sum of both."""
    x = tensor(before, [None, 5, 4])
    return [
        entry("MultiHeadAttention", name, [x, x], num_heads=2, key_dim=3),
        entry("Add", f"{name}_add", [[x, tensor(name, [None, 5, 4])]]),
    ]


@pytest.mark.parametrize("copies", [1, 2, 3])
def test_self_attention_is_a_residual_and_repeats(copies: int) -> None:
    names = ["x", *(f"attention_{number}_add" for number in range(copies))]
    layers = [each for number in range(copies) for each in attention(f"attention_{number}", names[number])]
    model = functional(source("x", 5, 4), *layers, outputs=[[names[-1], 0, 0]])
    spec = pc.loads(pc.dumps(pc.from_keras(model)))
    # query, key and value of width 6, and the way back
    assert pc.count(spec).total == copies * (3 * (4 + 1) * 6 + (6 + 1) * 4)
    assert len(spec.layers) == (3 if copies == 2 else 2)


LAMBDA = entry("Lambda", "double", function={"class_name": "__lambda__", "config": {"code": "4wEAAAA="}})


# --- What stands in a model several times ------------------------------------------------


def marked(layer: dict[str, Any], mark: int) -> dict[str, Any]:
    """A layer as an archive has it at its second place and at all that follow."""
    return {**layer, "shared_object_id": mark}


def views(mark: int | None) -> Any:
    """Two models within one, each with the layer `shared`; the second time with a mark, if there is one."""
    first = entry("Dense", "shared", [tensor("a", [None, 8])], units=6)
    second = first if mark is None else marked(first, mark)
    whole = functional(
        source("a", 8), first, entry("Dense", "own", [tensor("shared", [None, 6])], units=3), outputs=[["own", 0, 0]]
    )
    half = functional(source("a", 8), second, outputs=[["shared", 0, 0]])
    x = [tensor("x", [None, 8])]
    return functional(
        source("x", 8), nested(whole, "whole", x), nested(half, "half", x), outputs=[["whole", 1, 0], ["half", 1, 0]]
    )


def kept(model: Any, path: Path) -> Path:
    path.write_bytes(archive({"config.json": json.dumps(model).encode()}))
    return path


def test_an_archive_marks_a_layer_that_stands_in_two_models(tmp_path: Path) -> None:
    spec = pc.from_keras(kept(views(7), tmp_path / "model.keras"))
    assert str(spec.layers[2].layers and spec.layers[2].layers[0].share) == "whole.shared"
    assert (pc.count(spec).total, pc.count(spec).notes) == (8 * 6 + 6 + 6 * 3 + 3, ())
    assert pc.loads(pc.dumps(spec)) == spec


def test_without_a_mark_they_are_two_layers(tmp_path: Path) -> None:
    assert pc.count(pc.from_keras(kept(views(None), tmp_path / "model.keras"))).total == 2 * (8 * 6 + 6) + 6 * 3 + 3


def test_of_json_a_note_says_what_it_may_mean(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text(json.dumps(views(None)), encoding="utf-8")
    note = (
        "'shared' stands at several places of this file, each time with the same name and configuration, and is counted"
        " at each. Where that is one layer, called again, it counts once: model.to_json() does not say so, while"
        " model.save('model.keras') and the model itself do."
    )
    count = pc.count(pc.from_keras(path))
    assert (count.total, count.notes) == (2 * (8 * 6 + 6) + 6 * 3 + 3, (note,))
    assert pc.from_keras(path).description == note
    assert "Note: 'shared' stands at several places" in run("count", str(path)).stdout.replace("\n", " ")
    # what owns nothing is not counted at any place
    twice = sequential(source("x", 4), *(nested(sequential(entry("ReLU", "relu")), name) for name in "ab"))
    assert pc.count(pc.from_keras(twice)).notes == ()


def test_a_layer_within_another_shares_its_tensors(tmp_path: Path) -> None:
    dense = entry("Dense", "dense", units=3)
    steps = [tensor("x", [None, 5, 4])]
    around = entry("TimeDistributed", "steps", steps, layer={k: v for k, v in dense.items() if k != "inbound_nodes"})
    model = functional(
        source("x", 5, 4),
        around,
        marked(entry("Dense", "dense", steps, units=3), 9),
        outputs=[["steps", 0, 0], ["dense", 0, 0]],
    )
    spec = pc.from_keras(kept(model, tmp_path / "model.keras"))
    assert (pc.count(spec).total, pc.count(spec).total_untied) == (15, 30)


def test_layers_that_are_alike_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["x", *(f"dense_{number}" for number in range(300))]

    def initializer(mark: int) -> dict[str, Any]:
        return {"module": "keras.initializers", "class_name": "Zeros", "config": {}, "shared_object_id": mark}

    stack = [
        entry("Dense", name, [tensor(before, [None, 4])], units=4, kernel_initializer=initializer(number))
        for number, (before, name) in enumerate(pairwise(names))
    ]
    path = kept(functional(source("x", 4), *stack, outputs=[[names[-1], 0, 0]]), tmp_path / "model.keras")
    read: list[Any] = []
    original = layers._read
    monkeypatch.setattr(layers, "_read", lambda *given: read.append(given) or original(*given))
    assert pc.count(pc.from_keras(path)).total == 300 * 20
    assert len(read) == 1


# --- What owns no weights ----------------------------------------------------------------


def between(kind: str, shape: list[int | None] | None, module: str = "keras.layers", **config: Any) -> Any:
    """A model of 4 features, something, and a Dense that may state the shape of what it is given."""
    stated = {"inbound_nodes": [{"args": [tensor("it", shape or [])], "kwargs": {}}]}
    return functional(
        source("x", 4),
        entry(kind, "it", [tensor("x", [None, 4])], module=module, **config),
        {**entry("Dense", "out", units=3), **stated},
        outputs=[["out", 0, 0]],
    )


def test_what_owns_no_weights_has_the_shape_that_is_stated() -> None:
    for model in (
        between("TopK", [None, 7], module="keras.src.ops.math", k=7, sorted=True),
        between("Lambda", [None, 7], function={"value": ["4wEAAAA=", None, None]}),
        between("Lambda", None, function={"value": ["4wEAAAA=", None, None]}, output_shape=[7]),
        between("RandomWidth", [None, 7], factor=0.1),
    ):
        assert pc.count(pc.from_keras(model)).total == 7 * 3 + 3
    with pytest.raises(pc.ParamcalcError, match="'Lambda', which is no layer type"):
        pc.from_keras(between("Lambda", None, function={"value": ["4wEAAAA=", None, None]}))


def test_code_in_a_sequence_gives_what_the_next_layer_was_built_for() -> None:
    model = sequential(
        source("x", 4), LAMBDA, {**entry("Dense", "d", units=3), "build_config": {"input_shape": [None, 9]}}
    )
    assert pc.count(pc.from_keras(model)).total == 9 * 3 + 3


@pytest.mark.parametrize(
    ("activation", "name"),
    [
        ({"value": ["4wEAAAA=", None, None]}, "lambda"),
        ({"class_name": "__lambda__", "config": {"value": "4wEAAAA="}}, "lambda"),
        ({"module": "builtins", "class_name": "function", "config": "mine>f", "registered_name": "function"}, "mine_f"),
    ],
)
def test_a_function_of_ones_own_is_assumed_to_keep_the_shape(activation: Any, name: str) -> None:
    count = pc.count(pc.from_keras(sequential(source("x", 4), entry("Dense", "d", units=3, activation=activation))))
    assert count.total == 15
    assert count.notes == (f"assumes that 'custom:{name}' keeps the shape, and owns nothing",)


def test_a_model_over_the_steps_of_a_sequence() -> None:
    part = sequential(
        source("s", 8, 8, 1), entry("Conv2D", "conv", filters=4, kernel_size=[3, 3]), entry("Flatten", "f")
    )
    model = sequential(source("x", None, 8, 8, 1), entry("TimeDistributed", "steps", layer=part))
    count = pc.count(pc.from_keras(model))
    assert (count.total, count.layers[-1].output_shape[1]) == (3 * 3 * 4 + 4, 6 * 6 * 4)


def test_both_ways_apart_are_two_outputs() -> None:
    gru = {"module": "keras.layers", "class_name": "GRU", "config": {"name": "g", "units": 6}, "registered_name": None}
    both = entry("Bidirectional", "both", [tensor("x", [None, 10, 7])], layer=gru, merge_mode=None)
    outputs = [tensor("both", [None, 6], 0, place) for place in (0, 1)]
    model = functional(source("x", 10, 7), both, entry("Concatenate", "c", [outputs], axis=-1), outputs=[["c", 0, 0]])
    count = pc.count(pc.from_keras(model))
    assert (count.total, count.layers[-1].output_shape) == (540, (12,))


def test_a_class_of_ones_own_that_lists_its_calls_is_read() -> None:
    graph = two_dense(("a", "x", 4), ("b", "a", 4))
    row = sequential(source("x", 4), entry("Dense", "a", units=4), entry("Dense", "b", units=4))
    row["config"]["build_input_shape"] = [None, 4]
    for model in (graph, row):
        count = pc.count(pc.from_keras({**model, "module": "mine", "class_name": "Trains"}))
        assert count.total == 2 * 20
        (note,) = count.notes
        assert note == "assumes that the class 'Trains' owns nothing but the layers that its description lists"
    pipeline = sequential(source("x", 4), {**nested(row, "p"), "class_name": "Pipeline", "module": "mine"})
    del pipeline["config"]["layers"][1]["config"]["build_input_shape"]
    with pytest.raises(pc.ParamcalcError, match="'Pipeline', whose code is not"):
        pc.from_keras(pipeline)


@pytest.mark.parametrize("mark", [[1], {"a": 1}, None, 1.5, "x"])
def test_marks_and_names_of_any_form_do_no_harm(mark: Any, tmp_path: Path) -> None:
    model = views(mark)
    model["config"]["layers"][1]["config"]["layers"][1]["config"]["name"] = mark
    with suppress(pc.ParamcalcError):
        pc.from_keras(kept(model, tmp_path / "model.keras"))
    far = functional(
        source("x", 4),
        entry("TopK", "t", [tensor("x", [None, 4])], module="keras.src.ops.math", k=2),
        entry("Dense", "d", [tensor("t", [None, 2], 0, 10**9)], units=1),
        outputs=[["d", 0, 0]],
    )
    with pytest.raises(pc.ParamcalcError, match="has more than"):
        pc.from_keras(far)


# --- What older versions wrote -----------------------------------------------------------


def test_the_sequences_of_2018_are_lists() -> None:
    first = {"class_name": "Dense", "config": {"name": "d", "batch_input_shape": [None, 784], "units": 10}}
    inner = {"class_name": "Sequential", "config": [{"class_name": "Dense", "config": {"name": "e", "units": 2}}]}
    model = {"class_name": "Sequential", "keras_version": "2.1.6", "config": [first, inner]}
    assert pc.count(pc.from_keras(json.dumps(model))).total == 7850 + 22


#: Recurrent layers of 5 units on 3 features, as tf-keras 2.21 builds them; GRU as Keras 2.1 did, with one bias.
OLD_RECURRENT = {"CuDNNLSTM": 200, "CuDNNGRU": 150, "GRU": 135, "LSTM": 180}


@pytest.mark.parametrize("name", OLD_RECURRENT)
def test_recurrent_layers_of_keras_2(name: str) -> None:
    config = {"name": "r", "units": 5, "unit_forget_bias": True, "stateful": False, "return_sequences": True}
    one = {"class_name": name, "config": config}
    both = {"class_name": "Bidirectional", "config": {"name": "b", "layer": one, "merge_mode": "concat"}}
    for layer, times in ((one, 1), (both, 2)):
        first = {**layer, "config": {**layer["config"], "batch_input_shape": [None, 7, 3]}}
        model = {"class_name": "Sequential", "keras_version": "2.1.6", "config": [first]}
        assert pc.count(pc.from_keras(json.dumps(model))).total == times * OLD_RECURRENT[name]


def test_hdf5_is_read_by_its_description(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    h5py = pytest.importorskip("h5py")
    monkeypatch.chdir(tmp_path)
    with h5py.File("model.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(MLP)
        file.attrs["keras_version"] = b"2.15.0"
        file.create_dataset("model_weights/dense/kernel", data=[1.0])
    with h5py.File("weights.h5", "w") as file:
        file.create_dataset("dense/kernel", data=[1.0])
    Path("damaged.h5").write_bytes(b"\x89HDF\r\n\x1a\n\0\0\0\0")
    assert pc.count(pc.from_keras("model.h5")).total == pc.count(pc.from_keras(MLP)).total
    assert run("count", "model.h5").exit_code == 0
    for name, message in (
        (
            "weights.h5",
            (
                "error[invalid-value]: 'weights.h5' holds weights, and no description of a model\n"
                "    model.save('model.keras') writes both; model.save_weights() the weights alone\n"
            ),
        ),
        ("damaged.h5", "error[invalid-value]: 'damaged.h5' is a damaged HDF5 file\n"),
    ):
        result = run("import", name)
        assert (result.exit_code, result.stdout, result.stderr) == (2, "", message)
    monkeypatch.setitem(sys.modules, "h5py", None)
    assert run("count", "model.h5").stderr == (
        "error[missing-package]: an HDF5 file is read with the package h5py\n"
        "    python -m pip install 'paramcalc[hdf5]', or write model.save('model.keras') where the model is\n"
    )


# --- Refusals --------------------------------------------------------------------------

REFUSED: dict[str, tuple[Any, str]] = {
    "no JSON": (
        "{",
        "error[syntax]: this is no JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
    ),
    "no description": (
        "[1]",
        "error[invalid-value]: this is not the description of a Keras model\n    model.to_json() gives it",
    ),
    "a deep one": ("[" * 100_000, "error[limit]: the description is nested too deeply"),
    "a lambda": (
        sequential(source("x", 4), LAMBDA),
        (
            "error[unknown-kind]: the layer 'double' is of the class 'Lambda', which is no layer type\n"
            "    it holds code, which no file is asked to run: write its tensors, if it has any, as Weights"
        ),
    ),
    "a class of another": (
        sequential(source("x", 4), entry("Frobnicate", "mine", module="mine.layers", units=3)),
        (
            "error[unknown-kind]: the layer 'mine' is of the class 'Frobnicate', whose code is not Keras's own\n"
            "    give the live model to pc.from_keras, or write its tensors as Weights"
        ),
    ),
    "a Dense of another": (
        sequential(source("x", 4), entry("Dense", "mine", module="mine.layers", units=3)),
        (
            "error[unknown-kind]: the layer 'mine' is of the class 'Dense', whose code is not Keras's own\n"
            "    give the live model to pc.from_keras, or write its tensors as Weights"
        ),
    ),
    "a class of keras.applications that somebody else wrote": (
        {
            "class_name": "Sequential",
            "config": {
                "name": "s",
                "layers": [
                    {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 4], "name": "x"}},
                    {"class_name": "LayerScale", "config": {"name": "mine", "projection_dim": 4}},
                ],
            },
        },
        (
            "error[unknown-kind]: the layer 'mine' is of the class 'LayerScale', which is no layer type\n"
            "    give the live model to pc.from_keras, or write its tensors as Weights"
        ),
    ),
    "an argument that is not known": (
        sequential(source("x", 4), entry("Dense", "new", units=3, copies=2)),
        (
            "error[model-mismatch]: the layer 'new' has the argument 'copies', which is not known of Dense\n"
            "    was the model written by a newer Keras?"
        ),
    ),
    "a key twice": (
        '{"class_name": "Sequential", "config": {"name": "a", "layers": []}, "class_name": "Functional"}',
        "error[duplicate-key]: the description has the key 'class_name' twice in one mapping",
    ),
    "data that JSON cannot hold": (
        {"class_name": "Sequential", "config": {"layers": [{1, 2}]}},
        (
            "error[wrong-type]: a description holds what JSON cannot: Object of type set is not JSON serializable\n"
            "    give model.to_json()"
        ),
    ),
    "a number of 5,000 digits": (
        '{"class_name": "Sequential", "config": {"layers": [' + "9" * 5000 + "]}}",
        "error[limit]: a number has more than 100 digits",
    ),
    "an expression": (
        sequential(source("x", 4), entry("Dense", "d", units="9 * 9")),
        "error[wrong-type]: the layer 'd' takes numbers, and no texts",
    ),
    "a shape that is not ours": (
        two_dense(("a", "x", 4), ("b", "a", 7)),
        (
            "error[model-mismatch]: the output of 'a' is stated as (None, 7), and would be (None, 4)\n"
            "    was the model written by a newer Keras?"
        ),
    ),
    "a subclass": (
        {"class_name": "Mine", "config": {"name": "m"}, "module": "mine"},
        (
            "error[unknown-kind]: the model 'm' is of the class 'Mine', whose description does not say what it calls\n"
            "    give the model itself, pc.from_keras(model), once it is built"
        ),
    ),
    "no input": (
        sequential(entry("Dense", "d", units=3)),
        (
            "error[missing-input]: the model 'model' does not say the shape of its input\n"
            "    put a keras.Input in front of its layers, or build it"
        ),
    ),
    "a ring": (
        two_dense(("a", "b", 4), ("b", "a", 4)),
        "error[invalid-value]: the layers of this description wait for one another, or for one that is not there",
    ),
    "two of one name": (
        two_dense(("a", "x", 4), ("a", "x", 4)),
        "error[invalid-value]: two layers of this description are called 'a'",
    ),
    "no layers": (functional(outputs=[]), "error[invalid-value]: the model 'model' has no layers"),
    "no outputs": (functional(source("x", 4), outputs=[]), "error[invalid-value]: the model 'model' states no outputs"),
    "an output that is not there": (
        functional(source("x", 4), entry("Dense", "a", [tensor("x", [None, 4])], units=4), outputs=[["z", 0, 0]]),
        "error[unknown-node]: the description names an output of 'z' that is not there",
    ),
    "an operation without a kind": (
        functional(
            source("x", 4),
            entry("TopK", "s", [tensor("x", [None, 4])], module="keras.src.ops.math", k=2, sorted=True),
            outputs=[["s", 0, 0]],
        ),
        (
            "error[unknown-kind]: the operation 's' is of the class 'TopK', and its shape is not known\n"
            "    use a layer that does the same, or give its shape: - Input: {shape: …} in its place"
        ),
    ),
    "a layer that is none": (
        functional({"class_name": 3}, outputs=[]),
        "error[invalid-value]: a layer of a description is a mapping with 'class_name' and 'config', not a mapping",
    ),
    "a policy that begins as another": (
        sequential(source("x", 4), entry("Dense", "d", units=3, dtype="float32'); evil()")),
        ("error[unknown-kind]: the layer 'd' is kept in \"float32'); evil()\", which is no dtype policy of Keras"),
    ),
    "a quantised one": (
        sequential(
            source("x", 4),
            entry("LSTM", "l", units=3, dtype={"config": {"mode": "int8", "source_name": "float32"}}),
        ),
        "error[unknown-kind]: the layer 'l' is kept in 'int8_from_float32', which is not known of LSTM",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_and_how(name: str) -> None:
    model, message = REFUSED[name]
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.from_keras(model)
    assert str(caught.value) == message


# --- Archives --------------------------------------------------------------------------


def archive(files: dict[str, bytes], **options: Any) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", options.pop("compression", zipfile.ZIP_DEFLATED)) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return buffer.getvalue()


CONFIG = json.dumps(MLP).encode()
GOOD = archive({"metadata.json": b'{"keras_version": "3.15.0"}', "config.json": CONFIG, "model.weights.h5": b"x" * 9})


def _lying(data: bytes) -> bytes:
    """An archive that declares fewer bytes than come."""
    place = data.rfind(b"PK\x01\x02")
    return data[: place + 24] + struct.pack("<I", 10) + data[place + 28 :]


def _encrypted(data: bytes) -> bytes:
    place = data.find(b"PK\x01\x02")
    return data[: place + 8] + b"\x01" + data[place + 9 :]


def _named_alike(data: bytes) -> bytes:
    return data.replace(b"config.jsoN", b"config.json")


def _link(name: str, target: str) -> bytes:
    """An archive with a symbolic link."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        entry = zipfile.ZipInfo(name)
        entry.create_system, entry.external_attr = 3, 0o120777 << 16
        made.writestr(entry, target)
    return buffer.getvalue()


def _overlapping(data: bytes) -> bytes:
    """An archive whose second entry begins where the first does."""
    place = data.rfind(b"PK\x01\x02")
    return data[: place + 42] + struct.pack("<I", 0) + data[place + 46 :]


def _long_directory(data: bytes, size: int) -> bytes:
    """An archive whose end says that its directory is short, and the record before the end that it is long."""
    end = data.rfind(b"PK\x05\x06")
    start = struct.unpack("<I", data[end + 16 : end + 20])[0]
    directory = data[start:end].ljust(size, b"\0")
    large = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 3, 3, size, start)
    place = struct.pack("<4sIQI", b"PK\x06\x07", 0, start + size, 1)
    return data[:start] + directory + large + place + data[end:]


BOMB = archive({"config.json": b'{"a": "' + b"x" * 2**25})
BAD_ARCHIVES: dict[str, tuple[bytes, str]] = {
    "a bomb": (BOMB, "error[limit]: the config.json of the archive is larger than 16 MiB"),
    "a bomb that lies": (_lying(BOMB), "is a damaged archive"),
    "no description": (archive({"weights.h5": b"x"}), "error[invalid-value]: the archive has no config.json"),
    "only one that climbs out": (archive({"../config.json": CONFIG}), "the archive has no config.json"),
    "encrypted": (_encrypted(archive({"config.json": CONFIG})), "the config.json of the archive is encrypted"),
    "another compression": (
        archive({"config.json": CONFIG}, compression=zipfile.ZIP_LZMA),
        "compressed in a way that Keras does not use",
    ),
    "its configuration a folder": (archive({"config.json/": b"", "config.json/x": CONFIG}), "has no config.json"),
    "two descriptions": (_named_alike(archive({"config.json": CONFIG, "config.jsoN": CONFIG})), "more than one config"),
    "a link": (_link("config.json", "/etc/passwd"), "error[syntax]: this is no JSON"),
    "of an absolute name": (archive({"/config.json": CONFIG}), "the archive has no config.json"),
    "one on top of another": (_overlapping(archive({"a": b"x" * 99, "config.json": CONFIG})), "is a damaged archive"),
    "of torch.save": (archive({"model/data.pkl": b"x", "model/data/0": b"x"}), "the archive is of torch.save"),
    "of NumPy": (archive({"kernel.npy": b"x"}), "the archive holds arrays of NumPy"),
    "an archive within": (archive({"config.json": GOOD}), "error[syntax]: this is no JSON"),
    "cut off": (GOOD[: len(GOOD) // 2], "is a damaged archive"),
    "only its beginning": (b"PK\x03\x04", "is a damaged archive"),
    "a long directory": (
        archive({f"{number:0200}": b"" for number in range(6000)} | {"config.json": CONFIG}),
        "error[limit]: the directory of the archive is larger than 1024 KiB",
    ),
    "a long directory that lies": (
        _long_directory(GOOD, 2**21),
        "error[limit]: the directory of the archive is larger than 1024 KiB",
    ),
    "a lambda": (archive({"config.json": json.dumps(sequential(source("x", 4), LAMBDA)).encode()}), "class 'Lambda'"),
}


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.mark.parametrize("name", BAD_ARCHIVES)
def test_an_archive_that_is_refused(name: str, tmp_path: Path) -> None:
    data, message = BAD_ARCHIVES[name]
    path = tmp_path / "model.keras"
    path.write_bytes(data)
    for command in (("import", path), ("count", path), ("check", ROOT / "specs" / "lenet5.yaml", "--against", path)):
        result = run(*command)
        assert result.exit_code == 2
        assert message in result.stderr
        assert "Traceback" not in result.stderr
        assert result.stdout == ""
    assert [each.name for each in tmp_path.iterdir()] == ["model.keras"]


def test_names_that_climb_out_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "inside" / "model.keras"
    path.parent.mkdir()
    path.write_bytes(archive({"../../outside": b"x", "/outside": b"x", "config.json": CONFIG}))
    assert pc.count(pc.from_keras(path)).total == 58
    assert [each.name for each in tmp_path.rglob("*")] == ["inside", "model.keras"]


# --- What is no model ---------------------------------------------------------------------

FOREIGN: dict[str, tuple[bytes, str]] = {
    "a pickle": (
        pickle.dumps({"weights": [1.0]}),
        (
            "error[not-text]: {path} is a pickle\n    it may run code when it is opened, and never is: open it where it"
            " was made, and give the model to pc.from_torch or pc.from_keras\n"
        ),
    ),
    "NumPy": (
        b"\x93NUMPY\x01\x00v\x00{'descr': '<f8'",
        ("error[not-text]: {path} is an array of NumPy\n    it holds tensors, and not what they are connected to\n"),
    ),
    "safetensors": (
        struct.pack("<Q", 20) + b'{"w": {"shape": []}}',
        ("error[not-text]: {path} is a safetensors file\n    it holds tensors, and not what they are connected to\n"),
    ),
    # how a graph of TensorFlow begins: schema version 1, then its first graph
    "SavedModel": (
        b"\x08\x01\x12\xae\xc5\x04\n",
        (
            "error[not-text]: {path} is a protocol buffer, as SavedModel and ONNX are\n"
            "    of a Keras model: load it with Keras, and write model.to_json() to a file\n"
        ),
    ),
    "PNG": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "error[not-text]: {path} is an image\n"),
    "gzip": (gzip.compress(CONFIG), "error[not-text]: {path} is compressed\n    unpack it first\n"),
    "bytes": (bytes(range(128, 256)), "error[not-text]: {path} is not UTF-8 text (at line 1, byte 1)\n"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_what_is_no_model(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, message = FOREIGN[name]
    monkeypatch.chdir(tmp_path)
    Path("model").write_bytes(data)
    result = run("import", "model")
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", message.format(path="'model'"))
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.from_keras(Path("model"))
    assert caught.value.code in ("not-text", "syntax")


def test_an_archive_is_not_read_from_standard_input() -> None:
    result = CliRunner().invoke(main, ["import", "-"], input=GOOD)
    assert (result.exit_code, result.stderr) == (
        2,
        "error[not-text]: '<stdin>' is an archive, which cannot be read from a pipe\n    give the path of a file\n",
    )


# --- The commands ----------------------------------------------------------------------


@pytest.fixture
def models(tmp_path: Path) -> Path:
    (tmp_path / "model.json").write_bytes(CONFIG)
    (tmp_path / "model.keras").write_bytes(GOOD)
    return tmp_path


def test_import_writes_a_spec_that_counts_the_same(models: Path) -> None:
    assert run("import", models / "model.keras", "-o", models / "model.yaml").exit_code == 0
    assert pc.count(pc.load(models / "model.yaml")).total == 58
    printed = run("import", models / "model.json").stdout
    assert printed == (models / "model.yaml").read_text(encoding="utf-8")


def test_every_command_takes_what_import_reads(models: Path) -> None:
    assert "58" in run("count", models / "model.keras").stdout
    assert "58" in run("explain", models / "model.json").stdout
    assert "58" in run("formula", models / "model.json").stdout


def test_check_says_yes(models: Path) -> None:
    result = run("check", models / "model.json", "--against", models / "model.keras")
    assert (result.exit_code, result.stdout) == (0, "the same 4 tensors with 58 elements\n")


def test_check_says_what_differs(models: Path) -> None:
    (models / "spec.yaml").write_text(
        "paramcalc: 1\nlayers:\n  - Input: {shape: [4]}\n  - Dense: {units: 8, use_bias: false}\n    name: hidden\n"
        "  - Dense: {units: 3}\n    name: out\n  - BatchNorm\n",
        encoding="utf-8",
    )
    result = run("check", models / "spec.yaml", "--against", models / "model.keras")
    assert result.exit_code == 1
    assert result.stdout == (
        "             tensor                      spec    model\n"
        "other shape  out/kernel                  (8, 3)  (8, 2)\n"
        "other shape  out/bias                    (3)     (2)\n"
        "missing      hidden/bias                 –       (8)\n"
        "extra        batch_norm/gamma            (3)     –\n"
        "extra        batch_norm/beta             (3)     –\n"
        "extra        batch_norm/moving_mean      (3)     –\n"
        "extra        batch_norm/moving_variance  (3)     –\n"
        "\n"
        "spec:  7 tensors with 71 elements\n"
        "model: 4 tensors with 58 elements\n"
    )


def test_check_takes_names_as_they_are() -> None:
    renamed = pc.Spec(
        layers=[pc.Input(shape=(4,)), pc.Node(pc.Dense(units=8), name="a"), pc.Node(pc.Dense(units=2), name="b")]
    )
    assert pc.check(renamed, pc.from_keras(MLP))
    assert not pc.check(renamed, pc.Spec(layers=[pc.Input(shape=(4,)), pc.Dense(units=8)]))


def test_what_keras_fills_in_by_itself_is_not_stated() -> None:
    text = pc.dumps(pc.from_keras(Path(__file__).parents[1] / "descriptions" / "text.json"))
    assert "  - Bidirectional: {layer: {LSTM: {units: 4, return_sequences: true}}}\n" in text
    assert "  - MultiHeadAttention: {num_heads: 2, key_dim: width / 2}\n    residual: true\n" in text


# --- Functions of the user's own ---------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "name"),
    [
        ("mine", "custom:mine"),
        ({"module": "builtins", "class_name": "function", "config": "mine", "registered_name": "mine"}, "custom:mine"),
        ({"class_name": "__lambda__", "config": {"code": "4wE="}}, "custom:lambda"),
        ("relu", "relu"),
    ],
)
def test_a_function_of_the_users_own_is_read_by_its_name(function: Any, name: str) -> None:
    model = sequential(
        source("x", 4),
        entry("Dense", "dense", units=3, activation=function),
        entry("Activation", "act", activation=function),
    )
    spec = pc.from_keras(model)
    assert [node.layer.activation for node in spec.layers[1:]] == [name, name]
    assert pc.count(spec).total == 4 * 3 + 3
    assert pc.count(pc.loads(pc.dumps(spec))).total == 4 * 3 + 3
    said = (f"assumes that '{name}' keeps the shape, and owns nothing",)
    assert pc.count(spec).notes == (said if name.startswith("custom:") else ())


def test_a_function_that_changes_the_shape_is_no_function_of_the_users_own() -> None:
    with pytest.raises(pc.ParamcalcError, match="it is a layer type of its own: GLU"):
        pc.from_keras(sequential(source("x", 4), entry("Dense", "dense", units=4, activation="glu")))
