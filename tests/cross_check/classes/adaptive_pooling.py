from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import FLAG, Case, some
from .spatial import each, numbers, ranked, spatial


def _adaptive(draw: DrawFn, name: str, rank: int, framework: str) -> Case:
    sizes: list[int | None] = [*numbers(draw, rank, 1, 6)]
    if framework == "torch" and rank > 1:
        sizes = [draw(st.sampled_from([size, None])) for size in sizes]
    fields = {"output_size": sizes if None in sizes else each(draw, sizes)}
    if framework == "torch" and "Max" in name:
        fields |= some(draw, return_indices=FLAG)
    return spatial(draw, name, framework, fields, numbers(draw, rank, 1, 5))


CASES = ranked(
    _adaptive,
    "AdaptiveAveragePool1D",
    "AdaptiveAveragePool2D",
    "AdaptiveAveragePool3D",
    "AdaptiveMaxPool1D",
    "AdaptiveMaxPool2D",
    "AdaptiveMaxPool3D",
)


def _window_beyond_the_end(case: Case) -> bool:
    """Keras tries a window that is one position longer as well: where that is longer than the axis, the max pooling
    of TensorFlow 2.21 divides by zero, which ends the process.
    """
    layer, (shape,) = case.layer, case.shapes
    lengths = shape[1:] if layer.channel_axis == 1 else shape[:-1]
    return isinstance(layer, (pc.AdaptiveMaxPool1D, pc.AdaptiveMaxPool2D, pc.AdaptiveMaxPool3D)) and any(
        -(-length // size) + 1 > length for length, size in zip(lengths, layer.output_size, strict=True)
    )


UNRUN = (_window_beyond_the_end,)
