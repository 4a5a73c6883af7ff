"""FLOPs of a mixture of experts: of the experts that each token is sent to, as the Mixtral of transformers has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import MixtralConfig, MixtralForCausalLM

import paramcalc as pc

from .flop_counter import Counted, counted

pytestmark = pytest.mark.framework
SPEC = pc.load(Path(__file__).resolve().parents[2] / "specs" / "mixtral_8x7b.yaml")
SIZES = st.integers(1, 4)


@st.composite
def _dims(draw: st.DrawFn) -> dict[str, int]:
    groups, shared, half = (draw(SIZES) for _ in range(3))
    experts = draw(st.integers(2, 6))
    return {
        "vocabulary": draw(st.integers(2, 30)),
        "width": 2 * half * groups * shared,
        "inner": draw(st.integers(1, 9)),
        "depth": draw(st.integers(1, 2)),
        "heads": groups * shared,
        "key_value_heads": groups,
        "experts": experts,
        "experts_per_token": draw(st.integers(1, experts)),
    }


def _model(dims: dict[str, int]) -> Any:
    config = MixtralConfig(
        vocab_size=dims["vocabulary"],
        hidden_size=dims["width"],
        intermediate_size=dims["inner"],
        num_hidden_layers=dims["depth"],
        num_attention_heads=dims["heads"],
        num_key_value_heads=dims["key_value_heads"],
        num_local_experts=dims["experts"],
        num_experts_per_tok=dims["experts_per_token"],
        use_cache=False,
    )
    model: Any = MixtralForCausalLM(config)
    # one expert after another, in matrix products that the counter knows
    model.set_experts_implementation("eager")
    return model


@settings(settings.get_profile("runs"), suppress_health_check=[*HealthCheck])
@given(_dims(), st.integers(1, 3), st.integers(2, 6), st.integers(0, 100))
def test_mixtral(dims: dict[str, int], batch: int, tokens: int, seed: int) -> None:
    """Whichever experts the router chooses."""
    model = _model(dims)
    torch.manual_seed(seed)
    ids = torch.randint(0, dims["vocabulary"], (batch, tokens))
    measured = (
        pc.count(SPEC, of=of, dims={**dims, "tokens": tokens, "batch": batch}).total
        for of in ("flops", "training_flops")
    )
    assert Counted(*measured) == counted(lambda: model(input_ids=ids).logits)
    assert pc.count(SPEC, dims=dims).total == sum(each.numel() for each in model.parameters())
