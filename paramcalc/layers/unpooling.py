"""Layers that put pooled numbers back where they stood; they learn nothing."""

from typing import TYPE_CHECKING, Any

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import refuse
from paramcalc.layers.base.declaration import shape_text
from paramcalc.layers.base.fields import (
    Amount1D,
    Amount2D,
    Amount3D,
    OptionalWindow1D,
    OptionalWindow2D,
    OptionalWindow3D,
    Window1D,
    Window2D,
    Window3D,
    field,
)
from paramcalc.layers.base.spatial import IMAGE, STEPS, VOLUME, DataFormat, Spatial, data_format, pool_size, strides

_PADDING = "how many places the pooling had added on each side"


class _Unpooling(Spatial):
    if TYPE_CHECKING:
        pool_size: Any
        strides: Any
        padding: Any

    def output_shape(self, x: Shape, indices: Shape) -> Shape:
        if not all(map(algebra.equal, x, indices)):
            raise refuse(
                "shape-mismatch", f"the places of {shape_text(x)} have its shape, and not {shape_text(indices)}"
            )
        axes = zip(x, self.pool_size, self.strides, self.padding, strict=False)
        return (*((length - 1) * stride - 2 * pad + window for length, window, stride, pad in axes), x[-1])


class MaxUnpool1D(_Unpooling):
    """Puts the numbers of a MaxPool1D back where they stood, and zeros elsewhere."""

    inputs = (STEPS, STEPS)
    source = "torch.nn.MaxUnpool1d"

    pool_size: Window1D = pool_size(1)
    strides: OptionalWindow1D = strides()
    padding: Amount1D = field("", _PADDING, (0,))
    data_format: DataFormat = data_format()


class MaxUnpool2D(_Unpooling):
    """Puts the numbers of a MaxPool2D back where they stood, and zeros elsewhere."""

    inputs = (IMAGE, IMAGE)
    source = "torch.nn.MaxUnpool2d"

    pool_size: Window2D = pool_size(2)
    strides: OptionalWindow2D = strides()
    padding: Amount2D = field("", _PADDING, (0, 0))
    data_format: DataFormat = data_format()


class MaxUnpool3D(_Unpooling):
    """Puts the numbers of a MaxPool3D back where they stood, and zeros elsewhere."""

    inputs = (VOLUME, VOLUME)
    source = "torch.nn.MaxUnpool3d"

    pool_size: Window3D = pool_size(3)
    strides: OptionalWindow3D = strides()
    padding: Amount3D = field("", _PADDING, (0, 0, 0))
    data_format: DataFormat = data_format()
