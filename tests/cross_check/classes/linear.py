from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import ACTIVATIONS, FLAG, SMALL, Case, sizes, some
from .quantised import KERNELS, call_calibrated, takes_low_rank


@st.composite
def _dense(draw: DrawFn, framework: str) -> Case:
    fields: dict[str, Any] = some(draw, use_bias=FLAG, activation=ACTIVATIONS)
    if framework == "keras":
        fields |= some(draw, quantization=KERNELS)
        if takes_low_rank(fields):
            fields |= some(draw, lora_rank=SMALL)
    return Case(pc.Dense(units=draw(SMALL), **fields), (draw(sizes(1, 4)),), framework)


CASES = {"Dense": _dense}
CALLS = {"keras.layers.Dense": call_calibrated}
