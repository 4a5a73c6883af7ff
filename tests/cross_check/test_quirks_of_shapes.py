"""Where a framework says one shape and has another, or refuses what it might take: each still so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import paramcalc as pc

pytestmark = pytest.mark.framework
BATCH = 2


def said_and_run(layer: Any, shape: tuple[int, ...], dtype: str, **call: Any) -> tuple[Any, Any]:
    """The shape that Keras says an output will have, and the one that it has, without the batch."""
    import keras
    import numpy as np

    example = np.full((BATCH, *shape), "two words", object) if dtype == "string" else np.zeros((BATCH, *shape), dtype)
    said = layer(keras.Input(shape, dtype=dtype), **call).shape
    return tuple(said[1:]), tuple(layer(example, **call).shape[1:])


def ours(layer: pc.Layer, shape: tuple[int, ...]) -> tuple[Any, ...]:
    return pc.count(layer, input_shape=[shape]).layers[-1].output_shape


@pytest.mark.parametrize(
    ("made", "kind", "shape", "dtype", "said"),
    [
        # vectors of several axes are made along the first of them, not the last
        (
            lambda layers: layers.CategoryEncoding(5, output_mode="multi_hot"),
            pc.CategoryEncoding(num_tokens=5),
            (3, 4),
            "int32",
            (3, 5),
        ),
        (
            lambda layers: layers.IntegerLookup(vocabulary=[7, 8], output_mode="count"),
            pc.IntegerLookup(vocabulary_size=3, output_mode="count"),
            (3, 4),
            "int64",
            (3, 3),
        ),
        # Hashing makes a vector of each value, and says that it makes one of all
        (
            lambda layers: layers.Hashing(5, output_mode="one_hot"),
            pc.Hashing(num_bins=5, output_mode="one_hot"),
            (3,),
            "int32",
            (5,),
        ),
        # and drops two axes of 1, where the other layers drop one
        (
            lambda layers: layers.Hashing(5, output_mode="one_hot"),
            pc.Hashing(num_bins=5, output_mode="one_hot"),
            (1, 1),
            "int32",
            (1, 5),
        ),
        # TextVectorization drops the axis of one text
        (
            lambda layers: layers.TextVectorization(vocabulary=["two"], output_mode="multi_hot"),
            pc.TextVectorization(vocabulary_size=2, output_mode="multi_hot"),
            (1,),
            "string",
            (1, 2),
        ),
        # MelSpectrogram rounds the number of times otherwise, and forgets an axis
        (
            lambda layers: layers.MelSpectrogram(fft_length=16, sequence_length=10, sequence_stride=7, num_mel_bins=3),
            pc.MelSpectrogram(fft_length=16, sequence_length=10, sequence_stride=7, num_mel_bins=3),
            (20,),
            "float32",
            (3, 4),
        ),
        # a list of scales makes channels of one
        (lambda layers: layers.Rescaling([1.0, 2.0]), pc.Rescaling(scale=[1, 2]), (4, 1), "float32", (4, 1)),
    ],
)
def test_keras_says_another_shape_than_it_has(
    made: Callable[[Any], Any], kind: pc.Layer, shape: tuple[int, ...], dtype: str, said: tuple[int, ...]
) -> None:
    import keras

    by_itself, in_a_run = said_and_run(made(keras.layers), shape, dtype)
    assert by_itself == said != in_a_run
    assert ours(kind, shape) == in_a_run


def test_a_random_crop_is_one_in_training_only() -> None:
    """Used, it hands on the image as it is, and says that it has the size of a crop; we say so, too."""
    import keras

    crop = keras.layers.RandomCrop(3, 2)
    assert said_and_run(crop, (5, 7, 1), "float32", training=True) == ((3, 2, 1), (3, 2, 1))
    assert said_and_run(crop, (5, 7, 1), "float32", training=False) == ((3, 2, 1), (5, 7, 1))
    assert ours(pc.RandomCrop(height=3, width=2), (5, 7, 1)) == (3, 2, 1)


def test_without_an_axis_keras_counts_over_the_examples() -> None:
    import keras
    import numpy as np

    encoding = keras.layers.CategoryEncoding(5, output_mode="count")
    assert encoding(np.zeros(BATCH, "int32")).shape == (5,)
    with pytest.raises(pc.ParamcalcError, match="takes an input of one or more axes beside the batch"):
        ours(pc.CategoryEncoding(num_tokens=5, output_mode="count"), ())


def test_the_kernels_of_a_spectrogram_are_trained_in_keras() -> None:
    import keras

    layer = keras.layers.STFTSpectrogram(frame_length=200)
    layer.build((None, 1000, 1))
    trained = sum(weight.shape.num_elements() for weight in layer.trainable_weights)
    assert trained == pc.count(pc.STFTSpectrogram(frame_length=200), input_shape=(1000, 1)).trainable == 51_600


def test_lookup_tables_are_no_weights() -> None:
    import keras

    layers = keras.layers
    for layer in (
        layers.StringLookup(vocabulary=["a", "b"], idf_weights=[0.5, 2.0], output_mode="tf_idf"),
        layers.IntegerLookup(vocabulary=[1, 2]),
        layers.TextVectorization(vocabulary=["a", "b"]),
        layers.Discretization(bin_boundaries=[0.0, 1.0]),
    ):
        assert layer.weights == []


def test_torch_multiplies_by_a_factor_in_floating_point() -> None:
    import torch

    example = torch.zeros(1, 1, 100, 100)
    found = torch.nn.Upsample(scale_factor=0.29)(example).shape[2:]
    assert tuple(found) == (28, 28) == ours(pc.Upsample(scale_factor=0.29), (100, 100, 1))[:2]


def test_torch_averages_over_volumes_only_what_is_there() -> None:
    """A window that fits with its padding alone is taken over images, and refused over volumes."""
    import torch

    assert torch.nn.AvgPool2d(3, padding=1)(torch.zeros(1, 1, 2, 2)).shape[2:] == (1, 1)
    with pytest.raises(RuntimeError, match="smaller than kernel size"):
        torch.nn.AvgPool3d(3, padding=1)(torch.zeros(1, 1, 2, 2, 2))
    assert ours(pc.AveragePool2D(pool_size=3, padding=1), (2, 2, 1)) == (1, 1, 1)
    with pytest.raises(pc.ParamcalcError, match="a window of 3 does not fit into 2"):
        ours(pc.AveragePool3D(pool_size=3, padding=1), (2, 2, 2, 1))


def test_torch_cuts_off_before_it_adds() -> None:
    import torch

    example = torch.zeros(1, 1, 3)
    with pytest.raises(RuntimeError):
        torch.nn.ZeroPad1d((4, -4))(example)
    assert torch.nn.ReplicationPad1d((4, -4))(example).shape[2] == 3
    assert ours(pc.Pad1D(mode="replicate", padding=[4, -4]), (3, 1)) == (3, 1)
    with pytest.raises(pc.ParamcalcError, match="cuts off more than the 3 that are there"):
        ours(pc.ZeroPadding1D(padding=[4, -4]), (3, 1))


def test_torch_wants_one_number_for_a_power_pool_of_a_sequence() -> None:
    import torch

    with pytest.raises(TypeError):
        torch.nn.LPPool1d(2, (2,))(torch.zeros(1, 1, 4))


def test_torch_takes_no_null_for_the_size_of_a_sequence() -> None:
    import torch

    assert torch.nn.AdaptiveAvgPool2d((None, 2))(torch.zeros(1, 1, 4, 4)).shape[2:] == (4, 2)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        torch.nn.AdaptiveAvgPool1d((None,))(torch.zeros(1, 1, 4))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["Dense", "Conv1D", "DepthwiseConv1D", "Conv1DTranspose"])
def test_keras_forgets_that_glu_halves_the_output_of_a_layer(kind: str) -> None:
    import keras

    sizes = {"Dense": {"units": 8}, "DepthwiseConv1D": {"kernel_size": 1, "depth_multiplier": 2}}
    fields = sizes.get(kind, {"filters": 8, "kernel_size": 1})
    said, run = said_and_run(getattr(keras.layers, kind)(**fields, activation="glu"), (3, 4), "float32")
    assert (said, run) == ((3, 8), (3, 4))
    # no spec says such a layer: what follows it would be built for a shape that it does not have
    with pytest.raises(pc.ParamcalcError, match="must keep the shape, and 'glu' halves an axis"):
        pc.kind(kind)(**fields, activation="glu")
