from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import FLAG, Case, axes_of, axis_of, sizes, some


@st.composite
def affine(draw: DrawFn, framework: str) -> dict[str, bool]:
    """Whether there is a scale and an offset; PyTorch has no offset without a scale."""
    fields = some(draw, scale=FLAG, center=FLAG)
    if framework == "torch" and fields.get("scale") is False:
        fields["center"] = False
    return fields


@st.composite
def _batch_norm(draw: DrawFn, framework: str) -> Case:
    shape = draw(sizes(1, 4))
    fields: dict[str, Any] = draw(affine(framework))
    if framework == "torch":
        fields |= some(draw, axis=st.just(1), track_running_stats=FLAG, batch_counter=st.just(True))
    else:
        fields |= some(draw, axis=axis_of(len(shape)), renorm=FLAG)
    return Case(pc.BatchNorm(**fields), (shape,), framework)


@st.composite
def _last_axes(draw: DrawFn, rank: int) -> int | list[int]:
    """The last axis, or the last few, counted from either end: those that PyTorch normalises."""
    if draw(FLAG):
        return draw(st.sampled_from([-1, rank]))
    positions = range(draw(st.integers(1, rank)), rank + 1)
    return [position - rank - 1 for position in positions] if draw(FLAG) else [*positions]


@st.composite
def _layer_norm(draw: DrawFn, framework: str) -> Case:
    shape = draw(sizes(1, 4))
    axes = _last_axes(len(shape)) if framework == "torch" else axes_of(len(shape))
    return Case(pc.LayerNorm(**some(draw, axis=axes), **draw(affine(framework))), (shape,), framework)


@st.composite
def _rms_norm(draw: DrawFn, framework: str) -> Case:
    shape = draw(sizes(1, 4))
    if framework == "torch":
        return Case(pc.RMSNorm(**some(draw, axis=_last_axes(len(shape)), scale=FLAG)), (shape,), framework)
    return Case(pc.RMSNorm(**some(draw, axis=axes_of(len(shape)))), (shape,), framework)


def _scaled_wrongly(case: Case) -> bool:
    """Keras's RMSNormalization multiplies the last axes by the scale of whatever axes were named."""
    if not isinstance(case.layer, pc.RMSNorm):
        return False
    rank = len(case.shapes[0])
    axes = case.layer.axis if isinstance(case.layer.axis, tuple) else (case.layer.axis,)
    places = [axis - 1 if axis > 0 else rank + axis for axis in axes]
    return places != [*range(rank - len(places), rank)]


CASES = {"BatchNorm": _batch_norm, "LayerNorm": _layer_norm, "RMSNorm": _rms_norm}
UNRUN = [_scaled_wrongly]
