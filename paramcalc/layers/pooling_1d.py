"""Layers that take one number from each window of a sequence; they learn nothing."""

from paramcalc.layers.base.fields import Flag, OptionalWindow1D, Padding1D, Window1D
from paramcalc.layers.base.spatial import (
    STEPS,
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


class MaxPool1D(MaxPooling):
    """Takes the largest number of each window."""

    inputs = (STEPS,)
    source = "keras.layers.MaxPooling1D; torch.nn.MaxPool1d"

    pool_size: Window1D = pool_size(1)
    strides: OptionalWindow1D = strides()
    padding: Padding1D = padding()
    dilation_rate: Window1D = dilation_rate(1)
    ceil_mode: Flag = ceil_mode()
    return_indices: Flag = return_indices()
    data_format: DataFormat = data_format()


class AveragePool1D(Pooling):
    """Takes the mean of each window."""

    inputs = (STEPS,)
    source = "keras.layers.AveragePooling1D; torch.nn.AvgPool1d"

    pool_size: Window1D = pool_size(1)
    strides: OptionalWindow1D = strides()
    padding: Padding1D = padding()
    ceil_mode: Flag = ceil_mode()
    data_format: DataFormat = data_format()


class GlobalMaxPool1D(GlobalPooling):
    """Takes the largest number of each channel over all places."""

    inputs = (STEPS,)
    source = "keras.layers.GlobalMaxPooling1D; torch.nn.AdaptiveMaxPool1d(1)"


class GlobalAveragePool1D(GlobalPooling):
    """Takes the mean of each channel over all places."""

    inputs = (STEPS,)
    source = "keras.layers.GlobalAveragePooling1D; torch.nn.AdaptiveAvgPool1d(1)"
