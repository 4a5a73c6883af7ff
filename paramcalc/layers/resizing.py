"""Layers that make a sequence, an image or a volume larger or smaller; they learn nothing."""

from typing import Annotated, Any, TypeAlias

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import refuse
from paramcalc.layers.base.axes import Axes, shape_text
from paramcalc.layers.base.declaration import Example
from paramcalc.layers.base.fields import Count, Flag, Given, OptionalCounts, OptionalRatios, field
from paramcalc.layers.base.products import no_products
from paramcalc.layers.base.ranked import Ranked, Window, positions
from paramcalc.layers.base.reach import SAME, Reach, Sight, repeated_span
from paramcalc.layers.base.spatial import DataFormat, Spatial, data_format, each_axis
from paramcalc.layers.base.words import words

Mode: TypeAlias = Annotated[
    Given[str], words("mode", "nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear", "area")
]
#: The modes that are of a certain number of axes.
_AXES = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}


class Upsample(Spatial):
    """Makes a sequence, an image or a volume larger or smaller, to a size or by a factor."""

    inputs = (Axes("... c", c="channels"),)
    source = "torch.nn.Upsample; torch.nn.UpsamplingNearest2d; torch.nn.UpsamplingBilinear2d"
    example = Example({"scale_factor": 2}, [(32, 32, 8)])
    products = no_products

    size: OptionalCounts = field("", "size of the output along each axis", None)
    scale_factor: OptionalRatios = field("", "the factor along each axis, as a decimal or as in 3/2", None)
    mode: Mode = field("", "how the positions between are filled", "nearest")
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

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        blended = self.mode in ("linear", "bilinear", "trilinear") and self.align_corners is False
        known = blended or self.mode == "nearest"
        factors = map(_whole_factor, x[:-1], self.output_shape(x)[:-1])
        spans = (repeated_span(factor, blended) if known else None for factor in factors)
        return (tuple(Sight(axis, span) for axis, span in enumerate((*spans, SAME))),)


class _UpSampling(Spatial, Ranked):
    """Repeats each {position} of {input}."""

    inputs = (Axes("... c", c="channels"),)
    source = "keras.layers.UpSampling{rank}D"
    example = Example(inputs=[(8,)])
    products = no_products

    size: Window = field("", "how many times each {position} is repeated along each axis", 2)

    def output_shape(self, x: Shape) -> Shape:
        return (*(length * factor for length, factor in zip(x, self.size, strict=False)), x[-1])

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        spans = (repeated_span(factor) for factor in self.size)
        return (tuple(Sight(axis, span) for axis, span in enumerate((*spans, SAME))),)


class UpSampling1D(_UpSampling, rank=1):
    data_format: DataFormat = data_format()


class UpSampling2D(_UpSampling, rank=2):
    """Makes an image larger by whole factors: repeats its pixels, or puts others between them."""

    size: Window = field("", "how many times as large the image is made along each axis", 2)
    interpolation: Annotated[
        Given[str], words("interpolation", "nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
    ] = field("", "how the pixels between are filled", "nearest")
    data_format: DataFormat = data_format()

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        known = self.interpolation in ("nearest", "bilinear")
        spans = (repeated_span(factor, self.interpolation == "bilinear") if known else None for factor in self.size)
        return (tuple(Sight(axis, span) for axis, span in enumerate((*spans, SAME))),)


class UpSampling3D(_UpSampling, rank=3):
    data_format: DataFormat = data_format()


class _Sized(Spatial):
    inputs = (positions(2),)
    example = Example({"height": 16, "width": 16}, [(32, 32, 8)])
    products = no_products

    height: Count = field("", "height of the output")
    width: Count = field("", "width of the output")
    data_format: DataFormat = data_format()

    def output_shape(self, x: Shape) -> Shape:
        return (self.height, self.width, x[-1])


class Resizing(_Sized):
    """Makes an image larger or smaller."""

    source = "keras.layers.Resizing"


class CenterCrop(_Sized):
    """Cuts out the middle of an image; makes an image that is too small larger."""

    source = "keras.layers.CenterCrop"


class RandomCrop(_Sized):
    """In training, cuts a part out of an image at random; makes an image that is too small larger."""

    source = "keras.layers.RandomCrop"


def _whole_factor(length: Any, output: Any) -> int | None:
    """Give how many times an axis is as long as it was, where that is a whole number."""
    whole = type(length) is int and type(output) is int and output % length == 0
    return output // length if whole else None
