"""Layers that look up a row of a table."""

from collections.abc import Iterator
from typing import Annotated

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import refuse
from paramcalc.layers.base.axes import Axes, shape_text
from paramcalc.layers.base.caching import nothing_cached
from paramcalc.layers.base.declaration import Example, Layer, Remark, Tensor
from paramcalc.layers.base.fields import Flag, Given, OptionalSize, Size, field
from paramcalc.layers.base.products import Product, low_rank_products, no_products, updated
from paramcalc.layers.base.quantization import TableQuantization, low_rank, reversed_table, table
from paramcalc.layers.base.reach import Reach, everything, mixing, same
from paramcalc.layers.base.words import words


class Embedding(Layer):
    """Each whole number of the input becomes the row of a table.

    With `lora_rank` the table is frozen, and the product of two smaller ones is trained in its place. With
    `quantization` it is kept with few bits, as Keras keeps it: `int8`; `int4`, two to a byte, or `int4/BLOCK` with
    scales for each block of a row.
    """

    layout = "channels_last"
    source = "keras.layers.Embedding; torch.nn.Embedding"
    example = Example({"input_dim": 1000, "output_dim": 32}, [(64,)])
    remarks = (
        Remark(
            "What does a row for padding cost?",
            "As much as any other row. It is stored and counted, though it stands for no word, and though a"
            " framework may mask it or keep it at zero. The same holds of rows added to reach a round number.",
        ),
        Remark(
            "Why does the length of the input not count?",
            "The table is looked up once for each position; all positions share it.",
            when="rank > 0",
        ),
    )
    cached = nothing_cached

    input_dim: Size = field("v", "rows: the numbers that may occur")
    output_dim: Size = field("d", "the length of a row")
    lora_rank: OptionalSize = field("r", "rank of the update that is trained in place of the table", None)
    quantization: TableQuantization = field("", "how the table is kept with few bits, if it is", None)

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        v, d = self.input_dim, self.output_dim
        if self.quantization is None:
            yield Tensor("embeddings", (v, d), "a row for each number", frozen=self.lora_rank is not None)
        else:
            yield from table(self.quantization, v, d)
        yield from low_rank("embeddings", (v,), (d,), self.lora_rank, self.quantization)

    def products(self, x: Shape) -> Iterator[Product]:
        return _of_update(x, self.input_dim, self.output_dim, self.lora_rank, self.quantization)

    def output_shape(self, x: Shape) -> Shape:
        return (*x, self.output_dim)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        return (same(x),)


class EmbeddingBag(Layer):
    """The sum, mean or maximum of the rows of a table that a bag of whole numbers names.

    With one input, each example is a bag. With two, the first is all bags one behind the other, and the second
    says where each begins.
    """

    inputs = (Axes("..."), Axes("", optional=True))
    layout = "as_given"
    source = "torch.nn.EmbeddingBag"
    example = Example({"input_dim": 1000, "output_dim": 32}, [(64,)])
    products = no_products
    cached = nothing_cached

    input_dim: Size = field("v", "rows: the numbers that may occur")
    output_dim: Size = field("d", "the length of a row")
    mode: Annotated[Given[str], words("mode", "sum", "mean", "max")] = field(
        "", "what is made of the rows: sum, mean or max", "mean"
    )

    def tensors(self, x: Shape, offsets: Shape | None = None) -> Iterator[Tensor]:
        yield Tensor("embeddings", (self.input_dim, self.output_dim), "a row for each number")

    def output_shape(self, x: Shape, offsets: Shape | None = None) -> Shape:
        bagged = 0 if offsets is not None else 1
        if len(x) != bagged:
            raise refuse(
                "shape-mismatch",
                "EmbeddingBag takes bags of one axis, or with the positions where they begin none,"
                f" not {shape_text(x)}",
            )
        return (self.output_dim,)

    def reach(self, x: Shape, offsets: Shape | None = None) -> tuple[Reach, ...]:
        return everything(x) if offsets is None else everything(x, offsets)


class ReversibleEmbedding(Layer):
    """Each whole number becomes the row of a table; in reverse, each row is compared with all rows of the table.

    For the way back at the end of a network, declare it again with `reverse`, and tie its `embeddings` to the first.
    `lora_rank` and `quantization` are as in Embedding.
    """

    inputs = (Axes("..."),)
    layout = "channels_last"
    source = "Press and Wolf 2016; keras.layers.ReversibleEmbedding"
    example = Example({"input_dim": 1000, "output_dim": 32}, [(64,)])
    cached = nothing_cached

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

    def products(self, x: Shape) -> Iterator[Product]:
        v, d, rank = self.input_dim, self.output_dim, self.lora_rank
        if not algebra.truth(self.reverse):
            yield from _of_update(x, v, d, rank, self.quantization)
            return
        kept = self.quantization is not None
        tied = algebra.truth(self.tie_weights)
        table = updated("embeddings", rank, kept) if tied else ("reverse_embeddings",)
        if tied and not kept:
            yield from low_rank_products("embeddings", (), v, d, rank, kept)
        # of few bits, the input is rounded, and nothing goes back through that
        yield Product("embeddings", (*x[:-1], d, v), () if kept else (0,), table)

    def output_shape(self, x: Shape) -> Shape:
        if not algebra.truth(self.reverse):
            return (*x, self.output_dim)
        if not x or not algebra.equal(x[-1], self.output_dim):
            raise refuse(
                "shape-mismatch",
                f"ReversibleEmbedding in reverse takes rows of length {self.output_dim}, not {shape_text(x)}",
            )
        return (*x[:-1], self.input_dim)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        return (mixing(x, -1) if algebra.truth(self.reverse) else same(x),)


def _of_update(x: Shape, rows: Number, width: Number, rank: Number, quantization: str | None) -> Iterator[Product]:
    """Yield the products of the update of a table: of the whole, or of the rows that are looked up."""
    first, second = "lora_embeddings_a", "lora_embeddings_b"
    if rank is not None and quantization is not None:
        yield Product(second, (*x, rank, width), (first,), (second,), "from the rank of the update")
    else:
        yield from low_rank_products("embeddings", (), rows, width, rank, kept=False)
