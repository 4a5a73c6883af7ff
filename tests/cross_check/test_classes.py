"""Every class of the conventions' tables: its constructor's arguments drawn, its tensors and shapes compared."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, find, given, settings
from hypothesis import strategies as st

import paramcalc as pc
from paramcalc.conventions import Equivalent, convention, expresses

from .classes import cases
from .native import check_class
from .reading import real_class
from .strategies import FRAMEWORKS, Case

pytestmark = pytest.mark.framework
#: The kinds that each framework has a class for.
ROWS = [
    (framework, kind)
    for framework in FRAMEWORKS
    for kind in pc.kind_names()
    if convention(framework).equivalents(kind) and kind != "Input"
]


@pytest.mark.parametrize(("framework", "kind"), ROWS)
@settings(settings.get_profile("classes"))
@given(data=st.data(), trainable=st.booleans())
def test_class_has_the_tensors_and_shapes_of_its_kind(
    framework: str, kind: str, data: st.DataObject, trainable: bool
) -> None:
    check_class(data.draw(cases(kind, framework)), framework, trainable)


@pytest.mark.parametrize(
    ("framework", "kind", "row"),
    [
        pytest.param(framework, kind, row, id=f"{framework}-{row.name}")
        for framework, kind in ROWS
        for row in convention(framework).equivalents(kind)
        if row.alias
    ],
)
@pytest.mark.filterwarnings("ignore:.*weight_norm.* is deprecated:FutureWarning")
@settings(settings.get_profile("runs"), suppress_health_check=list(HealthCheck))
@given(data=st.data(), trainable=st.booleans())
def test_another_form_of_a_class_has_them_as_well(
    framework: str, kind: str, row: Equivalent, data: st.DataObject, trainable: bool
) -> None:
    case = data.draw(cases(kind, framework))
    leaf = pc.count(case.spec, framework).layers[-1].leaf
    assert leaf is not None
    assume(expresses(row, convention(framework).environment(leaf.layer, leaf.input_shapes)))
    check_class(case, framework, trainable, row)


@pytest.mark.parametrize(("framework", "kind"), ROWS)
def test_every_argument_is_drawn(framework: str, kind: str) -> None:
    """Every row of the table is met, and every field that an argument of it mentions, stated by some example."""
    seek = settings(derandomize=True, database=None, phases=[Phase.generate], max_examples=2000)
    for row in convention(framework).equivalents(kind):
        if row.alias:
            continue

        def meets(case: Case, row: Equivalent = row) -> bool:
            leaf = pc.count(case.spec, framework).layers[-1].leaf
            assert leaf is not None
            return convention(framework).equivalent(leaf.layer, leaf.input_shapes) is row

        find(cases(kind, framework), meets, settings=seek)
    mentioned = " ".join(text for row in convention(framework).equivalents(kind) for text in row.arguments.values())
    for name in pc.kind(kind).model_fields:
        if name in mentioned.replace("(", " ").replace(")", " ").replace(",", " ").split():
            find(cases(kind, framework), lambda case, name=name: name in case.layer.model_fields_set, settings=seek)


@pytest.mark.parametrize(("framework", "kind"), ROWS)
def test_every_argument_of_the_constructor_is_known(framework: str, kind: str) -> None:
    """An argument follows from the kind's fields, or is one that changes neither tensors nor shapes."""
    for row in convention(framework).equivalents(kind):
        left = {*_arguments(real_class(row))} - {*row.arguments}
        assert not {name for name in left if not convention(framework).is_inert(row, name)}, row.name


def _arguments(cls: Any) -> list[str]:
    signature = inspect.signature(cls if inspect.isfunction(cls) else cls.__init__)
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return [name for name, each in signature.parameters.items() if name != "self" and each.kind not in kinds]
