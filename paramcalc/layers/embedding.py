"""Layers that look up a row of a table."""

from collections.abc import Iterator

from paramcalc.algebra import Shape
from paramcalc.fields import Size, field
from paramcalc.layer import Layer, Remark, Tensor


class Embedding(Layer):
    """Each whole number of the input becomes the row of a table."""

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

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        yield Tensor("embeddings", (self.input_dim, self.output_dim), "a row for each number")

    def output_shape(self, x: Shape) -> Shape:
        return (*x, self.output_dim)
