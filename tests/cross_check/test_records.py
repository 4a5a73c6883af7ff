"""What is recorded of the classes, held to what the real classes say."""

from __future__ import annotations

import pytest

import paramcalc as pc
from paramcalc.conventions import convention

from .. import record_classes, recorded
from .strategies import FRAMEWORKS

pytestmark = pytest.mark.framework


@pytest.mark.parametrize(
    ("framework", "kind"),
    [
        (framework, kind)
        for framework in FRAMEWORKS
        for kind in pc.kind_names()
        if convention(framework).equivalents(kind)
    ],
)
def test_what_is_recorded_is_what_the_real_class_has(framework: str, kind: str) -> None:
    rows = convention(framework).equivalents(kind)
    for record in recorded.records(framework):
        example = record.example
        if example.kind == kind and record.refused:
            assert record_classes.reason_of(example, rows[example.row], framework) == record.refused
        elif example.kind == kind:
            assert record_classes.real(example, rows[example.row], framework) == record.facts
