from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import FLAG, SMALL, Case, Sizes, divisors, sizes, some


@st.composite
def _attention(draw: DrawFn, framework: str) -> Case:
    query = draw(sizes(2, 2))
    if framework == "torch":
        return Case(_projected(draw, query), (query, *_others(draw, query[:-2], query[-1])), framework)
    form = draw(st.sampled_from(["plain", "grouped", "along axes"]))
    if form == "grouped":
        # Keras's class takes a value of the query's features
        heads = draw(SMALL)
        fields = {"num_heads": heads, "num_key_value_heads": draw(divisors(heads))}
        length = draw(SMALL)
        others = [(length, query[-1]), (length, draw(SMALL))][: draw(st.integers(0, 2))]
        shapes = (query, *others)
        return Case(_with(draw, **fields), shapes, framework)
    fields = {"num_heads": draw(SMALL)} | some(draw, value_dim=SMALL, output_dim=SMALL | sizes(2, 3).map(list))
    if form == "plain":
        return Case(_with(draw, **fields), (query, *_others(draw, (), query[-1])), framework)
    return _along_axes(draw, fields)


def _with(draw: DrawFn, **fields: Any) -> pc.Layer:
    return pc.MultiHeadAttention(key_dim=draw(SMALL), **fields, **some(draw, use_bias=FLAG, use_gate=FLAG))


def _projected(draw: DrawFn, query: Sizes) -> pc.Layer:
    heads = draw(divisors(query[-1]))
    flags = some(draw, use_bias=FLAG, add_bias_kv=FLAG)
    return pc.MultiHeadAttention(num_heads=heads, key_dim=query[-1] // heads, **flags)


def _others(draw: DrawFn, leading: Sizes, features: int) -> list[Sizes]:
    """A value, and a key of its length, or neither."""
    length = draw(SMALL)
    return [(*leading, length, draw(st.sampled_from([features, 3]))) for _ in range(draw(st.integers(0, 2)))]


def _along_axes(draw: DrawFn, fields: dict[str, Any]) -> Case:
    """Places of one to three axes, some of them attended along: there the value has another length."""
    query = draw(sizes(2, 4))
    places = range(1, len(query))
    attended = draw(st.sets(st.sampled_from(places), min_size=1))
    axes = [draw(st.sampled_from([axis, axis - len(query) - 1])) for axis in draw(st.permutations([*attended]))]
    stated = {"attention_axes": axes[0] if len(axes) == 1 and draw(FLAG) else axes}
    if attended == {*places} and draw(FLAG):
        stated = {}
    where = tuple(draw(SMALL) if axis in attended else query[axis - 1] for axis in places)
    others = [(*where, draw(SMALL)) for _ in range(draw(st.integers(0, 2)))]
    return Case(_with(draw, **fields, **stated), (query, *others), "keras")


def _call(layer: Any, inputs: list[Any]) -> Any:
    # a query alone attends to itself
    return layer(*(inputs if len(inputs) > 1 else inputs * 2))


def _call_of_torch(layer: Any, inputs: list[Any]) -> Any:
    query, value, key = (*inputs, *inputs[-1:] * 2)[:3] if len(inputs) < 3 else inputs
    return layer(query, key, value)[0]


CASES = {"MultiHeadAttention": _attention}
CALLS = {
    "keras.layers.MultiHeadAttention": _call,
    "keras.layers.GroupQueryAttention": _call,
    "torch.nn.MultiheadAttention": _call_of_torch,
}
