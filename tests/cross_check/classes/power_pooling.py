from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from ..strategies import Case, some
from .pooling import window
from .spatial import ranked, spatial


def _power_pool(draw: DrawFn, name: str, rank: int, framework: str) -> Case:
    fields, reach, beyond = window(draw, rank, [1] * rank)
    fields |= some(draw, norm_type=st.sampled_from([1, 2, 1.5]))
    least = [max(1, width - (room if rank < 3 else 0)) for width, room in zip(reach, beyond, strict=True)]
    return spatial(draw, name, framework, fields, [draw(st.integers(one, one + 6)) for one in least])


CASES = ranked(_power_pool, "LPPool1D", "LPPool2D", "LPPool3D")
