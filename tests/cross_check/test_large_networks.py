"""Large networks of keras.applications: how their counts are shown, and a spec that has any of a family."""

from __future__ import annotations

from math import prod
from pathlib import Path

import keras
import pytest

import paramcalc as pc
from tests.readable import assert_readable

pytestmark = pytest.mark.framework
EFFICIENTNET = Path(__file__).with_name("written") / "efficientnet.yaml"


@pytest.mark.parametrize("name", ["ResNet50", "NASNetMobile"])
def test_a_network_without_groups_is_readable_at_80_columns(name: str) -> None:
    model = getattr(keras.applications, name)(weights=None)
    assert_readable(pc.count(pc.from_keras(model.to_json())))


@pytest.mark.parametrize(
    ("name", "dims"),
    [("EfficientNetB0", {}), ("EfficientNetB3", {"width": 12, "depth": 14, "resolution": 300})],
)
def test_a_spec_of_any_efficientnet_has_its_tensors(name: str, dims: dict[str, int]) -> None:
    """It was written from the documentation alone; the coefficients of width and depth are its dims."""
    spec = pc.load(EFFICIENTNET)
    model = getattr(keras.applications, name)(weights=None)
    assert pc.check(spec, model, dims=dims)
    trained = sum(prod(weight.shape) for weight in model.trainable_weights)
    count = pc.count(spec, dims=dims)
    assert (count.total, count.trainable) == (model.count_params(), trained)
