"""Layers that stand in a Keras model at several places: alive, in an archive, and in JSON, which does not say so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pytest
from keras import layers

import paramcalc as pc

pytestmark = [
    pytest.mark.framework,
    # of Keras, where it writes weights and code
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`:UserWarning"),
]


def within_and_outside() -> Any:
    x = keras.Input((10,))
    once = layers.Dense(10)(x)
    return keras.Model(x, keras.Model(x, once)(once))


def two_views() -> Any:
    x, y = keras.Input((8,)), keras.Input((8,))
    h = layers.Dense(6)(x)
    whole, half = keras.Model(x, layers.Dense(3)(h)), keras.Model(x, h)
    return keras.Model(y, [whole(y), half(y)])


def a_model_in_two_models() -> Any:
    a, b, c, x = (keras.Input((8,)) for _ in range(4))
    inner = keras.Model(x, layers.Dense(8)(layers.Dense(8)(x)))
    one, other = keras.Model(a, layers.Dense(8)(inner(a))), keras.Model(b, layers.Dense(8)(inner(b)))
    return keras.Model(c, [one(c), other(inner(c))])


def two_sequences() -> Any:
    x, dense = keras.Input((4,)), layers.Dense(4)
    one = keras.Sequential([keras.Input((4,)), dense])
    other = keras.Sequential([keras.Input((4,)), dense, layers.Dense(2)])
    return keras.Model(x, [one(x), other(x)])


def over_steps_and_by_itself() -> Any:
    a, b, dense = keras.Input((784, 5)), keras.Input((784, 5)), layers.Dense(10)
    return keras.Model([a, b], layers.Concatenate()([layers.TimeDistributed(dense)(a), dense(b)]))


def by_itself_and_over_steps() -> Any:
    x, dense = keras.Input((5, 4)), layers.Dense(4)
    return keras.Model(x, [dense(x), layers.TimeDistributed(dense)(x), layers.TimeDistributed(dense)(x)])


def cells_of_several_layers() -> Any:
    x, one, other = keras.Input((5, 4)), layers.GRUCell(4), layers.GRUCell(4)
    both = layers.RNN([one, other])(x)
    return keras.Model(x, [both, layers.RNN(one, return_sequences=True)(x), layers.RNN(other)(x)])


def the_way_back() -> Any:
    x, there, back = keras.Input((5, 4)), layers.GRU(4), layers.GRU(4, go_backwards=True)
    return keras.Model(x, [layers.Bidirectional(there, backward_layer=back)(x), back(x)])


def a_model_over_steps_and_by_itself() -> Any:
    steps, step = keras.Input((3, 8, 8, 1)), keras.Input((8, 8, 1))
    part = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(4, 3), layers.Flatten()])
    return keras.Model([steps, step], [layers.TimeDistributed(part)(steps), part(step)])


def behind_a_node_of_the_same_name() -> Any:
    a, b, c = (keras.Input((4,)) for _ in range(3))
    shared = layers.Dense(4)
    first = keras.Model(a, shared(a), name="first")
    second = keras.Model(b, shared(layers.Dense(4, name="first")(b)), name="second")
    return keras.Model(c, [first(c), second(c)])


SHARED = [
    within_and_outside, two_views, a_model_in_two_models, two_sequences, over_steps_and_by_itself,
    by_itself_and_over_steps, cells_of_several_layers, the_way_back, a_model_over_steps_and_by_itself,
    behind_a_node_of_the_same_name,
]  # fmt: skip


@pytest.mark.parametrize("made", SHARED, ids=lambda made: made.__name__)
def test_a_layer_counts_once_wherever_it_stands(made: Callable[[], Any], tmp_path: Path) -> None:
    model = made()
    model.save(tmp_path / "model.keras")
    for source in (model, tmp_path / "model.keras"):
        spec = pc.loads(pc.dumps(pc.from_keras(source)))
        count = pc.count(spec)
        assert (count.total, count.trainable) == (model.count_params(), model.count_params())
        assert not count.notes
    assert pc.check(pc.from_keras(model), model)


@pytest.mark.parametrize("made", SHARED, ids=lambda made: made.__name__)
def test_json_does_not_say_that_it_is_one_layer(made: Callable[[], Any]) -> None:
    model = made()
    text = model.to_json()
    count = pc.count(pc.from_keras(text))
    # Keras itself makes a layer of each place
    assert count.total == keras.models.model_from_json(text).count_params() > model.count_params()
    (note,) = count.notes
    assert "each time with the same name and configuration" in note


def test_a_layer_that_goes_both_ways_is_copied(tmp_path: Path) -> None:
    x, gru = keras.Input((5, 4)), layers.GRU(4)
    model = keras.Model(x, [layers.Bidirectional(gru)(x), gru(x)])
    model.save(tmp_path / "model.keras")
    for source in (model, tmp_path / "model.keras", model.to_json()):
        assert pc.count(pc.from_keras(source)).total == model.count_params() == 3 * 120


def test_layers_that_are_alike_are_not_one(tmp_path: Path) -> None:
    x = keras.Input((8,))
    model = keras.Model(x, layers.Dense(8)(layers.Dense(8)(x)))
    model.save(tmp_path / "model.keras")
    for source in (model, tmp_path / "model.keras", model.to_json()):
        count = pc.count(pc.from_keras(source))
        assert (count.total, count.notes) == (144, ())
