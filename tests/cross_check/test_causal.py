"""Attention that is causal, in the models that are built: no position changes by what comes after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import paramcalc as pc
from paramcalc.spec import Framework

pytestmark = pytest.mark.framework

KINDS: dict[str, dict[str, Any]] = {
    "plain": {"num_heads": 2, "key_dim": 4},
    "grouped": {"num_heads": 2, "num_key_value_heads": 1, "key_dim": 4},
    "of another width": {"num_heads": 2, "key_dim": 3},
    "without a bias of the output": {"num_heads": 2, "key_dim": 4, "output_bias": False},
}


def applied(model: Any, framework: Framework) -> Callable[[Any], Any]:
    if framework == "torch":
        model.eval()
        return lambda x: model(torch.tensor(x)).detach().numpy()
    return lambda x: np.asarray(model([x]))


@pytest.mark.parametrize("framework", ["keras", "torch"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("causal", [True, False, None])
def test_a_position_attends_to_none_that_come_after_it(kind: str, framework: Framework, causal: bool | None) -> None:
    layers = [pc.Input(shape=(5, 8)), pc.MultiHeadAttention(**KINDS[kind], causal=causal)]
    spec = pc.Spec(layers, framework=framework)
    model = pc.build(spec)
    assert pc.check(spec, model)
    output = applied(model, framework)
    x = np.random.default_rng(0).normal(size=(2, 5, 8)).astype("float32")
    later = x.copy()
    later[:, 3:] += 1
    difference = np.abs(output(x) - output(later)).max(axis=(0, 2))
    assert (difference[:3] < 1e-6).all() == bool(causal)
    assert (difference[3:] > 1e-4).all()


def test_a_module_with_a_mask_is_read_back() -> None:
    spec = pc.Spec(
        [pc.Input(shape=(5, 8)), pc.MultiHeadAttention(num_heads=2, key_dim=4, causal=True)], framework="torch"
    )
    read = pc.from_torch(pc.build(spec), (5, 8))
    assert [row.output_shape for row in pc.count(read).layers] == [(5, 8), (5, 8)]


def test_keras_has_no_mask_over_several_axes() -> None:
    layer = pc.MultiHeadAttention(num_heads=2, key_dim=4, causal=True)
    with pytest.raises(pc.ParamcalcError, match="cannot be built in Keras: it is causal, over several axes"):
        pc.build(pc.Spec([pc.Input(shape=(5, 6, 8)), layer]))
