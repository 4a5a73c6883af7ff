"""The cells of recurrent layers, the layer that goes through a sequence with any of them, and LSTMs over images."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, TypeAlias

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import refuse
from paramcalc.layers.base.axes import Axes
from paramcalc.layers.base.caching import nothing_cached, states_cached
from paramcalc.layers.base.declaration import Example, Layer, Part, Phrase, Remark, Tensor
from paramcalc.layers.base.fields import FieldType, Flag, Given, Size, field
from paramcalc.layers.base.nesting import LAYER, LAYERS, Nested, read_layer, read_layers
from paramcalc.layers.base.products import Operand, Product
from paramcalc.layers.base.ranked import Ranked, Window
from paramcalc.layers.base.reach import EVERYTHING, SAME, Reach, Sight, Span, window_span
from paramcalc.layers.base.recurrence import (
    Gated,
    OverTime,
    Resetting,
    check_states,
    recurrent_bias,
    reset_after,
)
from paramcalc.layers.base.spatial import DataFormat
from paramcalc.layers.base.windows import output_lengths
from paramcalc.layers.base.words import words


def _read_cell(value: Any) -> Any:
    layer = read_layer(value)
    if not isinstance(layer, _Cell):
        raise refuse("invalid-value", f"takes a cell, not {type(layer).__name__}", "as in {LSTMCell: {units: 8}}")
    return layer


def _read_cells(value: Any) -> Any:
    return read_layers(value, _read_cell)


def _read_cell_or_cells(value: Any) -> Any:
    return _read_cells(value) if isinstance(value, (list, tuple)) else _read_cell(value)


_Cells: TypeAlias = Annotated[Given[Sequence[Nested]], FieldType(_read_cells, LAYERS, nested=True)]
_CellOrCells: TypeAlias = Annotated[
    Given[Nested | Sequence[Nested]], FieldType(_read_cell_or_cells, {"anyOf": [LAYER, LAYERS]}, nested=True)
]


class _Cell(Layer):
    """A layer that goes one step: from an input and the states before to an output and new states."""

    inputs = (
        Axes("n", n="features of a step"),
        Axes("s", optional=True, s="size of a state before"),
    )
    variadic = 1

    def step(self, x: Shape) -> tuple[Shape, tuple[Shape, ...]]:
        """Give the shape of the output, and those of the states."""
        raise NotImplementedError

    def run_products(
        self, steps: Number, x: Shape, source: Operand, states: Sequence[Operand], prefix: str = ""
    ) -> Iterator[Product]:
        """Yield what it multiplies in so many steps, for inputs of the shape `x` of a step, made of `source`.

        `states` are what the states to begin with are made of, none where they are zero; `prefix` is what the names of
        its tensors begin with.
        """
        raise NotImplementedError

    def reach(self, x: Shape, *before: Shape) -> tuple[Reach, ...]:
        """Give what an output sees of the input, and of the states before."""
        raise NotImplementedError

    def products(self, x: Shape, *before: Shape) -> Iterator[Product]:
        return self.run_products(1, x, (0,), [(1 + place,) for place in range(len(before))])

    def cached(self, x: Shape, *before: Shape) -> Iterator[Tensor]:
        return states_cached(self.step(x)[1])

    def output_shape(self, x: Shape, *before: Shape) -> Shape:
        return self.step(x)[0]

    def outputs(self, x: Shape, *before: Shape) -> tuple[Shape, ...]:
        output, states = self.step(x)
        if before:
            check_states(type(self).__name__, before, states)
        return (output, *states)


class _GatedCell(_Cell, Gated):
    def tensors(self, x: Shape, *before: Shape) -> Iterator[Tensor]:
        return self.gate_tensors(x[-1])

    def run_products(
        self, steps: Number, x: Shape, source: Operand, states: Sequence[Operand], prefix: str = ""
    ) -> Iterator[Product]:
        state = states[0] if states else ()
        before = tuple(each for others in states[1:] for each in others)
        return self.gate_products(steps, x[-1], source, state, before, prefix)

    def step(self, x: Shape) -> tuple[Shape, tuple[Shape, ...]]:
        return (self.width,), self.state_shapes

    def reach(self, x: Shape, *before: Shape) -> tuple[Reach, ...]:
        # of what an LSTM remembers, a unit sees its own
        return tuple((EVERYTHING,) if place < 2 else (Sight(0, SAME),) for place in range(1 + len(before)))


class SimpleRNNCell(_GatedCell):
    """One step of SimpleRNN: the new state is a weighted sum of the input and of the state before."""

    gates = 1
    source = "Elman 1990; keras.layers.SimpleRNNCell; torch.nn.RNNCell"
    example = Example({"units": 32}, [(64,)])

    recurrent_bias: Flag = recurrent_bias()


class GRUCell(_GatedCell, Resetting):
    """One step of GRU: three gates, each a weighted sum of the input and of the state before."""

    source = "Cho et al. 2014; keras.layers.GRUCell; torch.nn.GRUCell"
    example = Example({"units": 32}, [(64,)])

    reset_after: Flag = reset_after()


class LSTMCell(_GatedCell):
    """One step of LSTM: four gates, each a weighted sum of the input and of the state before."""

    gates = 4
    states = 2
    source = "Hochreiter and Schmidhuber 1997; keras.layers.LSTMCell; torch.nn.LSTMCell"
    example = Example({"units": 32}, [(64,)])

    recurrent_bias: Flag = recurrent_bias()


class StackedRNNCells(_Cell):
    """Several cells as one: each takes the output of the one before."""

    source = "keras.layers.StackedRNNCells"
    example = Example({"cells": [{"LSTMCell": {"units": 32}}, {"GRUCell": {"units": 16}}]}, [(64,)])

    cells: _Cells = field("", "the cells, the first on the input")

    def parts(self, x: Shape, *before: Shape) -> Iterator[Part]:
        for place, cell in enumerate(self.cells):
            yield Part(f"cell_{place}", cell, (x,))
            x, _ = cell.step(x)

    def run_products(
        self, steps: Number, x: Shape, source: Operand, states: Sequence[Operand], prefix: str = ""
    ) -> Iterator[Product]:
        for place, cell in enumerate(self.cells):
            output, shapes = cell.step(x)
            own, states = states[: len(shapes)], states[len(shapes) :]
            name = f"{prefix}cell_{place}_"
            yield from cell.run_products(steps, x, source, own, name)
            x, source = output, (*source, *(each for state in own for each in state), f"{name}*")

    def cached(self, x: Shape, *before: Shape) -> Iterator[Tensor]:
        # each cell keeps its own
        return iter(())

    def step(self, x: Shape) -> tuple[Shape, tuple[Shape, ...]]:
        states: tuple[Shape, ...] = ()
        for cell in self.cells:
            x, own = cell.step(x)
            states += own
        return x, states

    def reach(self, x: Shape, *before: Shape) -> tuple[Reach, ...]:
        number = len(before)
        last = self.cells[-1].reach(x, *before[number - len(self.cells[-1].step(x)[1]) :]) if number else ()
        # of all states but those of the last cell, a matrix makes what follows
        return (*((EVERYTHING,) for _ in range(number - len(last[1:]) + 1)), *last[1:])


class RNN(OverTime):
    """Goes through a sequence step by step with any cell, or with several on top of one another."""

    inputs = (
        Axes("t n", t="steps of the sequence", n="features of a step"),
        Axes("s", optional=True, s="size of a state to begin with"),
    )
    variadic = 1
    source = "keras.layers.RNN"
    example = Example({"cell": {"LSTMCell": {"units": 32}}}, [(20, 64)])
    cached = nothing_cached

    cell: _CellOrCells = field("", "the cell that goes each step, or a list of them, as StackedRNNCells has it")

    def parts(self, x: Shape, *initial: Shape) -> Iterator[Part]:
        yield Part("cell", self._cell, (x[1:],))

    def products(self, x: Shape, *initial: Shape) -> Iterator[Product]:
        states = [(1 + place,) for place in range(len(initial))]
        return self._cell.run_products(x[0], x[1:], (0,), states, "cell_")

    def step_shape(self, x: Shape) -> Shape:
        output, _ = self._cell.step(x[1:])
        return output

    def step_states(self, x: Shape) -> Sequence[Shape]:
        _, states = self._cell.step(x[1:])
        return states

    @property
    def _cell(self) -> _Cell:
        cell: _Cell = StackedRNNCells(cells=self.cell) if isinstance(self.cell, tuple) else self.cell
        return cell

    def reach(self, x: Shape, *initial: Shape) -> tuple[Reach, ...]:
        states: Sequence[Reach] = [(EVERYTHING,)] * len(initial)
        if type(x[0]) is int and x[0] == 1:
            # a single step sees what its cell does
            moved = 1 if algebra.truth(self.return_sequences) else 0
            states = [
                tuple(Sight(moved, each.span) if each.axis == 0 else each for each in sights)
                for sights in self._cell.reach(x[1:], *initial)[1:]
            ]
        return ((self.steps_seen(), EVERYTHING), *states)


class _ConvLSTM(OverTime, Ranked):
    """An LSTM over a sequence of {inputs}: each gate is a convolution of the input and of the state before."""

    variadic = 1
    layout = "data_format"
    source = "Shi et al. 2015; keras.layers.ConvLSTM{rank}D"

    filters: Size = field("f", "filters: the channels of the output")
    kernel_size: Window = field("k", "{extent} of the window")
    strides: Window = field("", "how far the window moves over the input", 1)
    padding: Annotated[Given[str], words("padding", "valid", "same")] = field(
        "", "valid, or same: as much as keeps the lengths at stride 1", "valid"
    )
    dilation_rate: Window = field("", "the spacing of the elements of the window over the input", 1)
    use_bias: Flag = field("use_bias", "whether a bias is added", True)
    data_format: DataFormat = field("", "where the channels of a step are", "channels_last")
    remarks: ClassVar[tuple[Remark, ...]] = (
        Remark(
            "Why is there a factor of four?",
            "The input gate, the forget gate, the candidate and the output gate have windows and biases of their own.",
        ),
        Remark(
            "Why are there two kernels?",
            "A window slides over the input ({kernel} weights), and another over the state before, whose channels are"
            " the filters ({recurrent_kernel}).",
        ),
        Remark(
            "Why do neither the steps nor the positions count?",
            "Each step, and each position of it, uses the same windows again.",
        ),
    )
    phrases: ClassVar[tuple[Phrase, ...]] = (Phrase(" and biases", when="use_bias"),)

    def way_out(self, shape: Shape) -> str:
        steps = ", ".join(map(str, (1, *shape)))
        one_step = f"Reshape: {{target_shape: [{steps}]}} before it makes one step"
        return f"the first axis counts the steps: {one_step}" if len(shape) == len(self.inputs[0].names) - 1 else ""

    def tensors(self, x: Shape, *initial: Shape) -> Iterator[Tensor]:
        gates = 4 * self.filters
        yield Tensor("kernel", (*self.kernel_size, x[-1], gates), "a window over the input, for the four gates")
        yield Tensor(
            "recurrent_kernel",
            (*self.kernel_size, self.filters, gates),
            "a window over the state before, for the four gates",
        )
        yield Tensor("bias", (gates,), "a bias for each filter and gate", when=self.use_bias)

    def products(self, x: Shape, *initial: Shape) -> Iterator[Product]:
        positions, gates = self.step_shape(x)[:-1], 4 * self.filters
        kernel, recurrent = ("kernel",), ("recurrent_kernel",)
        yield Product("kernel", (x[0], *positions, *self.kernel_size, x[-1], gates), (0,), kernel)
        # the hidden state is convolved, and what it remembers is not
        hidden, remembered = ((1,), (2,)) if initial else ((), ())
        sizes = (*positions, *self.kernel_size, self.filters, gates)
        yield Product("recurrent_kernel_first", sizes, hidden, recurrent, "of the state to begin with")
        later = (0, *hidden, *remembered, *kernel, *recurrent, "bias")
        yield Product("recurrent_kernel", (x[0] - 1, *sizes), later, recurrent, "of the states before")

    def step_shape(self, x: Shape) -> Shape:
        lengths = output_lengths(x[1:-1], self.kernel_size, self.strides, self.padding, self.dilation_rate)
        return (*lengths, self.filters)

    def step_states(self, x: Shape) -> Sequence[Shape]:
        return (self.step_shape(x),) * 2

    def cached(self, x: Shape, *initial: Shape) -> Iterator[Tensor]:
        return states_cached(self.step_states(x))

    @property
    def channel_axis(self) -> int:
        # counted from the end, where it is the same for the sequence and for a step
        return -1 if self.data_format == "channels_last" else -len(self.kernel_size) - 1

    def reach(self, x: Shape, *initial: Shape) -> tuple[Reach, ...]:
        first = 1 if algebra.truth(self.return_sequences) else 0
        axes = range(first, first + len(self.kernel_size))
        sizes = (self.kernel_size, self.strides, (self.padding,) * len(axes), self.dilation_rate)
        own = [*map(window_span, x[1:-1], *sizes)]
        last = self._spread(x[0], -1)
        seen = [None if one is None or other is None else one.of(other) for one, other in zip(last, own, strict=True)]
        one_step = type(x[0]) is int and x[0] == 1
        hidden = (*map(Sight, axes, self._spread(x[0], 0)), EVERYTHING)
        remembered = (*map(Sight, axes, last), Sight(axes.stop, SAME) if one_step else EVERYTHING)
        return ((self.steps_seen(), *map(Sight, axes, seen), EVERYTHING), *(hidden, remembered)[: len(initial)])

    def _spread(self, steps: Number, further: int) -> list[Span | None]:
        """Tell how far a state is seen, along each axis, after so many steps and as many more: each looks around it."""
        sides = [window_span(None, size, 1, "same", 1) for size in self.kernel_size]
        if type(steps) is not int:
            return [None] * len(sides)
        times = steps + further
        return [None if side is None else Span((times * side.low[0],), (times * side.high[0],)) for side in sides]


class ConvLSTM1D(_ConvLSTM, rank=1):
    inputs = (
        Axes("t w c", t="steps of the sequence", w="width", c="channels of the input"),
        Axes("q s", optional=True, q="width of a state", s="channels of a state"),
    )
    example = Example({"filters": 16, "kernel_size": 3}, [(20, 32, 8)])


class ConvLSTM2D(_ConvLSTM, rank=2):
    inputs = (
        Axes("t h w c", t="steps of the sequence", h="height", w="width", c="channels of the input"),
        Axes("p q s", optional=True, p="height of a state", q="width of a state", s="channels of a state"),
    )
    example = Example({"filters": 16, "kernel_size": 3}, [(20, 32, 32, 8)])


class ConvLSTM3D(_ConvLSTM, rank=3):
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
    example = Example({"filters": 16, "kernel_size": 3}, [(20, 64, 32, 32, 8)])
