from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import FLAG, SMALL, Case, divisors, sizes, some


@st.composite
def _inner(draw: DrawFn, framework: str) -> tuple[pc.Layer, tuple[tuple[int, ...], ...], str, int]:
    """A layer with a kernel, its inputs, their dtype, and how many axes the kernel has."""
    kind = draw(
        st.sampled_from(["Dense", "Conv2D", "Embedding", "Bilinear" if framework == "torch" else "EinsumDense"])
    )
    if kind == "Dense":
        rank = some(draw, lora_rank=SMALL) if framework == "keras" else {}
        return pc.Dense(units=draw(SMALL), **some(draw, use_bias=FLAG), **rank), (draw(sizes(1, 3)),), "float32", 2
    if kind == "Embedding":
        return pc.Embedding(input_dim=draw(SMALL), output_dim=draw(SMALL)), (draw(sizes(0, 2)),), "int32", 2
    if kind == "Bilinear":
        return pc.Bilinear(units=draw(SMALL)), (draw(sizes(1, 1)), draw(sizes(1, 1))), "float32", 3
    if kind == "EinsumDense":
        steps, features, heads, width = draw(st.tuples(SMALL, SMALL, SMALL, SMALL))
        layer = pc.EinsumDense(equation="abc,cde->abde", output_shape=[steps, heads, width], bias_axes="de")
        return layer, ((steps, features),), "float32", 3
    channels = draw(SMALL)
    groups = draw(divisors(channels))
    layer = pc.Conv2D(filters=groups * draw(SMALL), kernel_size=draw(st.integers(1, 2)), groups=groups)
    return layer, ((channels, 3, 4) if framework == "torch" else (3, 4, channels),), "float32", 4


def _case(layer: pc.Layer, inner: Any, framework: str) -> Case:
    return Case(layer, inner[1], framework, inner[2])


@st.composite
def _weight_norm(draw: DrawFn, framework: str) -> Case:
    inner = draw(_inner(framework))
    axis = some(draw, axis=st.none() | st.integers(-inner[3], inner[3] - 1))
    return _case(pc.WeightNorm(layer=inner[0], **axis), inner, framework)


@st.composite
def _spectral_norm(draw: DrawFn, framework: str) -> Case:
    inner = draw(_inner(framework))
    axis = some(draw, axis=st.integers(-inner[3], inner[3] - 1) if framework == "torch" else st.just(-1))
    vectors = some(draw, right_vector=st.just(framework == "torch"))
    return _case(pc.SpectralNorm(layer=inner[0], **axis, **vectors), inner, framework)


CASES = {"WeightNorm": _weight_norm, "SpectralNorm": _spectral_norm}
