"""Keras models whose descriptions, as Keras writes them, stand in `tests/descriptions`.

    python -m tests.cross_check.described

writes them anew; `test_keras_reading.py` holds them to what Keras writes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
from keras import layers, ops

FOLDER = Path(__file__).parents[1] / "descriptions"


def image() -> Any:
    """A small image network with most of what such networks have."""
    x = keras.Input((32, 24, 3), name="image")
    y = layers.Rescaling(1 / 255)(x)
    y = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False, kernel_regularizer="l2")(y)
    y = before = layers.BatchNormalization(scale=False)(y)
    y = layers.ReLU(max_value=6)(y)
    y = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2)(y)
    y = layers.SeparableConv2D(8, (3, 1), padding="same", trainable=False)(y)
    y = layers.add([y, before])
    y = layers.ZeroPadding2D(((0, 1), (1, 0)))(y)
    y = layers.Conv2DTranspose(4, 3)(layers.Concatenate()([y, y]))
    y = layers.GroupNormalization(2)(layers.MaxPooling2D(2)(y))
    y = layers.UpSampling2D((2, 1))(layers.SpatialDropout2D(0.1)(y))
    y = layers.Cropping2D(1)(layers.LeakyReLU(negative_slope=0.1)(y))
    y = layers.Dense(5, activation="softmax", dtype="mixed_float16")(layers.GlobalAveragePooling2D()(y))
    return keras.Model(x, y, name="image_net")


def text() -> Any:
    """Recurrent layers, layers around layers, attention, and weights that are kept with few bits."""
    words = keras.Input((12,), dtype="int32", name="words")
    y = layers.Embedding(50, 8, mask_zero=True)(words)
    y = layers.Bidirectional(layers.LSTM(4, return_sequences=True), merge_mode="concat")(y)
    y = layers.TimeDistributed(layers.Dense(8, activation="gelu"))(y)
    y = layers.LayerNormalization(rms_scaling=False)(y + layers.MultiHeadAttention(2, 4)(y, y, use_causal_mask=True))
    y = layers.RNN([layers.GRUCell(6), layers.LSTMCell(5)], return_sequences=True)(y)
    y = layers.Conv1D(6, 3, padding="causal", dilation_rate=2)(y)
    y = layers.SpectralNormalization(layers.Dense(6))(y)
    y = layers.EinsumDense("abc,cd->abd", output_shape=(None, 4), bias_axes="d", lora_rank=2)(y)
    states = layers.SimpleRNN(3, return_state=True)(y)
    out = layers.Dense(4, dtype="int8_from_float32")(layers.PReLU()(states[0]))
    return keras.Model(words, [out, layers.Dot(-1)([states[0], states[1]])], name="text_net")


def nested() -> Any:
    """Models within a model, one of them called twice, with several inputs and outputs."""
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    shared = layers.Dense(3, name="shared")
    inner = keras.Model([a, b], [shared(a), shared(b)], name="inner")
    stack = keras.Sequential([layers.Dense(3, activation="relu"), layers.BatchNormalization()], name="stack")
    x = keras.Input((3,), name="x")
    first = inner([x, stack(x)])
    second = inner([first[0], first[1]])
    outputs = {"sum": layers.Dense(2)(layers.Subtract()([second[0], first[1]])), "last": second[1]}
    return keras.Model({"x": x}, outputs, name="nested_net")


def operations() -> Any:
    """What is done between layers."""
    x = keras.Input((4, 6), name="x")
    y = ops.concatenate([x * 2.0, x[:, 1:3, :]], axis=1)
    y = ops.reshape(ops.softmax(ops.mean(y, axis=1)), (-1, 2, 3))
    y = ops.transpose(y, (0, 2, 1))
    y = 1.0 / y + ops.expand_dims(y[:, 0], 1)
    y = ops.squeeze(ops.expand_dims(ops.matmul(y, ops.transpose(y, (0, 2, 1))), -1), -1)
    return keras.Model(x, layers.Dense(3)(y / (y + 1)), name="operations_net")


MODELS: dict[str, Callable[[], Any]] = {each.__name__: each for each in (image, text, nested, operations)}


def description(name: str) -> str:
    """The description that Keras writes of a model, as it stands in a file."""
    keras.backend.clear_session()
    model = MODELS[name]()
    return json.dumps(json.loads(model.to_json()), indent=1) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in MODELS:
        (FOLDER / f"{name}.json").write_text(description(name), encoding="utf-8")
