"""What layer types over axes of positions and one of channels share."""

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import quoted, refuse
from paramcalc.layers.base.declaration import Layer
from paramcalc.layers.base.fields import field

DataFormat: TypeAlias = Literal["channels_last", "channels_first"]


def data_format() -> Any:
    """Declare the field that says where the channels are."""
    return field("", "where the channels are", "channels_last")


def pool_size() -> Any:
    """Declare the field of the window of a pooling."""
    return field("", "size of the window along each axis", 2)


def strides() -> Any:
    """Declare the field that says how far the window of a pooling moves."""
    return field("", "how far the window moves; its own size, if absent", None, "pool_size")


def ceil_mode() -> Any:
    """Declare the field that says how the number of windows is rounded."""
    return field("", "whether a last window may reach beyond the end", False)


def return_indices() -> Any:
    """Declare the field for a second output."""
    return field("", "whether a second output says where each number stood", False)


class Spatial(Layer):
    """A layer whose channels may be its first axis or its last."""

    layout = "data_format"

    if TYPE_CHECKING:
        # each layer type declares its fields itself, in the order that a reader wants
        data_format: DataFormat


def with_indices(shape: Shape, return_indices: Any) -> tuple[Shape, ...]:
    """Give one output, or two of its shape."""
    return (shape, shape) if algebra.truth(return_indices) else (shape,)


def each_axis(name: str, value: Any, lengths: Shape) -> tuple[Any, ...]:
    """Give the value of a field for each axis, of one for all or one each. Raises `invalid-value`."""
    if not isinstance(value, tuple):
        return (value,) * len(lengths)
    if len(value) != len(lengths):
        raise refuse("invalid-value", f"'{name}' takes one number or {len(lengths)}, not {len(value)}")
    return value


def check_window(window: Shape, lengths: Shape) -> None:
    """Refuse a window that is larger than the input: `shape-mismatch`."""
    for size, length in zip(window, lengths, strict=True):
        if not algebra.at_least(length - size, 0):
            raise refuse("shape-mismatch", f"a window of {quoted(size)} does not fit into {quoted(length)}")
