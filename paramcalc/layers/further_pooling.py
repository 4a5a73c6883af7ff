"""Layers that pool to a given size, by powers, by a fraction, or that undo a pooling; they learn nothing."""

from typing import ClassVar

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import quoted, refuse
from paramcalc.layers.base.axes import Axes, shape_text
from paramcalc.layers.base.caching import nothing_cached
from paramcalc.layers.base.declaration import Example
from paramcalc.layers.base.fields import Flag, OptionalRatios, Real, field
from paramcalc.layers.base.products import no_products
from paramcalc.layers.base.ranked import Amount, OpenWindow, OptionalWindow, Ranked, Window
from paramcalc.layers.base.reach import SAME, Reach, Sight, divided_span, unsaid, windows
from paramcalc.layers.base.spatial import (
    DataFormat,
    Spatial,
    ceil_mode,
    check_window,
    data_format,
    each_axis,
    pool_size,
    return_indices,
    strides,
    with_indices,
)
from paramcalc.layers.base.windows import output_lengths

_INPUT = Axes("... c", c="channels")
_SIZE = "size of the output along each axis"


# --- To a given size -------------------------------------------------------------------


class _AdaptivePool(Spatial, Ranked):
    inputs = (_INPUT,)
    example = Example({"output_size": 7}, [(8,)])
    products = no_products
    cached = nothing_cached

    output_size: OpenWindow = field("", f"{_SIZE}; null keeps that of the input")

    def output_shape(self, x: Shape) -> Shape:
        sizes = zip(self.output_size, x, strict=False)
        return (*(length if size is None else size for size, length in sizes), x[-1])

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        spans = map(divided_span, x[:-1], self.output_shape(x)[:-1])
        return (tuple(Sight(axis, span) for axis, span in enumerate((*spans, SAME))),)


class _AdaptiveAveragePool(_AdaptivePool):
    """Takes the mean of each of as many windows as the output has positions."""

    source = "keras.layers.AdaptiveAveragePooling{rank}D; torch.nn.AdaptiveAvgPool{rank}d"

    data_format: DataFormat = data_format()


class AdaptiveAveragePool1D(_AdaptiveAveragePool, rank=1):
    output_size: OpenWindow = field("", _SIZE)


class AdaptiveAveragePool2D(_AdaptiveAveragePool, rank=2): ...


class AdaptiveAveragePool3D(_AdaptiveAveragePool, rank=3): ...


class _AdaptiveMaxPool(_AdaptivePool):
    """Takes the largest number of each of as many windows as the output has positions."""

    source = "keras.layers.AdaptiveMaxPooling{rank}D; torch.nn.AdaptiveMaxPool{rank}d"

    return_indices: Flag = return_indices()
    data_format: DataFormat = data_format()

    def outputs(self, x: Shape) -> tuple[Shape, ...]:
        return with_indices(self.output_shape(x), self.return_indices)


class AdaptiveMaxPool1D(_AdaptiveMaxPool, rank=1):
    output_size: OpenWindow = field("", _SIZE)


class AdaptiveMaxPool2D(_AdaptiveMaxPool, rank=2): ...


class AdaptiveMaxPool3D(_AdaptiveMaxPool, rank=3): ...


# --- By powers -------------------------------------------------------------------------


class _LPPool(Spatial, Ranked):
    """Takes the root of the sum of the powers of each window."""

    inputs = (_INPUT,)
    source = "torch.nn.LPPool{rank}d"
    example = Example(inputs=[(8,)])
    products = no_products
    cached = nothing_cached

    norm_type: Real = field("", "the power: 1 gives the sum, 2 the length of the window's numbers as a vector", 2)
    pool_size: Window = pool_size()
    strides: OptionalWindow = strides()
    ceil_mode: Flag = ceil_mode()
    data_format: DataFormat = data_format()

    def output_shape(self, x: Shape) -> Shape:
        ceil = algebra.truth(self.ceil_mode)
        return (*output_lengths(x[:-1], self.pool_size, self.strides, "valid", ceil=ceil), x[-1])

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        return ((*windows(x[:-1], self.pool_size, self.strides, "valid"), Sight(len(x) - 1, SAME)),)


class LPPool1D(_LPPool, rank=1): ...


class LPPool2D(_LPPool, rank=2): ...


class LPPool3D(_LPPool, rank=3):
    def output_shape(self, x: Shape) -> Shape:
        check_window(self.pool_size, x[:-1])
        return super().output_shape(x)


# --- By a fraction ---------------------------------------------------------------------


class _FractionalMaxPool(Spatial, Ranked):
    """Takes the largest number of each of the windows that chance spreads over {input}."""

    inputs = (_INPUT,)
    source = "Graham 2014; torch.nn.FractionalMaxPool{rank}d"
    example = Example({"output_ratio": "2/3"}, [(8,)])
    products = no_products
    cached = nothing_cached
    #: how much longer an axis must be than the last window reaches
    room: ClassVar[int] = 0

    pool_size: Window = pool_size()
    output_size: OptionalWindow = field("", _SIZE, None)
    output_ratio: OptionalRatios = field(
        "", "what share of the input the output is along each axis, as a decimal or as in 2/3", None
    )
    return_indices: Flag = return_indices()
    data_format: DataFormat = data_format()

    def output_shape(self, x: Shape) -> Shape:
        if (self.output_size is None) == (self.output_ratio is None):
            raise refuse("invalid-value", f"{type(self).__name__} takes either 'output_size' or 'output_ratio'")
        return (*map(self._checked, x[:-1], self.pool_size, self._sizes(x[:-1])), x[-1])

    def outputs(self, x: Shape) -> tuple[Shape, ...]:
        return with_indices(self.output_shape(x), self.return_indices)

    def _sizes(self, lengths: Shape) -> Shape:
        if self.output_ratio is None:
            return tuple(self.output_size)
        ratios = each_axis("output_ratio", self.output_ratio, lengths)
        for ratio in ratios:
            if type(ratio) is int or ratio >= 1:
                raise refuse("invalid-value", f"a ratio of the output to the input is below 1, not {ratio}")
        return tuple(map(algebra.scaled, lengths, ratios))

    def _checked(self, length: Number, window: Number, size: Number) -> Number:
        if not algebra.at_least(length - size - window + 1, self.room):
            raise refuse(
                "shape-mismatch",
                f"{quoted(size)} windows of {quoted(window)} that begin at different positions do not fit"
                f" into {quoted(length)}",
            )
        return size

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        drawn = "where its windows lie is drawn anew each time"
        return ((*(unsaid(drawn, axis) for axis in range(len(x) - 1)), Sight(len(x) - 1, SAME)),)


class FractionalMaxPool2D(_FractionalMaxPool, rank=2): ...


class FractionalMaxPool3D(_FractionalMaxPool, rank=3):
    # the check in ATen's FractionalMaxPool3d is stricter than that of two axes
    room = 1


# --- The way back ----------------------------------------------------------------------


class _MaxUnpool(Spatial, Ranked):
    """Puts the numbers of a MaxPool{rank}D back where they stood, and zeros elsewhere."""

    inputs = (_INPUT, _INPUT)
    source = "torch.nn.MaxUnpool{rank}d"
    example = Example(inputs=[(8,), (8,)])
    products = no_products
    cached = nothing_cached

    pool_size: Window = pool_size()
    strides: OptionalWindow = strides()
    padding: Amount = field("", "how many positions the pooling had added on each side", 0)
    data_format: DataFormat = data_format()

    def output_shape(self, x: Shape, indices: Shape) -> Shape:
        if not all(map(algebra.equal, x, indices)):
            raise refuse(
                "shape-mismatch", f"the positions of {shape_text(x)} have its shape, and not {shape_text(indices)}"
            )
        axes = zip(x, self.pool_size, self.strides, self.padding, strict=False)
        return (*((length - 1) * stride - 2 * pad + window for length, window, stride, pad in axes), x[-1])

    def reach(self, x: Shape, indices: Shape) -> tuple[Reach, ...]:
        # it may be anywhere along each of them
        places = (unsaid("where its numbers go depends on the positions that it is given"),) * (len(x) - 1)
        return ((*places, Sight(len(x) - 1, SAME)),) * 2


class MaxUnpool1D(_MaxUnpool, rank=1): ...


class MaxUnpool2D(_MaxUnpool, rank=2): ...


class MaxUnpool3D(_MaxUnpool, rank=3): ...
