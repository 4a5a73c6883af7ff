"""The axes of an input, and where its channels are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import ParamcalcError, refuse
from paramcalc.core.expression import axes_hint, axes_text


class Axes:
    """The axes of one input of a layer type: `Axes("... c", c="features")`.

    The names are the symbols that derivations use; each has its meaning. `...` stands for
    any number of axes. The batch is left out.
    """

    def __init__(self, pattern: str, optional: bool = False, **meanings: str) -> None:
        before, dots, behind = pattern.partition("...")
        self.leading = tuple(before.split())
        self.names = (*self.leading, *behind.split())
        self.open = bool(dots)
        self.optional = optional
        self.meanings = meanings

    def symbols(self, rank: int) -> tuple[str, ...]:
        """Give a name to each axis of an input with this many; those under `...` are numbered."""
        numbered = (f"n_{index + 1}" for index in range(rank - len(self.names)))
        return (*self.leading, *numbered, *self.names[len(self.leading) :])

    def symbols_at(self, rank: int, channel_axis: int) -> tuple[str, ...]:
        """Give the same names in the order of an input that has its channels at another axis."""
        names = self.symbols(rank)
        if channel_axis == -1:
            return names
        position = axis_position(channel_axis, rank)
        return (*names[:-1][:position], names[-1], *names[:-1][position:])

    def check(self, shape: Shape) -> None:
        """Refuse a shape with too few or too many axes: `shape-mismatch`."""
        if len(shape) == len(self.names) or (self.open and len(shape) > len(self.names)):
            return
        takes = " ".join((*self.leading, *(["…"] if self.open else []), *self.names[len(self.leading) :]))
        fewest = f"{len(self.names)} or more" if self.open else str(len(self.names))
        axes = "axis" if fewest == "1" else "axes"
        raise refuse(
            "shape-mismatch",
            f"takes an input of {fewest} {axes} beside the batch ({takes}), not {shape_text(shape)}",
        )


def shape_text(shape: Iterable[Number]) -> str:
    """Write a shape as people do; the batch leads as None."""
    return "(None" + "".join(f", {size!r}" if type(size) is int else f", {size}" for size in shape) + ")"


def sizes_text(shape: Shape) -> str:
    """Write the shape of a tensor."""
    return "(" + ", ".join(str(size) for size in shape) + ")"


def without_steps(shape: Shape) -> str:
    """Say what to do where a shape is not that of a sequence, with one axis of features for each step."""
    if len(shape) > 1:
        return "TimeDistributed: {layer: Flatten} before it makes one axis of each step"
    return (
        "a recurrent layer before it gives every step with return_sequences: true;"
        f" Reshape: {{target_shape: [1, {shape[-1] if shape else 1}]}} makes one step of features"
    )


def together(shapes: Sequence[Shape]) -> Shape:
    """Give the shape of several inputs element by element, axes of size 1 repeated. Raises `shape-mismatch`."""
    try:
        return algebra.broadcast_shapes(shapes)
    except ParamcalcError as error:
        problem = error.problems[0]
        hint = (
            "inputs of other sizes: Concatenate joins them; a Dense before one of them gives it the size of the other"
        )
        raise refuse(problem.code, problem.message, problem.hint or hint) from None


def channels_last(shape: Shape, axis: int) -> Shape:
    """Move the channels, which are at this axis, to the end."""
    position = axis_position(axis, len(shape))
    return (*shape[:position], *shape[position + 1 :], shape[position])


def channels_at(shape: Shape, axis: int) -> Shape:
    """Move the channels from the end to this axis."""
    position = axis - 1 if axis > 0 else len(shape) + axis
    return (*shape[:-1][:position], shape[-1], *shape[:-1][position:])


def axis_position(axis: int, rank: int) -> int:
    """Give the position, in a shape without its batch, of an axis that counts the batch as 0.

    Raises `invalid-value` for the batch itself and for an axis that is not there.
    """
    if axis == 0 or not -rank <= axis <= rank:
        raise refuse(
            "invalid-value",
            f"there is no axis {axis} in a shape of {axes_text(rank)}",
            axes_hint(rank),
        )
    return axis - 1 if axis > 0 else rank + axis
