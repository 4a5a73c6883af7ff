"""Keras models as people write them, for `derive`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from tests.cross_check.constructors import Case


def stack(features: int, width: int, depth: int, classes: int) -> Any:
    """Build a stack of layers of one width."""
    model = keras.Sequential([keras.Input((features,))])
    for _ in range(depth):
        model.add(layers.Dense(width, activation="relu"))
        model.add(layers.BatchNormalization())
        model.add(layers.Dropout(0.2))
    model.add(layers.Dense(classes))
    return model


def residual(image: int, width: int, blocks: int, classes: int) -> Any:
    """Build a small ResNet with the functional interface."""
    x = start = keras.Input((image, image, 3))
    x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
    for stage in range(2):
        for block in range(blocks):
            y = layers.Conv2D(width * 2**stage, 3, strides=2 if stage and not block else 1, padding="same")(x)
            y = layers.BatchNormalization()(y)
            if stage and not block:
                x = layers.Conv2D(width * 2**stage, 1, strides=2)(x)
            x = layers.ReLU()(layers.Add()([x, y]))
    return keras.Model(start, layers.Dense(classes)(layers.GlobalAveragePooling2D()(x)))


def transformer(vocabulary: int, length: int, width: int, heads: int, hidden: int, depth: int) -> Any:
    """Build a transformer with the functional interface."""
    start = keras.Input((length,), dtype="int32")
    x = layers.Embedding(vocabulary, width)(start)
    for _ in range(depth):
        x = layers.LayerNormalization()(x + layers.MultiHeadAttention(heads, width // heads)(x, x))
        x = layers.LayerNormalization()(x + layers.Dense(width)(layers.Dense(hidden, activation="relu")(x)))
    return keras.Model(start, layers.Dense(2)(layers.GlobalAveragePooling1D()(x)))


class Block(layers.Layer):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.norm = layers.LayerNormalization()
        self.up = layers.Dense(hidden, activation="gelu")
        self.down = layers.Dense(width)

    def call(self, x: Any) -> Any:
        return x + self.down(self.up(self.norm(x)))


class Language(keras.Model):
    def __init__(self, vocabulary: int, width: int, hidden: int, depth: int) -> None:
        super().__init__()
        self.embed = layers.Embedding(vocabulary, width)
        self.blocks = [Block(width, hidden) for _ in range(depth)]
        self.head = layers.Dense(vocabulary, use_bias=False)

    def call(self, x: Any) -> Any:
        x = self.embed(x)
        for block in self.blocks:
            x = block(x)
        return self.head(x)


def language(vocabulary: int, width: int, hidden: int, depth: int) -> Any:
    """Build a subclassed model by calling it."""
    model = Language(vocabulary, width, hidden, depth)
    model(keras.ops.zeros((1, 4), dtype="int32"))
    return model


def recurrent(vocabulary: int, width: int, units: int, depth: int, classes: int) -> Any:
    """Build a stack of recurrent layers."""
    model = keras.Sequential([keras.Input((None,)), layers.Embedding(vocabulary, width)])
    for place in range(depth):
        model.add(layers.Bidirectional(layers.LSTM(units, return_sequences=place < depth - 1)))
    model.add(layers.Dense(classes))
    return model


def convolutional(image: int, filters: Sequence[int], kernel: int, hidden: int, classes: int) -> Any:
    """Build convolutions whose outputs are flattened."""
    model = keras.Sequential([keras.Input((image, image, 1))])
    for each in filters:
        model.add(layers.Conv2D(each, kernel, padding="same", activation="relu"))
        model.add(layers.MaxPooling2D())
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(hidden))
    model.add(layers.Dense(classes))
    return model


def autoencoder(features: int, sizes: Sequence[int]) -> Any:
    """Build an autoencoder of a list of sizes."""
    x = start = keras.Input((features,))
    for each in sizes:
        x = layers.Dense(each, activation="relu")(x)
    for each in reversed(sizes[:-1]):
        x = layers.Dense(each, activation="relu")(x)
    return keras.Model(start, layers.Dense(features)(x))


CASES = [
    Case(stack, {"features": 78, "width": 51, "depth": 3, "classes": 10}),
    Case(residual, {"image": 32, "width": 16, "blocks": 3, "classes": 10}),
    Case(transformer, {"vocabulary": 200, "length": 20, "width": 32, "heads": 2, "hidden": 48, "depth": 2}),
    Case(language, {"vocabulary": 100, "width": 32, "hidden": 64, "depth": 3}),
    Case(recurrent, {"vocabulary": 500, "width": 64, "units": 28, "depth": 2, "classes": 4}),
    Case(convolutional, {"image": 28, "filters": [32, 64], "kernel": 3, "hidden": 128, "classes": 10}),
    Case(autoencoder, {"features": 78, "sizes": [56, 64, 16]}),
]
