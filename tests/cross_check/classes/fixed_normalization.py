from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import FLAG, Case, axes_of, sizes, some
from .spatial import spatial


@st.composite
def _unit_norm(draw: DrawFn, framework: str) -> Case:
    shape = draw(sizes(1, 4))
    return Case(pc.UnitNorm(**some(draw, axis=axes_of(len(shape)))), (shape,), framework)


@st.composite
def _local_response_norm(draw: DrawFn, framework: str) -> Case:
    lengths = draw(sizes(1, 3))
    return spatial(draw, "LocalResponseNorm", framework, {"window": draw(st.integers(1, 9))}, lengths)


@st.composite
def _normalization(draw: DrawFn, framework: str) -> Case:
    shape = draw(sizes(1, 4))
    axes = st.none() | axes_of(len(shape))
    return Case(pc.Normalization(**some(draw, axis=axes, adapted=FLAG)), (shape,), framework)


CASES = {"UnitNorm": _unit_norm, "LocalResponseNorm": _local_response_norm, "Normalization": _normalization}
