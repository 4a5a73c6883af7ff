"""Layers that take one number from each window of an image; they learn nothing."""

from paramcalc.layers.base.fields import Flag, OptionalWindow2D, Padding2D, Window2D
from paramcalc.layers.base.spatial import (
    IMAGE,
    DataFormat,
    GlobalPooling,
    MaxPooling,
    Pooling,
    ceil_mode,
    data_format,
    dilation_rate,
    padding,
    pool_size,
    return_indices,
    strides,
)


class MaxPool2D(MaxPooling):
    """Takes the largest number of each window."""

    inputs = (IMAGE,)
    source = "keras.layers.MaxPooling2D; torch.nn.MaxPool2d"

    pool_size: Window2D = pool_size(2)
    strides: OptionalWindow2D = strides()
    padding: Padding2D = padding()
    dilation_rate: Window2D = dilation_rate(2)
    ceil_mode: Flag = ceil_mode()
    return_indices: Flag = return_indices()
    data_format: DataFormat = data_format()


class AveragePool2D(Pooling):
    """Takes the mean of each window."""

    inputs = (IMAGE,)
    source = "keras.layers.AveragePooling2D; torch.nn.AvgPool2d"

    pool_size: Window2D = pool_size(2)
    strides: OptionalWindow2D = strides()
    padding: Padding2D = padding()
    ceil_mode: Flag = ceil_mode()
    data_format: DataFormat = data_format()


class GlobalMaxPool2D(GlobalPooling):
    """Takes the largest number of each channel over all places."""

    inputs = (IMAGE,)
    source = "keras.layers.GlobalMaxPooling2D; torch.nn.AdaptiveMaxPool2d(1)"


class GlobalAveragePool2D(GlobalPooling):
    """Takes the mean of each channel over all places."""

    inputs = (IMAGE,)
    source = "Lin, Chen and Yan 2013; keras.layers.GlobalAveragePooling2D; torch.nn.AdaptiveAvgPool2d(1)"
