"""Layers that slide a learned window over a sequence, an image or a volume."""

from collections.abc import Iterator
from typing import ClassVar

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.layers.base.caching import nothing_cached
from paramcalc.layers.base.convolution import Filters, Windowed
from paramcalc.layers.base.declaration import Phrase, Remark, Tensor
from paramcalc.layers.base.fields import Count, Flag, OptionalSize, field
from paramcalc.layers.base.products import Product, low_rank_products, updated
from paramcalc.layers.base.reach import Reach, Sight, grouped_span
from paramcalc.layers.base.spatial import DataFormat, data_format
from paramcalc.layers.base.words import CausalPadding1D, Function

_SOURCE = "Hu et al. 2021 (low-rank update); keras.layers.Conv{rank}D; torch.nn.Conv{rank}d"


class _Conv(Windowed, Filters):
    """Each output {position} and filter is a weighted sum of a window of the input, plus a bias."""

    phrases: ClassVar[tuple[Phrase, ...]] = (Phrase(", plus a bias", when="use_bias"),)
    remarks = (
        Remark(
            "Why does the size of the input not count?",
            "Each filter is one window of weights, which slides over all positions: a larger input uses the same"
            " window more often.",
        ),
        Remark(
            "Why do the channels of the input count?",
            "A filter is as deep as its input: its window has weights for every channel, and makes one channel of"
            " the output.",
            when="groups == 1",
        ),
        Remark(
            "Why is the window's depth less than the channels of the input?",
            "The channels are dealt out to the groups, and a filter sees those of its own group only.",
            when="groups > 1",
        ),
        Remark(
            "Why is the kernel not trained?",
            "Its low-rank update is trained in its place (LoRA): two small kernels, whose product is added to it.",
            when="lora_rank != None",
        ),
    )
    cached = nothing_cached

    groups: Count = field("g", "groups: each sees its own share of the channels", 1)
    use_bias: Flag = field("use_bias", "whether a bias is added", True)
    activation: Function = field("", "the function applied to the result", "linear")
    data_format: DataFormat = data_format()
    lora_rank: OptionalSize = field(
        "r", "rank of the update trained in place of the kernel (LoRA); none, if absent", None
    )

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        channels = algebra.divide(x[-1], self.groups, "the groups must divide the channels")
        algebra.divide(self.filters, self.groups, "the groups must divide the filters")
        window, rank = (*self.kernel_size, channels), self.lora_rank
        frozen = rank is not None
        yield Tensor("kernel", (*window, self.filters), "a window of weights for each filter", frozen=frozen)
        yield Tensor("bias", (self.filters,), "a bias for each filter", when=self.use_bias)
        if rank is not None:
            # of full precision whatever the kernel's is: base_conv.py of Keras 3
            yield Tensor("lora_kernel_a", (*window, rank), "a window of weights for each rank", dtype="float32")
            yield Tensor("lora_kernel_b", (rank, self.filters), "from each rank to each filter", dtype="float32")

    def products(self, x: Shape) -> Iterator[Product]:
        window = (*self.kernel_size, algebra.divide(x[-1], self.groups))
        rank = self.lora_rank
        yield from low_rank_products("kernel", (), algebra.product(window), self.filters, rank, kept=False)
        yield Product("kernel", (*self.lengths(x), *window, self.filters), (0,), updated("kernel", rank, kept=False))

    def output_shape(self, x: Shape) -> Shape:
        return (*self.lengths(x), self.filters)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        channels = Sight(len(x) - 1, grouped_span(x[-1], self.groups, self.filters))
        return ((*self.sights(x), channels),)


class Conv1D(_Conv, rank=1):
    source = f"Waibel et al. 1989; {_SOURCE}"

    padding: CausalPadding1D = field("", "valid, same, causal, or the steps added on each side", "valid")


class Conv2D(_Conv, rank=2):
    source = f"LeCun et al. 1998; {_SOURCE}"


class Conv3D(_Conv, rank=3):
    source = f"Ji et al. 2013; {_SOURCE}"
