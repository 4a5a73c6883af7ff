"""How far a window slides: the output lengths of convolutions and poolings."""

from __future__ import annotations

from typing import Any

from paramcalc import algebra
from paramcalc.algebra import Number, Shape


def output_lengths(lengths: Shape, window: Shape, strides: Shape, padding: Any, dilation: Shape = ()) -> Shape:
    """The number of places that a window takes along each axis.

    `padding` is `valid` (none), `same` or `causal` (as much as keeps the length at stride 1), or
    what is added on each side of each axis. Source: the Keras guide "Conv2D layer", and the
    section Shape of torch.nn.Conv2d.
    """
    pads = padding if isinstance(padding, tuple) else (padding,) * len(lengths)
    axes = zip(lengths, window, strides, dilation or (1,) * len(lengths), pads, strict=True)
    return tuple(_output_length(*axis) for axis in axes)


def _output_length(length: Number, window: Number, stride: Number, dilation: Number, pad: Any) -> Number:
    if pad in ("same", "causal"):
        return algebra.ceil_divide(length, stride)
    added = 0 if pad == "valid" else 2 * pad
    reach = dilation * (window - 1) + 1
    return algebra.floor_divide(length + added - reach, stride) + 1
