"""Live Keras models and their JSON as specs: what Keras counts, tensor by tensor."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from math import prod
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from keras import layers, ops

import paramcalc as pc

from .described import FOLDER, MODELS, description
from .keras_model import model_of
from .networks import networks

pytestmark = pytest.mark.framework


def check(model: Any, source: Any) -> pc.Spec:
    """Hold the spec of a model, tidied and written and read again, against what Keras says of it."""
    spec = pc.loads(pc.dumps(pc.from_keras(source)))
    count = pc.count(spec, expand=True)
    trained = {id(weight) for weight in model.trainable_weights}
    assert (count.total, count.trainable) == (model.count_params(), elements(model.trainable_weights))
    assert count.non_trainable == elements(model.non_trainable_weights)
    ours = Counter((each.shape, each.trainable, each.dtype) for row in count.layers for each in row.tensors)
    assert ours == Counter((tuple(each.shape), id(each) in trained, str(each.dtype)) for each in model.weights)
    return spec


def elements(weights: list[Any]) -> int:
    return sum(prod(weight.shape) for weight in weights)


class Scaled(layers.Layer):
    """A layer of its own: a matrix, and a counter that is no parameter."""

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight((shape[-1], 5), name="kernel")
        self.seen = self.add_weight((3,), trainable=False, name="seen")

    def call(self, x: Any) -> Any:
        return ops.matmul(x, self.kernel)


class Pair(keras.Model):
    """A subclassed model, one layer of it called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = layers.Dense(4)
        self.norm = layers.BatchNormalization()

    def call(self, x: Any) -> Any:
        return self.norm(self.dense(self.dense(x)))


def test_code_of_its_own_is_read_by_its_weights() -> None:
    stack = [layers.Lambda(lambda x: x * 2, name="double"), Scaled(), layers.Dense(2)]
    model = keras.Sequential([keras.Input((3,)), *stack])
    spec = check(model, model)
    assert pc.count(spec).layers[-1].output_shape == (2,)
    with pytest.raises(pc.ParamcalcError, match="'Scaled', whose code is not"):
        pc.from_keras(model.to_json())


def test_a_subclassed_model_is_read_as_it_calls_its_layers() -> None:
    model = Pair()
    with pytest.raises(pc.ParamcalcError, match="is not built"):
        pc.from_keras(model)
    model(np.zeros((1, 4)))
    spec = check(model, model)
    assert spec.connections == "known"
    # the second call of the same layer
    assert pc.count(spec).total_untied == pc.count(spec).total + 4 * 4 + 4
    with pytest.raises(pc.ParamcalcError, match="'Pair'"):
        pc.from_keras(model.to_json())


def test_a_model_whose_layers_have_no_weights_yet_is_refused() -> None:
    model = Pair()
    with pytest.warns(UserWarning, match="unbuilt state"):
        model.build((None, 4))
    assert (model.built, model.weights) == (True, [])
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.from_keras(model)
    assert str(caught.value) == (
        f"error[invalid-value]: the layer '{model.dense.name}' is not built, so that its weights are not known\n"
        "    call the model once on an example, or build that layer"
    )
    model.dense.build((None, 4))
    with pytest.raises(pc.ParamcalcError, match=f"the layer '{model.norm.name}' is not built"):
        pc.from_keras(model)


def test_nothing_is_made_up_in_a_subclassed_model() -> None:
    model = Pair()
    model(np.zeros((1, 4)))
    spec = check(model, model)
    given, *layers = spec.layers
    assert given.layer == pc.Input(shape=(4,))
    assert [node.share or node.name for node in layers] == [model.dense.name, model.dense.name, model.norm.name]
    assert pc.check(spec, model)


class Empty(keras.Model):
    """A subclassed model without a weight."""

    def call(self, x: Any) -> Any:
        return x


def test_a_subclassed_model_without_weights_is_refused() -> None:
    model = Empty(name="empty")
    model(np.zeros((1, 4)))
    with pytest.raises(pc.ParamcalcError, match="the model 'empty' has no weights"):
        pc.from_keras(model)


#: A model with a seed of random numbers, which Keras does not count, on another backend.
_ON_TORCH = """
import keras, numpy, torch
import paramcalc as pc

class Own(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense, self.norm = keras.layers.Dense(4), keras.layers.BatchNormalization()
        self.drop = keras.layers.Dropout(0.3)

    def call(self, x):
        return self.drop(self.norm(self.dense(x)))

own = Own()
own(numpy.zeros((2, 3), "float32"))
inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.BatchNormalization()])
model = keras.Sequential([keras.Input((3,)), inner, keras.layers.Dropout(0.3)])
for each in (own, model):
    assert isinstance(each, torch.nn.Module)
    spec = pc.from_keras(each)
    assert spec.framework == "keras"
    assert pc.count(spec).total == each.count_params() == (3 + 1) * 4 + 4 * 4
    assert pc.check(spec, each), pc.check(spec, each)
    try:
        pc.from_torch(each)
    except pc.ParamcalcError as error:
        assert str(error) == (
            "error[wrong-type]: takes a module of PyTorch, and not a model of Keras\\n    pc.from_keras(model)"
        )
    else:
        raise AssertionError("a model of Keras was read as a module")
    built = pc.build(spec, "keras")
    assert built.count_params() == each.count_params()
    assert pc.check(spec, built), pc.check(spec, built)
"""


def test_a_model_of_keras_is_one_with_pytorch_behind_it() -> None:
    environment = {**os.environ, "KERAS_BACKEND": "torch"}
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", _ON_TORCH], env=environment, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_layer_frozen_before_it_is_built_and_after() -> None:
    before = keras.Sequential([keras.Input((4, 3)), layers.Bidirectional(layers.LSTM(3), trainable=False)])
    after = keras.Sequential([keras.Input((4, 3)), layers.Bidirectional(layers.LSTM(3))])
    after.layers[0].trainable = False
    for model in (before, after):
        check(model, model)
        check(model, model.to_json())
    x = keras.Input((4, 3))
    attention = keras.Model(x, layers.MultiHeadAttention(2, 3, trainable=False)(x, x))
    check(attention, attention)
    # its JSON does not tell it from one that was frozen later, whose parts Keras does not train
    assert pc.count(pc.from_keras(attention.to_json())).trainable == 0


def test_frozen_models_within_models() -> None:
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(3), layers.Dense(3)])
    inner.trainable = False
    model = keras.Sequential([keras.Input((3,)), inner, layers.Dense(2)])
    for change in (lambda: None, lambda: setattr(inner.layers[-1], "trainable", True)):
        change()
        check(model, model)
        check(model, model.to_json())
    model.trainable = False
    inner.trainable = True
    check(model, model)
    check(model, model.to_json())


def test_a_model_within_with_several_inputs_and_outputs() -> None:
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    shared = layers.Dense(3, name="shared")
    inner = keras.Model([a, b], [shared(a), shared(b)], name="inner")
    x = keras.Input((3,))
    first = inner([x, x])
    second = inner([first[0], first[1]])
    model = keras.Model(x, [second[1], first[0]])
    check(model, model)
    check(model, model.to_json())


@pytest.mark.parametrize("name", MODELS)
def test_a_stored_description_is_what_keras_writes_and_counts(name: str) -> None:
    stored = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    assert description(name) == stored
    keras.backend.clear_session()
    check(MODELS[name](), stored)


def test_operations_between_layers() -> None:
    x = keras.Input((4, 6))
    y = ops.concatenate([x * 2.0, x[:, 1:3, :]], axis=1)
    y = ops.reshape(ops.softmax(ops.mean(y, axis=1)), (-1, 2, 3))
    y = ops.transpose(y, (0, 2, 1))
    y = 1.0 / y + ops.expand_dims(y[:, 0], 1)
    y = layers.Dense(3)(y / (y + 1))
    model = keras.Model(x, y)
    spec = check(model, model.to_json())
    assert pc.count(spec).layers[-1].output_shape == (3, 3)


def _inner() -> Any:
    a, b = keras.Input((4, 6), name="a"), keras.Input((4, 6), name="b")
    return keras.Model({"a": a, "b": b}, layers.Add()([a, layers.Dense(6)(b)]))


#: What is done with an input of 4 steps of 6 features.
OPERATIONS: dict[str, Any] = {
    "an index of the last axis": lambda x: x[..., 0],
    "new axes": lambda x: x[:, None, 1:, None],
    "every second": lambda x: x[:, ::2],
    "every third from the second on": lambda x: x[:, 1:, 1::3],
    "the last two": lambda x: x[:, -2:],
    "stacked in front": lambda x: ops.stack([x, x * 2, x], axis=1),
    "stacked between": lambda x: ops.stack([x, x], axis=2),
    "stacked at the end": lambda x: ops.stack([x, x, x], axis=-1),
    "the second of equal parts": lambda x: ops.split(x, 3, axis=-1)[1],
    "the last part": lambda x: ops.split(x, [1, 4], axis=-1)[2],
    "a place": lambda x: ops.unstack(x, axis=1)[3],
    "parts that go on": lambda x: layers.Dense(3)(ops.add(*ops.split(x, 2, axis=1))),
    "a sum that keeps its axis": lambda x: ops.sum(x, axis=-1, keepdims=True),
    "a sum over all": lambda x: ops.sum(x, axis=(1, 2)),
    "a mean of features": lambda x: x * ops.rsqrt(ops.mean(ops.square(x), axis=-1, keepdims=True) + 1e-6),
    "a variance": lambda x: ops.var(x, axis=[1, 2], keepdims=True),
    "a norm": lambda x: ops.norm(x, axis=-1),
    "the largest": lambda x: ops.max(x, axis=1),
    "the place of the largest": lambda x: ops.argmax(x, axis=-1),
    "the logarithm of a sum": lambda x: ops.logsumexp(x, axis=1),
    "any": lambda x: ops.any(x > 0, axis=1),
    "an equation": lambda x: ops.einsum("bij,bkj->bik", x, x[:, :2]),
    "an equation with dots": lambda x: ops.einsum("...j,...k->...jk", x, x[..., :2]),
    "a product of matrices": lambda x: x @ ops.transpose(x, (0, 2, 1)),
    "products in two groups": lambda x: ops.matmul(x[:, None], ops.transpose(x[:, None], (0, 1, 3, 2))),
    "repeated steps": lambda x: ops.repeat(x, 3, axis=1),
    "repeated rows": lambda x: ops.repeat(x[..., None], 2, axis=2),
    "added places": lambda x: ops.pad(x, [[0, 0], [1, 2], [0, 0]]),
    "added rows": lambda x: ops.pad(x[..., None], [[0, 0], [1, 2], [0, 3], [0, 0]]),
    "a choice": lambda x: ops.where(x > 0, x, 0.0),
    "a choice of two": lambda x: ops.where(x[:, :1] > 0, x, -x),
    "an array": lambda x: x * np.arange(6, dtype="float32") + np.ones((4, 1), "float32"),
    "powers": lambda x: ops.square(x) ** x[:, :1] // 2,
    "both": lambda x: ops.logical_and(x > 0, x < x[..., :1]),
    "an outer product": lambda x: x[:, :, None] * x[:, None],
    "turned axes": lambda x: ops.swapaxes(x[..., None], 1, 3),
    "a moved axis": lambda x: ops.moveaxis(x[..., None], 1, -1),
    "turned round": lambda x: ops.roll(ops.flip(ops.cumsum(x, axis=1), axis=1), 1, axis=2),
    "a function that is a layer": lambda x: layers.Dense(3, activation=layers.LeakyReLU(negative_slope=0.1))(x),
    "a function by its code": lambda x: layers.Dense(3, activation=keras.activations.gelu)(x),
    "inputs by their names": lambda x: layers.MultiHeadAttention(2, 3)(query=x, value=x[:, :2], key=x[:, 1:3]),
    "cells": lambda x: layers.RNN([layers.LSTMCell(3), layers.GRUCell(4)])(x),
    "cells both ways": lambda x: layers.Bidirectional(layers.RNN(layers.GRUCell(3)))(x),
    "states of another": lambda x: layers.LSTM(3)(x, initial_state=layers.LSTM(3, return_state=True)(x)[1:]),
    "a model called with a mapping": lambda x: _inner()({"a": x, "b": x + 1}),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_has_the_shape_that_keras_gives_it(name: str) -> None:
    x = keras.Input((4, 6))
    y = OPERATIONS[name](x)
    model = keras.Model(x, layers.Flatten()(y))
    spec = check(model, model.to_json())
    evaluated = pc.count(spec, expand=True).layers
    assert evaluated[-1].output_shape == tuple(model.output.shape[1:])
    taken = next(row for row in evaluated if row.name == evaluated[-1].inputs[0].removesuffix(".0"))
    assert taken.output_shape == tuple(y.shape[1:])


#: What no kind does, each with what is said of it.
REFUSED: dict[str, tuple[Any, str]] = {
    "backwards": (lambda x: x[:, ::-1], "'get_item' is of the class 'GetItem', and it goes backwards"),
    "the batch": (lambda x: ops.mean(x, axis=0, keepdims=True), "'Mean', and it works along the axis 0"),
    "a batch that meets an axis": (
        lambda x: x * ops.mean(x, axis=1),
        "the batch of one of its inputs meets an axis of another, since they have not as many",
    ),
    "a flat batch": (lambda x: ops.ravel(x), "the class 'Ravel', and its shape is not known"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_kind_does_is_refused_by_name(name: str) -> None:
    keras.backend.clear_session()
    made, message = REFUSED[name]
    x = keras.Input((4, 6))
    model = keras.Model(x, made(x))
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.from_keras(model.to_json())
    assert caught.value.code == "unknown-kind"
    assert message in str(caught.value)


def test_the_variables_of_an_optimizer_do_not_count() -> None:
    dense = layers.Dense(3)
    x = keras.Input((3,))
    model = keras.Model(x, dense(dense(x)))
    model.compile("adam", "mse")
    model.fit(np.zeros((2, 3)), np.zeros((2, 3)), verbose=0)
    assert sum(prod(each.shape) for each in model.optimizer.variables) > model.count_params()
    check(model, model)
    check(model, model.to_json())


class Gate(layers.Layer):
    """A layer of its own with a layer in it, a part of it frozen."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.dense, self.frozen = layers.Dense(3), layers.Dense(3, trainable=False)

    def build(self, shape: Any) -> None:
        self.dense.build(shape)
        self.frozen.build(shape)
        self.scale = self.add_weight((1,), name="scale")

    def call(self, x: Any) -> Any:
        return self.frozen(x) * self.scale + self.dense(x)


def test_layers_of_their_own_with_frozen_parts_called_twice_with_several_outputs() -> None:
    x = keras.Input((3,))
    gate = Gate()
    y = gate(gate(x))
    model = keras.Model(x, {"gate": y, "head": layers.Dense(2)(y)})
    check(model, model)
    gate.dense.trainable = False
    check(model, model)


@pytest.mark.filterwarnings("ignore:Layer InputLayer does not have a `quantize` method:UserWarning")
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")
@pytest.mark.parametrize("mode", ["int8", "float8"])
def test_a_model_whose_weights_are_quantised(mode: str) -> None:
    x = keras.Input((4,))
    model = keras.Model(x, layers.Dense(2)(layers.EinsumDense("ab,bc->ac", 6, bias_axes="c")(x)))
    model.quantize(mode)
    check(model, model)
    check(model, model.to_json())


def test_low_rank_updates_that_are_enabled_later() -> None:
    words = keras.Input((4,))
    embedding, dense = layers.Embedding(9, 6), layers.Dense(5)
    model = keras.Model(words, dense(embedding(words)))
    embedding.enable_lora(2)
    dense.enable_lora(3)
    check(model, model)
    check(model, model.to_json())


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float16", "bfloat16", "float64"])
def test_policies_of_dtypes(policy: str) -> None:
    x = keras.Input((4, 6))
    norm = layers.BatchNormalization(dtype=policy)(layers.Conv1D(3, 2, dtype=policy)(x))
    model = keras.Model(x, layers.GRU(2, recurrent_initializer="zeros", dtype=policy)(norm))
    check(model, model)
    check(model, model.to_json())


def test_dtypes_and_masks_and_states() -> None:
    words, state = keras.Input((4,)), [keras.Input((3,)), keras.Input((3,))]
    y = layers.LSTM(3, dtype="mixed_float16")(layers.Embedding(5, 3, mask_zero=True)(words), initial_state=state)
    model = keras.Model([words, *state], layers.Dense(2, dtype="bfloat16")(y))
    check(model, model)
    check(model, model.to_json())


@settings(settings.get_profile("layers"))
@given(spec=networks())
def test_a_random_network_is_read_from_the_live_model(spec: pc.Spec) -> None:
    model = model_of(spec)
    check(model, model)
    try:
        read = pc.from_keras(model.to_json())
    except pc.ParamcalcError as error:
        # what no class of Keras is, is built by code of the tests
        assert error.code == "unknown-kind", error  # noqa: PT017
    else:
        assert pc.count(read).total == model.count_params()
        check(model, model.to_json())
