from __future__ import annotations

from math import prod

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import SMALL, Case
from .windows import laid_out, one_or_each, sliding


@st.composite
def _unfold(draw: DrawFn, framework: str) -> Case:
    window = sliding(draw, framework, 2, ("numbers",))
    layout, shape = laid_out(draw, framework, window.lengths, draw(SMALL))
    return Case(pc.Unfold(**window.fields, **layout), (shape,), framework)


@st.composite
def _fold(draw: DrawFn, framework: str) -> Case:
    """The windows of an image, as PyTorch itself counts them."""
    import torch

    window = sliding(draw, framework, 2, ("numbers",))
    channels = draw(SMALL)
    layer = pc.Fold(output_size=one_or_each(draw, window.lengths), **window.fields)
    slide = torch.nn.Unfold(layer.kernel_size, layer.dilation_rate, layer.padding, layer.strides)
    places = slide(torch.zeros(1, 1, *window.lengths)).shape[-1]
    layout, shape = laid_out(draw, framework, (places,), channels * prod(layer.kernel_size))
    return Case(layer.model_copy(update=layout), (shape,), framework)


CASES = {"Unfold": _unfold, "Fold": _fold}
