"""Each row of the conventions' tables, held to what was recorded of the real class, without any framework."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import paramcalc as pc
from paramcalc.conventions import Equivalent, convention, named_by

from . import recorded

RENEWED = "renewed by: python -m tests.record_classes"


@pytest.mark.parametrize("framework", recorded.FRAMEWORKS)
def test_every_row_has_a_record_and_every_record_a_row(framework: str) -> None:
    rows = {
        (kind, place, row.name)
        for kind in pc.kind_names()
        for place, row in enumerate(convention(framework).equivalents(kind))
    }
    found = {
        (record.example.kind, record.example.row, record.facts.name)
        for record in recorded.records(framework)
        if not record.refused
    }
    assert rows == found, RENEWED


@pytest.mark.parametrize("framework", recorded.FRAMEWORKS)
def test_the_tables_say_of_every_example_what_the_real_class_has(framework: str) -> None:
    for record, counted in recorded.counts(framework):
        assert recorded.stated(record.example, counted) == record.facts, record.example


#: Wrong rows of PyTorch's table: the key, what differs, and what it is made.
WRONG: list[tuple[str, str, Any]] = [
    ("Dense", "tensors", {"kernel": "weight: i o -> i o"}),
    ("Dense", "tensors", {"kernel": "weights: i o -> o i"}),
    ("Dense", "tensors", {}),
    ("Dense", "name", "torch.nn.LazyLinear"),
    ("Dense", "arguments", {"in_features": "units", "out_features": "units", "bias": "use_bias"}),
    ("Dense", "arguments", {"in_features": "size(-1)", "out_features": "units", "bias": "true"}),
    ("Dense", "arguments", {"in_features": "size(-1)", "out_features": "units"}),
    ("Dense", "when", "lora_rank == None"),
    ("Dense", "when", "not use_bias"),
    ("Conv{1,2,3}D", "tensors", {"kernel": "weight: {axes} i o -> i o {axes}"}),
    ("Conv{1,2,3}DTranspose", "tensors", {"kernel": "weight: {axes} o i -> o i {axes}"}),
    ("GroupNorm", "when", "true"),
    ("MaxPool{1,2,3}D", "when", "true"),
]


@pytest.mark.parametrize(("key", "name", "value"), WRONG)
def test_a_wrong_row_is_seen(key: str, name: str, value: Any) -> None:
    target = convention("torch")
    row = target.table.classes[key]
    assert isinstance(row, Equivalent)
    wrong: Any = {name: value}
    classes = {**target.table.classes, key: replace(row, **wrong)}
    changed = replace(target, table=replace(target.table, classes=classes))
    kinds = {kind for kind, _ in named_by(key)}
    assert any(
        recorded.stated(record.example, replace(counted, convention=changed)) != record.facts
        for record, counted in recorded.counts("torch")
        if record.example.kind in kinds
    )
