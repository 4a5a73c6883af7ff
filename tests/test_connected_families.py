"""Families that are written by hand, with their connections: tensor by tensor those that the generator made."""

from __future__ import annotations

from collections import defaultdict
from random import Random
from typing import Any

import pytest

import paramcalc as pc
from paramcalc.families.configs import family_spec
from paramcalc.families.stored import Family, connected_family, connected_names, stored_family
from tests.seed import SEED

#: Configurations that are drawn of each class of one family. The sweeps draw more, of all.
DRAWN = 2


def tensors_of(spec: pc.Spec) -> dict[str, Any]:
    """Every tensor by its name: its shape, training and active elements, and the names of those that it is tied to."""
    found: dict[str, Any] = {}
    own_names: dict[str, str] = {}
    tied: dict[str, set[str]] = defaultdict(set)
    for row in pc.count(spec, "torch", expand=True).layers:
        if row.leaf is None or not row.tensors:
            continue
        for tensor, use in zip(row.tensors, row.leaf.uses, strict=True):
            name = ".".join([*row.path, tensor.name])
            assert name not in found
            found[name] = (tuple(tensor.shape), tensor.trainable, tensor.role, tensor.dtype, use.tensor.persistent)
            own_name = ".".join([*row.path, use.tensor.name])
            own_names[own_name] = name
            tied[tensor.tied_to or own_name].add(name)
    groups = {name: group for group in tied.values() for name in group}
    return {name: (*each, groups[name]) for name, each in found.items()}


def drawn(family: Family, random: Random, state: float) -> dict[str, Any]:
    """A small number of layers, and this share of the other fields, other than by default."""
    config: dict[str, Any] = {}
    heads = random.choice([1, 2, 4])
    for name, default in family.dims.items():
        if "layer" in name and isinstance(default, int):
            config[name] = random.choice([1, 2, 3])
        elif name in family.derived or random.random() >= state:
            continue
        if isinstance(default, bool):
            config[name] = random.random() < (0.8 if default else 0.2)
        elif isinstance(default, dict):
            if "text" in default:
                config[name] = random.choice([default["text"], "relu", "gelu", "prelu"])
        elif "heads" in name or "head" in name.split("_")[-1:]:
            config[name] = heads
        elif isinstance(default, int):
            config[name] = random.choice([default, 2, 3]) if default < 3 else random.choice([4, 8, 16, 24])
        elif default == "none" or isinstance(default, str):
            config[name] = random.choice([None, 4, 8])
    return config


def check(name: str, cls: str, random: Random, number: int) -> int:
    """Hold both documents to one another at so many configurations; how many the one by hand covers."""
    hand, made = connected_family(name), stored_family(name)
    assert hand is not None
    covered = 0
    for place in range(number):
        config = {"model_type": name, **drawn(made, random, state=0.6 if place else 0)}
        try:
            ours = family_spec(hand, config, cls)
        except pc.ParamcalcError as error:
            # narrower, or refused as the generated one is
            if error.code != "unproved-config":
                raise
            continue
        theirs = family_spec(made, config, cls)
        assert tensors_of(ours) == tensors_of(theirs), config
        assert ours.unknown == theirs.unknown, config
        assert pc.count(ours).active == pc.count(theirs).active, config
        covered += 1
    return covered


@pytest.mark.parametrize("name", ["gemma2"])
def test_a_document_by_hand_has_the_tensors_of_the_generated_one(name: str) -> None:
    random = Random(SEED)
    for cls in stored_family(name).heads:
        assert check(name, cls, random, DRAWN)


@pytest.mark.parametrize("name", ["llama", "gemma2"])
def test_without_its_buffers_all_else_of_a_document_by_hand_stays(name: str) -> None:
    hand = connected_family(name)
    assert hand is not None
    whole = family_spec(hand, {"model_type": name})
    cut = family_spec(hand, {"model_type": name, "partial_rotary_factor": 0.5})
    assert ("buffers" in cut.unknown) == any("buffers" in hand.layers_of(each) for each in hand.heads)
    lengths = {key: size for key, size in {"tokens": 7, "answer_tokens": 5}.items() if key in whole.dims}
    for measure, dims in (("parameters", {}), ("active", {}), ("flops", {**lengths, "batch": 2})):
        ours, theirs = (pc.count(spec, of=measure, dims=dims).total for spec in (cut, whole))
        assert ours == theirs, measure


@pytest.mark.parametrize("name", connected_names())
def test_a_document_by_hand_has_the_fields_of_the_generated_one(name: str) -> None:
    hand, made = connected_family(name), stored_family(name)
    assert hand is not None
    assert hand.heads.keys() == made.heads.keys()
    for key in ("transformers", "named_heads", "aliases", "absent", "configs"):
        assert getattr(hand, key) == getattr(made, key), key
    for field in made.dims.keys() & hand.dims.keys():
        if not isinstance(made.dims[field], str):
            assert unordered(hand.dims[field]) == unordered(made.dims[field]), field


def unordered(dim: Any) -> Any:
    """The default of a dim, and what else it may be in no order."""
    return {**dim, "one_of": {*dim.get("one_of", ())}} if isinstance(dim, dict) else dim


@pytest.mark.parametrize(
    ("name", "field", "value", "said"),
    [
        ("t5", "is_gated_act", True, "'is_gated_act' is true: with the other fields as they are, it is false"),
        ("t5", "dense_act_fn", "silu", "'dense_act_fn' is 'silu': with the other fields as they are, it is 'relu'"),
        ("deepseek_v3", "head_dim", 128, "'head_dim' is 128: with the other fields as they are, it is 64"),
    ],
)
def test_a_field_that_follows_from_others_may_state_nothing_else(name: str, field: str, value: Any, said: str) -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.count({"model_type": name, field: value})
    (problem,) = caught.value.problems
    assert (problem.code, problem.message) == ("unproved-config", said)


def test_a_field_that_follows_from_others_may_state_what_it_is() -> None:
    gated = {"model_type": "t5", "feed_forward_proj": "gated-gelu"}
    stated = {"is_gated_act": True, "dense_act_fn": "gelu_new"}
    assert pc.count({**gated, **stated}).total == pc.count(gated).total
