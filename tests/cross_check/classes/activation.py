from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import FLAG, Case, axis_of, sizes, some


@st.composite
def _prelu(draw: DrawFn, framework: str) -> Case:
    if framework == "keras":
        shape = draw(sizes(0, 4))
        fields = some(draw, slopes=st.just("element"))
        if shape:
            axes = st.integers(1, len(shape))
            fields |= some(draw, shared_axes=axes | st.lists(axes, min_size=1, unique=True))
        return Case(pc.PReLU(**fields), (shape,), framework)
    if draw(FLAG):
        return Case(pc.PReLU(**some(draw, slopes=st.just("single"))), (draw(sizes(0, 4)),), framework)
    shape = draw(sizes(1, 4))
    return Case(pc.PReLU(slopes="channel", **some(draw, axis=st.sampled_from([1, -len(shape)]))), (shape,), framework)


@st.composite
def _glu(draw: DrawFn, framework: str) -> Case:
    shape = draw(sizes(1, 4))
    fields = some(draw, axis=axis_of(len(shape)))
    axis = fields.get("axis", -1)
    place = axis - 1 if axis > 0 else len(shape) + axis
    return Case(pc.GLU(**fields), ((*shape[:place], 2 * shape[place], *shape[place + 1 :]),), framework)


CASES = {"PReLU": _prelu, "GLU": _glu}
