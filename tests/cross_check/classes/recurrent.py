from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

import paramcalc as pc

from ..strategies import FLAG, SMALL, Case, Sizes, sizes, some


@st.composite
def recurrent(draw: DrawFn, kind: str, framework: str, **stated: Any) -> pc.Layer:
    """A SimpleRNN, GRU or LSTM that a class of the framework can express; some of its fields may be stated."""
    units = draw(SMALL)
    fields = some(draw, use_bias=FLAG, return_state=FLAG)
    if kind == "GRU":
        fields |= some(draw, reset_after=FLAG if framework == "keras" else st.just(True))
    else:
        fields |= some(draw, recurrent_bias=st.just(framework == "torch"))
    if framework == "keras":
        fields |= some(draw, return_sequences=FLAG, go_backwards=FLAG)
    else:
        fields |= some(draw, return_sequences=st.just(True), num_layers=st.integers(1, 3), bidirectional=FLAG)
        if kind == "LSTM" and units > 1:
            fields |= some(draw, proj_size=st.integers(1, units - 1))
    return pc.kind(kind)(units=units, **fields | stated)


def with_states(draw: DrawFn, layer: Any, shape: Sizes, framework: str) -> Case:
    """The layer on a sequence, and maybe on states to begin with."""
    return Case(layer, (shape, *(layer.step_states(shape) if draw(FLAG) else ())), framework)


@st.composite
def _cases(draw: DrawFn, kind: str, framework: str) -> Case:
    return with_states(draw, draw(recurrent(kind, framework)), draw(sizes(2, 2)), framework)


def _of(kind: str) -> Callable[[str], SearchStrategy[Case]]:
    return partial(_cases, kind)


CASES = {"SimpleRNN": _of("SimpleRNN"), "GRU": _of("GRU"), "LSTM": _of("LSTM")}


def keras_call(layer: Any, inputs: list[Any]) -> Any:
    """The call of a Keras layer with states to begin with, if there are any."""
    return layer(inputs[0], initial_state=inputs[1:] or None)


def _torch_call(layer: Any, inputs: list[Any]) -> Any:
    """The output, then the states one by one: PyTorch stacks those of all layers and directions."""
    import torch

    sequence, *initial = inputs
    output, last = layer(sequence, torch.stack(initial) if initial else None)
    return output, *last.unbind(0)


def _torch_lstm(layer: Any, inputs: list[Any]) -> Any:
    import torch

    sequence, *initial = inputs
    states = (torch.stack(initial[::2]), torch.stack(initial[1::2])) if initial else None
    output, (hidden, remembered) = layer(sequence, states)
    return output, *zip(hidden.unbind(0), remembered.unbind(0), strict=True)


CALLS = {
    "keras.layers.SimpleRNN": keras_call,
    "keras.layers.GRU": keras_call,
    "keras.layers.LSTM": keras_call,
    "torch.nn.RNN": _torch_call,
    "torch.nn.GRU": _torch_call,
    "torch.nn.LSTM": _torch_lstm,
}


def _with_or_without_states(layer: Any, outputs: list[Any]) -> list[Any]:
    """PyTorch always gives the states as well."""
    return outputs if layer.return_state else outputs[:1]


KEPT = {name: _with_or_without_states for name in CALLS if name.startswith("torch")}
