"""Layers that take from each window the root of a sum of powers; they learn nothing."""

from paramcalc.core.algebra import Shape
from paramcalc.layers.base.fields import (
    Flag,
    OptionalWindow1D,
    OptionalWindow2D,
    OptionalWindow3D,
    Real,
    Window1D,
    Window2D,
    Window3D,
    field,
)
from paramcalc.layers.base.spatial import (
    IMAGE,
    STEPS,
    VOLUME,
    DataFormat,
    Pooling,
    ceil_mode,
    check_window,
    data_format,
    pool_size,
    strides,
)

_NORM_TYPE = "the power: 1 gives the sum, 2 the length of the window's numbers as a vector"


class _PowerPooling(Pooling):
    def output_shape(self, x: Shape) -> Shape:
        return self.pooled(x, "valid")


class LPPool1D(_PowerPooling):
    """Takes the root of the sum of the powers of each window."""

    inputs = (STEPS,)
    source = "torch.nn.LPPool1d"

    norm_type: Real = field("", _NORM_TYPE, 2)
    pool_size: Window1D = pool_size(1)
    strides: OptionalWindow1D = strides()
    ceil_mode: Flag = ceil_mode()
    data_format: DataFormat = data_format()


class LPPool2D(_PowerPooling):
    """Takes the root of the sum of the powers of each window."""

    inputs = (IMAGE,)
    source = "torch.nn.LPPool2d"

    norm_type: Real = field("", _NORM_TYPE, 2)
    pool_size: Window2D = pool_size(2)
    strides: OptionalWindow2D = strides()
    ceil_mode: Flag = ceil_mode()
    data_format: DataFormat = data_format()


class LPPool3D(_PowerPooling):
    """Takes the root of the sum of the powers of each window."""

    inputs = (VOLUME,)
    source = "torch.nn.LPPool3d"

    norm_type: Real = field("", _NORM_TYPE, 2)
    pool_size: Window3D = pool_size(3)
    strides: OptionalWindow3D = strides()
    ceil_mode: Flag = ceil_mode()
    data_format: DataFormat = data_format()

    def output_shape(self, x: Shape) -> Shape:
        check_window(self.pool_size, x[:-1])
        return super().output_shape(x)
