"""Families against the real constructors of transformers, at fresh configurations: every tensor, and every tie.

A sample: some families drawn at random, a few configurations of each class. The generator's report has all of them.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
import torch
import transformers

import paramcalc as pc
from paramcalc.families.configs import family_spec
from paramcalc.families.generator.deriving import Deriving
from paramcalc.families.generator.drawing import Drawing, overridden
from paramcalc.families.generator.exploring import Explorer, drawn
from paramcalc.families.generator.making import lists
from paramcalc.families.generator.mixtures import MIXTURES
from paramcalc.families.generator.models import build, fields_of, heads, made_config, model_class, tensors
from paramcalc.families.generator.proving import WHOLE, WRONG, compared, owned, stated
from paramcalc.families.stored import family_names, stored_family
from tests.published_families import ROUNDED
from tests.seed import SEED

pytestmark = pytest.mark.framework

SAMPLE = sorted(Random(SEED).sample(family_names(), min(4, len(family_names()))))


def test_the_families_are_of_the_version_that_is_installed() -> None:
    assert {stored_family(name).transformers for name in family_names()} == {transformers.__version__}


@pytest.mark.parametrize("name", SAMPLE)
def test_a_family_is_what_the_constructors_make(name: str) -> None:
    family = stored_family(name)
    for cls in family.heads:
        explorer = Explorer(name, cls)
        explorer.run({})
        assert compared(family, {"model_type": name}, cls, explorer.runs[0].tensors) == (WHOLE, "")
        for hostile in (False, True):
            for given, made in drawn(explorer, 4, hostile, SEED):
                config = {"model_type": name, **overridden(given)}
                outcome, about = compared(family, config, cls, made)
                assert outcome != WRONG, f"{cls} at {json.dumps(config)}: {about}"


def test_tensors_of_a_well_known_model_have_the_names_of_transformers() -> None:
    config = {"model_type": "gpt2", "n_layer": 3, "n_embd": 96, "add_cross_attention": True}
    model = build(model_class("gpt2", "GPT2LMHeadModel"), made_config("gpt2", config))
    assert stated(family_spec(stored_family("gpt2"), config)) == owned(tensors(model))


def test_one_field_moved_is_never_wrong() -> None:
    """Each field of a configuration that is read, moved alone, in a file that states nothing else."""
    family = stored_family("llama")
    explorer = Explorer("llama", "LlamaForCausalLM")
    explorer.run({})
    drawing = Drawing(explorer.fields, explorer.declared, explorer.drawing.modules, Random(SEED))
    whole = 0
    for name in explorer.relevant():
        for value in drawing.moves(name)[:2]:
            given = overridden({"num_hidden_layers": 2, name: value})
            try:
                made = tensors(build(explorer.cls, made_config("llama", given)))
            except (ArithmeticError, AssertionError, RuntimeError, TypeError, ValueError):
                continue
            outcome, about = compared(family, {"model_type": "llama", **given}, "LlamaForCausalLM", made)
            assert outcome != WRONG, f"{given}: {about}"
            whole += outcome == WHOLE
    assert whole > 10


@pytest.mark.parametrize(("name", "model_type", "config", "_"), ROUNDED)
def test_a_count_whose_publication_is_rounded_is_that_of_the_real_model(
    name: str, model_type: str, config: dict[str, Any], _: str
) -> None:
    model = build(model_class(model_type, heads(model_type)["usual"]), made_config(model_type, config))
    assert pc.count({"model_type": model_type, **config}).total == sum(each.numel() for each in model.parameters())


@pytest.mark.parametrize(
    ("model_type", "name", "given"),
    [
        ("qwen2", "layer_types", {"use_sliding_window": True, "max_window_layers": 3, "num_hidden_layers": 7}),
        ("qwen2", "layer_types", {"num_hidden_layers": 4}),
        ("modernbert", "layer_types", {"num_hidden_layers": 9}),
        ("muse_spark_text", "layer_types", {"num_hidden_layers": 11}),
        ("glm4_moe_lite", "mlp_layer_types", {"num_hidden_layers": 6}),
    ],
)
def test_a_list_is_what_the_class_of_configurations_makes(model_type: str, name: str, given: dict[str, Any]) -> None:
    explorer = Explorer(model_type, heads(model_type)["base"])
    config = made_config(model_type, given)
    present = frozenset(each for each, value in explorer.fields.items() if value is not None)
    deriving = Deriving(type(config), "", explorer.drawing, explorer.declared, present)
    rule = deriving.rule(name)
    assert rule is not None
    fields = fields_of(config)
    assert lists(rule, fields, fields[name])
    assert not lists(rule, fields, [*fields[name], "other"])


def test_a_rule_that_nothing_recorded_decides_is_not_stated() -> None:
    # one element is changed by hand where none is of the other kind: no question that was recorded says so
    explorer = Explorer("olmo_hybrid", heads("olmo_hybrid")["base"])
    config = made_config("olmo_hybrid", {})
    assert Deriving(type(config), "", explorer.drawing, explorer.declared, frozenset()).rule("layer_types") is None


SMALL = {
    "hidden_size": 32, "intermediate_size": 16, "moe_intermediate_size": 16, "num_hidden_layers": 2, "vocab_size": 50,
    "num_attention_heads": 4, "num_key_value_heads": 2, "num_experts_per_tok": 3, "max_position_embeddings": 64,
}  # fmt: skip
#: What else a type needs to be small, or to have a mixture in its last layer.
OTHERWISE = {
    "deepseek_v3": {
        "first_k_dense_replace": 1, "num_key_value_heads": 4, "n_routed_experts": 16, "n_group": 2, "topk_group": 1,
        "q_lora_rank": 8,
        "kv_lora_rank": 8, "qk_rope_head_dim": 8, "qk_nope_head_dim": 8, "v_head_dim": 8,
    },
}  # fmt: skip


@pytest.mark.parametrize("owner", [each for each in MIXTURES if each.split(".")[2] in family_names()])
def test_a_token_is_sent_to_as_many_experts_as_the_field_says(owner: str) -> None:
    model_type = owner.split(".")[2]
    config = {**SMALL, **OTHERWISE.get(model_type, {})}
    chosen = []
    cls = model_class(model_type, heads(model_type)["base"])
    model = cls._from_config(made_config(model_type, config), attn_implementation="eager").eval()
    for module in model.modules():
        if f"{type(module).__module__}.{type(module).__qualname__}" == owner:
            module.register_forward_pre_hook(lambda _, inputs: chosen.append(inputs[1].shape[-1]))
    with torch.no_grad():
        model(input_ids=torch.tensor([[1, 2, 3, 4]]))
    assert chosen
    assert set(chosen) == {config[MIXTURES[owner]]}
