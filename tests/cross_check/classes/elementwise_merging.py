from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import Case, broadcasting, sizes
from . import Cases, with_list


@st.composite
def _several(draw: DrawFn, framework: str, kind: str) -> Case:
    return Case(getattr(pc, kind)(), draw(broadcasting(draw(sizes(0, 4)), 2, 4)), framework)


@st.composite
def _subtract(draw: DrawFn, framework: str) -> Case:
    return Case(pc.Subtract(), draw(broadcasting(draw(sizes(0, 4)), 2, 2)), framework)


CASES: Cases = {
    "Subtract": _subtract,
    **{kind: (lambda framework, kind=kind: _several(framework, kind)) for kind in ("Average", "Maximum", "Minimum")},
}
CALLS = {f"keras.layers.{name}": with_list for name in CASES}
