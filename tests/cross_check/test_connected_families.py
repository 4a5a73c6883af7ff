"""Families that are written by hand, with their connections: their costs are those of the models of transformers."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import paramcalc as pc
from paramcalc.families.generator.models import made_config, model_class
from paramcalc.families.stored import connected_family, connected_names

from .flop_counter import Counted, counted, settings

pytestmark = pytest.mark.framework

_DECODER = {
    "vocab_size": 50, "hidden_size": 24, "intermediate_size": 20, "num_hidden_layers": 3, "num_attention_heads": 4,
    "num_key_value_heads": 2, "pad_token_id": 0,
}  # fmt: skip
_ENCODER = {
    "vocab_size": 50, "hidden_size": 24, "intermediate_size": 20, "num_hidden_layers": 3, "num_attention_heads": 4,
    "max_position_embeddings": 16,
}  # fmt: skip
_T5 = {
    "vocab_size": 50, "d_model": 24, "d_kv": 5, "d_ff": 20, "num_layers": 3, "num_heads": 4,
    "relative_attention_num_buckets": 8, "decoder_start_token_id": 0,
}  # fmt: skip
_LATENT = {
    "vocab_size": 50, "hidden_size": 24, "intermediate_size": 20, "moe_intermediate_size": 10, "num_hidden_layers": 3,
    "num_attention_heads": 4, "num_key_value_heads": 4, "n_routed_experts": 8, "n_group": 2, "topk_group": 1,
    "num_experts_per_tok": 3, "first_k_dense_replace": 1, "q_lora_rank": 9, "kv_lora_rank": 7, "qk_rope_head_dim": 4,
    "qk_nope_head_dim": 6, "v_head_dim": 5,
}  # fmt: skip
_IMAGE = {"image_size": 12, "patch_size": 4, "num_channels": 2}
#: Small configurations, and one with what else the document has.
CONFIGS: dict[str, list[dict[str, Any]]] = {
    "llama": [
        _DECODER,
        {**_DECODER, "head_dim": 10, "attention_bias": True, "mlp_bias": True, "tie_word_embeddings": True,
         "hidden_act": "relu"},
    ],
    "mistral": [_DECODER, {**_DECODER, "head_dim": 10, "sliding_window": 5, "hidden_act": "gelu"},
                {**_DECODER, "sliding_window": None}],
    "mixtral": [
        {**_DECODER, "num_local_experts": 5, "num_experts_per_tok": 2},
        {**_DECODER, "num_local_experts": 4, "num_experts_per_tok": 3, "head_dim": 10, "sliding_window": 5},
    ],
    "gemma2": [
        {**_DECODER, "head_dim": 6, "sliding_window": 5},
        {**_DECODER, "head_dim": 10, "sliding_window": 4, "attention_bias": True, "tie_word_embeddings": False,
         "layer_types": ["full_attention", "sliding_attention", "sliding_attention"]},
    ],
    "t5": [
        _T5,
        {**_T5, "num_decoder_layers": 2, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False},
    ],
    "deepseek_v3": [_LATENT, {**_LATENT, "q_lora_rank": None, "attention_bias": True, "n_shared_experts": 2}],
    "qwen2": [_DECODER, {**_DECODER, "tie_word_embeddings": True}],
    "gpt2": [
        {"vocab_size": 50, "n_embd": 24, "n_layer": 3, "n_head": 4, "n_positions": 16},
        {"vocab_size": 50, "n_embd": 24, "n_layer": 3, "n_head": 2, "n_positions": 16, "n_inner": 10,
         "activation_function": "gelu", "tie_word_embeddings": False},
    ],
    "bert": [_ENCODER, {**_ENCODER, "tie_word_embeddings": False, "hidden_act": "relu"}],
    "vit": [{**_ENCODER, **_IMAGE}, {**_ENCODER, **_IMAGE, "qkv_bias": False, "pooler_output_size": 10,
            "num_labels": 5}],
}  # fmt: skip
LENGTHS = {"tokens": 7, "answer_tokens": 5}
BATCH = 2
CASES = [
    pytest.param(name, cls, config, id=f"{cls}-{number}")
    for name in connected_names()
    for cls in connected_family(name).heads  # type: ignore[union-attr]
    for number, config in enumerate(CONFIGS[name])
]


def opened(name: str, cls: str, config: dict[str, Any]) -> tuple[pc.Spec, dict[str, Any], Any]:
    """The spec of a configuration, the dims of a run, and the real model."""
    spec = pc.from_huggingface({"model_type": name, **config}, cls)
    assert spec.connections == "known", spec.remarks
    dims = {**{name: size for name, size in LENGTHS.items() if name in spec.dims}, "batch": BATCH}
    made = made_config(name, json.loads(json.dumps(config)))
    # attention and experts by matrix products, which the counter knows
    made._experts_implementation = "eager"
    model = model_class(name, cls)._from_config(made, attn_implementation="eager")
    return spec, dims, model.eval()


def given(spec: pc.Spec, dims: dict[str, Any]) -> dict[str, torch.Tensor]:
    """What the real model is called with: the inputs of the spec by their names."""
    rows = pc.count(spec, dims={name: size for name, size in dims.items() if name in spec.dims}).layers
    inputs = {row.name: row for row in rows if row.kind == "Input" and row.leaf is not None}
    return {
        name: torch.zeros(BATCH, *row.output_shape, dtype=getattr(torch, row.leaf.layer.dtype))
        for name, row in inputs.items()
    }


def turned(run: Any) -> int:
    """The FLOPs of tables of rotary positions, which are products of two vectors: nothing is summed in them."""
    with settings(), FlopCounterMode(display=False) as counter:
        run()
    modules = counter.get_flop_counts()
    return sum(sum(each.values()) for path, each in modules.items() if path.endswith("rotary_emb"))


@pytest.mark.parametrize(("name", "cls", "config"), CASES)
def test_flops_are_those_of_the_real_model(name: str, cls: str, config: dict[str, Any]) -> None:
    spec, dims, model = opened(name, cls, config)
    inputs = given(spec, dims)

    def run() -> Any:
        return model(**inputs)

    real, apart = counted(run), turned(run)
    ours = [pc.count(spec, of=of, dims=dims).total for of in ("flops", "training_flops")]
    assert Counted(*ours) == Counted(real.forward - apart, real.training - apart)
    form = pc.formula(spec, of="flops", keep=[*dims])
    assert form(**dims) == ours[0]


@pytest.mark.parametrize(("name", "cls", "config"), CASES)
def test_the_cache_is_that_of_the_real_model(name: str, cls: str, config: dict[str, Any]) -> None:
    spec, dims, model = opened(name, cls, config)
    with torch.no_grad():
        output = model(**given(spec, dims))
    cache = getattr(output, "past_key_values", None)
    assert pc.count(spec, of="cache", dims=dims).total == (0 if cache is None else held(cache))


def held(cache: Any) -> int:
    """The bytes that a cache shows."""
    parts = (
        [cache.self_attention_cache, cache.cross_attention_cache]
        if hasattr(cache, "cross_attention_cache")
        else [cache]
    )
    tensors = [each for part in parts for layer in part.layers for each in (layer.keys, layer.values)]
    return sum(each.numel() * each.element_size() for each in tensors)
