"""How far a window slides: the output lengths of convolutions and poolings."""

from __future__ import annotations

from typing import Any

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import refuse


def output_lengths(
    lengths: Shape, window: Shape, strides: Shape, padding: Any, dilation: Shape = (), ceil: bool = False
) -> Shape:
    """Give the number of positions that a window takes along each axis.

    `padding` is `valid` (none), `same` or `causal` (as much as keeps the length at stride 1), or
    what is added on each side of each axis. With `ceil`, a last window may reach beyond the end, if
    it does not begin there. Source: the Keras guide "Conv2D layer", and the section Shape of
    torch.nn.Conv2d and torch.nn.MaxPool2d.
    """
    pads = _each(padding, len(lengths))
    axes = zip(lengths, window, strides, dilation or (1,) * len(lengths), pads, strict=True)
    return tuple(_output_length(*axis, ceil) for axis in axes)


def padding_amounts(
    lengths: Shape, window: Shape, strides: Shape, padding: Any, dilation: Shape = ()
) -> tuple[tuple[Number, Number], ...]:
    """Give what a padding adds before and behind each axis.

    `padding` is as in `output_lengths`. With `same`, an odd number adds one more behind. Raises `Undecided` where it
    depends on an unknown length.
    """
    pads = _each(padding, len(lengths))
    axes = zip(lengths, window, strides, dilation or (1,) * len(lengths), pads, strict=True)
    return tuple(_padding_amount(*axis) for axis in axes)


def transposed_lengths(
    lengths: Shape, window: Shape, strides: Shape, padding: Any, dilation: Shape, output_padding: Any
) -> Shape:
    """Tell how far windows reach along each axis, when one is put down at each position of the input.

    `padding` is `valid` (nothing is taken away), `same` (half of the window from each side), or what is
    taken from each side of each axis. `output_padding` is added at the end. Where it is None, it is
    as much as fills the last stride (`valid`), as much as makes the output the input's length times
    the stride (`same`), or nothing. Raises `invalid-value` for one that neither stride nor dilation
    exceeds. Source: `compute_conv_transpose_output_shape` of Keras 3, and the section Shape of
    torch.nn.ConvTranspose2d.
    """
    pads, added = (_each(each, len(lengths)) for each in (padding, output_padding))
    axes = zip(lengths, window, strides, dilation, pads, added, strict=True)
    return tuple(_transposed_length(*axis) for axis in axes)


def _each(value: Any, rank: int) -> Any:
    """Give a value for each axis."""
    return value if isinstance(value, tuple) else (value,) * rank


def _reach(window: Number, dilation: Number) -> Number:
    """Give the length that a window covers, with the gaps between its elements."""
    return dilation * (window - 1) + 1


def _padding_amount(
    length: Number, window: Number, stride: Number, dilation: Number, pad: Any
) -> tuple[Number, Number]:
    word, beyond = _word(pad), _reach(window, dilation) - 1
    if word is None:
        return pad, pad
    if word == "valid":
        return 0, 0
    if word == "causal":
        return beyond, 0
    if not (type(stride) is int and stride == 1):
        last = (algebra.ceil_divide(length, stride) - 1) * stride
        beyond = algebra.largest((0, last + beyond + 1 - length))
    before = algebra.floor_divide(beyond, 2)
    return before, beyond - before


def _output_length(length: Number, window: Number, stride: Number, dilation: Number, pad: Any, ceil: bool) -> Number:
    word = _word(pad)
    if word in ("same", "causal"):
        return algebra.ceil_divide(length, stride)
    before = 0 if word == "valid" else pad
    less = _reach(window, dilation) - 2 * before
    if type(stride) is int and stride == 1:
        # of an unknown length as well, the output is that length where nothing is taken away
        return length + (algebra.lesser(1 - less, before) if ceil else 1 - less)
    room = length - less
    if not ceil:
        return algebra.floor_divide(room, stride) + 1
    return algebra.lesser(
        algebra.ceil_divide(room, stride) + 1,
        algebra.ceil_divide(length + before, stride),
    )


def _transposed_length(
    length: Number, window: Number, stride: Number, dilation: Number, pad: Any, added: Any
) -> Number:
    word, reach = _word(pad), _reach(window, dilation)
    if added is not None:
        _check_output_padding(added, stride, dilation)
    elif word == "same":
        return length * stride
    else:
        added = algebra.largest((stride - reach, 0)) if word == "valid" else 0
    half = algebra.floor_divide(reach, 2) if word == "same" else 0 if word == "valid" else pad
    return length * stride + (reach - stride - 2 * half + added)


def _word(pad: Any) -> str | None:
    """Give a padding that is a word; an array of numbers has no single truth to compare by."""
    return pad if isinstance(pad, str) else None


def _check_output_padding(added: Number, stride: Number, dilation: Number) -> None:
    most = algebra.largest((stride, dilation)) - 1
    if not algebra.at_least(most - added, 0):
        raise refuse(
            "invalid-value",
            f"'output_padding' must be less than the stride or the dilation of its axis: {most} at most, not {added}",
        )
