from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import ACTIVATIONS, FLAG, SMALL, Case, sizes, some


@st.composite
def _dense(draw: DrawFn, framework: str) -> Case:
    return Case(
        pc.Dense(units=draw(SMALL), **some(draw, use_bias=FLAG, activation=ACTIVATIONS)),
        (draw(sizes(1, 4)),),
        framework,
    )


CASES = {"Dense": _dense}
