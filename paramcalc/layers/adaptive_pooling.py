"""Layers that pool to an output of a given size; they learn nothing."""

from typing import TYPE_CHECKING, Any

from paramcalc.core.algebra import Shape
from paramcalc.layers.base.fields import Flag, OpenWindow1D, OpenWindow2D, OpenWindow3D, field
from paramcalc.layers.base.spatial import (
    IMAGE,
    STEPS,
    VOLUME,
    DataFormat,
    Spatial,
    data_format,
    return_indices,
    with_indices,
)

_SIZE = "size of the output along each axis"
_OR_NULL = "; null keeps that of the input"


class _AdaptivePooling(Spatial):
    if TYPE_CHECKING:
        output_size: Any

    def output_shape(self, x: Shape) -> Shape:
        sizes = zip(self.output_size, x, strict=False)
        return (*(length if size is None else size for size, length in sizes), x[-1])


class _AdaptiveMaxPooling(_AdaptivePooling):
    if TYPE_CHECKING:
        return_indices: Any

    def outputs(self, x: Shape) -> tuple[Shape, ...]:
        return with_indices(self.output_shape(x), self.return_indices)


class AdaptiveAveragePool1D(_AdaptivePooling):
    """Takes the mean of each of as many windows as the output has places."""

    inputs = (STEPS,)
    source = "keras.layers.AdaptiveAveragePooling1D; torch.nn.AdaptiveAvgPool1d"

    output_size: OpenWindow1D = field("", _SIZE)
    data_format: DataFormat = data_format()


class AdaptiveAveragePool2D(_AdaptivePooling):
    """Takes the mean of each of as many windows as the output has places."""

    inputs = (IMAGE,)
    source = "keras.layers.AdaptiveAveragePooling2D; torch.nn.AdaptiveAvgPool2d"

    output_size: OpenWindow2D = field("", _SIZE + _OR_NULL)
    data_format: DataFormat = data_format()


class AdaptiveAveragePool3D(_AdaptivePooling):
    """Takes the mean of each of as many windows as the output has places."""

    inputs = (VOLUME,)
    source = "keras.layers.AdaptiveAveragePooling3D; torch.nn.AdaptiveAvgPool3d"

    output_size: OpenWindow3D = field("", _SIZE + _OR_NULL)
    data_format: DataFormat = data_format()


class AdaptiveMaxPool1D(_AdaptiveMaxPooling):
    """Takes the largest number of each of as many windows as the output has places."""

    inputs = (STEPS,)
    source = "keras.layers.AdaptiveMaxPooling1D; torch.nn.AdaptiveMaxPool1d"

    output_size: OpenWindow1D = field("", _SIZE)
    return_indices: Flag = return_indices()
    data_format: DataFormat = data_format()


class AdaptiveMaxPool2D(_AdaptiveMaxPooling):
    """Takes the largest number of each of as many windows as the output has places."""

    inputs = (IMAGE,)
    source = "keras.layers.AdaptiveMaxPooling2D; torch.nn.AdaptiveMaxPool2d"

    output_size: OpenWindow2D = field("", _SIZE + _OR_NULL)
    return_indices: Flag = return_indices()
    data_format: DataFormat = data_format()


class AdaptiveMaxPool3D(_AdaptiveMaxPooling):
    """Takes the largest number of each of as many windows as the output has places."""

    inputs = (VOLUME,)
    source = "keras.layers.AdaptiveMaxPooling3D; torch.nn.AdaptiveMaxPool3d"

    output_size: OpenWindow3D = field("", _SIZE + _OR_NULL)
    return_indices: Flag = return_indices()
    data_format: DataFormat = data_format()
