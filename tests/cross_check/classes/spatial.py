"""What the classes over one to three axes of places have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

import paramcalc as pc

from ..strategies import FLAG, SMALL, Case, Sizes, some

#: What draws the layers of a kind for a framework.
Drawn = Callable[[str], SearchStrategy[Case]]


def placed(draw: DrawFn, framework: str, lengths: Sequence[int], channels: int) -> tuple[dict[str, Any], Sizes]:
    """Where the channels are, if that is stated, and the shape; PyTorch's own classes have them first."""
    default = "channels_first" if framework == "torch" else "channels_last"
    fields = some(draw, data_format=st.sampled_from(sorted({default, "channels_first"})))
    if fields.get("data_format", default) == "channels_first":
        return fields, (channels, *lengths)
    return fields, (*lengths, channels)


def spatial(
    draw: DrawFn, name: str, framework: str, fields: dict[str, Any], lengths: Sequence[int], channels: int = 0
) -> Case:
    """A layer of a kind with its channels somewhere."""
    layout, shape = placed(draw, framework, lengths, channels or draw(SMALL))
    return Case(getattr(pc, name)(**fields, **layout), (shape,), framework)


def each(draw: DrawFn, values: Sequence[Any]) -> Any:
    """A number for each axis; where they are the same, maybe written once."""
    return values[0] if len(set(values)) == 1 and draw(FLAG) else list(values)


def numbers(draw: DrawFn, rank: int, least: int, most: int) -> list[int]:
    """As many numbers as there are axes."""
    return draw(st.lists(st.integers(least, most), min_size=rank, max_size=rank))


def ranked(draw_case: Callable[..., Any], *names: str) -> dict[str, Drawn]:
    """What draws each of these kinds, whose names end in their number of axes, as in Pool2D."""
    made = st.composite(draw_case)
    return {name: lambda framework, name=name: made(name, int(name[-2]), framework) for name in names}
