from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import RATES, Case, sizes


@st.composite
def _gaussian(draw: DrawFn, framework: str) -> Case:
    return Case(pc.GaussianNoise(stddev=draw(RATES)), (draw(sizes(0, 4)),), framework)


CASES = {"GaussianNoise": _gaussian}
