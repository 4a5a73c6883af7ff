"""Weights, gradients, buffers and optimizer of every spec, held to the real model that is built of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import pytest
import torch

import paramcalc as pc

from ..record_optimizers import kept_by_keras, kept_by_torch
from .test_building import SMALLER

pytestmark = pytest.mark.framework

SPECS = {path.stem: path for path in sorted((Path(__file__).parents[2] / "specs").glob("*.yaml"))}
#: What is built for real, and not for the shapes alone.
SMALL = 5_000_000
#: Dims of a spec with many modules, with which fewer are built.
FEWER: dict[str, dict[str, int]] = {"mixtral_8x7b": {"depth": 2}}
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "AdamW": {"amsgrad": True},
    "SGD": {"momentum": 0.9},
    "RMSprop": {"momentum": 0.9, "centered": True},
    "Adafactor": {},
}


def _framework(name: str) -> str:
    return pc.load(SPECS[name]).framework


KERAS = [name for name in SPECS if _framework(name) == "keras"]


@pytest.mark.parametrize("name", [name for name in SPECS if _framework(name) == "torch"])
def test_torch(name: str) -> None:
    small, dims = pc.count(SPECS[name]).total < SMALL, FEWER.get(name, {})
    dtype = "float32" if small else "bfloat16"
    with torch.device("cpu" if small else "meta"):
        model = pc.build(SPECS[name], "torch", dtype=dtype, dims=dims)
    parameters = [*model.parameters()]
    trained = [each for each in parameters if each.requires_grad]
    for parameter in trained:
        parameter.grad = torch.zeros_like(parameter)
    for optimizer, options in OPTIMIZERS.items():
        if optimizer == "Adafactor" and not small:
            # it asks for the value of a number, and shapes alone have none
            continue
        sheet = pc.memory(SPECS[name], "torch", training={optimizer: options}, dtype=dtype, dims=dims)
        real = getattr(torch.optim, optimizer)(trained, lr=0.01, **options)
        real.step()
        kept = [
            (key == "step", value.nbytes)
            for state in real.state.values()
            for key, value in state.items()
            if isinstance(value, torch.Tensor)
        ]
        assert sheet.weights == sum(each.nbytes for each in parameters)
        assert sheet.gradients == sum(each.grad.nbytes for each in trained if each.grad is not None)
        assert sheet.buffers == sum(each.nbytes for each in model.buffers())
        assert sheet.optimizer == sum(size for is_counter, size in kept if not is_counter)
        assert sheet.counters == sum(size for is_counter, size in kept if is_counter)


@pytest.mark.parametrize("name", KERAS)
def test_keras(name: str) -> None:
    # Keras makes the numbers of every model, so that the large ones are built smaller
    dims = SMALLER.get(name, {})
    model = pc.build(SPECS[name], "keras", dims=dims)
    for optimizer in ("Adam", "Adafactor", "Muon", "Nadam"):
        real = getattr(keras.optimizers, optimizer)(use_ema=True)
        real.build(model.trainable_variables)
        sheet = pc.memory(SPECS[name], "keras", training={optimizer: {"use_ema": True}}, dims=dims)
        assert (sheet.optimizer, sheet.counters) == kept_by_keras(real)
        assert sheet.weights + sheet.buffers == _bytes(model.variables)
        assert sheet.gradients == _bytes(model.trainable_variables)


def _bytes(variables: Any) -> int:
    return sum(variable.numpy().nbytes for variable in variables if "seed_generator" not in variable.path)


def test_torch_with_states_in_eight_bits() -> None:
    """The states of Adam in eight bits are those of the tensors as PyTorch has them, three projections in one."""
    spec = pc.Spec([pc.Input(shape=(5, 48)), pc.MultiHeadAttention(num_heads=4, key_dim=12)], framework="torch")
    n, short = 3 * 48 * 48, 48 * 48 + 3 * 48 + 48
    assert pc.memory(spec, training="adam8bit").optimizer == 2 * (n + 4 * (n // 256) + 1024) + 8 * short
    module = torch.nn.MultiheadAttention(48, 4)
    assert [each.numel() for each in module.parameters()] == [n, 3 * 48, 48 * 48, 48]
    assert kept_by_torch(torch.optim.SGD(module.parameters(), lr=0.1), ()) == (0, 0)
