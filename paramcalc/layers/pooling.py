"""Layers that take one number from each window of a sequence, an image or a volume; they learn nothing."""

from typing import Any

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import quoted, refuse
from paramcalc.layers.base.axes import Axes
from paramcalc.layers.base.caching import nothing_cached
from paramcalc.layers.base.declaration import Example
from paramcalc.layers.base.fields import Flag, field
from paramcalc.layers.base.products import no_products
from paramcalc.layers.base.ranked import OptionalWindow, Padding, Ranked, Window
from paramcalc.layers.base.reach import EVERYTHING, SAME, Reach, Sight, windows
from paramcalc.layers.base.spatial import (
    DataFormat,
    Spatial,
    ceil_mode,
    check_window,
    data_format,
    pool_size,
    return_indices,
    strides,
    with_indices,
)
from paramcalc.layers.base.windows import output_lengths


class _Pooling(Spatial, Ranked):
    inputs = (Axes("... c", c="channels"),)
    example = Example(inputs=[(8,)])
    products = no_products
    cached = nothing_cached

    pool_size: Window = pool_size()
    strides: OptionalWindow = strides()
    padding: Padding = field("", "valid, same, or how many positions are added on each side", "valid")

    def _pooled(self, x: Shape, ceil: Any, dilation: Shape = ()) -> Shape:
        """Give the shape of the output, the elements of the window `dilation` apart."""
        _check_padding(self.pool_size, self.padding)
        lengths = output_lengths(x[:-1], self.pool_size, self.strides, self.padding, dilation, ceil=algebra.truth(ceil))
        return (*lengths, x[-1])


class _MaxPool(_Pooling):
    """Takes the largest number of each window."""

    source = "keras.layers.MaxPooling{rank}D; torch.nn.MaxPool{rank}d"

    dilation_rate: Window = field("", "how far apart the elements of the window are", 1)
    ceil_mode: Flag = ceil_mode()
    return_indices: Flag = return_indices()
    data_format: DataFormat = data_format()

    def output_shape(self, x: Shape) -> Shape:
        return self._pooled(x, self.ceil_mode, self.dilation_rate)

    def outputs(self, x: Shape) -> tuple[Shape, ...]:
        return with_indices(self.output_shape(x), self.return_indices)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        sights = windows(x[:-1], self.pool_size, self.strides, self.padding, self.dilation_rate)
        return ((*sights, Sight(len(x) - 1, SAME)),)


class MaxPool1D(_MaxPool, rank=1): ...


class MaxPool2D(_MaxPool, rank=2): ...


class MaxPool3D(_MaxPool, rank=3): ...


class _AveragePool(_Pooling):
    """Takes the mean of each window."""

    source = "keras.layers.AveragePooling{rank}D; torch.nn.AvgPool{rank}d"

    ceil_mode: Flag = ceil_mode()
    data_format: DataFormat = data_format()

    def output_shape(self, x: Shape) -> Shape:
        return self._pooled(x, self.ceil_mode)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        return ((*windows(x[:-1], self.pool_size, self.strides, self.padding), Sight(len(x) - 1, SAME)),)


class AveragePool1D(_AveragePool, rank=1): ...


class AveragePool2D(_AveragePool, rank=2): ...


class AveragePool3D(_AveragePool, rank=3):
    def output_shape(self, x: Shape) -> Shape:
        if self.padding != "same":
            # PyTorch's, and only over volumes, leaves out the padding here
            check_window(self.pool_size, x[:-1])
        return super().output_shape(x)


class _GlobalPool(Spatial, Ranked):
    inputs = (Axes("... c", c="channels"),)
    example = Example(inputs=[(8,)])
    products = no_products
    cached = nothing_cached

    keepdims: Flag = field("", "whether the other axes stay, with size 1", False)
    data_format: DataFormat = data_format()

    def way_out(self, shape: Shape) -> str:
        if len(shape) > 1:
            return super().way_out(shape)
        return (
            "no positions are left: leave it out; or keep the steps of a recurrent layer, with return_sequences: true"
        )

    def output_shape(self, x: Shape) -> Shape:
        return (*(1 for _ in x[:-1]), x[-1]) if algebra.truth(self.keepdims) else (x[-1],)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        place = len(x) - 1 if algebra.truth(self.keepdims) else 0
        return ((*(EVERYTHING for _ in x[:-1]), Sight(place, SAME)),)


class _GlobalMaxPool(_GlobalPool):
    """Takes the largest number of each channel over all positions."""

    source = "keras.layers.GlobalMaxPooling{rank}D; torch.nn.AdaptiveMaxPool{rank}d(1)"


class GlobalMaxPool1D(_GlobalMaxPool, rank=1): ...


class GlobalMaxPool2D(_GlobalMaxPool, rank=2): ...


class GlobalMaxPool3D(_GlobalMaxPool, rank=3): ...


class _GlobalAveragePool(_GlobalPool):
    """Takes the mean of each channel over all positions."""

    source = "keras.layers.GlobalAveragePooling{rank}D; torch.nn.AdaptiveAvgPool{rank}d(1)"


class GlobalAveragePool1D(_GlobalAveragePool, rank=1): ...


class GlobalAveragePool2D(_GlobalAveragePool, rank=2):
    source = "Lin, Chen and Yan 2013; " + _GlobalAveragePool.source


class GlobalAveragePool3D(_GlobalAveragePool, rank=3): ...


def _check_padding(window: Shape, padding: Any) -> None:
    """Refuse what would put a window where there is nothing: `invalid-value`.

    Source: torch.nn.MaxPool2d, "padded by at most half of the kernel".
    """
    for size, pad in zip(window, padding, strict=True) if isinstance(padding, tuple) else ():
        if not algebra.at_least(size - 2 * pad, 0):
            raise refuse(
                "invalid-value",
                f"a padding of {quoted(pad)} is more than half of a window of {quoted(size)}",
                "a layer that pads, before this one, may add more",
            )
