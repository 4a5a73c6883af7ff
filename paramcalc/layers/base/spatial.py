"""Layers over one, two or three axes of places, and one of channels: what their kinds share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import quoted, refuse
from paramcalc.layers.base.declaration import Axes, Layer
from paramcalc.layers.base.fields import Flag, field
from paramcalc.layers.base.windows import output_lengths

#: The input of a layer over one, two or three axes.
STEPS = Axes("t c", t="steps", c="channels")
IMAGE = Axes("h w c", h="height", w="width", c="channels")
VOLUME = Axes("d h w c", d="depth", h="height", w="width", c="channels")

DataFormat: TypeAlias = Literal["channels_last", "channels_first"]


def data_format() -> Any:
    """The field that says where the channels are."""
    return field("", "where the channels are", "channels_last")


def pool_size(rank: int) -> Any:
    """The field of a window over so many axes."""
    return field("", "size of the window along each axis", (2,) * rank)


def strides() -> Any:
    """The field that says how far the window moves."""
    return field("", "how far the window moves; its own size, if absent", None, "pool_size")


def padding() -> Any:
    """The field that says what is added around the input."""
    return field("", "valid, same, or how many places are added on each side", "valid")


def dilation_rate(rank: int) -> Any:
    """The field of the distance between the elements of a window."""
    return field("", "how far apart the elements of the window are", (1,) * rank)


def ceil_mode() -> Any:
    """The field that says how the number of windows is rounded."""
    return field("", "whether a last window may reach beyond the end", False)


def return_indices() -> Any:
    """The field for a second output."""
    return field("", "whether a second output says where each number stood", False)


class Spatial(Layer):
    """A layer whose channels may be its first axis or its last."""

    if TYPE_CHECKING:
        # each kind declares its fields itself, in the order that a reader wants
        data_format: DataFormat

    @property
    def channel_axis(self) -> int:
        """The axis that holds the channels, the batch counted as 0."""
        return 1 if self.data_format == "channels_first" else -1


class Pooling(Spatial):
    """A window that slides, and gives one number at each of its places."""

    if TYPE_CHECKING:
        pool_size: Any
        strides: Any
        padding: Any
        ceil_mode: Any

    def output_shape(self, x: Shape) -> Shape:
        """The number of places along each axis, and the channels."""
        return self.pooled(x, self.padding)

    def pooled(self, x: Shape, padding: Any, dilation: Shape = ()) -> Shape:
        """The shape of the output with this padding, and the elements of the window so far apart."""
        check_padding(self.pool_size, padding)
        ceil = algebra.truth(self.ceil_mode)
        return (*output_lengths(x[:-1], self.pool_size, self.strides, padding, dilation, ceil), x[-1])


class MaxPooling(Pooling):
    """A window that may be dilated, and may say where its largest number stood."""

    if TYPE_CHECKING:
        dilation_rate: Any
        return_indices: Any

    def output_shape(self, x: Shape) -> Shape:
        """The number of places along each axis, and the channels."""
        return self.pooled(x, self.padding, self.dilation_rate)

    def outputs(self, x: Shape) -> tuple[Shape, ...]:
        """The largest numbers, and if they are asked for, their places."""
        return with_indices(self.output_shape(x), self.return_indices)


class GlobalPooling(Spatial):
    """One number a channel, of all places."""

    keepdims: Flag = field("", "whether the other axes stay, with size 1", False)
    data_format: DataFormat = data_format()

    def output_shape(self, x: Shape) -> Shape:
        """The channels; before them, if they stay, axes of size 1."""
        return (*(1 for _ in x[:-1]), x[-1]) if algebra.truth(self.keepdims) else (x[-1],)


def with_indices(shape: Shape, return_indices: Any) -> tuple[Shape, ...]:
    """One output, or two of its shape."""
    return (shape, shape) if algebra.truth(return_indices) else (shape,)


def each_axis(name: str, value: Any, lengths: Shape) -> tuple[Any, ...]:
    """The value of a field for each axis, of one for all or one each. Raises `invalid-value`."""
    if not isinstance(value, tuple):
        return (value,) * len(lengths)
    if len(value) != len(lengths):
        raise refuse("invalid-value", f"'{name}' takes one number or {len(lengths)}, not {len(value)}")
    return value


def check_padding(window: Shape, padding: Any) -> None:
    """Refuse what would put a window where there is nothing: `invalid-value`.

    Source: torch.nn.MaxPool2d, "padded by at most half of the kernel".
    """
    for size, pad in zip(window, padding, strict=True) if isinstance(padding, tuple) else ():
        if not algebra.at_least(size - 2 * pad, 0):
            raise refuse(
                "invalid-value",
                f"a padding of {quoted(pad)} is more than half of a window of {quoted(size)}",
                "a layer that pads, before this one, may add more",
            )


def check_window(window: Shape, lengths: Shape) -> None:
    """Refuse a window that is larger than the input: `shape-mismatch`."""
    for size, length in zip(window, lengths, strict=True):
        if not algebra.at_least(length - size, 0):
            raise refuse("shape-mismatch", f"a window of {quoted(size)} does not fit into {quoted(length)}")
