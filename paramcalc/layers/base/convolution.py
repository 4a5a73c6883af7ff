"""What the convolutions over one, two and three axes have in common: the formula of their kernel stands here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from paramcalc.core import algebra
from paramcalc.core.algebra import Shape
from paramcalc.layers.base.declaration import Phrase, Remark, Tensor
from paramcalc.layers.base.fields import Count, Flag, Function, OptionalSize, Size, field
from paramcalc.layers.base.spatial import DataFormat, Spatial, data_format
from paramcalc.layers.base.windows import output_lengths


class Convolution(Spatial):
    """A convolution over any number of axes; each kind says over how many its window reaches."""

    remarks = (
        Remark(
            "Why does the size of the input not count?",
            "Each filter is one window of weights, which slides over all places: a larger input uses the same"
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
    phrases = (Phrase(", plus an offset", when="use_bias"),)

    filters: Size = field("f", "filters: the channels of the output")
    kernel_size: Any
    strides: Any
    padding: Any
    dilation_rate: Any
    groups: Count = field("g", "groups: each sees its own share of the channels", 1)
    use_bias: Flag = field("use_bias", "whether an offset is added", True)
    activation: Function = field("", "the function applied to the result", "linear")
    data_format: DataFormat = data_format()
    lora_rank: OptionalSize = field(
        "r", "rank of the update trained in place of the kernel (LoRA); none, if absent", None
    )

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        """A kernel and an offset; with a rank, the kernel's update, beside which the kernel itself is frozen."""
        channels = algebra.divide(x[-1], self.groups, "the groups must divide the channels")
        algebra.divide(self.filters, self.groups, "the groups must divide the filters")
        window, rank = (*self.kernel_size, channels), self.lora_rank
        frozen = rank is not None
        yield Tensor("kernel", (*window, self.filters), "a window of weights for each filter", frozen=frozen)
        yield Tensor("bias", (self.filters,), "an offset for each filter", when=self.use_bias)
        if rank is not None:
            # of full precision whatever the kernel's is: base_conv.py of Keras 3
            yield Tensor("lora_kernel_a", (*window, rank), "a window of weights for each rank", dtype="float32")
            yield Tensor("lora_kernel_b", (rank, self.filters), "from each rank to each filter", dtype="float32")

    def output_shape(self, x: Shape) -> Shape:
        """A place for each position of the window, and a channel for each filter."""
        lengths = output_lengths(x[:-1], self.kernel_size, self.strides, self.padding, self.dilation_rate)
        return (*lengths, self.filters)
