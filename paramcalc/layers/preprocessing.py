"""Layers that prepare data: images, signals, categories and texts."""

from collections.abc import Iterator
from typing import Annotated, Literal, TypeAlias

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import quoted, refuse
from paramcalc.layers.base.axes import Axes, shape_text
from paramcalc.layers.base.caching import nothing_cached
from paramcalc.layers.base.declaration import Example, Layer, Tensor
from paramcalc.layers.base.fields import (
    Count,
    Flag,
    Given,
    OptionalCount,
    OptionalCounts,
    OptionalRealList,
    OptionalSize,
    Reals,
    Size,
    field,
)
from paramcalc.layers.base.products import Product, no_products, not_stated
from paramcalc.layers.base.ranked import positions
from paramcalc.layers.base.reach import (
    EVERYTHING,
    FIRST,
    SAME,
    Reach,
    Sight,
    broadcast,
    repeated_span,
    same,
    unsaid,
    window_span,
)
from paramcalc.layers.base.spatial import DataFormat, Spatial, data_format
from paramcalc.layers.base.windows import output_lengths
from paramcalc.layers.base.words import words


class Rescaling(Layer):
    """Multiplies each number by a scale, and adds an offset."""

    layout = "channels_last"
    source = "keras.layers.Rescaling"
    example = Example({"scale": 2}, [(64,)])
    products = no_products
    cached = nothing_cached

    scale: Reals = field("", "the factor, or one for each channel of the last axis")
    offset: Reals = field("", "what is added, or one number for each channel of the last axis", 0)

    def output_shape(self, x: Shape) -> Shape:
        channels = [len(value) for value in (self.scale, self.offset) if isinstance(value, tuple)]
        if channels and not x:
            raise refuse("shape-mismatch", f"Rescaling by a list takes an input with channels, not {shape_text(x)}")
        for count in channels:
            x = (*x[:-1], algebra.broadcast(x[-1], count))
        return x

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        return broadcast((x,)) if self.output_shape(x) != x else (same(x),)


class MaxNumBoundingBoxes(Layer):
    """Brings the boxes of each image, and their labels, to one number: drops some, or adds empty ones."""

    inputs = (
        Axes("n p", n="boxes of an image", p="numbers that give a box: 4"),
        Axes("n", n="labels of an image"),
    )
    layout = "as_given"
    source = "keras.layers.MaxNumBoundingBoxes"
    example = Example({"max_number": 10}, [(12, 4), (12,)])
    products = no_products
    cached = nothing_cached

    max_number: Count = field("", "the boxes that each image has then")

    def outputs(self, boxes: Shape, labels: Shape) -> tuple[Shape, ...]:
        if not algebra.equal(boxes[-1], 4) or not algebra.equal(boxes[0], labels[0]):
            raise refuse(
                "shape-mismatch",
                "MaxNumBoundingBoxes takes boxes of 4 numbers, and a label for each, not"
                f" {shape_text(boxes)} and {shape_text(labels)}",
            )
        return (self.max_number, 4), (self.max_number,)

    def reach(self, boxes: Shape, labels: Shape) -> tuple[Reach, ...]:
        note = "which boxes stay depends on the labels"
        return (unsaid(note, 0), Sight(1, SAME)), (unsaid(note, 0),)


class Augmentation(Layer):
    """Varies images in training, so that a network meets more of them; their shape stays what it is."""

    inputs = (positions(2),)
    source = "keras.io, Image augmentation layers"
    example = Example({"transform": "RandomFlip"}, [(32, 32, 8)])
    products = no_products
    cached = nothing_cached

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

    @property
    def leaves_out(self) -> str:
        return f"what {self.transform} computes in training"

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        note = f"where {self.transform} moves pixels in training, and by what it changes them, is drawn anew each time"
        return (tuple(unsaid(note) for _ in x),)


class MelSpectrogram(Layer):
    """Tells how loud a signal is at each time and pitch; the filters of the pitches are computed anew."""

    inputs = (Axes("... t", t="samples"),)
    layout = "as_given"
    source = "keras.layers.MelSpectrogram"
    example = Example({"fft_length": 512, "sequence_stride": 128}, [(16000,)])
    products = not_stated("it makes a Fourier transform, which is no product of matrices")
    cached = nothing_cached

    fft_length: Count = field("", "samples that are turned into frequencies at a time", 2048)
    sequence_stride: Count = field("", "samples from one time to the next", 512)
    sequence_length: OptionalCount = field("", "of these, the samples under the window; all, if absent", None)
    num_mel_bins: Size = field("m", "pitches", 128)

    def output_shape(self, x: Shape) -> Shape:
        if self.sequence_length is not None and not algebra.at_least(self.fft_length - self.sequence_length, 0):
            raise refuse(
                "invalid-value",
                f"'sequence_length' of MelSpectrogram is at most 'fft_length', {quoted(self.fft_length)},"
                f" not {quoted(self.sequence_length)}",
            )
        # the signal is mirrored at both ends, by half a window
        added = algebra.floor_divide(self.fft_length, 2)
        if not algebra.at_least(x[-1] - added - 1, 0):
            raise refuse(
                "shape-mismatch",
                f"MelSpectrogram with 'fft_length' {quoted(self.fft_length)} takes more than {quoted(added)} samples,"
                f" not {quoted(x[-1])}",
            )
        times = algebra.floor_divide(x[-1] + 2 * added - self.fft_length, self.sequence_stride) + 1
        return (*x[:-1], self.num_mel_bins, times)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        note = "each number is bounded from below by the largest of the whole signal"
        return (tuple(unsaid(note) for _ in x),)


class STFTSpectrogram(Spatial):
    """Turns each stretch of a signal into its frequencies, by kernels that begin as waves and may be trained."""

    inputs = (Axes("t c", t="samples", c="channels"),)
    source = "keras.layers.STFTSpectrogram"
    example = Example({"frame_length": 16}, [(20, 8)])
    cached = nothing_cached

    mode: Annotated[Given[str], words("mode", "log", "magnitude", "psd", "real", "imag", "angle", "stft")] = field(
        "", "what is told of each frequency; stft: its real and its imaginary part", "log"
    )
    frame_length: Count = field("", "samples of a stretch", 256)
    frame_step: OptionalCount = field("", "samples from one stretch to the next; half of one, if absent", None)
    fft_length: OptionalCount = field("", "twice the frequencies; the next power of two, if absent", None)
    padding: Annotated[Given[str], words("padding", "valid", "same")] = field(
        "", "whether stretches may reach beyond the end: same", "valid"
    )
    expand_dims: Flag = field("", "whether the frequencies have an axis of their own", False)
    data_format: DataFormat = data_format()

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        shape = (self.frame_length, 1, self._frequencies())
        if self.mode != "imag":
            yield Tensor("real_kernel", shape, "a cosine for each frequency")
        if self.mode != "real":
            yield Tensor("imag_kernel", shape, "a sine for each frequency")

    def products(self, x: Shape) -> Iterator[Product]:
        for tensor in self.tensors(x):
            # each channel is a signal of its own
            yield Product(tensor.name, (*self._times(x), x[-1], *tensor.shape), (0,), (tensor.name,))

    def output_shape(self, x: Shape) -> Shape:
        if self.frame_step is not None and not algebra.at_least(self.frame_length - self.frame_step, 0):
            raise refuse(
                "invalid-value",
                f"'frame_step' of STFTSpectrogram is at most 'frame_length', {quoted(self.frame_length)},"
                f" not {quoted(self.frame_step)}",
            )
        times = self._times(x)
        told = self._told()
        return (*times, told, x[-1]) if algebra.truth(self.expand_dims) else (*times, told * x[-1])

    def _times(self, x: Shape) -> Shape:
        step = algebra.floor_divide(self.frame_length, 2) if self.frame_step is None else self.frame_step
        return output_lengths(x[:1], (self.frame_length,), (step,), self.padding)

    def _told(self) -> Number:
        return self._frequencies() * (2 if self.mode == "stft" else 1)

    def _frequencies(self) -> Number:
        if self.fft_length is None:
            return algebra.floor_divide(algebra.power_of_two(self.frame_length), 2) + 1
        if not algebra.at_least(self.fft_length - self.frame_length, 0):
            raise refuse(
                "invalid-value",
                f"'fft_length' of STFTSpectrogram is at least 'frame_length', {quoted(self.frame_length)},"
                f" not {quoted(self.fft_length)}",
            )
        return algebra.floor_divide(self.fft_length, 2) + 1

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        step = algebra.floor_divide(self.frame_length, 2) if self.frame_step is None else self.frame_step
        times = Sight(0, window_span(x[0], self.frame_length, step, self.padding, 1))
        if algebra.truth(self.expand_dims):
            return ((times, Sight(2, SAME)),)
        return ((times, Sight(1, repeated_span(self._told()))),)


Mode: TypeAlias = Annotated[Given[str], words("mode", "int", "one_hot", "multi_hot", "count")]
LookupMode: TypeAlias = Annotated[Given[str], words("mode", "int", "one_hot", "multi_hot", "count", "tf_idf")]

_MODE = "int gives each category's number; the others a vector with an entry for each category"
_VOCABULARY = "categories that it gives out, those for what it does not know, and for padding, included"
_MOST = "the most categories that it may have"
_PAD = "whether the vectors have 'max_tokens' entries, however many categories there are"


def encoded(x: Shape, mode: str, categories: Number) -> Shape:
    """Give the shape of categories of shape `x` as vectors of as many entries as there are `categories`.

    `one_hot` makes a vector of each category, and drops a last axis of 1 first; the other modes make
    one of all categories along the first axis. Source: Keras 3.15, `encode_categorical_inputs`, as it
    runs; of more than one axis some layers say otherwise in `compute_output_shape`.
    """
    if mode == "int":
        return x
    if mode == "one_hot":
        return (*_without_last_of_one(x), categories)
    if not x:
        raise refuse(
            "shape-mismatch",
            f"'{mode}' takes an input of one or more axes beside the batch, not {shape_text(x)}",
            "without one, Keras would count over the examples of a batch",
        )
    return (*x[1:], categories)


def sees_encoded(x: Shape, mode: str) -> Reach:
    """Give the reach of `encoded`: what was one category is one number, or a vector; others are counted together."""
    if mode == "int":
        return same(x)
    if mode == "one_hot":
        return same(x) if len(_without_last_of_one(x)) == len(x) else (*same(x[:-1]), Sight(None, FIRST))
    return (EVERYTHING, *same(x[1:]))


def _without_last_of_one(x: Shape) -> Shape:
    return x[:-1] if x and algebra.same(x[-1], 1) else x


class Discretization(Layer):
    """Turns each number into the range that it falls in."""

    layout = "as_given"
    source = "keras.layers.Discretization"
    example = Example({"num_bins": 10, "output_mode": "one_hot"}, [(64,)])
    products = no_products
    cached = nothing_cached

    bin_boundaries: OptionalRealList = field("", "where one range ends and the next begins", None)
    num_bins: OptionalSize = field("k", "the ranges, where their boundaries are found in data", None)
    output_mode: Mode = field("", _MODE, "int")

    def output_shape(self, x: Shape) -> Shape:
        if (self.num_bins is None) == (self.bin_boundaries is None):
            raise refuse("invalid-value", "Discretization takes either 'bin_boundaries' or 'num_bins'")
        ranges = self.num_bins if self.bin_boundaries is None else len(self.bin_boundaries) + 1
        return encoded(x, self.output_mode, ranges)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        return (sees_encoded(x, self.output_mode),)


class CategoryEncoding(Layer):
    """Turns the numbers of categories into vectors."""

    layout = "as_given"
    source = "keras.layers.CategoryEncoding"
    example = Example({"num_tokens": 10}, [(64,)])
    products = no_products
    cached = nothing_cached

    num_tokens: Size = field("k", "the categories")
    output_mode: Annotated[Given[str], words("mode", "one_hot", "multi_hot", "count")] = field(
        "", _MODE.partition("; ")[2], "multi_hot"
    )

    def output_shape(self, x: Shape) -> Shape:
        return encoded(x, self.output_mode, self.num_tokens)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        return (sees_encoded(x, self.output_mode),)


class Hashing(Layer):
    """Gives each value one of a fixed number of categories, by its hash."""

    layout = "as_given"
    source = "keras.layers.Hashing"
    example = Example({"num_bins": 10}, [(64,)])
    products = no_products
    cached = nothing_cached

    num_bins: Size = field("k", "the categories")
    output_mode: Mode = field("", _MODE, "int")

    def output_shape(self, x: Shape) -> Shape:
        # it drops a last axis of 1 itself, before the values are encoded, which drops one more
        values = _without_last_of_one(x) if self.output_mode == "one_hot" else x
        return encoded(values, self.output_mode, self.num_bins)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        values = _without_last_of_one(x) if self.output_mode == "one_hot" else x
        return ((*sees_encoded(values, self.output_mode), *(Sight(None, FIRST) for _ in x[len(values) :])),)


class HashedCrossing(Layer):
    """Gives each pair of values one of a fixed number of categories, by its hash."""

    inputs = (Axes("..."), Axes("..."))
    layout = "as_given"
    source = "keras.layers.HashedCrossing"
    example = Example({"num_bins": 10}, [(1,), (1,)])
    products = no_products
    cached = nothing_cached

    num_bins: Size = field("k", "the categories")
    output_mode: Annotated[Given[str], words("mode", "int", "one_hot")] = field("", _MODE, "int")

    def output_shape(self, x: Shape, y: Shape) -> Shape:
        if len(x) != len(y) or len(x) > 1 or not all(algebra.equal(size, 1) for size in (*x, *y)):
            raise refuse(
                "shape-mismatch",
                "HashedCrossing takes one value of each feature, (None) or (None, 1), not"
                f" {shape_text(x)} and {shape_text(y)}",
            )
        return encoded(x, self.output_mode, self.num_bins)

    def reach(self, x: Shape, y: Shape) -> tuple[Reach, ...]:
        return tuple(tuple(Sight(None, FIRST) for _ in shape) for shape in (x, y))


class _Lookup(Layer):
    layout = "as_given"
    products = no_products
    cached = nothing_cached

    vocabulary_size: OptionalSize = field("v", _VOCABULARY, None)
    max_tokens: OptionalSize = field("m", _MOST, None)
    pad_to_max_tokens: Flag = field("", _PAD, False)
    output_mode: LookupMode = field("", _MODE, "int")

    def _encoded(self, x: Shape) -> Shape:
        padded = algebra.truth(self.pad_to_max_tokens)
        if padded and self.max_tokens is None:
            raise refuse("invalid-value", f"{type(self).__name__} with 'pad_to_max_tokens' needs 'max_tokens'")
        categories = self.max_tokens if padded else self.vocabulary_size
        # a vocabulary that is found in data has a size that is not known before
        return encoded(x, self.output_mode, algebra.Unknown() if categories is None else categories)

    def output_shape(self, x: Shape) -> Shape:
        return self._encoded(x)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        return (sees_encoded(x, self.output_mode),)


class IntegerLookup(_Lookup):
    """Gives each number its index in a vocabulary."""

    source = "keras.layers.IntegerLookup"
    example = Example(inputs=[(64,)])


class StringLookup(_Lookup):
    """Gives each text its index in a vocabulary."""

    source = "keras.layers.StringLookup"
    example = Example(inputs=[(64,)])


class TextVectorization(_Lookup):
    """Parts a text into words, and gives each its index in a vocabulary."""

    source = "keras.layers.TextVectorization"
    example = Example(inputs=[(1,)])

    output_sequence_length: OptionalCount = field("", "the words of each text, more are dropped, fewer filled up", None)
    split: Literal["whitespace", "character"] | None = field(
        "", "where a text is parted; null for texts that are parted already", "whitespace"
    )
    ngrams: OptionalCounts = field("", "the words in a row that count as one: up to this many, or these numbers", None)
    ragged: Flag = field("", "whether shorter texts are left as they are, not filled up", False)

    def output_shape(self, x: Shape) -> Shape:
        words = self._words(x)
        if self.output_mode != "int":
            return self._encoded(words)
        length = words[-1]
        if self.output_sequence_length is not None:
            ragged = algebra.truth(self.ragged)
            length = algebra.lesser(length, self.output_sequence_length) if ragged else self.output_sequence_length
        return (*words[:-1], length)

    def _words(self, x: Shape) -> Shape:
        """Give the shape of the words that the texts are parted into."""
        if self.split is None:
            if not x:
                raise refuse(
                    "shape-mismatch",
                    "TextVectorization with 'split: null' takes an input of one or more axes beside the batch,"
                    f" not {shape_text(x)}",
                )
            return (*x[:-1], self._rows(x[-1]))
        if len(x) > 1 or not all(algebra.equal(size, 1) for size in x):
            raise refuse("shape-mismatch", f"TextVectorization takes one text an example, not {shape_text(x)}")
        return (algebra.Unknown(),)

    def _rows(self, length: Number) -> Number:
        """Count the rows of words in a text of `length` words."""
        if self.ngrams is None:
            return length
        if isinstance(self.ngrams, tuple):
            return sum((length + 1 - algebra.lesser(width, length + 1) for width in self.ngrams), start=0)
        longest = algebra.lesser(self.ngrams, length)
        return longest * length - algebra.floor_divide(longest * (longest - 1), 2)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        if self.split is None and self.ngrams is None:
            return (sees_encoded(x, self.output_mode),)
        # each word is made of the text, or of several words of it
        return (tuple(unsaid("which words a number stands for depends on the text") for _ in x),)
