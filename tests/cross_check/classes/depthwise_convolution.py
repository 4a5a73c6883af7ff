from __future__ import annotations

from functools import partial

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import ACTIVATIONS, FLAG, SMALL, Case, some
from .windows import laid_out, sliding


@st.composite
def _depthwise(draw: DrawFn, framework: str, kind: str, rank: int) -> Case:
    window = sliding(draw, framework, rank, ("valid", "same"))
    layout, shape = laid_out(draw, framework, window.lengths, draw(SMALL))
    layer = pc.kind(kind)(
        **({"filters": draw(SMALL)} if kind.startswith("Separable") else {}),
        **window.fields,
        **some(draw, depth_multiplier=st.integers(1, 3), use_bias=FLAG, activation=ACTIVATIONS),
        **layout,
    )
    return Case(layer, (shape,), framework)


CASES = {
    "DepthwiseConv1D": partial(_depthwise, kind="DepthwiseConv1D", rank=1),
    "DepthwiseConv2D": partial(_depthwise, kind="DepthwiseConv2D", rank=2),
    "SeparableConv1D": partial(_depthwise, kind="SeparableConv1D", rank=1),
    "SeparableConv2D": partial(_depthwise, kind="SeparableConv2D", rank=2),
}


def strides_that_differ(case: Case) -> bool:
    """TensorFlow's depthwise convolution has one stride for height and width; with a dilation Keras works around it."""
    return len({*case.layer.strides}) > 1 and max(case.layer.dilation_rate) == 1


UNRUN = (strides_that_differ,)
