from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import FLAG, SMALL, Case, some
from .spatial import each, numbers, ranked, spatial

#: Among them two whose product with a hundred is rounded down to less than it is.
_FACTORS = [2, 1.5, "2/3", 0.29, 0.57, "7/3", 1]
_MODES = {1: ["linear"], 2: ["bilinear", "bicubic"], 3: ["trilinear"]}


def _upsampling(draw: DrawFn, name: str, rank: int, framework: str) -> Case:
    fields: dict[str, Any] = some(draw, size=st.just(each(draw, numbers(draw, rank, 1, 3))))
    if rank == 2:
        fields |= some(draw, interpolation=st.sampled_from(["nearest", "bilinear", "bicubic"]))
    lengths = numbers(draw, rank, 1, 4)
    if rank == 1 and framework == "keras":
        # Keras has it for channels at the end only
        layer = pc.UpSampling1D(**fields, **some(draw, data_format=st.just("channels_last")))
        return Case(layer, ((*lengths, draw(SMALL)),), framework)
    return spatial(draw, name, framework, fields, lengths)


@st.composite
def _upsample(draw: DrawFn, framework: str) -> Case:
    rank = draw(st.sampled_from([2, 1, 3]))
    modes = ["nearest", "nearest-exact", "area", *_MODES[rank]]
    fields: dict[str, Any] = some(draw, mode=st.sampled_from(modes))
    if fields.get("mode") in _MODES[rank]:
        fields |= some(draw, align_corners=FLAG)
    if draw(FLAG):
        fields["size"] = each(draw, numbers(draw, rank, 1, 9))
        return spatial(draw, "Upsample", framework, fields, numbers(draw, rank, 1, 5))
    fields["scale_factor"] = each(draw, [draw(st.sampled_from(_FACTORS)) for _ in range(rank)])
    lengths = [100] if rank == 1 and draw(FLAG) else numbers(draw, rank, 4, 6)
    return spatial(draw, "Upsample", framework, fields, lengths)


CASES = {"Upsample": _upsample, **ranked(_upsampling, "UpSampling1D", "UpSampling2D", "UpSampling3D")}
