from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import Case, sizes, some


@st.composite
def _identity(draw: DrawFn, framework: str) -> Case:
    return Case(pc.Identity(), (draw(sizes(0, 4)),), framework)


@st.composite
def _masking(draw: DrawFn, framework: str) -> Case:
    return Case(pc.Masking(**some(draw, mask_value=st.sampled_from([0, 1, -0.5]))), (draw(sizes(0, 4)),), framework)


CASES = {"Identity": _identity, "Masking": _masking}
