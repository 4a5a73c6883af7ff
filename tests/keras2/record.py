"""Records what Keras 2 says of models, for where it is not installed: it wants a TensorFlow of its own.

python tests/keras2/record.py > tests/keras2/models.json, with tf-keras 2.21. Of each model: the text of
its to_json(), the shapes of its weights, which are trained, and the shapes of its outputs.
"""

import json
import sys
from typing import Any

import tensorflow as tf
import tf_keras as keras

L = keras.layers
SHAPES = {0: (8,), 1: (8, 6), 2: (8, 8, 6), 3: (8, 8, 8, 6)}
#: Layers of one input, each with its arguments and the number of axes beside the batch and the channels.
LAYERS: list[tuple[str, dict[str, Any], int]] = [
    ("Dense", {"units": 3}, 0),
    ("Conv1D", {"filters": 3, "kernel_size": 2}, 1),
    ("Conv2D", {"filters": 6, "kernel_size": 2, "groups": 2}, 2),
    ("Conv3D", {"filters": 3, "kernel_size": 2}, 3),
    ("Conv1DTranspose", {"filters": 3, "kernel_size": 2}, 1),
    ("Conv2DTranspose", {"filters": 3, "kernel_size": 2}, 2),
    ("Conv3DTranspose", {"filters": 3, "kernel_size": 2}, 3),
    ("SeparableConv1D", {"filters": 3, "kernel_size": 2}, 1),
    ("SeparableConv2D", {"filters": 3, "kernel_size": 2}, 2),
    ("DepthwiseConv1D", {"kernel_size": 2}, 1),
    ("DepthwiseConv2D", {"kernel_size": 2}, 2),
    ("BatchNormalization", {}, 2),
    ("LayerNormalization", {}, 2),
    ("GroupNormalization", {"groups": 2}, 2),
    ("UnitNormalization", {}, 2),
    ("LSTM", {"units": 4, "return_sequences": True}, 1),
    ("GRU", {"units": 4}, 1),
    ("SimpleRNN", {"units": 4}, 1),
    ("ConvLSTM1D", {"filters": 4, "kernel_size": 2}, 2),
    ("ConvLSTM2D", {"filters": 4, "kernel_size": 2}, 3),
    ("MaxPooling2D", {}, 2),
    ("AveragePooling1D", {}, 1),
    ("GlobalMaxPooling2D", {}, 2),
    ("Flatten", {}, 2),
    ("Permute", {"dims": (2, 1)}, 1),
    ("RepeatVector", {"n": 3}, 0),
    ("Reshape", {"target_shape": (4, 2)}, 0),
    ("UpSampling2D", {}, 2),
    ("ZeroPadding2D", {}, 2),
    ("Cropping3D", {}, 3),
    ("SpatialDropout1D", {"rate": 0.1}, 1),
    ("Masking", {}, 1),
    ("LeakyReLU", {}, 1),
    ("PReLU", {"shared_axes": [1]}, 1),
    ("ThresholdedReLU", {}, 1),
    ("EinsumDense", {"equation": "abc,cd->abd", "output_shape": (None, 7), "bias_axes": "d"}, 1),
    ("Rescaling", {"scale": 0.5}, 2),
    ("Resizing", {"height": 3, "width": 3}, 2),
    ("RandomFlip", {}, 2),
    ("Normalization", {}, 0),
    ("Embedding", {"input_dim": 10, "output_dim": 3, "input_length": 8}, 0),
]
#: Functions between layers, of two outputs with the same shape.
FUNCTIONS = {
    "sum": lambda a, b: a + b,
    "constant first": lambda a, b: 1.0 - a,
    "quotient": lambda a, b: a / b,
    "power": lambda a, b: a**2,
    "concat": lambda a, b: tf.concat([a, b], axis=-1),
    "reshape": lambda a, b: tf.reshape(a, (-1, 48)),
    "transpose": lambda a, b: tf.transpose(a, (0, 2, 1)),
    "expand_dims": lambda a, b: tf.expand_dims(a, 1),
    "index": lambda a, b: a[:, 0],
    "slices": lambda a, b: a[:, 1:4, 2:],
    "reduce_mean": lambda a, b: tf.reduce_mean(a, axis=1),
    "stack": lambda a, b: tf.stack([a, b], axis=1),
    "greater": lambda a, b: a > b,
    "reduce_sum": lambda a, b: tf.reduce_sum(a, axis=[1, 2], keepdims=True),
    "ellipsis": lambda a, b: a[..., 0],
    "relu": lambda a, b: tf.nn.relu(a),
    "softmax": lambda a, b: tf.nn.softmax(a, axis=-1),
    "clip_by_value": lambda a, b: tf.clip_by_value(a, 0.0, 1.0),
}


def networks() -> dict[str, Any]:
    """Models of several layers, by their names."""
    a, b = keras.Input(SHAPES[1]), keras.Input(SHAPES[1])
    frozen = L.Dense(3)
    frozen.trainable = False
    shared = L.Dense(6)
    block = keras.Sequential([L.Dense(4, input_shape=(6,)), L.Dense(6)])
    states = L.LSTM(4, return_state=True, return_sequences=True)
    sequence, hidden, carry = states(a)
    attention = L.MultiHeadAttention(2, 8)
    built = keras.Sequential([L.Dense(4), L.Dense(3)])
    built.build((None, 7))
    keras.mixed_precision.set_global_policy("mixed_float16")
    mixed = keras.Model(a, L.Dense(3)(a))
    keras.mixed_precision.set_global_policy("float32")
    return {
        "a Sequential model": keras.Sequential([L.Dense(4, input_shape=(3,)), L.BatchNormalization(), L.Dense(2)]),
        "a Sequential model without an Input": built,
        "a text classifier": keras.Sequential(
            [L.Embedding(100, 32, input_length=20), L.Bidirectional(L.LSTM(16)), L.Dense(3)]
        ),
        "a shared layer": keras.Model([a, b], shared(a) + shared(shared(b))),
        "a model called again": keras.Model([a, b], L.Add()([block(a), block(block(b))])),
        "two calls of a model as outputs": keras.Model([a, b], [block(a), block(b)]),
        "attention": keras.Model(a, L.LayerNormalization()(attention(a, a) + a)),
        "attention by name": keras.Model([a, b], L.MultiHeadAttention(2, 4)(query=a, value=b)),
        "additive attention": keras.Model([a, b], L.AdditiveAttention()([a, b])),
        "states": keras.Model(a, L.LSTM(4)(sequence, initial_state=[hidden, carry])),
        "cells": keras.Model(a, L.RNN([L.LSTMCell(4), L.GRUCell(3)])(a)),
        "a layer for each step": keras.Model(a, L.TimeDistributed(L.Dense(4))(a)),
        "a frozen layer": keras.Model(a, frozen(a)),
        "a mixed policy": mixed,
    }


def models() -> dict[str, Any]:
    """All models, by their names."""
    found = {}
    for name, arguments, rank in LAYERS:
        x = keras.Input(SHAPES[rank])
        found[name] = keras.Model(x, getattr(L, name)(**arguments)(x))
    for name, function in FUNCTIONS.items():
        a, b = keras.Input(SHAPES[1]), keras.Input(SHAPES[1])
        found[name] = keras.Model([a, b], function(a, b))
    return found | networks()


def recorded(model: Any) -> dict[str, Any]:
    """What Keras 2 says of a model."""
    trained = {id(weight) for weight in model.trainable_weights}
    weights = sorted([list(weight.shape), id(weight) in trained] for weight in model.weights)
    shapes = [list(output.shape) for output in model.outputs]
    return {"description": json.loads(model.to_json()), "weights": weights, "outputs": shapes}


if __name__ == "__main__":
    lines = (f"{json.dumps(name)}: {json.dumps(recorded(model))}" for name, model in models().items())
    sys.stdout.write("{\n" + ",\n".join(lines) + "\n}\n")
