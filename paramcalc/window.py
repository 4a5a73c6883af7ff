"""How far a window slides: the output lengths of convolutions and poolings."""

from __future__ import annotations

from typing import Any

from paramcalc import algebra
from paramcalc.algebra import Number, Shape


def output_lengths(
    lengths: Shape, window: Shape, strides: Shape, padding: Any, dilation: Shape = (), ceil: bool = False
) -> Shape:
    """The number of places that a window takes along each axis.

    `padding` is `valid` (none), `same` or `causal` (as much as keeps the length at stride 1), or
    what is added on each side of each axis. With `ceil`, a last window may reach beyond the end, if
    it does not begin there. Source: the Keras guide "Conv2D layer", and the section Shape of
    torch.nn.Conv2d and torch.nn.MaxPool2d.
    """
    pads = padding if isinstance(padding, tuple) else (padding,) * len(lengths)
    axes = zip(lengths, window, strides, dilation or (1,) * len(lengths), pads, strict=True)
    return tuple(_output_length(*axis, ceil) for axis in axes)


def _output_length(length: Number, window: Number, stride: Number, dilation: Number, pad: Any, ceil: bool) -> Number:
    if pad in ("same", "causal"):
        return algebra.ceil_divide(length, stride)
    before = 0 if pad == "valid" else pad
    reach = dilation * (window - 1) + 1
    room = length + 2 * before - reach
    if not ceil:
        return algebra.floor_divide(room, stride) + 1
    return algebra.lesser(
        algebra.ceil_divide(room, stride) + 1,
        algebra.ceil_divide(length + before, stride),
    )
