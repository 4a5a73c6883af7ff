"""Layers that make a sequence, an image or a volume larger or smaller; they learn nothing."""

from fractions import Fraction
from typing import Annotated, Any, TypeAlias

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import refuse
from paramcalc.layers.base.axes import Axes, shape_text
from paramcalc.layers.base.caching import nothing_cached
from paramcalc.layers.base.declaration import Example
from paramcalc.layers.base.fields import Count, Flag, Given, OptionalCounts, OptionalRatios, field
from paramcalc.layers.base.products import no_products
from paramcalc.layers.base.ranked import Ranked, Window, positions
from paramcalc.layers.base.reach import (
    SAME,
    Reach,
    Sight,
    divided_span,
    moved_span,
    repeated_span,
    resampled_span,
    unsaid,
)
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
    cached = nothing_cached

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
        lengths, sizes = x[:-1], self.output_shape(x)[:-1]
        if self.mode == "area":
            spans = [*map(divided_span, lengths, sizes)]
        else:
            aligned = algebra.truth(self.align_corners)
            spans = [resampled_span(ratio, self.mode, aligned) for ratio in self._ratios(lengths, sizes, aligned)]
        return (tuple(Sight(axis, span) for axis, span in enumerate((*spans, SAME))),)

    def _ratios(self, lengths: Shape, sizes: Shape, aligned: bool) -> list[Fraction | None]:
        """Give how far positions of the output are apart, in those of the input; None where that is not known."""
        if self.scale_factor is not None and not aligned:
            return [1 / Fraction(factor) for factor in each_axis("scale_factor", self.scale_factor, lengths)]
        return [_ratio(length, size, aligned) for length, size in zip(lengths, sizes, strict=True)]


class _UpSampling(Spatial, Ranked):
    """Repeats each {position} of {input}."""

    inputs = (Axes("... c", c="channels"),)
    source = "keras.layers.UpSampling{rank}D"
    example = Example(inputs=[(8,)])
    products = no_products
    cached = nothing_cached

    size: Window = field("", "how many times each {position} is repeated along each axis", 2)

    def output_shape(self, x: Shape) -> Shape:
        return (*(length * factor for length, factor in zip(x, self.size, strict=False)), x[-1])

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        return (tuple(Sight(axis, span) for axis, span in enumerate((*map(repeated_span, self.size), SAME))),)


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
        ratios = (Fraction(1, factor) if type(factor) is int else None for factor in self.size)
        spans = (resampled_span(ratio, self.interpolation) for ratio in ratios)
        return (tuple(Sight(axis, span) for axis, span in enumerate((*spans, SAME))),)


class UpSampling3D(_UpSampling, rank=3):
    data_format: DataFormat = data_format()


class _Sized(Spatial):
    inputs = (positions(2),)
    example = Example({"height": 16, "width": 16}, [(32, 32, 8)])
    products = no_products
    cached = nothing_cached

    height: Count = field("", "height of the output")
    width: Count = field("", "width of the output")
    data_format: DataFormat = data_format()

    def output_shape(self, x: Shape) -> Shape:
        return (self.height, self.width, x[-1])


class Resizing(_Sized):
    """Makes an image larger or smaller."""

    source = "keras.layers.Resizing"

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        return (_unknown_pixels(x, "how it fills the pixels between is not stated"),)


class CenterCrop(_Sized):
    """Cuts out the middle of an image; makes an image that is too small larger."""

    source = "keras.layers.CenterCrop"

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        known = all(type(length) is int for length in (*x[:-1], self.height, self.width))
        if not known or x[0] < self.height or x[1] < self.width:
            return (_unknown_pixels(x, "an image that may be too small is made larger, in a way that is not stated"),)
        spans = (moved_span((length - size) // 2) for length, size in zip(x, (self.height, self.width), strict=False))
        return (tuple(Sight(axis, span) for axis, span in enumerate((*spans, SAME))),)


class RandomCrop(_Sized):
    """In training, cuts a part out of an image at random; makes an image that is too small larger."""

    source = "keras.layers.RandomCrop"

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        return (_unknown_pixels(x, "which part it cuts out is drawn anew each time"),)


def _unknown_pixels(x: Shape, reason: str) -> Reach:
    return (unsaid(reason, 0), unsaid(reason, 1), Sight(2, SAME))


def _ratio(length: Any, size: Any, aligned: bool) -> Fraction | None:
    """Give how far apart the positions of an axis of another size are, its ends at the same places if `aligned`."""
    if type(length) is not int or type(size) is not int:
        return None
    if aligned:
        return Fraction(length - 1, size - 1) if size > 1 else Fraction(0)
    return Fraction(length, size)
