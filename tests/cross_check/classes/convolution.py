from __future__ import annotations

from functools import partial

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import ACTIVATIONS, FLAG, SMALL, Case, divisors, some
from .windows import laid_out, sliding


@st.composite
def convolution(draw: DrawFn, framework: str, kind: str, rank: int, words: tuple[str, ...]) -> Case:
    """A convolution over so many axes."""
    window = sliding(draw, framework, rank, words, together=framework == "torch")
    channels = draw(SMALL)
    layout, shape = laid_out(draw, framework, window.lengths, channels)
    groups = draw(divisors(channels))
    ranks = some(draw, lora_rank=SMALL) if framework == "keras" else {}
    layer = pc.kind(kind)(
        filters=groups * draw(st.integers(1, 3)),
        **window.fields,
        **({"groups": groups} if groups > 1 or draw(FLAG) else {}),
        **some(draw, use_bias=FLAG, activation=ACTIVATIONS),
        **ranks,
        **layout,
    )
    return Case(layer, (shape,), framework)


def _causal(framework: str) -> tuple[str, ...]:
    return ("valid", "same", "causal") if framework == "keras" else ("valid", "same")


CASES = {
    "Conv1D": lambda framework: convolution(framework, "Conv1D", 1, _causal(framework)),
    "Conv2D": partial(convolution, kind="Conv2D", rank=2, words=("valid", "same")),
}


def channels_first_in_one_group(case: Case) -> bool:
    """On a CPU TensorFlow convolves the channels first only in groups, which Keras compiles."""
    return case.layer.data_format == "channels_first" and case.layer.groups == 1


UNRUN = (channels_first_in_one_group,)
