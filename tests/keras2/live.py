"""Live models of Keras 2, held against what it counts itself.

It wants a TensorFlow of its own, so that this is run by hand where tf-keras 2.21 is installed:
python -m pytest -n 0 tests/keras2/live.py
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
import pytest
import tf_keras as keras

import paramcalc as pc

layers = keras.layers
pytestmark = pytest.mark.filterwarnings("ignore")


def both_ways() -> Any:
    return keras.Sequential([layers.Bidirectional(layers.GRU(4), input_shape=(None, 3))])


def functions() -> Any:
    import tensorflow as tf

    x = keras.Input((8, 3))
    return keras.Model(x, layers.Dense(3)(tf.tile(tf.nn.relu(layers.Dense(4)(x)) + 1, (1, 2, 1))))


def code() -> Any:
    return keras.Sequential([keras.Input((8, 3)), layers.Lambda(lambda x: x * 2), layers.Dense(3, lambda x: x)])


def over_steps() -> Any:
    x = keras.Input((5, 8, 8, 1))
    part = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(4, 3), layers.Flatten()])
    return keras.Model(x, layers.TimeDistributed(part)(x))


def scores() -> Any:
    x = keras.Input((6, 16))
    return keras.Model(x, layers.MultiHeadAttention(2, 8)(x, x, return_attention_scores=True))


def two_views() -> Any:
    x, y = keras.Input((8,)), keras.Input((8,))
    h = layers.Dense(6)(x)
    whole, half = keras.Model(x, layers.Dense(3)(h)), keras.Model(x, h)
    return keras.Model(y, [whole(y), half(y)])


def both_ways_and_by_itself() -> Any:
    x, gru = keras.Input((5, 4)), layers.GRU(4)
    return keras.Model(x, [layers.Bidirectional(gru)(x), gru(x)])


class Net(keras.Model):
    """A subclassed model."""

    def __init__(self) -> None:
        super().__init__()
        self.gru, self.out = layers.GRU(8), layers.Dense(5)

    def call(self, x: Any) -> Any:
        return self.out(self.gru(x))


def subclassed() -> Any:
    model = Net()
    model(np.zeros((1, 7, 4), "float32"))
    return model


def for_one_library() -> Any:
    from tf_keras.src.layers.rnn import cudnn_gru, cudnn_lstm

    model = keras.Sequential([cudnn_lstm.CuDNNLSTM(5, return_sequences=True), cudnn_gru.CuDNNGRU(4)])
    for layer, shape in zip(model.layers, [(None, 7, 3), (None, 7, 5)], strict=True):
        layer.build(shape)
    return model.layers


MODELS = [
    both_ways, functions, code, over_steps, scores, two_views, both_ways_and_by_itself, subclassed,
]  # fmt: skip


@pytest.mark.parametrize("made", MODELS, ids=lambda made: made.__name__)
def test_a_live_model_of_keras_2(made: Callable[[], Any]) -> None:
    model = made()
    spec = pc.loads(pc.dumps(pc.from_keras(model)))
    count = pc.count(spec)
    assert (count.total, count.trainable) == (
        model.count_params(),
        sum(prod(each.shape) for each in model.trainable_weights),
    )
    assert not [row for row in count.layers if row.kind == "Weights"]
    assert pc.check(spec, model)


def test_layers_for_one_library_have_the_weights_of_layer_types() -> None:
    for layer in for_one_library():
        config = {**layer.get_config(), "batch_input_shape": [None, *([7, 3] if layer.units == 5 else [7, 5])]}
        model = {"class_name": "Sequential", "config": [{"class_name": type(layer).__name__, "config": config}]}
        assert pc.count(pc.from_keras(model)).total == layer.count_params()
