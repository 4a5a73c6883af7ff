from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import FLAG, SMALL, Case, Sizes, sizes, some
from . import with_list


@st.composite
def _shapes(draw: DrawFn) -> tuple[Sizes, ...]:
    """A query, a value, and maybe a key; without one, the value has the features of the query."""
    # mostly as PyTorch computes it: of positions along one axis
    *leading, length, features = draw(st.one_of(sizes(2, 2), sizes(2, 4)))
    others = draw(SMALL)
    key = (*leading, others, features)
    value = (*leading, others, draw(SMALL))
    return ((*leading, length, features), *((value, key) if draw(FLAG) else (key,)))


@st.composite
def _attention(draw: DrawFn, framework: str) -> Case:
    modes = st.sampled_from(["dot", "concat"])
    fields = some(draw, use_scale=FLAG, score_mode=modes, causal=FLAG, use_cache=FLAG)
    # no class has several heads, which `test_heads` draws, nor is any model built with a window
    fields |= some(draw, num_heads=st.just(1), num_key_value_heads=st.just(1), window=SMALL) if draw(FLAG) else {}
    return Case(pc.Attention(**fields), draw(_shapes()), framework)


@st.composite
def _additive(draw: DrawFn, framework: str) -> Case:
    return Case(pc.AdditiveAttention(**some(draw, use_scale=FLAG)), draw(_shapes()), framework)


CASES = {"Attention": _attention, "AdditiveAttention": _additive}
CALLS = {"keras.layers.Attention": with_list, "keras.layers.AdditiveAttention": with_list}
