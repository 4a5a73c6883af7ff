from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import FLAG, SMALL, Case, sizes, some


@st.composite
def _adaptive_log_softmax(draw: DrawFn, framework: str) -> Case:
    bounds = sorted(draw(st.lists(st.integers(1, 40), min_size=2, max_size=5, unique=True)))
    ratios = st.sampled_from([2, 4.0, 1.5, 0.7, 3, 100])
    layer = pc.AdaptiveLogSoftmaxWithLoss(
        n_classes=bounds[-1], cutoffs=bounds[:-1], **some(draw, div_value=ratios, head_bias=FLAG)
    )
    return Case(layer, ((draw(st.integers(1, 70)),), ()), framework, ("float32", "int64"))


@st.composite
def _linear_cross_entropy(draw: DrawFn, framework: str) -> Case:
    fields = some(
        draw,
        use_bias=FLAG,
        class_weights=FLAG,
        out_features=sizes(0, 2),
        reduction=st.sampled_from(["none", "mean", "sum"]),
    )
    classes = draw(SMALL)
    layer = pc.LinearCrossEntropyLoss(num_classes=classes, **fields)
    choices = fields.get("out_features", ())
    features = draw(sizes(1, 1))
    if draw(FLAG):
        return Case(layer, (features, choices), framework, ("float32", "int64"))
    return Case(layer, (features, (classes, *choices)), framework, ("float32", "float32"))


CASES = {"AdaptiveLogSoftmaxWithLoss": _adaptive_log_softmax, "LinearCrossEntropyLoss": _linear_cross_entropy}
