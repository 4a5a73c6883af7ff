from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

import paramcalc as pc

from ..strategies import FLAG, SMALL, Case, sizes, some
from .recurrent import keras_call, with_states


@st.composite
def _cell(draw: DrawFn, kind: str, framework: str) -> pc.Layer:
    fields = some(draw, use_bias=FLAG)
    if kind == "GRUCell":
        fields |= some(draw, reset_after=FLAG if framework == "keras" else st.just(True))
    else:
        fields |= some(draw, recurrent_bias=st.just(framework == "torch"))
    return pc.kind(kind)(units=draw(SMALL), **fields)


@st.composite
def _single(draw: DrawFn, kind: str, framework: str) -> Case:
    layer: Any = draw(_cell(kind, framework))
    shape = draw(sizes(1, 1))
    # Keras needs the states
    given = framework == "keras" or draw(FLAG)
    return Case(layer, (shape, *(layer.state_shapes if given else ())), framework)


_ANY_CELL = st.sampled_from(["SimpleRNNCell", "GRUCell", "LSTMCell"]).flatmap(lambda kind: _cell(kind, "keras"))
_CELLS = st.lists(_ANY_CELL, min_size=1, max_size=4)
_STACK = _CELLS.map(lambda cells: pc.StackedRNNCells(cells=cells))


@st.composite
def _stacked(draw: DrawFn, framework: str) -> Case:
    layer: Any = pc.StackedRNNCells(cells=draw(_CELLS))
    shape = draw(sizes(1, 1))
    return Case(layer, (shape, *layer.step(shape)[1]), framework)


@st.composite
def rnn(draw: DrawFn, **stated: Any) -> pc.Layer:
    """An RNN of one cell or of several; some of its fields may be stated."""
    fields = some(draw, return_sequences=FLAG, return_state=FLAG, go_backwards=FLAG)
    return pc.RNN(cell=draw(st.one_of(_ANY_CELL, _CELLS, _STACK)), **fields | stated)


@st.composite
def _rnn(draw: DrawFn, framework: str) -> Case:
    shape = draw(sizes(2, 2))
    if draw(FLAG):
        return with_states(draw, draw(rnn()), shape, framework)
    # stacks in a stack, of which Keras cannot say the states
    cells = draw(st.lists(st.one_of(_ANY_CELL, _STACK), min_size=1, max_size=3))
    return Case(pc.RNN(cell=cells, **some(draw, return_sequences=FLAG)), (shape,), framework)


def _of(kind: str) -> Callable[[str], SearchStrategy[Case]]:
    return partial(_single, kind)


CASES = {
    "SimpleRNNCell": _of("SimpleRNNCell"),
    "GRUCell": _of("GRUCell"),
    "LSTMCell": _of("LSTMCell"),
    "StackedRNNCells": _stacked,
    "RNN": _rnn,
}


def _keras_cell(layer: Any, inputs: list[Any]) -> Any:
    return layer(inputs[0], inputs[1:])


def _by_cell(cells: Any, states: Iterator[Any]) -> list[Any]:
    """Keras takes the states of stacked cells as a list for each."""
    sizes = [cell.state_size if isinstance(cell.state_size, (list, tuple)) else [cell.state_size] for cell in cells]
    return [[next(states) for _ in own] for own in sizes]


def _keras_stack(layer: Any, inputs: list[Any]) -> Any:
    return layer(inputs[0], _by_cell(layer.cells, iter(inputs[1:])))


def _keras_rnn(layer: Any, inputs: list[Any]) -> Any:
    if len(inputs) > 1 and hasattr(layer.cell, "cells"):
        return layer(inputs[0], initial_state=_by_cell(layer.cell.cells, iter(inputs[1:])))
    return keras_call(layer, inputs)


def _torch_cell(layer: Any, inputs: list[Any]) -> Any:
    """PyTorch gives the state alone; it is the output as well."""
    state = layer(*inputs)
    return state, state


def _torch_lstm_cell(layer: Any, inputs: list[Any]) -> Any:
    state, remembered = layer(inputs[0], tuple(inputs[1:]) or None)
    return state, state, remembered


CALLS = {
    "keras.layers.SimpleRNNCell": _keras_cell,
    "keras.layers.GRUCell": _keras_cell,
    "keras.layers.LSTMCell": _keras_cell,
    "keras.layers.StackedRNNCells": _keras_stack,
    "keras.layers.RNN": _keras_rnn,
    "torch.nn.RNNCell": _torch_cell,
    "torch.nn.GRUCell": _torch_cell,
    "torch.nn.LSTMCell": _torch_lstm_cell,
}
