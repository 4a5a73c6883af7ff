"""Every public class of keras.layers and torch.nn is a kind, or stands on a list with the reason."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import pytest

import paramcalc as pc
from paramcalc.conventions import convention

from .reading import real_class
from .strategies import FRAMEWORKS

pytestmark = pytest.mark.framework


def public_classes(framework: str) -> dict[str, Any]:
    """By their names, those of PyTorch that are modules."""
    module = import_module({"keras": "keras.layers", "torch": "torch.nn"}[framework])
    found = {name: value for name, value in vars(module).items() if inspect.isclass(value) and not name.startswith("_")}
    if framework == "torch":
        base = found["Module"]
        return {name: value for name, value in found.items() if issubclass(value, base)}
    return found


def listed(framework: str) -> Mapping[str, str]:
    return convention(framework).table.unlisted


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_public_class_is_a_kind_or_has_a_reason(framework: str) -> None:
    kinds = {real_class(row) for kind in pc.kind_names() for row in convention(framework).equivalents(kind)}
    missing = {name for name, cls in public_classes(framework).items() if cls not in kinds} - {*listed(framework)}
    assert not missing


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_no_class_is_both_and_every_reason_is_of_a_class_that_exists(framework: str) -> None:
    names = {row.class_name for kind in pc.kind_names() for row in convention(framework).equivalents(kind)}
    assert not names & {*listed(framework)}
    assert {*listed(framework)} <= {*public_classes(framework)}


def test_the_reasons_for_modules_of_torch_are_what_torch_says() -> None:
    """A loss is defined among the losses, and a module built lazily says so."""
    from torch.nn.modules import lazy, loss

    found = public_classes("torch")
    for name, reason in listed("torch").items():
        assert ("a loss" in reason) == (found[name].__module__ == loss.__name__), name
        assert ("first call" in reason) == issubclass(found[name], lazy.LazyModuleMixin), name
        if "first call" in reason:
            assert found[name].cls_to_become is found[name.removeprefix("Lazy")]
