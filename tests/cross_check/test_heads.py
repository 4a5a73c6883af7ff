"""Attention of what is projected already, with heads: as PyTorch's function of it has it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from torch.nn import functional

import paramcalc as pc

from .kept import ATTENTIONS, with_dtype
from .strategies import FLAG, SMALL, divisors
from .test_flops import check_network
from .test_saved import is_held

pytestmark = pytest.mark.framework
RUNS = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def networks(draw: DrawFn) -> pc.Spec:
    """A projection each of query, value and key, attention, and a projection back."""
    heads = draw(SMALL)
    shared = draw(divisors(heads))
    key_dim = draw(SMALL)
    value_dim = draw(st.sampled_from([key_dim, draw(SMALL)]))
    length = draw(SMALL)
    others = draw(st.sampled_from([length, draw(SMALL)]))
    causal = draw(st.sampled_from([None, True, False])) if length == others else None
    features = {"query": heads * key_dim, "value": shared * value_dim, "key": shared * key_dim}
    nodes = [
        pc.Node(pc.Input(shape=(length, 5)), name="x"),
        pc.Node(pc.Input(shape=(others, 3)), name="memory"),
        *(
            pc.Node(
                pc.Dense(units=units, use_bias=draw(FLAG)),
                name=name,
                inputs="x" if name == "query" else "memory",
                trainable=draw(FLAG),
            )
            for name, units in features.items()
        ),
        pc.Node(
            pc.Attention(num_heads=heads, num_key_value_heads=shared, causal=causal), name="mixed", inputs=[*features]
        ),
        pc.Node(pc.Dense(units=3), name="back", trainable=draw(FLAG)),
    ]
    return pc.Spec(nodes, framework="torch")


@RUNS
@given(networks())
def test_flops_are_those_of_the_function(spec: pc.Spec) -> None:
    check_network(spec, pc.build(spec).eval(), {"batch": 2})


@RUNS
@given(networks(), st.sampled_from(["float32", "bfloat16"]), st.sampled_from([1, 2, 3]), ATTENTIONS)
def test_what_is_kept_is_what_the_function_keeps(spec: pc.Spec, dtype: str, batch: int, attention: str) -> None:
    assert is_held(with_dtype(spec, dtype), batch, attention)


@RUNS
@given(networks())
def test_the_output_is_that_of_each_head_by_itself(spec: pc.Spec) -> None:
    model: Any = pc.build(spec).eval()
    count = pc.count(spec)
    (layer,) = (row.leaf.layer for row in count.layers if row.kind == "Attention" and row.leaf is not None)
    shapes = [row.output_shape for row in count.layers]
    x, memory = torch.randn(2, *shapes[0]), torch.randn(2, *shapes[1])
    query, value, key = model.query(x), model.value(memory), model.key(memory)
    shared = layer.num_key_value_heads
    queries, values, keys = query.chunk(layer.num_heads, -1), value.chunk(shared, -1), key.chunk(shared, -1)
    share = layer.num_heads // shared
    mixed = [
        functional.scaled_dot_product_attention(
            each, keys[n // share], values[n // share], is_causal=bool(layer.causal)
        )
        for n, each in enumerate(queries)
    ]
    assert torch.allclose(model(x, memory), model.back(torch.cat(mixed, -1)), atol=1e-5)


@pytest.mark.parametrize(
    ("fields", "sort"), [({"causal": True}, "back"), ({"window": 3, "causal": True}, "some"), ({}, "all")]
)
def test_a_position_sees_what_the_fields_say(fields: dict[str, Any], sort: str) -> None:
    nodes = [
        pc.Node(pc.Input(shape=(9, 8)), name="x"),
        *(pc.Node(pc.Dense(units=8), name=name, inputs="x") for name in ("query", "value", "key")),
        pc.Node(pc.Attention(num_heads=2, **fields), inputs=["query", "value", "key"]),
    ]
    found = pc.count(pc.Spec(nodes, framework="torch"), of="receptive-field")
    steps, features = found.layers[-1].fields
    assert (steps.sort, features.sort) == (sort, "all")
