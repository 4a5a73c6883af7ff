from __future__ import annotations

from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import FLAG, FORMATS, SMALL, Case, Sizes, some
from .recurrent import keras_call, with_states


@st.composite
def conv_lstm(draw: DrawFn, rank: int, shape: Sizes, **stated: Any) -> pc.Layer:
    """A layer for a sequence of this shape; some of its fields may be stated."""
    fields = some(draw, use_bias=FLAG, data_format=FORMATS, return_sequences=FLAG, return_state=FLAG, go_backwards=FLAG)
    fields |= stated
    lengths = shape[1:-1] if fields.get("data_format") != "channels_first" else shape[2:]
    padding = draw(st.sampled_from(["valid", "same"]))
    fields |= some(draw, padding=st.just(padding)) if padding == "valid" else {"padding": padding}
    dilated = draw(FLAG)
    steps = draw(st.tuples(*[st.integers(1, 2)] * rank))
    fields |= some(draw, **{"dilation_rate" if dilated else "strides": st.just(_one_or_each(draw, steps))})
    spacing = steps if "dilation_rate" in fields else (1,) * rank
    room = [
        3 if padding == "same" else min(3, (length - 1) // step + 1)
        for length, step in zip(lengths, spacing, strict=True)
    ]
    kernel = tuple(draw(st.integers(1, most)) for most in room)
    cls = pc.kind(f"ConvLSTM{rank}D")
    return cls(filters=draw(SMALL), kernel_size=_one_or_each(draw, kernel), **fields)


def _one_or_each(draw: DrawFn, values: Sizes) -> Any:
    """The numbers; where they are the same, maybe written once."""
    return values[0] if len({*values}) == 1 and draw(FLAG) else values


@st.composite
def _cases(draw: DrawFn, rank: int, framework: str) -> Case:
    shape = draw(st.tuples(*[SMALL] * (rank + 2)))
    layer: Any = draw(conv_lstm(rank, shape))
    if layer.data_format == "channels_last":
        return with_states(draw, layer, shape, framework)
    # the output of a step has the shape of a state
    state = layer.model_copy(update={"return_sequences": False}).output_shapes(shape)[0]
    return Case(layer, (shape, *((state, state) if draw(FLAG) else ())), framework)


CASES = {f"ConvLSTM{rank}D": partial(_cases, rank) for rank in (1, 2, 3)}
CALLS = {f"keras.layers.ConvLSTM{rank}D": keras_call for rank in (1, 2, 3)}


def channels_first(case: Case) -> bool:
    """Whether a convolution has its channels first, which TensorFlow has not on a CPU."""
    return getattr(case.layer, "data_format", "") == "channels_first"


UNRUN = (channels_first,)
