"""Layers that prepare images, or vary them in training; they learn nothing."""

from typing import TYPE_CHECKING, Any, Literal

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import refuse
from paramcalc.layers.base.declaration import Axes, Layer, shape_text
from paramcalc.layers.base.fields import Count, Reals, field
from paramcalc.layers.base.spatial import IMAGE, DataFormat, Spatial, data_format


class Rescaling(Layer):
    """Multiplies each number by a scale, and adds an offset."""

    source = "keras.layers.Rescaling"

    scale: Reals = field("", "the factor, or one for each channel of the last axis")
    offset: Reals = field("", "what is added, or one number for each channel of the last axis", 0)

    def output_shape(self, x: Shape) -> Shape:
        channels = [len(value) for value in (self.scale, self.offset) if isinstance(value, tuple)]
        if channels and not x:
            raise refuse("shape-mismatch", f"Rescaling by a list takes an input with channels, not {shape_text(x)}")
        for count in channels:
            x = (*x[:-1], algebra.broadcast(x[-1], count))
        return x


class _Sized(Spatial):
    inputs = (IMAGE,)

    if TYPE_CHECKING:
        height: Any
        width: Any

    def output_shape(self, x: Shape) -> Shape:
        return (self.height, self.width, x[-1])


class Resizing(_Sized):
    """Makes an image larger or smaller."""

    source = "keras.layers.Resizing"

    height: Count = field("", "height of the output")
    width: Count = field("", "width of the output")
    data_format: DataFormat = data_format()


class CenterCrop(_Sized):
    """Cuts out the middle of an image; makes an image that is too small larger."""

    source = "keras.layers.CenterCrop"

    height: Count = field("", "height of the output")
    width: Count = field("", "width of the output")
    data_format: DataFormat = data_format()


class RandomCrop(_Sized):
    """In training, cuts a part out of an image at random; makes an image that is too small larger."""

    source = "keras.layers.RandomCrop"

    height: Count = field("", "height of the output")
    width: Count = field("", "width of the output")
    data_format: DataFormat = data_format()


class MaxNumBoundingBoxes(Layer):
    """Brings the boxes of each image, and their labels, to one number: drops some, or adds empty ones."""

    inputs = (
        Axes("n p", n="boxes of an image", p="numbers that give a box: 4"),
        Axes("n", n="labels of an image"),
    )
    source = "keras.layers.MaxNumBoundingBoxes"

    max_number: Count = field("", "the boxes that each image has then")

    def outputs(self, boxes: Shape, labels: Shape) -> tuple[Shape, ...]:
        if not algebra.equal(boxes[-1], 4) or not algebra.equal(boxes[0], labels[0]):
            raise refuse(
                "shape-mismatch",
                "MaxNumBoundingBoxes takes boxes of 4 numbers, and a label for each, not"
                f" {shape_text(boxes)} and {shape_text(labels)}",
            )
        return (self.max_number, 4), (self.max_number,)


class Augmentation(Layer):
    """Varies images in training, so that a network meets more of them; their shape stays what it is."""

    inputs = (IMAGE,)
    source = "keras.io, Image augmentation layers"

    transform: Literal[
        "AugMix",
        "AutoContrast",
        "ContrastLimitedAdaptiveHistogramEqualization",
        "CutMix",
        "Equalization",
        "MixUp",
        "RandAugment",
        "RandomBrightness",
        "RandomColorDegeneration",
        "RandomColorJitter",
        "RandomContrast",
        "RandomElasticTransform",
        "RandomErasing",
        "RandomFlip",
        "RandomGaussianBlur",
        "RandomGrayscale",
        "RandomHue",
        "RandomInvert",
        "RandomPerspective",
        "RandomPosterization",
        "RandomRotation",
        "RandomSaturation",
        "RandomSharpness",
        "RandomShear",
        "RandomTranslation",
        "RandomZoom",
        "Solarization",
    ] = field("", "which of Keras's layers it is")
