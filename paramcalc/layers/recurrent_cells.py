"""The cells of recurrent layers, which go one step, and the layer that goes through a sequence with any of them."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, TypeAlias

from paramcalc.core.algebra import Shape
from paramcalc.core.errors import refuse
from paramcalc.layers.base.declaration import Axes, Layer, Part, Tensor
from paramcalc.layers.base.fields import FieldType, Flag, Given, field
from paramcalc.layers.base.nesting import LAYER, LAYERS, Nested, read_layer, read_layers
from paramcalc.layers.base.recurrence import Gated, OverTime, check_states


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
        """The shape of the output, and those of the states."""
        raise NotImplementedError

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

    def step(self, x: Shape) -> tuple[Shape, tuple[Shape, ...]]:
        return (self.width,), self.state_shapes


class SimpleRNNCell(_GatedCell):
    """One step of SimpleRNN: the new state is a weighted sum of the input and of the state before."""

    gates = 1
    source = "Elman 1990; keras.layers.SimpleRNNCell; torch.nn.RNNCell"

    recurrent_bias: Flag = field("recurrent_bias", "whether a second offset is kept, as PyTorch does", False)


class GRUCell(_GatedCell):
    """One step of GRU: three gates, each a weighted sum of the input and of the state before."""

    gates = 3
    second_offset = "reset_after"
    source = "Cho et al. 2014; keras.layers.GRUCell; torch.nn.GRUCell"

    reset_after: Flag = field(
        "reset_after", "whether the state is reset after its matrix, which needs a second offset, or before it", True
    )


class LSTMCell(_GatedCell):
    """One step of LSTM: four gates, each a weighted sum of the input and of the state before."""

    gates = 4
    states = 2
    source = "Hochreiter and Schmidhuber 1997; keras.layers.LSTMCell; torch.nn.LSTMCell"

    recurrent_bias: Flag = field("recurrent_bias", "whether a second offset is kept, as PyTorch does", False)


class StackedRNNCells(_Cell):
    """Several cells as one: each takes the output of the one before."""

    source = "keras.layers.StackedRNNCells"

    cells: _Cells = field("", "the cells, the first on the input")

    def parts(self, x: Shape, *before: Shape) -> Iterator[Part]:
        for place, cell in enumerate(self.cells):
            yield Part(f"cell_{place}", cell, (x,))
            x, _ = cell.step(x)

    def step(self, x: Shape) -> tuple[Shape, tuple[Shape, ...]]:
        states: tuple[Shape, ...] = ()
        for cell in self.cells:
            x, own = cell.step(x)
            states += own
        return x, states


class RNN(OverTime):
    """Goes through a sequence step by step with any cell, or with several on top of one another."""

    inputs = (
        Axes("t n", t="steps of the sequence", n="features of a step"),
        Axes("s", optional=True, s="size of a state to begin with"),
    )
    variadic = 1
    source = "keras.layers.RNN"

    cell: _CellOrCells = field("", "the cell that goes each step, or a list of them, as StackedRNNCells has it")

    def parts(self, x: Shape, *initial: Shape) -> Iterator[Part]:
        yield Part("cell", self._cell, (x[1:],))

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
