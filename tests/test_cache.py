"""The measure `cache`, held to what caches of transformers hold, and what each layer states that it keeps."""

import json
from pathlib import Path
from typing import Any

import pytest

import paramcalc as pc
from paramcalc.verbs import source

RECORDS = json.loads((Path(__file__).parent / "recorded" / "caches.json").read_text(encoding="utf-8"))
_SPECS = Path(__file__).parents[1] / "specs"

#: Networks that `specs/` has no file of, as far as their caches go.
SPECS = {
    "sliding": """
paramcalc: 1
framework: torch
dims: {width: 16, depth: 2, heads: 4, key_value_heads: 2, window: 5, tokens: 3}
layers:
  - Input: {shape: [tokens, width]}
  - times: depth
    layers:
      - MultiHeadAttention:
          {num_heads: heads, num_key_value_heads: key_value_heads, key_dim: width / heads, window: window, causal: true}
""",
    # of Gemma 2, every other layer attends to a window
    "mixed": """
paramcalc: 1
framework: torch
dims: {width: 16, depth: 4, heads: 4, key_value_heads: 2, head_dim: 6, window: 5, tokens: 3}
layers:
  - Input: {shape: [tokens, width]}
  - times: depth
    index: i
    layers:
      - MultiHeadAttention:
          {num_heads: heads, num_key_value_heads: key_value_heads, key_dim: head_dim, window: window}
        when: i % 2 == 0
        else: {MultiHeadAttention: {num_heads: heads, num_key_value_heads: key_value_heads, key_dim: head_dim}}
""",
    # of DeepSeek V3, what all heads' keys and values are made of
    "latent": """
paramcalc: 1
framework: torch
dims: {depth: 2, latent: 8, rope: 4, tokens: 7}
layers:
  - Input: {shape: [tokens, 16]}
  - times: depth
    tensors: {latents: {shape: [tokens, latent], role: cache}, turned: {shape: [tokens, rope], role: cache}}
    layers:
      - Dense: {units: 16}
""",
}


def test_a_cache_holds_what_that_of_transformers_does() -> None:
    opened: dict[str, pc.Spec] = {}
    for record in RECORDS:
        name = record["spec"]
        if name not in opened:
            opened[name] = pc.loads(SPECS[name]) if name in SPECS else pc.load(_SPECS / name)
        dims = {key: value for key, value in record["dims"].items() if key in opened[name].dims}
        measured = pc.count(opened[name], of="cache", dims={**dims, "batch": record["batch"]}, dtype=record["dtype"])
        assert measured.total == record["bytes"], record


def cached(layer: pc.Layer, *shapes: tuple[int, ...]) -> dict[str, tuple[Any, ...]]:
    return {tensor.name: tensor.shape for tensor in layer.all_cached(*shapes) if tensor.condition}


@pytest.mark.parametrize(
    ("layer", "shapes", "kept"),
    [
        (pc.MultiHeadAttention(num_heads=2, key_dim=3, causal=False), [(5, 6)], {}),
        (
            pc.MultiHeadAttention(num_heads=2, key_dim=3, value_dim=4, causal=False),
            [(5, 6), (7, 6)],
            {"keys": (7, 2, 3), "values": (7, 2, 4)},
        ),
        (
            pc.MultiHeadAttention(num_heads=2, key_dim=3, window=4, attention_axes=2),
            [(5, 6, 8)],
            {"keys": (5, 3, 2, 3), "values": (5, 3, 2, 3)},
        ),
        (pc.Attention(), [(5, 6), (7, 6)], {"values": (7, 6)}),
        (pc.AdditiveAttention(), [(5, 6), (7, 4), (7, 6)], {"values": (7, 4), "keys": (7, 6)}),
        (pc.GRU(units=4, num_layers=2), [(5, 6)], {"state": (4,), "layer_1_state": (4,)}),
        (
            pc.LSTM(units=4, proj_size=3, bidirectional=True),
            [(5, 6)],
            {"state": (3,), "state_1": (4,), "backward_state": (3,), "backward_state_1": (4,)},
        ),
        (pc.RNN(cell=[pc.LSTMCell(units=4), pc.GRUCell(units=3)]), [(5, 6)], None),
        (pc.ConvLSTM1D(filters=3, kernel_size=2), [(5, 6, 8)], {"state": (5, 3), "state_1": (5, 3)}),
        (
            pc.Bidirectional(layer=pc.GRU(units=4)),
            [(5, 6)],
            {"forward_state": (4,), "backward_state": (4,)},
        ),
        (pc.Dense(units=3), [(5, 6)], {}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, pc.Layer) else "",
)
def test_what_a_layer_keeps(layer: pc.Layer, shapes: list[Any], kept: Any) -> None:
    if kept is None:
        kept = {"cell_cell_0_state": (4,), "cell_cell_0_state_1": (4,), "cell_cell_1_state": (3,)}
    assert cached(layer, *shapes) == kept


def test_an_encoder_keeps_nothing_of_its_source() -> None:
    model = pc.Transformer(num_heads=2, num_encoder_layers=2, num_decoder_layers=1)
    kept = cached(model, (7, 8), (5, 8))
    prefix = "decoder_layer_0"
    assert kept == {
        f"{prefix}_{which}_{what}": (length, 2, 4)
        for which, length in (("self_attention", 5), ("cross_attention", 7))
        for what in ("keys", "values")
    }


def test_each_step_of_a_layer_for_steps_is_an_example() -> None:
    inner = pc.GRU(units=3)
    spec = pc.Spec([pc.Input(shape=(4, 5, 6)), pc.TimeDistributed(layer=inner)])
    assert pc.count(spec, of="cache").total == 4 * 3 * 4


def test_attention_to_oneself_is_known_by_what_it_is_given() -> None:
    layer = pc.MultiHeadAttention(num_heads=2, key_dim=3, causal=False)
    nodes = [
        pc.Node(pc.Input(shape=(5, 6)), name="x"),
        pc.Node(layer, inputs=["x", "x"], name="itself"),
        pc.Node(layer, inputs=["itself", "x"], name="other"),
    ]
    measured = pc.count(pc.Spec(nodes), of="cache")
    assert {row.name: row.total for row in measured.layers} == {"x": 0, "itself": 0, "other": 2 * 5 * 2 * 3 * 4}


def test_a_shared_attention_keeps_what_it_keeps_at_each_place() -> None:
    layer = pc.MultiHeadAttention(num_heads=2, key_dim=3)
    nodes = [pc.Input(shape=(5, 6)), pc.Node(layer, name="first"), pc.Node(share="first", name="again")]
    assert [row.total for row in pc.count(pc.Spec(nodes), of="cache").layers] == [0, 240, 240]


def test_a_window_over_several_axes_is_refused() -> None:
    layer = pc.MultiHeadAttention(num_heads=2, key_dim=3, window=4)
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.count(pc.Spec([pc.Input(shape=(5, 6, 8)), layer]))
    assert str(caught.value) == (
        "error[invalid-value]: a 'window' goes along one axis, and attention along several (at"
        " 'multi_head_attention')\n    'attention_axes' names one"
    )


def test_a_window_is_refused_where_a_model_is_built() -> None:
    for name, spec in SPECS.items():
        for framework in ("torch", "keras"):
            if name == "latent":
                assert "latents" not in source(pc.loads(spec), framework)
                continue
            with pytest.raises(pc.ParamcalcError, match="it attends to a window, and no class does"):
                source(pc.loads(spec), framework)


def test_a_declared_cache_is_no_output() -> None:
    tensors = {"own": [2], "kept": {"shape": [3], "role": "cache"}}
    spec = pc.Spec([pc.Input(shape=(4,)), pc.Weights(tensors=tensors, output="kept")])
    with pytest.raises(pc.ParamcalcError, match="Weights has no tensor 'kept' for its output"):
        pc.count(spec)


def test_a_declared_cache_is_in_no_other_count() -> None:
    spec = pc.loads(SPECS["latent"])
    assert pc.count(spec).total == 2 * 17 * 16
    assert "latents" not in str(pc.count(spec, expand=True).plain())
    with pytest.raises(pc.ParamcalcError, match="'role' is parameter, state or cache, not 'cached'"):
        pc.loads(SPECS["latent"].replace("role: cache}, turned", "role: cached}, turned"))
