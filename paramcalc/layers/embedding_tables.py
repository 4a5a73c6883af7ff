"""Tables of embeddings that do more than to look up a row."""

from collections.abc import Iterator
from typing import Literal

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import refuse
from paramcalc.layers.base.declaration import Axes, Layer, Tensor, shape_text
from paramcalc.layers.base.fields import Flag, OptionalSize, Size, field
from paramcalc.layers.base.quantization import TableQuantization, low_rank, reversed_table, table


class EmbeddingBag(Layer):
    """The sum, mean or maximum of the rows of a table that a bag of whole numbers names.

    With one input, each example is a bag. With two, the first is all bags one behind the other, and the second
    says where each begins.
    """

    inputs = (Axes("..."), Axes("", optional=True))
    source = "torch.nn.EmbeddingBag"

    input_dim: Size = field("v", "rows: the numbers that may occur")
    output_dim: Size = field("d", "the length of a row")
    mode: Literal["sum", "mean", "max"] = field("", "what is made of the rows: sum, mean or max", "mean")

    def tensors(self, x: Shape, offsets: Shape | None = None) -> Iterator[Tensor]:
        yield Tensor("embeddings", (self.input_dim, self.output_dim), "a row for each number")

    def output_shape(self, x: Shape, offsets: Shape | None = None) -> Shape:
        bagged = 0 if offsets is not None else 1
        if len(x) != bagged:
            raise refuse(
                "shape-mismatch",
                f"EmbeddingBag takes bags of one axis, or with the places where they begin none, not {shape_text(x)}",
            )
        return (self.output_dim,)


class ReversibleEmbedding(Layer):
    """Each whole number becomes the row of a table; in reverse, each row is compared with all rows of the table.

    For the way back at the end of a network, declare it again with `reverse`, and tie its `embeddings` to the first.
    `lora_rank` and `quantization` are as in Embedding.
    """

    inputs = (Axes("..."),)
    source = "Press and Wolf 2016; keras.layers.ReversibleEmbedding"

    input_dim: Size = field("v", "rows: the numbers that may occur")
    output_dim: Size = field("d", "the length of a row")
    tie_weights: Flag = field("tie_weights", "whether the same table leads back", True)
    reverse: Flag = field("", "whether it is called in reverse, from rows to numbers", False)
    lora_rank: OptionalSize = field("r", "rank of the update that is trained in place of the table", None)
    quantization: TableQuantization = field("", "how the table is kept with few bits, if it is", None)

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        v, d = self.input_dim, self.output_dim
        own = 1 - algebra.as_factor(self.tie_weights)
        if self.quantization is None:
            yield Tensor("embeddings", (v, d), "a row for each number", frozen=self.lora_rank is not None)
            yield Tensor("reverse_embeddings", (d, v), "a column for each number, on the way back", when=own)
        else:
            yield from table(self.quantization, v, d)
            yield from reversed_table(self.quantization, v, d, own)
        yield from low_rank("embeddings", (v,), (d,), self.lora_rank, self.quantization)

    def output_shape(self, x: Shape) -> Shape:
        if not algebra.truth(self.reverse):
            return (*x, self.output_dim)
        if not x or not algebra.equal(x[-1], self.output_dim):
            raise refuse(
                "shape-mismatch",
                f"ReversibleEmbedding in reverse takes rows of length {self.output_dim}, not {shape_text(x)}",
            )
        return (*x[:-1], self.input_dim)
