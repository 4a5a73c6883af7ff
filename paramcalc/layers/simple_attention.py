"""Attention without projections: what is compared and mixed are the inputs themselves."""

from collections.abc import Iterator
from typing import Literal

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.core.errors import refuse
from paramcalc.layers.base.declaration import Axes, Layer, Tensor, shape_text
from paramcalc.layers.base.fields import Flag, field


class _SimpleAttention(Layer):
    inputs = (
        Axes("... t d", t="length of the query", d="features of query and key"),
        Axes("... s e", s="length of value and key", e="features of the value"),
        Axes("... s d", optional=True, s="length of value and key", d="features of query and key"),
    )

    def output_shape(self, query: Shape, value: Shape, key: Shape | None = None) -> Shape:
        key = key or value
        if not algebra.equal_shapes(key[:-1], value[:-1]):
            raise refuse(
                "shape-mismatch", f"key {shape_text(key)} and value {shape_text(value)} must have the same length"
            )
        if not algebra.equal_shapes((*query[:-2], query[-1]), (*key[:-2], key[-1])):
            raise refuse(
                "shape-mismatch",
                f"query {shape_text(query)} and key {shape_text(key)} must agree in every axis but the length",
            )
        return (*query[:-1], value[-1])


class Attention(_SimpleAttention):
    """Each place of the query mixes the values by how well their keys fit it, in a product or a sum.

    The inputs are the query, the value and the key: without a key, the value serves as such.
    """

    source = "Luong, Pham and Manning 2015; keras.layers.Attention"

    use_scale: Flag = field("use_scale", "whether a learned number scales what is compared", False)
    score_mode: Literal["dot", "concat"] = field("", "whether query and key are multiplied or added", "dot")

    def tensors(self, query: Shape, value: Shape, key: Shape | None = None) -> Iterator[Tensor]:
        yield Tensor("scale", (), "the number that scales", when=self.use_scale)
        yield Tensor("concat_score_weight", (), "what the sums count", when=self.score_mode == "concat")


class AdditiveAttention(_SimpleAttention):
    """Each place of the query mixes the values by how well their keys fit it: tanh(query + key), summed.

    The inputs are the query, the value and the key: without a key, the value serves as such.
    """

    source = "Bahdanau, Cho and Bengio 2015; keras.layers.AdditiveAttention"

    use_scale: Flag = field("use_scale", "whether each feature counts with a learned weight", True)

    def tensors(self, query: Shape, value: Shape, key: Shape | None = None) -> Iterator[Tensor]:
        yield Tensor("scale", (query[-1],), "what each feature counts", when=self.use_scale)
