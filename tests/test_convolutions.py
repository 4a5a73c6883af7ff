"""Convolutions of every form, without a framework: their forms, their lengths, what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy

import paramcalc as pc
from paramcalc.core import algebra
from paramcalc.layers.base.windows import output_lengths, transposed_lengths


def test_a_padding_that_is_an_array_is_taken_point_by_point() -> None:
    text = "paramcalc: 1\ndims: {p: 1}\nlayers:\n  - Input: {shape: [9, 9, 3]}\n"
    spec = pc.loads(text + "  - Conv2D: {filters: 4, kernel_size: 3, padding: [p, p]}\n")
    heights = pc.count(spec, dims={"p": np.array([0, 1, 2])}).layers[-1].output_shape[0]
    assert list(heights) == [7, 9, 11]


def test_lengths_in_symbols() -> None:
    length = sympy.Symbol("t", integer=True, positive=True)
    assert transposed_lengths((length,), (3,), (2,), "valid", (1,), None) == (2 * length + 1,)
    assert transposed_lengths((algebra.Unknown("t"),), (3,), (2,), "same", (1,), None) == (algebra.Unknown(),)


@pytest.mark.parametrize("padding", ["same", "causal"])
def test_an_unknown_length_that_is_kept_keeps_its_name(padding: str) -> None:
    length = algebra.Unknown("t")
    assert output_lengths((length,), (3,), (1,), padding) == (length,)
    assert output_lengths((length,), (3,), (2,), padding) == (algebra.Unknown(),)


#: The elements of each tensor by hand: what a window holds, times how many there are of it.
COUNTS: list[tuple[pc.Layer, tuple[int, ...], int]] = [
    (pc.Conv1D(filters=6, kernel_size=5), (20, 4), 5 * 4 * 6 + 6),
    (pc.Conv1D(filters=6, kernel_size=5, groups=2, use_bias=False), (20, 4), 5 * 2 * 6),
    (pc.Conv3D(filters=6, kernel_size=(1, 2, 3)), (9, 9, 9, 4), 1 * 2 * 3 * 4 * 6 + 6),
    (pc.Conv2DTranspose(filters=6, kernel_size=5, groups=2), (9, 9, 4), 5 * 5 * 4 * 3 + 6),
    (pc.DepthwiseConv2D(kernel_size=3, depth_multiplier=2), (9, 9, 4), 3 * 3 * 4 * 2 + 4 * 2),
    (pc.SeparableConv2D(filters=6, kernel_size=3, depth_multiplier=2), (9, 9, 4), 3 * 3 * 4 * 2 + 4 * 2 * 6 + 6),
    (pc.Conv2D(filters=6, kernel_size=3, lora_rank=2), (9, 9, 4), 3 * 3 * 4 * 6 + 6 + (3 * 3 * 4 + 6) * 2),
    (pc.Unfold(kernel_size=3), (9, 9, 4), 0),
]


@pytest.mark.parametrize("convention", ["keras", "torch"])
@pytest.mark.parametrize(("layer", "shape", "total"), COUNTS, ids=lambda value: type(value).__name__)
def test_the_count_is_what_one_adds_up_by_hand(
    layer: pc.Layer, shape: tuple[int, ...], total: int, convention: str
) -> None:
    assert pc.count(layer, convention, input_shape=shape).total == total


def test_the_kernel_that_a_low_rank_update_replaces_is_not_trained() -> None:
    count = pc.count(pc.Conv2D(filters=6, kernel_size=3, lora_rank=2), input_shape=(9, 9, 4))
    assert count.non_trainable == 3 * 3 * 4 * 6


def test_windows_unfolded_and_folded_again_have_the_shape_they_had() -> None:
    fields: dict[str, Any] = {"kernel_size": (3, 2), "strides": 2, "padding": (1, 0), "dilation_rate": (1, 3)}
    image = (9, 8, 4)
    rows = pc.count(pc.Unfold(**fields), input_shape=image).layers[-1].output_shape
    # 1 + (9 + 2·1 - 3) / 2 = 5 by 1 + (8 - 4) / 2 = 3 windows, of 3 · 2 pixels and 4 channels each
    assert rows == (5 * 3, 3 * 2 * 4)
    assert pc.count(pc.Fold(output_size=(9, 8), **fields), input_shape=rows).layers[-1].output_shape == image


#: What is refused: the layer, its input, and the message.
REFUSED: list[tuple[pc.Layer, tuple[int, ...], str, str]] = [
    (
        pc.Conv2DTranspose(filters=4, kernel_size=3, strides=2, output_padding=2),
        (9, 9, 4),
        "invalid-value",
        "'output_padding' must be less than the stride or the dilation of its axis: 1 at most, not 2",
    ),
    (
        pc.Conv2DTranspose(filters=3, kernel_size=3, groups=2),
        (9, 9, 4),
        "inexact-division",
        "3 / 2 leaves a remainder: the groups must divide the filters",
    ),
    (
        pc.Conv1DTranspose(filters=3, kernel_size=3, groups=3),
        (9, 4),
        "inexact-division",
        "4 / 3 leaves a remainder: the groups must divide the channels",
    ),
    (
        pc.Conv1DTranspose(filters=3, kernel_size=1, padding=[2]),
        (4, 4),
        "empty-output",
        "Conv1DTranspose of (None, 4, 4) would have the output (None, 0, 3)",
    ),
    (
        pc.DepthwiseConv1D(kernel_size=5),
        (4, 4),
        "empty-output",
        "DepthwiseConv1D of (None, 4, 4) would have the output (None, 0, 4)",
    ),
    (pc.Unfold(kernel_size=3), (1, 2, 4), "empty-output", "no window fits in an image of 1 by 2"),
    (pc.Fold(kernel_size=3, output_size=2), (1, 36), "empty-output", "no window fits in an image of 2 by 2"),
    (
        pc.Fold(kernel_size=3, output_size=4),
        (5, 36),
        "shape-mismatch",
        "an image of this size has 4 windows, and the input 5",
    ),
    (
        pc.Fold(kernel_size=3, output_size=4),
        (4, 35),
        "inexact-division",
        "35 / 9 leaves a remainder: a window has the same number of pixels in each channel",
    ),
]


@pytest.mark.parametrize(("layer", "shape", "code", "message"), REFUSED)
def test_what_is_refused(layer: pc.Layer, shape: tuple[int, ...], code: str, message: str) -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.count(layer, input_shape=shape)
    (problem,) = caught.value.problems
    assert (problem.code, problem.message) == (code, message)


def test_a_window_over_one_axis_takes_one_number() -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.Conv1D(filters=3, kernel_size=[3, 3])
    assert caught.value.problems[0].message == "'kernel_size' of Conv1D takes one number or 1, not 2"
