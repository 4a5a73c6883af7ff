"""Layers that look up a row of a table."""

from collections.abc import Iterator

from paramcalc.algebra import Shape
from paramcalc.fields import Size, field
from paramcalc.layer import Layer, Tensor


class Embedding(Layer):
    """Each whole number of the input becomes the row of a table."""

    source = "keras.layers.Embedding; torch.nn.Embedding"

    input_dim: Size = field("v", "rows: the numbers that may occur")
    output_dim: Size = field("d", "the length of a row")

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        yield Tensor("embeddings", (self.input_dim, self.output_dim), "a row for each number")

    def output_shape(self, x: Shape) -> Shape:
        return (*x, self.output_dim)
