"""Every kind on its own, with random fields and inputs, against the layer of each framework."""

from __future__ import annotations

from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import paramcalc as pc
from paramcalc.conventions import convention

from .comparison import TOTALS, check
from .strategies import FRAMEWORKS, Case, cases

pytestmark = pytest.mark.framework
KINDS = pc.kind_names()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("framework", FRAMEWORKS)
@settings(settings.get_profile("layers"))
@given(data=st.data())
def test_layer_is_that_of_the_framework(framework: str, kind: str, data: st.DataObject) -> None:
    case = data.draw(st.sampled_from(FRAMEWORKS).flatmap(lambda layout: cases(kind, layout)))
    check(case.spec, framework)
    check_alone(case, framework)


def check_alone(case: Case, framework: str) -> None:
    """A layer counted without a spec counts as in one."""
    if case.framework == "keras" and len(case.shapes) > 0:
        alone = pc.count(case.layer, framework, input_shape=list(case.shapes))
        within = pc.count(case.spec, framework)
        assert {key: getattr(alone, key) for key in TOTALS} == {key: getattr(within, key) for key in TOTALS}


@pytest.mark.parametrize("kind", KINDS)
@settings(settings.get_profile("runs"))
@given(data=st.data())
def test_keras_output_has_the_shape_that_keras_says(kind: str, data: st.DataObject) -> None:
    """What Keras says of a shape is what comes out; on a CPU it runs channels last alone."""
    layout = {"data_format": "channels_last"} if "data_format" in pc.kind(kind).model_fields else {}
    case = data.draw(cases(kind, "keras"))
    real = check(Case(case.layer.model_copy(update=layout), case.shapes, "keras", case.dtype).spec, "keras")
    assert real.run is not None
    assert real.run() == real.output_shapes


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_kind_has_a_row_and_a_strategy(framework: str) -> None:
    assert [*convention(framework).equivalents] == KINDS or {*convention(framework).equivalents} == {*KINDS}
    for kind in KINDS:
        assert cases(kind, framework) is not None


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_class_of_a_table_exists(framework: str) -> None:
    for rows in convention(framework).equivalents.values():
        for row in rows:
            module, _, name = row.name.rpartition(".")
            assert hasattr(import_module(module), name), row.name
