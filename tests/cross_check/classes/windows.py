"""Windows that fit, over one to three axes, for the families whose layers slide one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from ..strategies import FLAG, FORMATS, Sizes, some


@dataclass(frozen=True)
class Sliding:
    """The fields of a layer whose window fits, and the lengths of the axes that it slides over."""

    fields: dict[str, Any]
    lengths: Sizes


def one_or_each(draw: DrawFn, values: Sequence[Any]) -> Any:
    """A number for each axis; where they are the same, maybe written once."""
    return values[0] if len({*values}) == 1 and draw(FLAG) else list(values)


def numbers(draw: DrawFn, rank: int, fewest: int, most: int) -> list[int]:
    """A number for each axis."""
    return draw(st.lists(st.integers(fewest, most), min_size=rank, max_size=rank))


def laid_out(draw: DrawFn, framework: str, lengths: Sizes, channels: int) -> tuple[dict[str, Any], Sizes]:
    """Where the channels are, if that is stated, and a shape with them there. PyTorch has them first."""
    formats = FORMATS if framework == "keras" else st.just("channels_first")
    layout = some(draw, data_format=formats)
    default = "channels_first" if framework == "torch" else "channels_last"
    first = layout.get("data_format", default) == "channels_first"
    return layout, (channels, *lengths) if first else (*lengths, channels)


def steps(draw: DrawFn, rank: int, together: bool = True) -> tuple[list[int], list[int]]:
    """Strides and dilation of each axis; both over 1 only if the class takes them `together`."""
    strides, dilation = numbers(draw, rank, 1, 3), numbers(draw, rank, 1, 3)
    if not together and max(strides) > 1 and max(dilation) > 1:
        return (strides, [1] * rank) if draw(FLAG) else ([1] * rank, dilation)
    return strides, dilation


def sliding(draw: DrawFn, framework: str, rank: int, words: Sequence[str], together: bool = True) -> Sliding:
    """A window, its strides, its dilation and its padding, as a class of the framework takes them natively.

    `words` are those that it takes for a padding. In PyTorch padding may be numbers as well, and `same`
    comes without strides.
    """
    window = numbers(draw, rank, 1, 3)
    strides, dilation = steps(draw, rank, together)
    padding: Any = draw(st.sampled_from([*words, *(["numbers"] if framework == "torch" else [])]))
    pads = numbers(draw, rank, 0, 2) if padding == "numbers" else [0] * rank
    if padding == "same" and framework == "torch":
        strides = [1] * rank
    reach = [step * (size - 1) + 1 for size, step in zip(window, dilation, strict=True)]
    if padding in ("same", "causal"):
        fewest = [1] * rank
    else:
        fewest = [max(1, size - 2 * pad) for size, pad in zip(reach, pads, strict=True)]
    lengths = tuple(draw(st.integers(least, least + 4)) for least in fewest)
    fields: dict[str, Any] = {"kernel_size": one_or_each(draw, window)}
    if max(strides) > 1 or draw(FLAG):
        fields["strides"] = one_or_each(draw, strides)
    if max(dilation) > 1 or draw(FLAG):
        fields["dilation_rate"] = one_or_each(draw, dilation)
    if padding != "valid" or draw(FLAG):
        fields["padding"] = one_or_each(draw, pads) if padding == "numbers" else padding
    return Sliding(fields, lengths)
