"""Families against the real constructors of transformers, at fresh configurations: every tensor, and every tie.

A sample: some families drawn at random, a few configurations of each class. The generator's report has all of them.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
import transformers

import paramcalc as pc
from paramcalc.families.configs import family_spec
from paramcalc.families.generator.__main__ import DATA, made_documents
from paramcalc.families.generator.deriving import Deriving
from paramcalc.families.generator.dims import lists
from paramcalc.families.generator.drawing import SORTS, Drawing, overridden
from paramcalc.families.generator.exploring import Explorer
from paramcalc.families.generator.fresh import drawn
from paramcalc.families.generator.making import requiring_elements, wrong_at_zero
from paramcalc.families.generator.mixtures import MIXTURES
from paramcalc.families.generator.models import build, fields_of, heads, made_config, model_class, tensors
from paramcalc.families.generator.proving import PARAMETERS, REFUSED, WHOLE, compared, owned, stated
from paramcalc.families.stored import connected_family, family_names, stored_family
from tests.cross_check.routers import experts_that_learn
from tests.published_families import ROUNDED
from tests.sampled_families import sampled
from tests.seed import SEED

pytestmark = pytest.mark.framework

#: What a family may say.
RIGHT = (WHOLE, PARAMETERS, REFUSED)
SAMPLE = sampled(family_names(), 4)
#: Those that are made again in a few seconds.
SHORT = [name for name in family_names() if (DATA / f"{name}.yaml").stat().st_size < 3000]


def test_the_families_are_of_the_version_that_is_installed() -> None:
    assert {stored_family(name).transformers for name in family_names()} == {transformers.__version__}


@pytest.mark.parametrize("name", sampled(SHORT, 12))
def test_a_document_is_what_the_generator_makes(name: str, tmp_path: Path) -> None:
    """Byte for byte, whatever the order in which Python has the elements of sets is in its process."""
    (row,) = made_documents([name], tmp_path, most=120, fresh=20)
    assert (tmp_path / f"{name}.yaml").read_text(encoding="utf-8") == (DATA / f"{name}.yaml").read_text(
        encoding="utf-8"
    ), row


@pytest.mark.parametrize("name", SAMPLE)
def test_a_family_is_what_the_constructors_make(name: str) -> None:
    family = stored_family(name)
    for cls in family.heads:
        explorer = Explorer(name, cls)
        explorer.run({})
        assert compared(family, {"model_type": name}, cls, explorer.runs[0].tensors)[0] in (WHOLE, PARAMETERS)
        for sort in SORTS:
            for given, made in drawn(explorer, 4, sort, SEED):
                config = {"model_type": name, **given}
                outcome, about = compared(family, config, cls, made)
                assert outcome in RIGHT, f"{cls} at {json.dumps(config)}: {about}"


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
            assert outcome in RIGHT, f"{given}: {about}"
            whole += outcome in (WHOLE, PARAMETERS)
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


@pytest.mark.parametrize("given", [{"rope_theta": 1e6}, {"rope_theta": 500_000, "partial_rotary_factor": 0.5}])
@pytest.mark.parametrize("name", ["deepseek_v3", "gemma2", "llama", "mistral", "mixtral", "qwen2"])
def test_a_file_that_an_older_version_saved_is_read(name: str, given: dict[str, Any]) -> None:
    cls = heads(name)["usual"]
    made = tensors(build(model_class(name, cls), made_config(name, given)))
    connected = connected_family(name)
    assert connected is not None
    for family in (stored_family(name), connected):
        whole = PARAMETERS if "partial_rotary_factor" in given else WHOLE
        assert compared(family, {"model_type": name, **given}, cls, made) == (whole, "")


@pytest.mark.parametrize("owner", sorted(MIXTURES))
def test_a_token_is_sent_to_as_many_experts_as_the_field_says(owner: str) -> None:
    """Of the real router and the real experts, seen by which of these have a gradient of what one token comes to."""
    assert experts_that_learn(owner, MIXTURES[owner], 5) == {5}


def test_a_number_at_whose_0_a_family_is_wrong_is_required_not_to_be() -> None:
    """In a model of no residual blocks nothing has another width after them; no condition of its code says so."""
    family = stored_family("chameleon_vqgan")
    explorer = Explorer("chameleon_vqgan", "ChameleonVQVAE")
    explorer.run({})
    assert wrong_at_zero(family, explorer) == {}
    head = dict(family.layers_of("ChameleonVQVAE"))
    head["requires"] = [each for each in head["requires"] if each != "num_res_blocks >= 1"]
    found = wrong_at_zero(replace(family, heads={"ChameleonVQVAE": head}), explorer)
    assert found == {"num_res_blocks": False}
    assert requiring_elements(head, found) == {**family.layers_of("ChameleonVQVAE")}


def test_of_buffers_alone_that_are_wrong_at_0_nothing_else_is_required() -> None:
    head = {"fixed": {"a": 1}, "layers": ["BatchNorm"]}
    assert requiring_elements(head, {"n": True, "m": False}) == {
        "fixed": {"a": 1}, "requires": ["m >= 1"], "buffers": {"requires": ["n >= 1"]}, "layers": ["BatchNorm"]
    }  # fmt: skip


def test_lists_are_drawn_with_the_end_that_their_class_gives_them() -> None:
    """The last layer of a Gemma 4 has full attention whatever its configuration says."""
    drawing = Explorer("gemma4_text", "Gemma4TextModel").drawing
    assert drawing.ends == {"layer_types": "full_attention"}
    assert [drawing.depths(depth)["layer_types"][-1] for depth in (1, 2, 5)] == ["full_attention"] * 3
    assert Explorer("gemma3_text", "Gemma3TextModel").drawing.ends == {}
