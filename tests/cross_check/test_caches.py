"""What recurrent layers keep from one step to the next, held to the states of the real ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import keras
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import paramcalc as pc

from ..record_caches import FILE
from .kept import inputs_of
from .test_building import OTHERS, SPECS
from .test_saved import SIZES

pytestmark = pytest.mark.framework

_SIZES = st.integers(1, 5)
_CELLS: dict[str, type[pc.Layer]] = {"RNN": pc.SimpleRNN, "GRU": pc.GRU, "LSTM": pc.LSTM}
_DTYPES = st.sampled_from(["float32", "float64", "bfloat16"])


def _kept(layer: pc.Layer, shape: tuple[int, ...], framework: Any, batch: int, dtype: str) -> int:
    spec = pc.Spec([pc.Input(shape=shape), layer], framework=framework)
    return pc.count(spec, of="cache", dims={"batch": batch}, dtype=dtype).total


def _sizes(states: Any) -> int:
    return sum(state.nbytes for state in (states if isinstance(states, tuple) else (states,)))


@given(st.sampled_from(sorted(_CELLS)), *[_SIZES] * 5, st.integers(1, 3), st.booleans(), _DTYPES)
def test_torch(
    name: str, batch: int, steps: int, features: int, units: int, smaller: int, layers: int, both: bool, dtype: str
) -> None:
    projected = {"proj_size": smaller} if name == "LSTM" and smaller < units else {}
    real = getattr(torch.nn, name)(features, units, layers, batch_first=True, bidirectional=both, **projected)
    _, states = real.to(getattr(torch, dtype))(torch.zeros(batch, steps, features, dtype=getattr(torch, dtype)))
    layer = _CELLS[name](units=units, num_layers=layers, bidirectional=both, **projected)
    assert _kept(layer, (steps, features), "torch", batch, dtype) == _sizes(states)


@settings(settings.get_profile("layers"))
@given(st.sampled_from(["SimpleRNN", "GRU", "LSTM", "Bidirectional"]), *[_SIZES] * 4)
def test_keras(name: str, batch: int, steps: int, features: int, units: int) -> None:
    if name == "Bidirectional":
        real: Any = keras.layers.Bidirectional(keras.layers.LSTM(units, return_state=True))
        layer: pc.Layer = pc.Bidirectional(layer=pc.LSTM(units=units))
    else:
        real = getattr(keras.layers, name)(units, return_state=True)
        layer = pc.kind(name)(units=units)
    _, *states = real(np.zeros((batch, steps, features), "float32"))
    assert _kept(layer, (steps, features), "keras", batch, "float32") == sum(np.asarray(each).nbytes for each in states)


#: The specs that the caches of transformers are recorded of.
RECORDED = {Path(record["spec"]).stem for record in json.loads(FILE.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("path", [path for path in SPECS if path.stem not in RECORDED], ids=lambda path: path.stem)
def test_a_spec(path: Path) -> None:
    """The states of its recurrent layers, and keys and values where attention looks back or at another sequence.

    All others are held to transformers.
    """
    spec, dims = pc.load(path), {**OTHERS.get(path.stem, {}), **SIZES.get(path.stem, {})}
    model = pc.build(spec, "torch", dims=dims).eval()
    kept = 0

    def states(_: Any, __: Any, outputs: Any) -> None:
        nonlocal kept
        kept += _sizes(outputs[1])

    for module in model.modules():
        if isinstance(module, torch.nn.RNNBase):
            module.register_forward_hook(states)
    attend = torch.nn.functional.scaled_dot_product_attention

    def attending(query: Any, key: Any, value: Any, attn_mask: Any = None, *rest: Any, **named: Any) -> Any:
        nonlocal kept
        if attn_mask is not None or named.get("is_causal") or query.shape[-2] != key.shape[-2]:
            kept += key.nbytes + value.nbytes
        return attend(query, key, value, attn_mask, *rest, **named)

    # the fast path of an encoder has an attention of its own
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with patch("torch.nn.functional.scaled_dot_product_attention", attending), torch.no_grad():
            model(*inputs_of(spec, 2, dims))
    finally:
        torch.backends.mha.set_fastpath_enabled(True)
    assert pc.count(spec, "torch", of="cache", dims={**dims, "batch": 2}).total == kept


@settings(settings.get_profile("layers"))
@given(*[_SIZES] * 3, st.integers(3, 6), st.integers(1, 3), st.sampled_from(["valid", "same"]))
def test_keras_over_images(batch: int, steps: int, filters: int, width: int, window: int, padding: str) -> None:
    real = keras.layers.ConvLSTM1D(filters, window, padding=padding, return_state=True)
    _, *states = real(np.zeros((batch, steps, width, 2), "float32"))
    layer = pc.ConvLSTM1D(filters=filters, kernel_size=window, padding=padding)
    kept = _kept(layer, (steps, width, 2), "keras", batch, "float32")
    assert kept == sum(np.asarray(each).nbytes for each in states)
