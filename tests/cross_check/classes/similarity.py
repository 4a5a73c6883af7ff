from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import FLAG, Case, Sizes, axis_of, sizes, some
from . import with_list


@st.composite
def _dot(draw: DrawFn, framework: str) -> Case:
    """Two inputs of any axes; those that are multiplied have one size."""
    first, second = list(draw(sizes(1, 4))), list(draw(sizes(1, 4)))
    if draw(FLAG):
        shortest = min(len(first), len(second))
        axis = draw(axis_of(shortest))
        axes, places = axis, (_place(axis, len(first)), _place(axis, len(second)))
    else:
        axes = [draw(axis_of(len(first))), draw(axis_of(len(second)))]
        places = (_place(axes[0], len(first)), _place(axes[1], len(second)))
    second[places[1]] = first[places[0]]
    layer = pc.Dot(axes=axes, **some(draw, normalize=FLAG))
    return Case(layer, (tuple(first), tuple(second)), framework)


def _place(axis: int, rank: int) -> int:
    return axis - 1 if axis > 0 else rank + axis


@st.composite
def _cosine(draw: DrawFn, framework: str) -> Case:
    shapes = draw(_pair(draw(sizes(1, 4))))
    return Case(pc.CosineSimilarity(**some(draw, axis=axis_of(len(shapes[0])))), shapes, framework)


@st.composite
def _distance(draw: DrawFn, framework: str) -> Case:
    return Case(pc.PairwiseDistance(**some(draw, keepdims=FLAG)), draw(_pair(draw(sizes(1, 4)))), framework)


@st.composite
def _pair(draw: DrawFn, whole: Sizes) -> tuple[Sizes, Sizes]:
    """Two shapes, each of which may have a 1 where the other has not."""
    ones = draw(st.tuples(*(st.sampled_from(["neither", "first", "second"]) for _ in whole)))
    first = tuple(1 if one == "first" else size for size, one in zip(whole, ones, strict=True))
    return first, tuple(1 if one == "second" else size for size, one in zip(whole, ones, strict=True))


CASES = {"Dot": _dot, "CosineSimilarity": _cosine, "PairwiseDistance": _distance}
CALLS = {"keras.layers.Dot": with_list}
