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


class PatchEncoder(layers.Layer):
    """Positions are added to patches; its weights are made once it is called."""

    def __init__(self, num_patches: int, projection_dim: int) -> None:
        super().__init__()
        self.num_patches = num_patches
        self.projection = layers.Dense(projection_dim)
        self.position_embedding = layers.Embedding(num_patches, projection_dim)

    def call(self, patch: Any) -> Any:
        return self.projection(patch) + self.position_embedding(keras.ops.arange(self.num_patches))


def vision_transformer(size: int, patch: int, dim: int, heads: int, units: Sequence[int], depth: int) -> Any:
    """Build a ViT with layers of one's own."""
    assert size % patch == 0
    count = (size // patch) ** 2
    inputs = keras.Input((count, 3 * patch * patch))
    x = PatchEncoder(count, dim)(inputs)
    for _ in range(depth):
        y = layers.LayerNormalization(epsilon=1e-6)(x)
        x = layers.Add()([layers.MultiHeadAttention(num_heads=heads, key_dim=dim)(y, y), x])
        y = layers.LayerNormalization(epsilon=1e-6)(x)
        for width in units:
            y = layers.Dense(width, activation="gelu")(y)
        x = layers.Add()([layers.Dense(dim)(y), x])
    return keras.Model(inputs, layers.Dense(100)(layers.Flatten()(x)))


def unet(size: int, filters: int, classes: int) -> Any:
    """Build a U-Net by hand, with its connections."""

    def block(x: Any, width: int) -> Any:
        x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        return layers.Activation("relu")(x)

    inputs = keras.Input((4 * size, 4 * size, 1))
    one = block(inputs, filters)
    two = block(layers.MaxPooling2D()(one), filters * 2)
    middle = block(layers.MaxPooling2D()(two), filters * 4)
    up = layers.Conv2DTranspose(filters * 2, 2, strides=2)(middle)
    up = block(layers.Concatenate()([up, two]), filters * 2)
    up = layers.Conv2DTranspose(filters, 2, strides=2)(up)
    up = block(layers.Concatenate()([up, one]), filters)
    return keras.Model(inputs, layers.Conv2D(classes, 1, activation="softmax")(up))


class VAE(keras.Model):
    def __init__(self, features: int, hidden: int, latent: int) -> None:
        super().__init__()
        self.encoder = keras.Sequential(
            [keras.Input((features,)), layers.Dense(hidden, "relu"), layers.Dense(2 * latent)]
        )
        self.decoder = keras.Sequential([keras.Input((latent,)), layers.Dense(hidden, "relu"), layers.Dense(features)])
        self.latent = latent

    def call(self, x: Any) -> Any:
        return self.decoder(self.encoder(x)[:, : self.latent])


def wide_and_deep(fields: int, vocabulary: int, embedding: int, hidden: Sequence[int]) -> Any:
    """Build a model of tables, an input each."""
    inputs = [keras.Input((1,), dtype="int32") for _ in range(fields)]
    deep = [layers.Flatten()(layers.Embedding(vocabulary, embedding)(each)) for each in inputs]
    wide = [layers.Flatten()(layers.Embedding(vocabulary, 1)(each)) for each in inputs]
    x = layers.Concatenate()(deep) if fields > 1 else deep[0]
    for width in hidden:
        x = layers.Dense(width, activation="relu")(x)
    out = layers.Dense(1)(layers.Concatenate()([x, *wide]))
    return keras.Model(inputs, out)


def separable(width: int, blocks: int, classes: int) -> Any:
    """Build a small Xception."""
    x = start = keras.Input((None, None, 3))
    x = layers.Conv2D(width, 3, strides=2, padding="same")(x)
    for size in (2 * width, 4 * width):
        for _ in range(blocks):
            x = layers.SeparableConv2D(size, 3, padding="same")(x)
            x = layers.BatchNormalization()(x)
    return keras.Model(start, layers.Dense(classes)(layers.GlobalAveragePooling2D()(x)))


CASES = [
    Case(stack, {"features": 78, "width": 51, "depth": 3, "classes": 10}),
    Case(residual, {"image": 32, "width": 16, "blocks": 3, "classes": 10}),
    Case(transformer, {"vocabulary": 200, "length": 20, "width": 32, "heads": 2, "hidden": 48, "depth": 2}),
    Case(language, {"vocabulary": 100, "width": 32, "hidden": 64, "depth": 3}),
    Case(recurrent, {"vocabulary": 500, "width": 64, "units": 28, "depth": 2, "classes": 4}),
    Case(convolutional, {"image": 28, "filters": [32, 64], "kernel": 3, "hidden": 128, "classes": 10}),
    Case(autoencoder, {"features": 78, "sizes": [56, 64, 16]}),
    Case(vision_transformer, {"size": 24, "patch": 6, "dim": 16, "heads": 2, "units": [32, 16], "depth": 2}),
    Case(unet, {"size": 4, "filters": 8, "classes": 3}),
    Case(VAE, {"features": 60, "hidden": 40, "latent": 4}),
    Case(wide_and_deep, {"fields": 3, "vocabulary": 50, "embedding": 8, "hidden": [32, 16]}),
    Case(separable, {"width": 12, "blocks": 2, "classes": 10}),
]
