"""Keras models and layers of classes of one's own: real layer types, connected as far as their code can be followed."""

from __future__ import annotations

import re
from math import prod
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

import paramcalc as pc

from .test_keras_reading import check

pytestmark = pytest.mark.framework


class Net(keras.Model):
    """A subclassed model as most are."""

    def __init__(self) -> None:
        super().__init__()
        self.gru, self.out = layers.GRU(8), layers.Dense(5)

    def call(self, x: Any) -> Any:
        return self.out(self.gru(x))


def built(model: Any, *examples: tuple[int, ...]) -> Any:
    """Call a model once."""
    given = [np.ones(shape, "float32") for shape in examples]
    model(given if len(given) > 1 else given[0])
    return model


def held(model: Any) -> pc.Spec:
    """Hold the spec of a model against its weights, of one as well that was never called as a whole."""
    calls = [len(each._inbound_nodes) for each in model._flatten_layers()]
    spec = pc.loads(pc.dumps(pc.from_keras(model)))
    assert pc.count(spec).total == sum(prod(each.shape) for each in model.weights)
    assert pc.check(spec, model)
    assert calls == [len(each._inbound_nodes) for each in model._flatten_layers()]
    return spec


def test_a_subclassed_model_has_a_form_in_its_sizes() -> None:
    model = built(Net(), (1, 7, 4))
    spec = held(model)
    assert [type(node.layer).__name__ for node in spec.layers] == ["Input", "GRU", "Dense"]
    form = pc.formula(spec)
    assert len(form.expr.free_symbols) == 3
    assert model.count_params() == 3 * (4 * 8 + 8 * 8 + 2 * 8) + (8 + 1) * 5


class TrainsOtherwise(keras.Model):
    """A functional model that changes nothing but its step of training."""

    def train_step(self, data: Any) -> Any:
        return {}


class Sequence(keras.Sequential):
    """A sequence that changes nothing but its step of training."""

    def train_step(self, data: Any) -> Any:
        return {}


def test_a_class_that_trains_otherwise_calls_the_same_layers() -> None:
    x = keras.Input((4,))
    model = TrainsOtherwise(x, layers.Dense(2)(layers.Dense(8)(x)))
    y = keras.Input((4,))
    around = keras.Model(y, layers.Dense(3)(model(y)))
    sequence = Sequence([keras.Input((4,)), layers.Dense(8), layers.Dense(2)])
    for each in (model, around, sequence):
        for source in (each, each.to_json()):
            spec = check(each, source)
            assert spec.connections == "known"
            assert pc.build(spec, "keras").output_shape == each.output_shape


class Parts(keras.Model):
    """A model whose parts are called, and never the whole."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = keras.Sequential([keras.Input((8,)), layers.Dense(4)])
        self.critic = layers.Dense(1)
        self.critic.build((None, 4))


def test_a_model_whose_parts_alone_are_built_is_a_list_of_them() -> None:
    spec = held(Parts())
    assert spec.connections == "none"
    generator, critic = spec.layers
    assert generator.connections == "known"
    assert (critic.layer, critic.of) == (pc.Dense(units=1), (4,))
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.build(spec, "keras")
    assert caught.value.code == "no-connections"


class Block(layers.Layer):
    """A layer of layers, which says nothing of itself."""

    def __init__(self, width: int, **options: Any) -> None:
        super().__init__(**options)
        self.norm, self.drop = layers.LayerNormalization(), layers.Dropout(0.1)
        self.up, self.down = layers.Dense(4 * width), layers.Dense(width)

    def call(self, x: Any) -> Any:
        return x + self.drop(self.down(self.up(self.norm(x))))


def test_a_layer_of_layers_is_a_group_of_real_layer_types() -> None:
    x = keras.Input((7, 8))
    model = keras.Model(x, layers.Dense(3)(Block(8)(Block(8)(x))))
    spec = held(model)
    block = spec.layers[1]
    assert block.times == 2
    types = [type(node.layer).__name__ for node in (block.layers or ())[0].layers or ()]
    assert types == ["LayerNorm", "Dense", "Dense", "Dropout"]
    assert pc.build(spec, "keras").output_shape == (None, 7, 3)


class Gate(layers.Layer):
    """A layer of a layer, with weights of its own, and a layer that it never calls."""

    def __init__(self) -> None:
        super().__init__()
        self.dense, self.unused = layers.Dense(8), layers.Dense(2)

    def build(self, shape: Any) -> None:
        self.dense.build(shape)
        self.unused.build((None, 5))
        self.scale, self.matrix = self.add_weight((8,), name="scale"), self.add_weight((8, 6), name="matrix")
        self.calls = self.add_weight((), "zeros", trainable=False, name="calls")

    def call(self, x: Any) -> Any:
        self.calls.assign(self.calls + 1.0)
        self.last = x
        return ops.matmul(self.dense(x) * self.scale, self.matrix), self.dense(x)


def test_own_weights_and_layers_that_are_never_called_are_there_as_well() -> None:
    x = keras.Input((7, 4))
    gate = Gate()
    product, plain = gate(x)
    model = keras.Model(x, [layers.Dense(3)(product), layers.Dense(3)(plain)])
    before, last = [each.numpy().copy() for each in model.weights], gate.last
    spec = held(model)
    assert all(np.array_equal(one, other) for one, other in zip(before, model.weights, strict=True))
    assert gate.last is last
    # Keras numbers the names of a process
    names = {re.sub(r"_\d+", "", row.name) for row in pc.count(spec).layers}
    assert {"gate.own", "gate.uncalled.dense", "gate.dense"} <= names
    count = pc.count(spec, expand=True)
    assert [row.output_shape for row in count.layers if row.kind == "Dense"][-2:] == [(7, 3), (7, 3)]


class Decides(keras.Model):
    """A model whose layers depend on numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.block, self.gate = layers.Dense(8), layers.Dense(2), Block(8), Gate()
        self.token = self.add_weight((1, 8), name="token")

    def call(self, x: Any) -> Any:
        y = self.block(self.first(x) + self.token)
        return self.gate(y)[0] if float(ops.sum(y)) > 1e9 else self.second(y)


def test_code_that_cannot_be_followed_leaves_a_list_of_real_layer_types() -> None:
    model = Decides()
    model.gate.build((None, 8))
    spec = held(built(model, (2, 4)))
    assert spec.connections == "none"
    assert "a list of its layers, in the order of its attributes; what it calls is not known" in spec.description
    first, second, block, *_ = spec.layers
    assert [type(each.layer) for each in (first, second)] == [pc.Dense, pc.Dense]
    assert first.of == (4,)
    assert block.connections == "known"


class Several(keras.Model):
    """A model with two inputs and two outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = layers.Dense(8), layers.Dense(8)

    def call(self, inputs: Any) -> Any:
        a, b = inputs
        return {"sum": self.one(a) + self.other(b), "more": self.one(b)}


def test_several_inputs_and_outputs_of_a_subclassed_model() -> None:
    spec = held(built(Several(), (1, 4), (1, 4)))
    assert sum(type(node.layer) is pc.Input for node in spec.layers) == 2
    assert spec.outputs is not None
    assert len(spec.outputs) == 2


class Draws(keras.Model):
    """An autoencoder that draws from what it has encoded."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = keras.Sequential([keras.Input((6,)), layers.Dense(4)])
        self.mean, self.deviation, self.decoder = layers.Dense(2), layers.Dense(2), keras.Sequential([layers.Dense(6)])
        self.seed = keras.random.SeedGenerator(1)

    def call(self, x: Any) -> Any:
        h = self.encoder(x)
        mean = self.mean(h)
        noise = keras.random.normal(ops.shape(mean), seed=self.seed)
        return self.decoder(mean + ops.exp(self.deviation(h)) * noise)


def test_a_model_that_draws_numbers() -> None:
    spec = held(built(Draws(), (2, 6)))
    assert not [row for row in pc.count(spec).layers if row.kind == "Weights"]
