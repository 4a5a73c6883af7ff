"""Reading PyTorch's modules where PyTorch is not installed."""

from __future__ import annotations

import sys

import pytest

import paramcalc as pc


class Module:
    """What looks like a module to `pc.check`."""

    def named_parameters(self) -> list[object]:
        return []


def test_without_pytorch_the_way_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "torch.nn", None)
    message = (
        "error[missing-package]: a module of PyTorch is read with the package torch\n"
        "    python -m pip install torch, or write the spec by hand"
    )
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.from_torch(Module())
    assert str(caught.value) == message
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.check(pc.Spec(layers=[pc.Input(shape=(3,)), pc.Dense(units=5)]), Module())
    assert str(caught.value) == message
