"""Layers that make one number of many; they learn nothing."""

from typing import Literal

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import refuse
from paramcalc.layers.base.declaration import Layer, axis_position
from paramcalc.layers.base.fields import Flag, OptionalAxis, field


class Reduce(Layer):
    """One number of all that stand along some axes, such as their sum or the largest of them."""

    source = "keras.ops.sum, keras.ops.mean and their kin; torch.sum, torch.mean and their kin"

    function: Literal[
        "sum", "mean", "max", "min", "prod", "std", "var", "median", "logsumexp", "norm", "any", "all", "argmax",
        "argmin", "count_nonzero",
    ] = field("", "what is made of the numbers")  # fmt: skip
    axis: OptionalAxis = field("", "the axis or axes, the batch counted as 0; all but the batch, if absent", None)
    keepdims: Flag = field("", "whether the axes stay, with size 1", False)

    def output_shape(self, x: Shape) -> Shape:
        gone = self._positions(len(x))
        if algebra.truth(self.keepdims):
            return tuple(1 if place in gone else size for place, size in enumerate(x))
        return tuple(size for place, size in enumerate(x) if place not in gone)

    def _positions(self, rank: int) -> set[int]:
        if self.axis is None:
            return {*range(rank)}
        axes = self.axis if isinstance(self.axis, tuple) else (self.axis,)
        positions = {axis_position(axis, rank) for axis in axes}
        if not 0 < len(axes) == len(positions):
            raise refuse("invalid-value", f"'axis' of Reduce is one or more axes, each named once, not {[*axes]}")
        return positions
