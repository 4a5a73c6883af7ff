"""LSTMs whose gates slide a window over each step of a sequence of images."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from paramcalc.core.algebra import Shape
from paramcalc.layers.base.declaration import Axes, Tensor
from paramcalc.layers.base.fields import Flag, Size, Window1D, Window2D, Window3D, field
from paramcalc.layers.base.recurrence import OverTime
from paramcalc.layers.base.windows import output_lengths


class _ConvLSTM(OverTime):
    variadic = 1

    filters: Size = field("f", "filters: the channels of the output")
    kernel_size: Any
    strides: Any
    padding: Literal["valid", "same"] = field("", "valid, or same: as much as keeps the lengths at stride 1", "valid")
    dilation_rate: Any
    use_bias: Flag = field("use_bias", "whether an offset is added", True)
    data_format: Literal["channels_last", "channels_first"] = field(
        "", "where the channels of a step are", "channels_last"
    )

    def tensors(self, x: Shape, *initial: Shape) -> Iterator[Tensor]:
        gates = 4 * self.filters
        yield Tensor("kernel", (*self.kernel_size, x[-1], gates), "a window over the input, for the four gates")
        yield Tensor(
            "recurrent_kernel",
            (*self.kernel_size, self.filters, gates),
            "a window over the state before, for the four gates",
        )
        yield Tensor("bias", (gates,), "an offset for each filter and gate", when=self.use_bias)

    def step_shape(self, x: Shape) -> Shape:
        lengths = output_lengths(x[1:-1], self.kernel_size, self.strides, self.padding, self.dilation_rate)
        return (*lengths, self.filters)

    def step_states(self, x: Shape) -> Sequence[Shape]:
        return (self.step_shape(x),) * 2

    @property
    def channel_axis(self) -> int:
        # counted from the end, where it is the same for the sequence and for a step
        return -1 if self.data_format == "channels_last" else -len(self.kernel_size) - 1


class ConvLSTM1D(_ConvLSTM):
    """An LSTM over a sequence of rows: each gate is a convolution of the input and of the state before."""

    inputs = (
        Axes("t w c", t="steps of the sequence", w="width", c="channels of the input"),
        Axes("q s", optional=True, q="width of a state", s="channels of a state"),
    )
    source = "Shi et al. 2015; keras.layers.ConvLSTM1D"

    kernel_size: Window1D = field("k", "the length of the window")
    strides: Window1D = field("", "how far the window moves over the input", (1,))
    dilation_rate: Window1D = field("", "the spacing of the elements of the window over the input", (1,))


class ConvLSTM2D(_ConvLSTM):
    """An LSTM over a sequence of images: each gate is a convolution of the input and of the state before."""

    inputs = (
        Axes("t h w c", t="steps of the sequence", h="height", w="width", c="channels of the input"),
        Axes("p q s", optional=True, p="height of a state", q="width of a state", s="channels of a state"),
    )
    source = "Shi et al. 2015; keras.layers.ConvLSTM2D"

    kernel_size: Window2D = field("k", "height and width of the window")
    strides: Window2D = field("", "how far the window moves over the input", (1, 1))
    dilation_rate: Window2D = field("", "the spacing of the elements of the window over the input", (1, 1))


class ConvLSTM3D(_ConvLSTM):
    """An LSTM over a sequence of volumes: each gate is a convolution of the input and of the state before."""

    inputs = (
        Axes("t d h w c", t="steps of the sequence", d="depth", h="height", w="width", c="channels of the input"),
        Axes(
            "o p q s",
            optional=True,
            o="depth of a state",
            p="height of a state",
            q="width of a state",
            s="channels of a state",
        ),
    )
    source = "Shi et al. 2015; keras.layers.ConvLSTM3D"

    kernel_size: Window3D = field("k", "depth, height and width of the window")
    strides: Window3D = field("", "how far the window moves over the input", (1, 1, 1))
    dilation_rate: Window3D = field("", "the spacing of the elements of the window over the input", (1, 1, 1))
