"""To how many experts a mixture of transformers sends a token, seen by which experts get a gradient of its output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from paramcalc.families.generator.drawing import overridden
from paramcalc.families.generator.models import (
    build,
    config_class,
    declared,
    fields_of,
    heads,
    made_config,
    model_class,
    model_types,
)

#: Fields that make the experts of a mixture small, where a configuration has them.
_INNER = ("moe_intermediate_size", "intermediate_size", "expert_ffn_hidden_size", "shared_expert_intermediate_size")
_SMALL = 8
#: What a model with a class of experts needs beside these: fields that are absent by default, and several experts.
_BESIDE = {
    "HunYuanMoEV1Experts": {"num_experts": 16, "head_dim": 128},
    "Qwen4ExpTextExperts": {
        "indexer_n_heads": 2, "indexer_kv_heads": 1, "indexer_head_dim": 256, "indexer_budget": 16,
        "indexer_compress_ratio": 4,
    },
}  # fmt: skip


def experts_that_learn(owner: str, field: str, number: int) -> set[int]:
    """Return how many experts get a gradient of what one token comes to, in each tensor of a class of experts.

    `owner` is the class with its module, `field` the one that says to how many a token is sent, here `number`. The
    mixture around the experts is run, with random numbers; the rest of the model has none.
    """
    failures = []
    for model_type in _types_of(owner):
        try:
            modules, width = _small_model(model_type, owner, field, number)
        except Exception as error:
            failures.append(f"{model_type}: {type(error).__name__}: {error}")
            continue
        for name, experts in modules.items():
            if f"{type(experts).__module__}.{type(experts).__qualname__}" == owner:
                return _learning(modules[name.rpartition(".")[0]], experts, width)
    raise AssertionError(f"no model has {owner}: {failures}")


def _types_of(owner: str) -> Iterator[str]:
    """Yield the model types whose configurations are of the package of a class."""
    package = owner.rpartition(".modeling_")[0]
    for model_type in model_types():
        if config_class(model_type).__module__.rpartition(".")[0] == package:
            yield model_type


def _small_model(model_type: str, owner: str, field: str, number: int) -> tuple[dict[str, torch.nn.Module], int]:
    """Return the modules of a model without numbers, which sends a token to some small experts, and its width."""
    config = made_config(model_type, {})
    fields, aliases = fields_of(config), declared(config).aliases
    chosen = [path for path in fields if _is_named(path, aliases.get(field, field))]
    given = dict.fromkeys(chosen, number)
    given |= {path: _small(value) for path, value in fields.items() if _is_named(path, *_INNER) and value}
    given |= _BESIDE.get(owner.rpartition(".")[2], {})
    width = fields[f"{chosen[0].rpartition('.')[0]}.hidden_size".removeprefix(".")]
    cls = model_class(model_type, heads(model_type)["base"])
    return dict(build(cls, made_config(model_type, overridden(given))).named_modules()), width


def _is_named(path: str, *names: str) -> bool:
    return path.rpartition(".")[2] in names


def _small(value: Any) -> Any:
    return [_SMALL for _ in value] if isinstance(value, list) else _SMALL


def _learning(mixture: torch.nn.Module, experts: torch.nn.Module, width: int) -> set[int]:
    """Run a mixture on one token, and return how many of its experts have a gradient, for each tensor of them."""
    mixture.to_empty(device="cpu").eval()
    for parameter in mixture.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    for buffer in mixture.buffers():
        buffer.zero_()
    output = mixture(torch.randn(1, 1, width))
    (output[0] if isinstance(output, tuple) else output).sum().backward()
    gradients = [each.grad for each in experts.parameters(recurse=False) if each.grad is not None]
    return {int(each.reshape(len(each), -1).any(1).sum()) for each in gradients}
