"""Layers that look up a row of a table."""

from collections.abc import Iterator

from paramcalc.core.algebra import Shape
from paramcalc.layers.base.declaration import Layer, Remark, Tensor
from paramcalc.layers.base.fields import OptionalSize, Size, field
from paramcalc.layers.base.quantization import TableQuantization, low_rank, table


class Embedding(Layer):
    """Each whole number of the input becomes the row of a table.

    With `lora_rank` the table is frozen, and the product of two smaller ones is trained in its place. With
    `quantization` it is kept with few bits, as Keras keeps it: `int8`; `int4`, two to a byte, or `int4/BLOCK` with
    scales for each block of a row.
    """

    source = "keras.layers.Embedding; torch.nn.Embedding"
    remarks = (
        Remark(
            "What does a row for padding cost?",
            "As much as any other row. It is stored and counted, though it stands for no word, and though a"
            " framework may mask it or keep it at zero. The same holds of rows added to reach a round number.",
        ),
        Remark(
            "Why does the length of the input not count?",
            "The table is looked up once for each place; all places share it.",
            when="rank > 0",
        ),
    )

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

    def output_shape(self, x: Shape) -> Shape:
        return (*x, self.output_dim)
