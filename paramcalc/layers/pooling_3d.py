"""Layers that take one number from each window of a volume; they learn nothing."""

from paramcalc.core.algebra import Shape
from paramcalc.layers.base.fields import Flag, OptionalWindow3D, Padding3D, Window3D
from paramcalc.layers.base.spatial import (
    VOLUME,
    DataFormat,
    GlobalPooling,
    MaxPooling,
    Pooling,
    ceil_mode,
    check_window,
    data_format,
    dilation_rate,
    padding,
    pool_size,
    return_indices,
    strides,
)


class MaxPool3D(MaxPooling):
    """Takes the largest number of each window."""

    inputs = (VOLUME,)
    source = "keras.layers.MaxPooling3D; torch.nn.MaxPool3d"

    pool_size: Window3D = pool_size(3)
    strides: OptionalWindow3D = strides()
    padding: Padding3D = padding()
    dilation_rate: Window3D = dilation_rate(3)
    ceil_mode: Flag = ceil_mode()
    return_indices: Flag = return_indices()
    data_format: DataFormat = data_format()


class AveragePool3D(Pooling):
    """Takes the mean of each window."""

    inputs = (VOLUME,)
    source = "keras.layers.AveragePooling3D; torch.nn.AvgPool3d"

    pool_size: Window3D = pool_size(3)
    strides: OptionalWindow3D = strides()
    padding: Padding3D = padding()
    ceil_mode: Flag = ceil_mode()
    data_format: DataFormat = data_format()

    def output_shape(self, x: Shape) -> Shape:
        if self.padding != "same":
            # PyTorch's, and only over volumes, leaves out the padding here
            check_window(self.pool_size, x[:-1])
        return super().output_shape(x)


class GlobalMaxPool3D(GlobalPooling):
    """Takes the largest number of each channel over all places."""

    inputs = (VOLUME,)
    source = "keras.layers.GlobalMaxPooling3D; torch.nn.AdaptiveMaxPool3d(1)"


class GlobalAveragePool3D(GlobalPooling):
    """Takes the mean of each channel over all places."""

    inputs = (VOLUME,)
    source = "keras.layers.GlobalAveragePooling3D; torch.nn.AdaptiveAvgPool3d(1)"
