from __future__ import annotations

from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import ACTIVATIONS, FLAG, SMALL, Case, divisors, some
from .windows import laid_out, numbers, one_or_each, steps


@st.composite
def _transposed(draw: DrawFn, framework: str, kind: str, rank: int) -> Case:
    strides, dilation = steps(draw, rank, together=framework == "torch")
    window = numbers(draw, rank, 1, 4)
    reach = [step * (size - 1) + 1 for size, step in zip(window, dilation, strict=True)]
    fields: dict[str, Any] = {"kernel_size": one_or_each(draw, window)}
    added = [0] * rank
    if draw(FLAG):
        # Keras wants less than the stride, PyTorch less than that or the dilation
        most = strides if framework == "keras" else [max(pair) for pair in zip(strides, dilation, strict=True)]
        added = [draw(st.integers(0, each - 1)) for each in most]
        fields["output_padding"] = one_or_each(draw, added)
    pads = [0] * rank
    if framework == "keras":
        fields |= some(draw, padding=st.sampled_from(["valid", "same"]))
    elif draw(FLAG):
        pads = numbers(draw, rank, 0, 2)
        fields["padding"] = one_or_each(draw, pads)
    if fields.get("padding") == "same" and "output_padding" in fields:
        pads = [size // 2 for size in reach]
    # as many places as make an output of at least one
    fewest = [
        max(1, -((size - 2 * pad + extra - 1) // stride) + 1)
        for size, pad, extra, stride in zip(reach, pads, added, strides, strict=True)
    ]
    channels = draw(SMALL)
    layout, shape = laid_out(draw, framework, tuple(draw(st.integers(each, each + 3)) for each in fewest), channels)
    groups = draw(divisors(channels)) if framework == "torch" else 1
    if max(strides) > 1 or draw(FLAG):
        fields["strides"] = one_or_each(draw, strides)
    if max(dilation) > 1 or draw(FLAG):
        fields["dilation_rate"] = one_or_each(draw, dilation)
    layer = pc.kind(kind)(
        filters=groups * draw(st.integers(1, 3)),
        **fields,
        **({"groups": groups} if groups > 1 or draw(FLAG) else {}),
        **some(draw, use_bias=FLAG, activation=ACTIVATIONS),
        **layout,
    )
    return Case(layer, (shape,), framework)


CASES = {
    "Conv1DTranspose": partial(_transposed, kind="Conv1DTranspose", rank=1),
    "Conv2DTranspose": partial(_transposed, kind="Conv2DTranspose", rank=2),
    "Conv3DTranspose": partial(_transposed, kind="Conv3DTranspose", rank=3),
}


def channels_first_or_dilated(case: Case) -> bool:
    """TensorFlow has neither for a transposed convolution on a CPU."""
    return case.layer.data_format == "channels_first" or max(case.layer.dilation_rate) > 1


def same_that_loses_a_place(case: Case) -> bool:
    """Half of an even window taken from each side, and nothing added: TensorFlow finds a place too few."""
    layer = case.layer
    return (
        layer.padding == "same"
        and layer.output_padding is not None
        and any(
            size % 2 == 0 and added == 0 for size, added in zip(layer.kernel_size, layer.output_padding, strict=True)
        )
    )


UNRUN = (channels_first_or_dilated, same_that_loses_a_place)
