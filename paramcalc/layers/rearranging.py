"""Layers that put the same elements elsewhere; they learn nothing."""

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import refuse
from paramcalc.layers.base.declaration import Axes, Layer
from paramcalc.layers.base.fields import Count, OrderedAxes, field
from paramcalc.layers.base.spatial import DataFormat, Spatial, data_format


class Permute(Layer):
    """The axes in another order."""

    source = "keras.layers.Permute"

    dims: OrderedAxes = field("", "the axes of the input in the order of the output, the batch left out: [2, 1]")

    def output_shape(self, x: Shape) -> Shape:
        dims = self.dims if isinstance(self.dims, tuple) else (self.dims,)
        if sorted(dims) != list(range(1, len(x) + 1)):
            raise refuse(
                "invalid-value",
                f"'dims' of Permute has each axis from 1 to {len(x)} once, not {', '.join(map(str, dims))}",
            )
        return tuple(x[axis - 1] for axis in dims)


class RepeatVector(Layer):
    """Makes a sequence of one vector, the same at each step."""

    inputs = (Axes("c", c="features"),)
    source = "keras.layers.RepeatVector"

    n: Count = field("", "the steps")

    def output_shape(self, x: Shape) -> Shape:
        return (self.n, *x)


class _Pixels(Spatial):
    inputs = (Axes("... h w c", h="height", w="width", c="channels"),)

    @property
    def channel_axis(self) -> int:
        # there may be axes before those of the image
        return -3 if self.data_format == "channels_first" else -1


class PixelShuffle(_Pixels):
    """Spreads each group of channels over a square of places: a larger image of fewer channels."""

    source = "Shi et al. 2016; torch.nn.PixelShuffle"

    upscale_factor: Count = field("", "how many times as high and as wide the image is made")
    data_format: DataFormat = data_format()

    def output_shape(self, x: Shape) -> Shape:
        *leading, height, width, channels = x
        factor = self.upscale_factor
        rest = algebra.divide(channels, factor * factor, "the channels fill squares of 'upscale_factor'")
        return (*leading, height * factor, width * factor, rest)


class PixelUnshuffle(_Pixels):
    """Puts each square of places into channels: a smaller image of more channels."""

    source = "Shi et al. 2016; torch.nn.PixelUnshuffle"

    downscale_factor: Count = field("", "how many times less high and less wide the image is made")
    data_format: DataFormat = data_format()

    def output_shape(self, x: Shape) -> Shape:
        *leading, height, width, channels = x
        factor = self.downscale_factor
        rule = "squares of 'downscale_factor' fill the image"
        places = [algebra.divide(length, factor, rule) for length in (height, width)]
        return (*leading, *places, channels * factor * factor)


class ChannelShuffle(Spatial):
    """Deals the channels out anew, so that each group has some of every other."""

    inputs = (Axes("... n c", n="places", c="channels"),)
    source = "Zhang et al. 2017; torch.nn.ChannelShuffle"

    groups: Count = field("", "into how many groups the channels are parted")
    data_format: DataFormat = data_format()

    def output_shape(self, x: Shape) -> Shape:
        algebra.divide(x[-1], self.groups, "'groups' divides the channels")
        return x
