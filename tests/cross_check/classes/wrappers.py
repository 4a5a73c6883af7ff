from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import ACTIVATIONS, FLAG, SMALL, Case, Sizes, embedding, layer_for, sizes, some
from .convolutional_lstm import conv_lstm
from .recurrent import keras_call, recurrent
from .recurrent_cells import rnn

_KINDS = st.sampled_from(["SimpleRNN", "GRU", "LSTM"])
_MODES = st.sampled_from(["concat", "sum", "mul", "ave", None])


@st.composite
def _one_way(draw: DrawFn, shape: Sizes, **stated: Any) -> Any:
    """A recurrent layer for a sequence of this shape."""
    if len(shape) > 2:
        return draw(conv_lstm(len(shape) - 2, shape, **stated))
    if draw(FLAG):
        return draw(rnn(**stated))
    return draw(recurrent(draw(_KINDS), "keras", **stated))


@st.composite
def _both_ways(draw: DrawFn, shape: Sizes) -> Any:
    """A Bidirectional for a sequence of this shape, whose two outputs can be merged."""
    layer = draw(_one_way(shape, go_backwards=False))
    fields = some(draw, merge_mode=_MODES)
    if draw(FLAG):
        shared = {
            name: getattr(layer, name)
            for name in ("return_sequences", "return_state", "data_format")
            if name in type(layer).model_fields
        }
        backward = draw(_one_way(shape, go_backwards=True, **shared))
        outputs, others = layer.output_shapes(shape), backward.output_shapes(shape)
        # where Keras does not run it, only what it says can be held to ours, and it says the same of both
        known = outputs == others or getattr(layer, "data_format", "") != "channels_first"
        if known and _merges(outputs[0], others[0], fields.get("merge_mode", "concat")):
            return pc.Bidirectional(layer=layer, backward_layer=backward, **fields)
    return pc.Bidirectional(layer=layer, **fields)


def _merges(forward: Sizes, backward: Sizes, mode: str | None) -> bool:
    features = forward[-1] == backward[-1] or mode == "concat" or 1 in (forward[-1], backward[-1])
    return mode is None or (features and forward[:-1] == backward[:-1])


@st.composite
def _bidirectional(draw: DrawFn, framework: str) -> Case:
    shape = draw(sizes(2, 2) if draw(FLAG) else sizes(3, 4))
    layer = draw(_both_ways(shape))
    backward = layer.backward_layer or layer.layer
    states = [_states(each, shape) for each in (layer.layer, backward)]
    # Keras splits the states in half, and takes those of stacked cells as a list for each
    plain = len(states[0]) == len(states[1]) and not any(isinstance(each, pc.RNN) for each in (layer.layer, backward))
    initial = (*states[0], *states[1]) if plain and draw(FLAG) else ()
    return Case(layer, (shape, *initial), framework)


def _states(layer: Any, shape: Sizes) -> tuple[Sizes, ...]:
    """The states of a recurrent layer, as it lays them out."""
    return tuple(layer.model_copy(update={"return_state": True}).output_shapes(shape)[1:])


#: The kinds that TimeDistributed is tried with, beside those below.
_STEP_KINDS = ("Dense", "Activation", "Dropout", "BatchNorm", "MaxPool2D", "GlobalAveragePool2D", "Flatten", "Reshape")


@st.composite
def _step_layer(draw: DrawFn, shape: Sizes, depth: int = 2) -> Any:
    """A layer of any kind for one step of a sequence, with one output."""
    what = draw(st.sampled_from(["any", "any", "conv", "recurrent", "both ways", "distributed"]))
    layer: Any = None
    if what == "distributed" and depth and len(shape) > 1:
        layer = pc.TimeDistributed(layer=draw(_step_layer(shape[1:], depth - 1)))
    elif what == "both ways" and len(shape) == 2:
        layer = draw(_both_ways(shape))
    elif what == "recurrent" and 2 <= len(shape) <= 5:
        layer = draw(_one_way(shape))
    elif what == "conv" and len(shape) == 3:
        layer = pc.Conv2D(filters=draw(SMALL), kernel_size=1, **some(draw, use_bias=FLAG, activation=ACTIVATIONS))
    elif what == "any":
        layer = draw(layer_for(shape, "keras", _STEP_KINDS))
    # Keras has no padding in numbers, and no counter of batches
    plain = not isinstance(getattr(layer, "padding", None), tuple) and not getattr(layer, "batch_counter", False)
    fits = layer is not None and plain and len(layer.output_shapes(shape)) == 1
    return layer if fits else pc.Dense(units=draw(SMALL))


@st.composite
def _time_distributed(draw: DrawFn, framework: str) -> Case:
    shape = draw(sizes(2, 5))
    if draw(st.integers(0, 5)) == 0:
        layer = embedding(draw, shape[1:], framework)
        return Case(pc.TimeDistributed(layer=layer), (shape,), framework, "int32")
    return Case(pc.TimeDistributed(layer=draw(_step_layer(shape[1:]))), (shape,), framework)


CASES = {"Bidirectional": _bidirectional, "TimeDistributed": _time_distributed}
CALLS = {"keras.layers.Bidirectional": keras_call}


def _channels_first(case: Case) -> bool:
    """Whether a layer in it has its channels first, which TensorFlow has not on a CPU."""
    return any(getattr(layer, "data_format", "") == "channels_first" for layer in _inner(case.layer))


def _inner(layer: Any) -> Iterator[Any]:
    """The layers in a layer, and those in them."""
    for name in type(layer).nested_fields():
        value = getattr(layer, name)
        for each in value if isinstance(value, tuple) else [value] if value is not None else []:
            yield each
            yield from _inner(each)


UNRUN = (_channels_first,)


def _other_way_back(case: Case) -> bool:
    """Keras says the shapes of the way forwards for both, and has others where the layers differ."""
    layer: Any = case.layer
    if not isinstance(layer, pc.Bidirectional) or layer.backward_layer is None:
        return False
    alike = pc.Bidirectional(layer=layer.layer, merge_mode=layer.merge_mode)
    return alike.output_shapes(case.shapes[0]) != layer.output_shapes(case.shapes[0])


CONTRADICTIONS = (_other_way_back,)
