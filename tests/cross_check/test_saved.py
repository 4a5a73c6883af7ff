"""The measure `saved`, held to what PyTorch is seen to keep: of every layer type, random networks, and all specs."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, settings
from hypothesis import given as drawn_from
from hypothesis import strategies as st
from torch.utils.checkpoint import checkpoint

import paramcalc as pc
from paramcalc.conventions import named_by
from paramcalc.conventions.torch_saved import LAYERS, Row
from paramcalc.core.registry import built_in_names
from paramcalc.spec import read_spec

from .. import recorded
from . import classes, strategies
from .kept import around, as_counted, built, bytes_kept, inputs_of, kept, owned, with_dtype
from .networks import networks
from .strategies import FLAG, FRAMEWORKS
from .test_building import OTHERS, SPECS

pytestmark = pytest.mark.framework

BATCHES = st.sampled_from([1, 2, 3])
DTYPES = st.sampled_from(["float32", "bfloat16"])
ATTENTIONS = st.sampled_from(["flash", "math", "weights"])
#: A few examples of each are drawn; there are many layer types.
FEW = settings(max_examples=8, deadline=None, suppress_health_check=[*HealthCheck])
#: The layer types of which what is kept is refused, whatever their fields.
REFUSED = {name for key, row in LAYERS.items() if isinstance(row, Row) and row.refused for name, _ in named_by(key)}
KINDS = [kind for kind in built_in_names()[1:] if kind in strategies.KINDS or classes.known(kind)]


@st.composite
def cases(draw: Any, kind: str) -> strategies.Case:
    framework = draw(st.sampled_from(FRAMEWORKS))
    find = strategies.cases if kind in strategies.KINDS else classes.cases
    drawn = find(kind, framework)
    found: strategies.Case = draw(drawn)
    return found


#: How a layer may be refused: what it keeps is not known, or it cannot be put behind another.
REFUSALS = ("not-measurable", "shape-mismatch", "empty-output", "inexact-division")
#: What PyTorch says of networks that it builds and cannot train: of one number there is no deviation, …
UNTRAINED = re.compile(
    "Expected more than 1 |not implemented for|Expected shape of indices|pixel_shuffle expects|"
    "Unsupported memory format"
)


def is_held(spec: pc.Spec, batch: int, attention: str) -> bool:
    """Hold the bytes to those of the real model; False where there is none, or they are refused by name."""
    count = given(lambda: pc.count(spec, "torch", of="saved", dims={"batch": batch}, attention=attention), REFUSALS)
    real = given(lambda: kept(spec, batch, attention), ("cannot-build",))
    if count is None or real is None:
        return False
    assert count.total == real, (str(count), batch, attention)
    return True


def given(result: Callable[[], Any], codes: Collection[str]) -> Any:
    """What a function gives; None where it refuses with one of these codes, or PyTorch cannot train the network."""
    try:
        return result()
    except pc.ParamcalcError as error:
        if error.code not in codes:
            raise
    except (ValueError, RuntimeError) as error:
        if not UNTRAINED.search(str(error)):
            raise
    return None


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_keeps_what_is_counted(kind: str) -> None:
    held = []

    @FEW
    @drawn_from(cases(kind), FLAG, FLAG, DTYPES, BATCHES, ATTENTIONS)
    def holds(case: Any, gradient: bool, trainable: bool, dtype: str, batch: int, attention: str) -> None:
        held.append(is_held(around(case, gradient, trainable, dtype), batch, attention))

    holds()
    assert any(held) == (kind not in REFUSED)


@settings(max_examples=80, deadline=None, suppress_health_check=[*HealthCheck])
@drawn_from(networks(), DTYPES, BATCHES, ATTENTIONS)
def test_a_network_keeps_what_is_counted(spec: pc.Spec, dtype: str, batch: int, attention: str) -> None:
    is_held(with_dtype(spec, dtype), batch, attention)


#: Dims of the specs that leave some open, or are large.
SIZES: dict[str, dict[str, Any]] = {
    "gpt2": {"tokens": 8},
    "llama2_7b": {"tokens": 8},
    "lstm_classifier": {"length": 8},
    "mamba_130m": {"tokens": 8},
    "mixtral_8x7b": {"tokens": 8, "experts_per_token": 3},
    "t5_small": {"tokens": 8, "answer_tokens": 9},
    "transformer": {"source_length": 8, "target_length": 9},
    "two_tower": {"history": 8},
    "whisper_tiny": {"tokens": 8},
}


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_spec_keeps_what_is_counted(path: Path) -> None:
    spec, dims = pc.load(path), {**OTHERS.get(path.stem, {}), **SIZES.get(path.stem, {})}
    for batch, attention in ((2, "flash"), (1, "math")):
        count = pc.count(spec, "torch", of="saved", dims={**dims, "batch": batch}, attention=attention)
        if path.stem != "tabular" or batch > 1:
            assert count.total == kept(spec, batch, attention, dims), attention


GROUPS = """
paramcalc: 1
framework: torch
dims: {depth: 3, recomputed: true, wide: 20}
layers:
  - Input: {shape: [5, 8]}
  - Dense: {units: 8}
  - name: body
    times: depth
    recompute: recomputed
    layers:
      - LayerNorm
      - Dense: {units: 20, activation: gelu}
      - Dense: {units: 8}
  - name: wide
    recompute: recomputed
    layers:
      - Dense: {units: wide, activation: relu}
      - Dense: {units: 8, activation: relu}
  - Dense: {units: 3}
"""


@pytest.mark.parametrize("wide", [10, 20, 200])
def test_of_groups_that_are_recomputed_their_inputs_are_kept_and_the_largest_once(wide: int) -> None:
    spec, dims = pc.loads(GROUPS), {"wide": wide}
    model = built(spec, dims=dims)
    inside = []

    def recomputed(group: Any) -> None:
        run = group.forward

        def forward(x: torch.Tensor) -> Any:
            alone = x.detach().requires_grad_()
            inside.append(bytes_kept(run, [alone], [*owned(group), alone]))
            return checkpoint(run, x, use_reentrant=False)

        group.forward = forward

    for group in (*model.body, model.wide):  # type: ignore[misc]
        recomputed(group)
    with as_counted():
        outside = bytes_kept(model, inputs_of(spec, 2, dims), owned(model))
    assert pc.count(spec, of="saved", dims={**dims, "batch": 2}).total == outside + max(inside)


def test_what_was_recorded_is_what_is_kept() -> None:
    for example in recorded.kept():
        assert kept(read_spec(example.spec), example.batch, example.attention) == example.bytes, example
