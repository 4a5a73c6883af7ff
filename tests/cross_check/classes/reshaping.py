from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import Case, divisors, reshape, sizes, some


@st.composite
def _flatten(draw: DrawFn, framework: str) -> Case:
    if framework == "keras":
        shape = draw(sizes(0, 4))
        ends = {"start_dim": [1, -len(shape)], "end_dim": [-1, len(shape)]} if shape else {}
        return Case(
            pc.Flatten(**some(draw, **{name: st.sampled_from(of) for name, of in ends.items()})), (shape,), framework
        )
    shape = draw(sizes(1, 4))
    rank = len(shape)
    first = draw(st.integers(1, rank))
    last = draw(st.integers(first, rank))
    fields = {"start_dim": draw(st.sampled_from([first, first - rank - 1]))} if first > 1 else {}
    if last < rank:
        fields["end_dim"] = draw(st.sampled_from([last, last - rank - 1]))
    return Case(pc.Flatten(**fields), (shape,), framework)


@st.composite
def _reshape(draw: DrawFn, framework: str) -> Case:
    shape = draw(sizes(0, 4))
    return Case(reshape(draw, shape, framework), (shape,), framework)


@st.composite
def _unflatten(draw: DrawFn, framework: str) -> Case:
    shape = draw(sizes(1, 3))
    axis = draw(st.integers(1, len(shape)))
    first = draw(divisors(shape[axis - 1]))
    target = draw(st.permutations([first, shape[axis - 1] // first, 1]))
    if draw(st.booleans()):
        target[draw(st.integers(0, 2))] = -1
    fields = {} if axis == 1 and draw(st.booleans()) else {"axis": draw(st.sampled_from([axis, axis - len(shape) - 1]))}
    return Case(pc.Unflatten(target_shape=target, **fields), (shape,), framework)


CASES = {"Flatten": _flatten, "Reshape": _reshape, "Unflatten": _unflatten}
