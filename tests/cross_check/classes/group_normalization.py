from __future__ import annotations

from math import prod
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import FLAG, Case, axis_of, divisors, sizes, some
from .normalization import affine


@st.composite
def _group_norm(draw: DrawFn, framework: str) -> Case:
    shape = list(draw(sizes(1, 4)))
    fields: dict[str, Any] = draw(affine(framework))
    fields |= some(draw, axis=st.just(1) if framework == "torch" else axis_of(len(shape)))
    axis = fields.get("axis", 1 if framework == "torch" else -1)
    place = axis - 1 if axis > 0 else axis
    if draw(FLAG):
        fields["groups"] = draw(st.just(-1) | divisors(shape[place]))
    else:
        shape[place] = draw(st.sampled_from([32, 64]))
    return Case(pc.GroupNorm(**fields), (tuple(shape),), framework)


@st.composite
def _instance_norm(draw: DrawFn, framework: str) -> Case:
    if framework == "keras":
        shape = draw(sizes(1, 4))
        return Case(
            pc.InstanceNorm(**draw(affine(framework)), **some(draw, axis=axis_of(len(shape)))), (shape,), framework
        )
    fields = some(draw, axis=st.just(1), track_running_stats=FLAG, batch_counter=st.just(True))
    fields |= draw(st.just({}) | st.just({"scale": True}) | st.just({"scale": True, "center": True}))
    # one place alone has no variance
    shape = draw(sizes(2, 4).filter(lambda shape: prod(shape[1:]) > 1))
    return Case(pc.InstanceNorm(**fields), (shape,), framework)


CASES = {"GroupNorm": _group_norm, "InstanceNorm": _instance_norm}
