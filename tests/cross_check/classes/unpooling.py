from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from ..strategies import FLAG, Case, some
from .spatial import each, numbers, ranked, spatial


def _unpool(draw: DrawFn, name: str, rank: int, framework: str) -> Case:
    windows, strides = numbers(draw, rank, 1, 4), numbers(draw, rank, 1, 3)
    fields = {"pool_size": each(draw, windows), **some(draw, strides=st.just(each(draw, strides)))}
    if "strides" not in fields:
        strides = windows
    pads = [draw(st.integers(0, size // 2)) for size in windows]
    if draw(FLAG) or any(pads):
        fields["padding"] = each(draw, pads)
    lengths = [
        # one place more than what is cut off again
        max(1, -(-(2 * pad - size + 1) // stride) + 1) + draw(st.integers(0, 3))
        for size, stride, pad in zip(windows, strides, pads, strict=True)
    ]
    case = spatial(draw, name, framework, fields, lengths)
    return replace(case, shapes=case.shapes * 2, dtype=("float32", "int64"))


CASES = ranked(_unpool, "MaxUnpool1D", "MaxUnpool2D", "MaxUnpool3D")
