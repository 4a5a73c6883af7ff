from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import SMALL, Case, divisors, sizes, some

_FIRST = st.just("channels_first")


@st.composite
def _permute(draw: DrawFn, framework: str) -> Case:
    shape = draw(sizes(1, 4))
    return Case(pc.Permute(dims=draw(st.permutations(range(1, len(shape) + 1)))), (shape,), framework)


@st.composite
def _repeat(draw: DrawFn, framework: str) -> Case:
    return Case(pc.RepeatVector(n=draw(SMALL)), (draw(sizes(1, 1)),), framework)


@st.composite
def _pixels(draw: DrawFn, kind: str, framework: str) -> Case:
    """An image, maybe with further axes before its own."""
    factor = draw(st.integers(1, 3))
    leading, (channels, height, width) = draw(sizes(0, 2)), draw(sizes(3, 3))
    layout = some(draw, data_format=_FIRST)
    if kind == "PixelShuffle":
        shuffle = pc.PixelShuffle(upscale_factor=factor, **layout)
        return Case(shuffle, ((*leading, channels * factor * factor, height, width),), framework)
    unshuffle = pc.PixelUnshuffle(downscale_factor=factor, **layout)
    return Case(unshuffle, ((*leading, channels, height * factor, width * factor),), framework)


@st.composite
def _channels(draw: DrawFn, framework: str) -> Case:
    shape = draw(sizes(2, 4))
    return Case(
        pc.ChannelShuffle(groups=draw(divisors(shape[0])), **some(draw, data_format=_FIRST)), (shape,), framework
    )


CASES = {
    "Permute": _permute,
    "RepeatVector": _repeat,
    "PixelShuffle": lambda framework: _pixels("PixelShuffle", framework),
    "PixelUnshuffle": lambda framework: _pixels("PixelUnshuffle", framework),
    "ChannelShuffle": _channels,
}
