"""Layers over sequences, images and volumes: what they refuse, and the arithmetic of their factors."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy

import paramcalc as pc
from paramcalc.core import algebra


def shape_of(layer: pc.Layer, *shapes: tuple[int | None, ...]) -> tuple[Any, ...]:
    """The first output of a layer on its own."""
    return pc.count(layer, input_shape=list(shapes)).layers[-1].output_shape


def refusal(layer: pc.Layer, *shapes: tuple[int, ...]) -> tuple[str, str]:
    """The code and the message of what a layer refuses."""
    with pytest.raises(pc.ParamcalcError) as error:
        shape_of(layer, *shapes)
    problem = error.value.problems[0]
    return problem.code, problem.message


REFUSED = [
    (pc.MaxPool1D(pool_size=2, padding=2), (9, 3), "a padding of 2 is more than half of a window of 2"),
    (pc.AveragePool3D(pool_size=3, padding=1), (2, 2, 2, 1), "a window of 3 does not fit into 2"),
    (pc.LPPool3D(pool_size=3, strides=4, ceil_mode=True), (2, 2, 2, 1), "a window of 3 does not fit into 2"),
    (
        pc.FractionalMaxPool2D(output_size=5),
        (5, 6, 3),
        "5 windows of 2 that begin at different positions do not fit into 5",
    ),
    (pc.FractionalMaxPool2D(), (5, 6, 3), "FractionalMaxPool2D takes either 'output_size' or 'output_ratio'"),
    (pc.FractionalMaxPool2D(output_ratio=1.5), (5, 6, 3), "a ratio of the output to the input is below 1, not 3/2"),
    (pc.FractionalMaxPool2D(output_ratio=[0.5] * 3), (5, 6, 3), "'output_ratio' takes one number or 2, not 3"),
    (
        pc.Pad1D(mode="reflect", padding=4),
        (4, 3),
        "a padding that is 'reflect' adds at most 3 to a side of 4, not 4",
    ),
    (
        pc.Pad1D(mode="circular", padding=[0, 5]),
        (4, 3),
        "a padding that is 'circular' adds at most 4 to a side of 4, not 5",
    ),
    (pc.ZeroPadding1D(padding=[6, -5]), (4, 3), "a padding of [6, -5] cuts off more than the 4 that are there"),
    (pc.Upsample(), (4, 3), "Upsample takes either 'size' or 'scale_factor'"),
    (
        pc.Upsample(size=3, mode="bilinear"),
        (4, 3),
        "Upsample by 'bilinear' takes an input of 3 axes beside the batch, not (None, 4, 3)",
    ),
    (pc.Upsample(size=3), (4,), "Upsample by 'nearest' takes an input of 2 to 4 axes beside the batch, not (None, 4)"),
    (pc.Permute(dims=[1, 1]), (4, 3), "'dims' of Permute has each axis from 1 to 2 once, not 1, 1"),
    (pc.Flatten(start_dim=2, end_dim=1), (4, 3), "Flatten cannot go from axis 2 back to axis 1"),
    (
        pc.PixelShuffle(upscale_factor=2),
        (4, 4, 6),
        "6 / 4 leaves a remainder: the channels fill squares of 'upscale_factor'",
    ),
    (
        pc.PixelUnshuffle(downscale_factor=2),
        (3, 4, 6),
        "3 / 2 leaves a remainder: squares of 'downscale_factor' fill the image",
    ),
    (pc.ChannelShuffle(groups=4), (4, 6), "6 / 4 leaves a remainder: 'groups' divides the channels"),
    (pc.Rescaling(scale=[1, 2]), (), "Rescaling by a list takes an input with channels, not (None)"),
    (pc.Discretization(), (4,), "Discretization takes either 'bin_boundaries' or 'num_bins'"),
    (
        pc.Hashing(num_bins=4, output_mode="count"),
        (),
        "'count' takes an input of one or more axes beside the batch, not (None)",
    ),
    (pc.StringLookup(pad_to_max_tokens=True), (4,), "StringLookup with 'pad_to_max_tokens' needs 'max_tokens'"),
    (pc.TextVectorization(), (2,), "TextVectorization takes one text an example, not (None, 2)"),
    (
        pc.TextVectorization(split=None),
        (),
        "TextVectorization with 'split: null' takes an input of one or more axes beside the batch, not (None)",
    ),
    (
        pc.MelSpectrogram(),
        (1024,),
        "MelSpectrogram with 'fft_length' 2048 takes more than 1024 samples, not 1024",
    ),
    (
        pc.MelSpectrogram(fft_length=8, sequence_length=9),
        (64,),
        "'sequence_length' of MelSpectrogram is at most 'fft_length', 8, not 9",
    ),
    (
        pc.STFTSpectrogram(frame_length=8, frame_step=9),
        (64, 1),
        "'frame_step' of STFTSpectrogram is at most 'frame_length', 8, not 9",
    ),
    (
        pc.STFTSpectrogram(frame_length=8, fft_length=7),
        (64, 1),
        "'fft_length' of STFTSpectrogram is at least 'frame_length', 8, not 7",
    ),
]


@pytest.mark.parametrize(("layer", "shape", "message"), REFUSED)
def test_what_does_not_fit_is_refused(layer: pc.Layer, shape: tuple[int, ...], message: str) -> None:
    _, found = refusal(layer, shape)
    assert found.endswith(message)


def test_inputs_that_do_not_fit_together_are_refused() -> None:
    assert refusal(pc.MaxUnpool1D(), (4, 3), (5, 3))[1].endswith(
        "the positions of (None, 4, 3) have its shape, and not (None, 5, 3)"
    )
    assert refusal(pc.HashedCrossing(num_bins=3), (2,), (2,))[1].endswith(
        "takes one value of each feature, (None) or (None, 1), not (None, 2) and (None, 2)"
    )
    assert refusal(pc.MaxNumBoundingBoxes(max_number=3), (5, 4), (6,))[1].endswith(
        "takes boxes of 4 numbers, and a label for each, not (None, 5, 4) and (None, 6)"
    )


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        ("Upsample", {"scale_factor": 0.0}, "must be above 0, and below 1,000,000,000, not 0.0"),
        ("Upsample", {"scale_factor": float("nan")}, "takes a number, not nan"),
        ("Upsample", {"scale_factor": True}, "takes a whole number or an expression, not true"),
        ("ZeroPadding2D", {"padding": [1, 2, 3]}, "takes one number, or 2, not 3"),
        ("ZeroPadding2D", {"padding": [[1, 2, 3], 1]}, "takes two numbers for the two sides of an axis, not 3"),
        ("Cropping1D", {"cropping": -1}, "must be at least 0, not -1"),
        ("AdaptiveAveragePool1D", {"output_size": [None]}, "takes a whole number or an expression, not nothing"),
        ("Rescaling", {"scale": "2"}, "takes a number, not '2'"),
        ("Discretization", {"bin_boundaries": 2}, "takes a list of numbers, not 2"),
        ("Discretization", {"bin_boundaries": [0] * 1001}, "takes at most 1,000 numbers, not 1,001"),
    ],
)
def test_a_value_that_no_field_takes_is_refused(kind: str, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(pc.ParamcalcError) as error:
        getattr(pc, kind)(**fields)
    assert error.value.problems[0].message == f"'{next(iter(fields))}' of {kind}{_joint(message)}{message}"


def _joint(message: str) -> str:
    return " " if message.startswith(("takes ", "must ")) else ": "


# --- Values ----------------------------------------------------------------------------


@pytest.mark.parametrize("written", [1.5, "3/2", "3 / 2", Fraction(3, 2)])
def test_a_factor_may_be_a_decimal_or_a_fraction(written: Any) -> None:
    layer = pc.Upsample(scale_factor=written)
    assert shape_of(layer, (5, 5, 3)) == (7, 7, 3)
    assert layer.stated() == {"scale_factor": "3/2"}


def test_a_factor_may_be_an_expression() -> None:
    text = """
        paramcalc: 1
        dims: {factor: 2}
        layers: [{Input: {shape: [5, 3]}}, {Upsample: {scale_factor: "factor + 1"}}]
    """
    assert pc.count(pc.loads(text)).layers[-1].output_shape == (15, 3)


def test_a_product_is_rounded_down_as_in_floating_point() -> None:
    # exactly 29, 57 and 1; in floating point 28.999…, 56.999… and 0.999…
    assert [algebra.scaled(100, Fraction(each, 100)) for each in (29, 57, 50)] == [28, 56, 50]
    assert [algebra.scaled(each, Fraction(1, 49)) for each in (49, 48)] == [0, 0]
    assert algebra.scaled(2**80, Fraction(1, 3)) == 2**80 // 3
    assert algebra.scaled(10**400, 3) == 3 * 10**400
    assert algebra.scaled(np.array([100, 10], dtype=object), Fraction(29, 100)).tolist() == [28, 2]


def test_a_factor_that_floats_round_has_no_symbol() -> None:
    size = sympy.Symbol("n", integer=True, positive=True)
    assert algebra.scaled(size, Fraction(3, 2)) == sympy.floor(3 * size / 2)
    with pytest.raises(algebra.Undecided):
        algebra.scaled(size, Fraction(29, 100))
    text = """
        paramcalc: 1
        dims: {length: 100, width: 4}
        layers:
          - Input: {shape: [length, 3]}
          - Upsample: {scale_factor: 0.29}
          - Flatten
          - Dense: {units: width}
    """
    form = pc.formula(pc.loads(text))
    assert form.fixed == {"length": 100}
    assert form(width=4) == (28 * 3 + 1) * 4


@pytest.mark.parametrize(("value", "power"), [(1, 1), (2, 2), (3, 4), (64, 64), (65, 128), (2**70 + 1, 2**71)])
def test_the_next_power_of_two(value: int, power: int) -> None:
    assert algebra.power_of_two(value) == power
    assert algebra.power_of_two(np.array([value], dtype=object)).tolist() == [power]


def test_a_length_that_varies_stays_one() -> None:
    shapes = [
        shape_of(layer, (None, 3))
        for layer in (
            pc.MaxPool1D(ceil_mode=True),
            pc.Upsample(scale_factor=0.29),
            pc.ZeroPadding1D(),
            pc.Pad1D(mode="reflect", padding=[9, -9]),
            pc.STFTSpectrogram(frame_length=4, mode="real"),
        )
    ]
    assert all(isinstance(shape[0], algebra.Unknown) for shape in shapes)
    assert [shape[1] for shape in shapes] == [3, 3, 3, 3, 9]


def test_a_length_that_varies_meets_a_dim() -> None:
    text = """
        paramcalc: 1
        dims: {k: 2}
        layers:
          - Input: {shape: [null, 3]}
          - MaxPool1D: {pool_size: k, ceil_mode: true}
          - Dense: {units: k}
    """
    assert str(pc.formula(pc.loads(text)).expr) == "4*k"


@pytest.mark.parametrize(
    ("padding", "stated"),
    [(1, ((1, 1), (1, 1))), ([1, 2], ((1, 1), (2, 2))), ([[0, 1], 2], ((0, 1), (2, 2)))],
)
def test_the_ways_to_write_what_is_added(padding: Any, stated: Any) -> None:
    layer = pc.ZeroPadding2D(padding=padding)
    assert layer.padding == stated
    # and as it is kept, it is read again
    assert pc.ZeroPadding2D(padding=stated).padding == stated
    assert pc.ZeroPadding1D(padding=[0, 1]).padding == pc.ZeroPadding1D(padding=[[0, 1]]).padding == ((0, 1),)


# --- Texts and tables ------------------------------------------------------------------


def test_texts_are_data_and_no_tensors() -> None:
    assert pc.Input(shape=[1], dtype="string").dtype == "string"
    with pytest.raises(pc.ParamcalcError, match="no tensor is made of texts: 'string' is a dtype of an Input only"):
        pc.loads("paramcalc: 1\nlayers: [{Input: {shape: [1]}}, {Dense: {units: 2}, dtype: string}]")


@pytest.mark.parametrize("framework", ["keras", "torch"])
def test_a_lookup_table_is_no_parameter(framework: str) -> None:
    layer = pc.StringLookup(vocabulary_size=30_000, output_mode="multi_hot")
    count = pc.count(layer, framework, input_shape=(12,))
    assert (count.total, count.buffers, count.layers[-1].output_shape) == (0, 0, (30_000,))


def test_a_vocabulary_that_is_not_known_gives_a_length_that_is_not() -> None:
    text = "paramcalc: 1\nlayers: [{Input: {shape: [4]}}, {IntegerLookup: {output_mode: count}}, {Dense: {units: 2}}]"
    with pytest.raises(pc.ParamcalcError) as error:
        pc.count(pc.loads(text))
    assert error.value.problems[0].code == "free-dim"


def test_the_kernels_of_a_spectrogram_are_trained() -> None:
    layer = pc.STFTSpectrogram(frame_length=200)
    # the next power of two is 256; cosines and sines of 129 frequencies
    assert pc.count(layer, input_shape=(1000, 1)).trainable == 2 * 200 * 129
    text = """
        paramcalc: 1
        dims: {frame: 200}
        layers: [{Input: {shape: [999, 1]}}, {STFTSpectrogram: {frame_length: frame}}]
    """
    assert pc.formula(pc.loads(text)).fixed == {"frame": 200}


def test_a_class_that_is_at_times_another_kind_is_named_by_the_one_it_always_is() -> None:
    with pytest.raises(pc.ParamcalcError) as error:
        pc.kind("AdaptiveAvgPool2d")
    assert error.value.problems[0].hint == "torch.nn.AdaptiveAvgPool2d is written AdaptiveAveragePool2D"
    with pytest.raises(pc.ParamcalcError) as error:
        pc.kind("RandomFlip")
    assert error.value.problems[0].hint == "keras.layers.RandomFlip is written Augmentation: {transform: RandomFlip}"


@pytest.mark.parametrize(
    "layer",
    [
        "Conv1D: {filters: 4, kernel_size: 3, padding: 1}",
        "Conv1D: {filters: 4, kernel_size: 5, padding: 4, dilation_rate: 2}",
        "Conv1D: {filters: 4, kernel_size: 1}",
        "Conv1D: {filters: 4, kernel_size: 3, padding: same}",
        "Conv1DTranspose: {filters: 4, kernel_size: 3, padding: 1}",
        "MaxPool1D: {pool_size: 3, strides: 1, padding: 1}",
        "MaxPool1D: {pool_size: 3, strides: 1, padding: 1, ceil_mode: true}",
    ],
)
def test_an_unknown_length_that_a_window_keeps_has_its_name(layer: str) -> None:
    text = "paramcalc: 1\nframework: torch\ndims: {tokens: null}\nlayers:\n  - Input: {shape: [4, tokens]}\n"
    row = pc.count(pc.loads(f"{text}  - {layer}\n")).plain()["layers"][1]
    assert row["output_shape"] == [None, 4, "tokens"]
