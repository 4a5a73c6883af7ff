"""Layers that make a sequence, an image or a volume larger or smaller; they learn nothing."""

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import refuse
from paramcalc.layers.base.declaration import Axes, shape_text
from paramcalc.layers.base.fields import Flag, OptionalCounts, OptionalRatios, Window1D, Window2D, Window3D, field
from paramcalc.layers.base.spatial import IMAGE, STEPS, VOLUME, DataFormat, Spatial, data_format, each_axis

_FACTOR = "how many times each place is repeated along each axis"

Mode: TypeAlias = Literal["nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear", "area"]
#: The modes that are of a certain number of axes.
_AXES = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}


class Upsample(Spatial):
    """Makes a sequence, an image or a volume larger or smaller, to a size or by a factor."""

    inputs = (Axes("... c", c="channels"),)
    source = "torch.nn.Upsample; torch.nn.UpsamplingNearest2d; torch.nn.UpsamplingBilinear2d"

    size: OptionalCounts = field("", "size of the output along each axis", None)
    scale_factor: OptionalRatios = field("", "the factor along each axis, as a decimal or as in 3/2", None)
    mode: Mode = field("", "how the places between are filled", "nearest")
    align_corners: Flag = field("", "whether the corners stay what they are", False)
    data_format: DataFormat = data_format()

    def output_shape(self, x: Shape) -> Shape:
        lengths = x[:-1]
        if not 1 <= len(lengths) <= 3 or len(lengths) != _AXES.get(self.mode, len(lengths)):
            takes = f"{_AXES[self.mode] + 1}" if self.mode in _AXES else "2 to 4"
            raise refuse(
                "shape-mismatch",
                f"Upsample by '{self.mode}' takes an input of {takes} axes beside the batch, not {shape_text(x)}",
            )
        if (self.size is None) == (self.scale_factor is None):
            raise refuse("invalid-value", "Upsample takes either 'size' or 'scale_factor'")
        if self.scale_factor is None:
            return (*each_axis("size", self.size, lengths), x[-1])
        factors = each_axis("scale_factor", self.scale_factor, lengths)
        return (*map(algebra.scaled, lengths, factors), x[-1])


class _UpSampling(Spatial):
    if TYPE_CHECKING:
        size: Any

    def output_shape(self, x: Shape) -> Shape:
        return (*(length * factor for length, factor in zip(x, self.size, strict=False)), x[-1])


class UpSampling1D(_UpSampling):
    """Repeats each step of a sequence."""

    inputs = (STEPS,)
    source = "keras.layers.UpSampling1D"

    size: Window1D = field("", _FACTOR, (2,))
    data_format: DataFormat = data_format()


class UpSampling2D(_UpSampling):
    """Makes an image larger by whole factors: repeats its places, or puts others between them."""

    inputs = (IMAGE,)
    source = "keras.layers.UpSampling2D"

    size: Window2D = field("", "how many times as large the image is made along each axis", (2, 2))
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"] = field(
        "", "how the places between are filled", "nearest"
    )
    data_format: DataFormat = data_format()


class UpSampling3D(_UpSampling):
    """Repeats each place of a volume."""

    inputs = (VOLUME,)
    source = "keras.layers.UpSampling3D"

    size: Window3D = field("", _FACTOR, (2, 2, 2))
    data_format: DataFormat = data_format()
