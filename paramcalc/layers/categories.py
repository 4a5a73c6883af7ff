"""Layers that turn numbers and texts into categories; their tables are no parameters."""

from typing import Literal, TypeAlias

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import refuse
from paramcalc.layers.base.declaration import Axes, Layer, shape_text
from paramcalc.layers.base.fields import (
    Flag,
    OptionalCount,
    OptionalCounts,
    OptionalRealList,
    OptionalSize,
    Size,
    field,
)

Mode: TypeAlias = Literal["int", "one_hot", "multi_hot", "count"]
LookupMode: TypeAlias = Literal["int", "one_hot", "multi_hot", "count", "tf_idf"]

_MODE = "int gives each category's number; the others a vector with a place for each category"
_VOCABULARY = "categories that it gives out, those for what it does not know, and for padding, included"
_MOST = "the most categories that it may have"
_PAD = "whether the vectors have 'max_tokens' places, however many categories there are"


def encoded(x: Shape, mode: str, categories: Number) -> Shape:
    """The shape of categories of this shape as vectors of so many places.

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


def _without_last_of_one(x: Shape) -> Shape:
    return x[:-1] if x and algebra.same(x[-1], 1) else x


class Discretization(Layer):
    """Turns each number into the range that it falls in."""

    source = "keras.layers.Discretization"

    bin_boundaries: OptionalRealList = field("", "where one range ends and the next begins", None)
    num_bins: OptionalSize = field("k", "the ranges, where their boundaries are found in data", None)
    output_mode: Mode = field("", _MODE, "int")

    def output_shape(self, x: Shape) -> Shape:
        if (self.num_bins is None) == (self.bin_boundaries is None):
            raise refuse("invalid-value", "Discretization takes either 'bin_boundaries' or 'num_bins'")
        ranges = self.num_bins if self.bin_boundaries is None else len(self.bin_boundaries) + 1
        return encoded(x, self.output_mode, ranges)


class CategoryEncoding(Layer):
    """Turns the numbers of categories into vectors."""

    source = "keras.layers.CategoryEncoding"

    num_tokens: Size = field("k", "the categories")
    output_mode: Literal["one_hot", "multi_hot", "count"] = field("", _MODE.partition("; ")[2], "multi_hot")

    def output_shape(self, x: Shape) -> Shape:
        return encoded(x, self.output_mode, self.num_tokens)


class Hashing(Layer):
    """Gives each value one of a fixed number of categories, by its hash."""

    source = "keras.layers.Hashing"

    num_bins: Size = field("k", "the categories")
    output_mode: Mode = field("", _MODE, "int")

    def output_shape(self, x: Shape) -> Shape:
        # it drops a last axis of 1 itself, before the values are encoded, which drops one more
        values = _without_last_of_one(x) if self.output_mode == "one_hot" else x
        return encoded(values, self.output_mode, self.num_bins)


class HashedCrossing(Layer):
    """Gives each pair of values one of a fixed number of categories, by its hash."""

    inputs = (Axes("..."), Axes("..."))
    source = "keras.layers.HashedCrossing"

    num_bins: Size = field("k", "the categories")
    output_mode: Literal["int", "one_hot"] = field("", _MODE, "int")

    def output_shape(self, x: Shape, y: Shape) -> Shape:
        if len(x) != len(y) or len(x) > 1 or not all(algebra.equal(size, 1) for size in (*x, *y)):
            raise refuse(
                "shape-mismatch",
                "HashedCrossing takes one value of each feature, (None) or (None, 1), not"
                f" {shape_text(x)} and {shape_text(y)}",
            )
        return encoded(x, self.output_mode, self.num_bins)


class _Lookup(Layer):
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


class IntegerLookup(_Lookup):
    """Gives each number the place that it has in a vocabulary."""

    source = "keras.layers.IntegerLookup"


class StringLookup(_Lookup):
    """Gives each text the place that it has in a vocabulary."""

    source = "keras.layers.StringLookup"


class TextVectorization(_Lookup):
    """Parts a text into words, and gives each the place that it has in a vocabulary."""

    source = "keras.layers.TextVectorization"

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
        """The shape of the words that the texts are parted into."""
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
        """How many rows of words there are in so many words."""
        if self.ngrams is None:
            return length
        if isinstance(self.ngrams, tuple):
            return sum((length + 1 - algebra.lesser(width, length + 1) for width in self.ngrams), start=0)
        longest = algebra.lesser(self.ngrams, length)
        return longest * length - algebra.floor_divide(longest * (longest - 1), 2)
