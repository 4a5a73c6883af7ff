"""Layers that pool by a factor that is no whole number; they learn nothing."""

from typing import TYPE_CHECKING, Any, ClassVar

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import quoted, refuse
from paramcalc.layers.base.fields import (
    Flag,
    OptionalRatios,
    OptionalWindow2D,
    OptionalWindow3D,
    Window2D,
    Window3D,
    field,
)
from paramcalc.layers.base.spatial import (
    IMAGE,
    VOLUME,
    DataFormat,
    Spatial,
    data_format,
    each_axis,
    pool_size,
    return_indices,
    with_indices,
)

_SIZE = "size of the output along each axis"
_RATIO = "what share of the input the output is along each axis, as a decimal or as in 2/3"


class _FractionalPooling(Spatial):
    #: how much longer an axis must be than the last window reaches
    room: ClassVar[int] = 0

    if TYPE_CHECKING:
        pool_size: Any
        output_size: Any
        output_ratio: Any
        return_indices: Any

    def output_shape(self, x: Shape) -> Shape:
        if (self.output_size is None) == (self.output_ratio is None):
            raise refuse("invalid-value", f"{type(self).__name__} takes either 'output_size' or 'output_ratio'")
        return (*map(self._checked, x[:-1], self.pool_size, self._sizes(x[:-1])), x[-1])

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
                f"{quoted(size)} windows of {quoted(window)} that begin at different places do not fit"
                f" into {quoted(length)}",
            )
        return size

    def outputs(self, x: Shape) -> tuple[Shape, ...]:
        return with_indices(self.output_shape(x), self.return_indices)


class FractionalMaxPool2D(_FractionalPooling):
    """Takes the largest number of each of the windows that chance spreads over the image."""

    inputs = (IMAGE,)
    source = "Graham 2014; torch.nn.FractionalMaxPool2d"

    pool_size: Window2D = pool_size(2)
    output_size: OptionalWindow2D = field("", _SIZE, None)
    output_ratio: OptionalRatios = field("", _RATIO, None)
    return_indices: Flag = return_indices()
    data_format: DataFormat = data_format()


class FractionalMaxPool3D(_FractionalPooling):
    """Takes the largest number of each of the windows that chance spreads over the volume."""

    inputs = (VOLUME,)
    # the check in ATen's FractionalMaxPool3d is stricter than that of two axes
    room = 1
    source = "Graham 2014; torch.nn.FractionalMaxPool3d"

    pool_size: Window3D = pool_size(3)
    output_size: OptionalWindow3D = field("", _SIZE, None)
    output_ratio: OptionalRatios = field("", _RATIO, None)
    return_indices: Flag = return_indices()
    data_format: DataFormat = data_format()
