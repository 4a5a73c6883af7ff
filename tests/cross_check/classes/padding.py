from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import FLAG, SMALL, Case, some
from .spatial import numbers, ranked, spatial

#: Two numbers for each axis: before and behind.
Sides = list[tuple[int, int]]


def _written(draw: DrawFn, sides: Sides) -> Any:
    """The sides of all axes in one of the ways in which they may be written."""
    if draw(FLAG) and all(before == behind for before, behind in sides):
        if len(sides) == 1 or (draw(FLAG) and len(set(sides)) == 1):
            return sides[0][0]
        return [before for before, _ in sides]
    return list(sides[0]) if len(sides) == 1 else [list(pair) for pair in sides]


def _sides(draw: DrawFn, lengths: list[int], least: int, most: list[int]) -> Sides:
    """Numbers that cut off no more than is there, and leave one place at least; alike before and behind, or not."""
    sides: Sides = []
    for length, limit in zip(lengths, most, strict=True):
        before = draw(st.integers(max(least, 1 - length), limit))
        room = max(1 - length - before, -length - min(before, 0))
        pairs = [before] if draw(FLAG) and before >= room else [*range(max(least, room), limit + 1)]
        sides.append((before, draw(st.sampled_from(pairs))))
    return sides


def _zeros(draw: DrawFn, name: str, rank: int, framework: str) -> Case:
    lengths = numbers(draw, rank, 1, 5)
    sides = _sides(draw, lengths, -3 if framework == "torch" else 0, [4] * rank)
    fields = {"padding": _written(draw, sides)} if draw(FLAG) else {}
    return spatial(draw, name, framework, fields, lengths)


def _pad(draw: DrawFn, name: str, rank: int, framework: str) -> Case:
    mode = draw(st.sampled_from(["constant", "reflect", "replicate", "circular"]))
    lengths = numbers(draw, rank, 2, 5)
    # a mirror lacks the place that it stands on
    most = [{"reflect": length - 1, "circular": length}.get(mode, 6) for length in lengths]
    fields: dict[str, Any] = {"mode": mode, **some(draw, value=st.sampled_from([0, 1, -0.5]))}
    if draw(FLAG):
        fields["padding"] = _written(draw, _sides(draw, lengths, -3, most))
    return spatial(draw, name, framework, fields, lengths)


def _crop(draw: DrawFn, name: str, rank: int, framework: str) -> Case:
    sides = [(draw(st.integers(0, 3)), draw(st.integers(0, 3))) for _ in range(rank)]
    if draw(FLAG):
        sides = [(before, before) for before, _ in sides]
    fields: dict[str, Any] = {"cropping": _written(draw, sides)}
    lengths = [before + behind + draw(SMALL) for before, behind in sides]
    if draw(FLAG):
        fields, lengths = {}, [2 + draw(SMALL) for _ in sides]
    if rank == 1:
        # Keras has it for channels at the end only
        layer = pc.Cropping1D(**fields, **some(draw, data_format=st.just("channels_last")))
        return Case(layer, ((*lengths, draw(SMALL)),), framework)
    return spatial(draw, name, framework, fields, lengths)


CASES = {
    **ranked(_zeros, "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D"),
    **ranked(_pad, "Pad1D", "Pad2D", "Pad3D"),
    **ranked(_crop, "Cropping1D", "Cropping2D", "Cropping3D"),
}
