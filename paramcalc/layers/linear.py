"""Layers that multiply by a matrix."""

from collections.abc import Iterator

from paramcalc.core.algebra import Shape
from paramcalc.layers.base.axes import Axes
from paramcalc.layers.base.caching import nothing_cached
from paramcalc.layers.base.declaration import Example, Layer, Phrase, Remark, Tensor
from paramcalc.layers.base.fields import Flag, OptionalSize, Size, field
from paramcalc.layers.base.products import Product, low_rank_products, updated
from paramcalc.layers.base.quantization import Quantization, low_rank, matrix, scaled_input
from paramcalc.layers.base.reach import Reach, mixing
from paramcalc.layers.base.words import Function


class Dense(Layer):
    """Each output is a weighted sum of all inputs, plus a bias: activation(x · kernel + bias).

    With `lora_rank` the kernel is frozen, and the product of two smaller matrices is trained in its place. With
    `quantization` the kernel is kept with few bits, as Keras keeps it: `int8`; `int4`, two to a byte, or
    `int4/BLOCK` with scales for each block of inputs; `float8`, with scales that training sets; `gptq/BITS/GROUP`
    and `awq/4/GROUP`, as they are read from a file.
    """

    inputs = (Axes("... n", n="inputs: the size of the last axis"),)
    layout = "channels_last"
    source = "keras.layers.Dense; torch.nn.Linear; Hu et al. 2021 (LoRA)"
    example = Example({"units": 32}, [(64,)])
    remarks = (
        Remark(
            "Why does only the last axis of the input count?",
            "The same kernel is applied at each position of the other axes; more positions use the same weights"
            " again, and need no more of them.",
            when="rank > 1",
        ),
    )
    phrases = (Phrase(", plus a bias", when="use_bias"), Phrase(" + bias", when="use_bias"))
    cached = nothing_cached

    units: Size = field("u", "outputs")
    use_bias: Flag = field("use_bias", "whether a bias is added", True)
    activation: Function = field("", "the function applied to the result", "linear")
    lora_rank: OptionalSize = field("r", "rank of the update that is trained in place of the kernel", None)
    quantization: Quantization = field("", "how the kernel is kept with few bits, if it is", None)

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        n, u = x[-1], self.units
        if self.quantization is None:
            frozen = self.lora_rank is not None
            yield Tensor("kernel", (n, u), "a weight from each input to each output", frozen=frozen)
        else:
            yield from matrix(self.quantization, n, u, (n, u), (u,))
        yield Tensor("bias", (u,), "a bias for each output", when=self.use_bias)
        yield from low_rank("kernel", (n,), (u,), self.lora_rank, self.quantization)

    def products(self, x: Shape) -> Iterator[Product]:
        n, u, kept = x[-1], self.units, self.quantization is not None
        yield from low_rank_products("kernel", x[:-1], n, u, self.lora_rank, kept)
        yield Product(
            "kernel", (*x[:-1], n, u), scaled_input(self.quantization), updated("kernel", self.lora_rank, kept)
        )

    def output_shape(self, x: Shape) -> Shape:
        return (*x[:-1], self.units)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        return (mixing(x, -1),)
