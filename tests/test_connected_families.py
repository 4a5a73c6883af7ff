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

#: Configurations that are drawn of each class, and at least how many of them the document by hand must cover.
DRAWN, COVERED = 12, 4


def tensors_of(spec: pc.Spec) -> dict[str, Any]:
    """Every tensor by its name: its shape, training and active elements, and the names of those that it is tied to."""
    found: dict[str, Any] = {}
    own_names: dict[str, str] = {}
    tied: dict[str, set[str]] = defaultdict(set)
    for row in pc.count(spec, "torch", expand=True).layers:
        if row.leaf is None:
            continue
        for tensor, use in zip(row.tensors, row.leaf.uses, strict=True):
            name = ".".join([*row.path, tensor.name])
            assert name not in found
            found[name] = (tuple(tensor.shape), tensor.trainable, tensor.role, tensor.dtype)
            own_name = ".".join([*row.path, use.tensor.name])
            own_names[own_name] = name
            tied[tensor.tied_to or own_name].add(name)
    groups = {name: group for group in tied.values() for name in group}
    return {name: (*each, groups[name]) for name, each in found.items()}


def drawn(family: Family, random: Random) -> dict[str, Any]:
    """A configuration that states some of the fields of a family, other than by default."""
    config: dict[str, Any] = {}
    heads = random.choice([1, 2, 4])
    for name, default in family.dims.items():
        if name in family.derived or random.random() < 0.4:
            continue
        if isinstance(default, bool):
            config[name] = random.random() < 0.5
        elif isinstance(default, dict):
            if "text" in default:
                config[name] = random.choice([default["text"], "relu", "prelu", "gelu", "gelu_new"])
        elif "heads" in name or "head" in name.split("_")[-1:]:
            config[name] = heads
        elif isinstance(default, int):
            config[name] = random.choice([default, 2, 3]) if default < 3 else random.choice([4, 8, 12, 16, 20])
        elif default == "none" or isinstance(default, str):
            config[name] = random.choice([None, 4, 8])
    return config


@pytest.mark.parametrize("name", connected_names())
def test_a_document_by_hand_has_the_tensors_of_the_generated_one(name: str) -> None:
    hand, made = connected_family(name), stored_family(name)
    assert hand is not None
    assert hand.transformers == made.transformers
    assert hand.named_heads == made.named_heads
    assert hand.heads.keys() == made.heads.keys()
    random = Random(SEED)
    for cls in made.heads:
        covered = 0
        for number in range(DRAWN):
            config = {"model_type": name, **(drawn(made, random) if number else {})}
            try:
                ours = tensors_of(family_spec(hand, config, cls))
            except pc.ParamcalcError:
                # narrower, or refused as the generated one is
                continue
            assert ours == tensors_of(family_spec(made, config, cls)), config
            covered += 1
        assert covered >= COVERED
