from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from ..strategies import FLAG, Case, some
from .spatial import each, numbers, ranked, spatial

#: The third and the last leave, of a hundred, one less than they say: their products are rounded.
_RATIOS = [0.5, "2/3", 0.29, "1/7", 0.57]


def _fractional(draw: DrawFn, name: str, rank: int, framework: str) -> Case:
    sizes, windows = numbers(draw, rank, 1, 4), numbers(draw, rank, 1, 3)
    fields: dict[str, Any] = {"pool_size": each(draw, windows), **some(draw, return_indices=FLAG)}
    if draw(FLAG):
        fields["output_size"] = each(draw, sizes)
        # over three axes, PyTorch wants one place more
        room = st.integers(1 if rank == 3 else 0, 3)
        lengths = [size + window - 1 + draw(room) for size, window in zip(sizes, windows, strict=True)]
        return spatial(draw, name, framework, fields, lengths)
    ratios = [draw(st.sampled_from(_RATIOS)) for _ in range(rank)]
    fields["output_ratio"] = each(draw, ratios)
    # the size is at least 1, and the windows begin at different places
    lengths = [draw(st.sampled_from([7, 8, 9, 10, 12, 14])) for _ in range(rank)]
    if rank == 2 and draw(FLAG):
        lengths = [100, 100]
    return spatial(draw, name, framework, fields, lengths)


CASES = ranked(_fractional, "FractionalMaxPool2D", "FractionalMaxPool3D")
