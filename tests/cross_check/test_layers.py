"""Every kind that random networks are made of, on its own, with random fields and inputs, against each framework."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

import paramcalc as pc
from paramcalc.conventions import convention

from . import classes
from .comparison import TOTALS, check
from .strategies import FRAMEWORKS, KINDS, Case, cases

pytestmark = pytest.mark.framework


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
def test_keras_gives_the_shape_that_it_says(kind: str, data: st.DataObject) -> None:
    case = data.draw(cases(kind, "keras"))
    real = check(runnable(case).spec, "keras")
    assert real.run is not None
    assert real.run() == real.output_shapes


def runnable(case: Case) -> Case:
    """The case in a form that Keras not only builds, but runs on a CPU.

    There it has no convolution with the channels first, and its RMSNormalization multiplies
    the last axis by the scale of whatever axis was named.
    """
    layer = case.layer
    if isinstance(layer, pc.RMSNorm):
        return replace(case, layer=layer.model_copy(update={"axis": -1}))
    if getattr(layer, "data_format", None) == "channels_first":
        layer = layer.model_copy(update={"data_format": "channels_last"})
        return replace(case, layer=layer, shapes=tuple((*shape[1:], shape[0]) for shape in case.shapes))
    return case


@pytest.mark.parametrize("kind", pc.kind_names())
def test_every_field_is_drawn(kind: str) -> None:
    """A field that no example states would be one that nothing checks."""
    seek = settings(derandomize=True, database=None, phases=[Phase.generate], max_examples=1000)
    drawn = [cases(kind, framework) for framework in FRAMEWORKS if kind in KINDS]
    if classes.known(kind):
        own = [framework for framework in FRAMEWORKS if convention(framework).equivalents(kind)]
        drawn += [classes.cases(kind, framework) for framework in own]
    for name in pc.kind(kind).model_fields:
        find(st.one_of(drawn), lambda case, name=name: name in case.layer.model_fields_set, settings=seek)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_class_of_a_table_exists(framework: str) -> None:
    for kind in pc.kind_names():
        for row in convention(framework).equivalents(kind):
            module, _, name = row.name.rpartition(".")
            assert hasattr(import_module(module), name), row.name
