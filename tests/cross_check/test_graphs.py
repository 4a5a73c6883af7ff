"""Random whole networks against the real models of both frameworks, tensor by tensor and shape by shape."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

import paramcalc as pc
from paramcalc.spec import read_spec

from .comparison import check
from .networks import networks


@pytest.mark.framework
@settings(settings.get_profile("networks"))
@given(spec=networks())
def test_network_is_that_of_keras(spec: pc.Spec) -> None:
    check(spec, "keras")


@pytest.mark.framework
@settings(settings.get_profile("networks"))
@given(spec=networks(ties=True))
def test_network_is_that_of_torch(spec: pc.Spec) -> None:
    check(spec, "torch")


@settings(settings.get_profile("networks"))
@given(spec=networks(ties=True))
def test_network_printed_and_read_back_is_the_same(spec: pc.Spec) -> None:
    assert pc.loads(pc.dumps(spec)) == spec
    assert read_spec(spec.plain()) == spec
