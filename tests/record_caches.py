"""Record what the caches of transformers hold after a prompt, for small models of several architectures.

    python -m tests.record_caches

writes `tests/recorded/caches.json`, which the inner loop holds the measure `cache` to. It needs transformers (5.23).
Sizes are logical: `numel` of the keys, values and states, not of the storages that they are views of.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

FILE = Path(__file__).parent / "recorded" / "caches.json"


class Architecture(NamedTuple):
    """How a small model is made of dims, and run."""

    #: the spec of it that the test has, a file in `specs/` or a name of its own
    spec: str
    dims: tuple[dict[str, Any], ...]
    run: Callable[[Any, dict[str, Any], int, str], Any]


def _decoder(name: str, config: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    def run(tr: Any, dims: dict[str, Any], batch: int, dtype: str) -> Any:
        import torch

        made = getattr(tr, f"{name}Config")(vocab_size=50, **config(dims))
        model = getattr(tr, f"{name}ForCausalLM" if name != "GPT2" else "GPT2LMHeadModel")(made).eval()
        ids = torch.ones((batch, dims["tokens"]), dtype=torch.long)
        output = model.to(getattr(torch, dtype))(ids, use_cache=True)
        return output.cache_params if name == "Mamba" else output.past_key_values

    return run


def _llama(dims: dict[str, Any]) -> dict[str, Any]:
    return {
        "hidden_size": dims["width"],
        "num_hidden_layers": dims["depth"],
        "num_attention_heads": dims["heads"],
        "num_key_value_heads": dims["key_value_heads"],
        "intermediate_size": 8,
        "pad_token_id": 0,
    }


def _deepseek(dims: dict[str, Any]) -> dict[str, Any]:
    return {
        "hidden_size": 16,
        "num_hidden_layers": dims["depth"],
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "intermediate_size": 8,
        "moe_intermediate_size": 8,
        "n_routed_experts": 4,
        "n_group": 1,
        "topk_group": 1,
        "num_experts_per_tok": 2,
        "first_k_dense_replace": dims["depth"],
        "q_lora_rank": 8,
        "kv_lora_rank": dims["latent"],
        "qk_rope_head_dim": dims["rope"],
        "qk_nope_head_dim": 6,
        "v_head_dim": 6,
    }


def _mixtral(dims: dict[str, Any]) -> dict[str, Any]:
    names = {"num_local_experts": "experts", "num_experts_per_tok": "experts_per_token"}
    return {**_llama(dims), **{name: dims[dim] for name, dim in names.items()}}


def _whisper(tr: Any, dims: dict[str, Any], batch: int, dtype: str) -> Any:
    import torch

    made = tr.WhisperConfig(
        vocab_size=50,
        num_mel_bins=4,
        d_model=dims["width"],
        encoder_layers=1,
        decoder_layers=dims["depth"],
        encoder_attention_heads=dims["heads"],
        decoder_attention_heads=dims["heads"],
        encoder_ffn_dim=8,
        decoder_ffn_dim=8,
        max_source_positions=dims["frames"] // 2,
        max_target_positions=20,
        pad_token_id=0,
        bos_token_id=0,
        eos_token_id=0,
        decoder_start_token_id=0,
    )
    model = tr.WhisperForConditionalGeneration(made).eval().to(getattr(torch, dtype))
    sound = torch.zeros((batch, 4, dims["frames"]), dtype=getattr(torch, dtype))
    answer = torch.ones((batch, dims["tokens"]), dtype=torch.long)
    return model(sound, decoder_input_ids=answer, use_cache=True).past_key_values


def _t5(tr: Any, dims: dict[str, Any], batch: int, dtype: str) -> Any:
    import torch

    names = ("d_model", "num_layers", "num_heads", "d_kv")
    made = tr.T5Config(vocab_size=50, d_ff=8, decoder_start_token_id=0, **{name: dims[name] for name in names})
    model = tr.T5ForConditionalGeneration(made).eval().to(getattr(torch, dtype))
    source, answer = (torch.ones((batch, dims[name]), dtype=torch.long) for name in ("tokens", "answer_tokens"))
    return model(source, decoder_input_ids=answer, use_cache=True).past_key_values


ARCHITECTURES = (
    Architecture(
        "gpt2.yaml",
        ({"width": 12, "depth": 2, "heads": 3, "tokens": 7}, {"width": 8, "depth": 3, "heads": 1, "tokens": 1}),
        _decoder("GPT2", lambda d: {"n_embd": d["width"], "n_layer": d["depth"], "n_head": d["heads"]}),
    ),
    Architecture(
        "llama2_7b.yaml",
        (
            {"width": 16, "depth": 2, "heads": 4, "key_value_heads": 4, "tokens": 6},
            {"width": 24, "depth": 3, "heads": 4, "key_value_heads": 2, "tokens": 5},
            {"width": 24, "depth": 1, "heads": 6, "key_value_heads": 1, "tokens": 9},
        ),
        _decoder("Llama", _llama),
    ),
    Architecture(
        "sliding",
        tuple(
            {"width": 16, "depth": 2, "heads": 4, "key_value_heads": 2, "window": 5, "tokens": tokens}
            for tokens in (3, 4, 5, 7)
        ),
        _decoder("Mistral", lambda d: {**_llama(d), "sliding_window": d["window"]}),
    ),
    Architecture(
        "mixed",
        tuple(
            {"width": 16, "depth": 4, "heads": 4, "key_value_heads": 2, "head_dim": 6, "window": 5, "tokens": tokens}
            for tokens in (3, 7)
        ),
        _decoder("Gemma2", lambda d: {**_llama(d), "sliding_window": d["window"], "head_dim": d["head_dim"]}),
    ),
    Architecture("latent", ({"depth": 2, "latent": 8, "rope": 4, "tokens": 7},), _decoder("DeepseekV3", _deepseek)),
    Architecture(
        "mamba_130m.yaml",
        (
            {"width": 16, "depth": 2, "state": 5, "window": 4, "tokens": 7},
            {"width": 8, "depth": 3, "state": 3, "window": 2, "tokens": 2},
        ),
        _decoder(
            "Mamba",
            lambda d: {
                "hidden_size": d["width"],
                "num_hidden_layers": d["depth"],
                "state_size": d["state"],
                "conv_kernel": d["window"],
            },
        ),
    ),
    Architecture(
        "mixtral_8x7b.yaml",
        (
            {
                "width": 16,
                "depth": 2,
                "heads": 4,
                "key_value_heads": 2,
                "experts": 4,
                "experts_per_token": 2,
                "tokens": 6,
            },
        ),
        _decoder("Mixtral", _mixtral),
    ),
    Architecture(
        "whisper_tiny.yaml",
        ({"width": 12, "depth": 2, "heads": 3, "frames": 10, "sources": 5, "tokens": 4},),
        _whisper,
    ),
    Architecture(
        "t5_small.yaml",
        ({"d_model": 16, "num_layers": 2, "num_heads": 4, "d_kv": 3, "tokens": 7, "answer_tokens": 4},),
        _t5,
    ),
)


def _tensors(value: Any, seen: set[int]) -> Iterator[Any]:
    """Yield the floating tensors that are anywhere in a cache, each once."""
    import torch

    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, torch.Tensor):
        if value.is_floating_point():
            yield value
        return
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else None
    for each in inner if inner is not None else vars(value).values() if hasattr(value, "__dict__") else ():
        yield from _tensors(each, seen)


def records() -> Iterator[dict[str, Any]]:
    """Yield what each cache holds, in bytes."""
    import torch
    import transformers

    for architecture in ARCHITECTURES:
        for dims in architecture.dims:
            for batch, dtype in ((1, "float32"), (3, "bfloat16")):
                with torch.no_grad():
                    cache = architecture.run(transformers, dims, batch, dtype)
                size = sum(tensor.numel() * tensor.element_size() for tensor in _tensors(cache, set()))
                yield {"spec": architecture.spec, "dims": dims, "batch": batch, "dtype": dtype, "bytes": size}


if __name__ == "__main__":
    rows = ",\n".join(map(json.dumps, records()))
    FILE.write_text(f"[\n{rows}\n]\n", encoding="utf-8")
