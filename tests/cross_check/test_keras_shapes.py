"""What owns no weights never shuts out a Keras model: its shape is what the model, or its description, states."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pytest
from keras import layers, ops

import paramcalc as pc

from .test_keras_reading import check

pytestmark = [
    pytest.mark.framework,
    # of Keras, where it writes weights and code
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`:UserWarning"),
]

#: What is done with an input of 8 steps of 3 features, before a Dense, which gives it away.
UNKNOWN: dict[str, Callable[[Any], Any]] = {
    "tile": lambda x: ops.tile(x, (1, 2, 1)),
    "take": lambda x: ops.take(x, [0, 2], axis=1),
    "slice": lambda x: ops.slice(x, (0, 1, 0), (1, 4, 3)),
    "top_k": lambda x: ops.top_k(x, 2)[0],
    "the second of top_k": lambda x: ops.cast(ops.top_k(x, 2)[1], "float32"),
    "both of top_k": lambda x: ops.add(ops.top_k(x, 2)[0], ops.cast(ops.top_k(x, 2)[1], "float32")),
    "max_pool": lambda x: ops.max_pool(x, 2),
    "one_hot": lambda x: ops.one_hot(ops.argmax(x, 1), 8),
    "a mean over the batch": lambda x: ops.mean(x, axis=0, keepdims=True) + x,
    "backwards": lambda x: x[:, ::-1],
    "a broadcast": lambda x: ops.broadcast_to(x[:, :1], (2, 5, 3)),
    "code": lambda x: layers.Lambda(lambda y: y[:, ::2], output_shape=(4, 3))(x),
    "code in a model within": lambda x: keras.Sequential([keras.Input((8, 3)), layers.Lambda(lambda y: y * 2)])(x),
    "an operation at the end of a model within": lambda x: _model_within()(x),
    "layers in a row": lambda x: layers.Pipeline([layers.Rescaling(2.0), layers.Rescaling(0.5)])(x),
    "a model over the steps": lambda x: layers.TimeDistributed(
        keras.Sequential([layers.Dense(4), layers.BatchNormalization()])
    )(x),
    "a graph over the steps": lambda x: layers.TimeDistributed(_graph())(x),
    "attention over steps of steps": lambda x: layers.TimeDistributed(_attending())(ops.reshape(x, (-1, 2, 4, 3))),
    "both ways apart": lambda x: layers.Concatenate()(layers.Bidirectional(layers.GRU(6), merge_mode=None)(x)),
}


def _model_within() -> Any:
    x = keras.Input((8, 3))
    return keras.Model(x, ops.tile(layers.Dense(3)(x), (1, 2, 1)))


def _graph() -> Any:
    x = keras.Input((3,))
    y = layers.Add()([layers.Dense(3)(x), x])
    return keras.Model(x, layers.Concatenate(axis=1)([ops.relu(y), x, ops.tile(x, (1, 2))]))


def _attending() -> Any:
    x = keras.Input((4, 3))
    return keras.Model(x, layers.MultiHeadAttention(2, 4)(x, x))


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_shape_that_is_stated_is_enough(name: str, tmp_path: Path) -> None:
    x = keras.Input((8, 3))
    y = UNKNOWN[name](x)
    model = keras.Model(x, layers.Dense(2)(y))
    model.save(tmp_path / "model.keras")
    for source in (model, model.to_json(), tmp_path / "model.keras"):
        spec = check(model, source)
        assert pc.count(spec, expand=True).layers[-1].output_shape == (*y.shape[1:-1], 2)
        assert not [row for row in pc.count(spec).layers if row.kind == "Weights"]


def test_code_in_a_sequence_is_as_wide_as_what_comes_after_was_built_for() -> None:
    stack = [layers.Lambda(lambda x: x[:, :5]), layers.Dense(3), layers.Lambda(lambda x: x, output_shape=(3,))]
    model = keras.Sequential([keras.Input((11,)), *stack])
    for source in (model, model.to_json()):
        assert pc.count(check(model, source)).total == (5 + 1) * 3


def test_a_shape_that_nothing_states_is_refused_by_name() -> None:
    x = keras.Input((8, 3))
    model = keras.Model(x, ops.tile(x, (1, 2, 1)))
    with pytest.raises(pc.ParamcalcError, match="is of the class 'Tile', and its shape is not known"):
        pc.from_keras(model.to_json())
    assert pc.count(pc.from_keras(model)).layers[-1].output_shape == (16, 3)


#: Attentions of two inputs of 8 and 5 positions that give their scores. Where heads meet both, Keras misstates these.
SCORES: dict[str, Callable[[Any, Any], Any]] = {
    "heads": lambda x, y: layers.MultiHeadAttention(2, 4)(x, x, return_attention_scores=True),
    "groups of heads": lambda x, y: layers.GroupQueryAttention(4, 4, 2)(x, y, return_attention_scores=True),
    "no heads": lambda x, y: layers.Attention()([x, y], return_attention_scores=True),
    "a sum": lambda x, y: layers.AdditiveAttention()([x, y], return_attention_scores=True),
}


@pytest.mark.parametrize("name", SCORES)
def test_an_attention_that_gives_its_scores(name: str, tmp_path: Path) -> None:
    x, y = keras.Input((8, 3)), keras.Input((5, 3))
    given, scores = SCORES[name](x, y)
    for outputs in ([given, scores], [layers.Dense(2)(scores), layers.Dense(2)(given)]):
        model = keras.Model([x, y], outputs)
        model.save(tmp_path / "model.keras")
        for source in (model, model.to_json(), tmp_path / "model.keras"):
            spec = check(model, source)
            shapes = {row.name: row.output_shape for row in pc.count(spec, expand=True).layers}
            assert tuple(scores.shape[1:]) in shapes.values()
            assert not [row for row in pc.count(spec).layers if row.kind == "Weights"]


def test_a_function_of_ones_own_is_assumed_to_keep_the_shape() -> None:
    x = keras.Input((10,))
    model = keras.Model(x, layers.Dense(5, activation=lambda z: z * 2)(x))
    for source in (model, model.to_json()):
        count = pc.count(check(model, source))
        assert count.notes == ("assumes that 'custom:lambda' keeps the shape, and owns nothing",)
