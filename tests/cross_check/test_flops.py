"""FLOPs, forwards and backwards, as PyTorch's counter has them of the real layers and networks."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.nn import functional

import paramcalc as pc
from paramcalc.conventions import convention
from paramcalc.core.registry import kind

from . import classes
from .flop_checks import check_flops, of_products_alone
from .flop_counter import Counted, counted, examples
from .flops_of_keras import UNCOUNTED
from .networks import networks

pytestmark = pytest.mark.framework
SPECS = sorted((Path(__file__).resolve().parents[2] / "specs").glob("*.yaml"))
#: What cannot be said exactly, and is refused by name.
REFUSED = ("AdaptiveLogSoftmaxWithLoss", "MelSpectrogram")
KINDS = [kind for kind in pc.kind_names() if convention("torch").equivalents(kind) and kind not in ("Input", *REFUSED)]


@pytest.mark.parametrize("kind", KINDS)
@settings(settings.get_profile("runs"), suppress_health_check=list(HealthCheck))
@given(data=st.data(), trainable=st.booleans(), gradient=st.booleans())
def test_flops_of_a_class_of_torch(kind: str, data: st.DataObject, trainable: bool, gradient: bool) -> None:
    check_flops(data.draw(classes.cases(kind, "torch")), "torch", trainable, gradient)


def test_flops_of_the_classes_of_keras_on_torch(tmp_path: Path) -> None:
    """In a process of its own, since Keras has one backend a process."""
    command = [sys.executable, "-m", "tests.cross_check.flops_of_keras"]
    environment = {**os.environ, "KERAS_BACKEND": "torch", "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    checked = {*done.stdout.split()}
    known = {kind for kind in pc.kind_names() if convention("keras").equivalents(kind)}
    assert known - checked == {*UNCOUNTED, *TEXTS}


#: What works on texts alone, which PyTorch has not.
TEXTS = ("StringLookup", "TextVectorization")


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_said_exactly_is_refused_by_name(kind: str) -> None:
    layer = pc.kind(kind)
    assert layer.example is not None
    shapes = [list(shape) for shape in layer.example.inputs]
    with pytest.raises(pc.ParamcalcError, match=f"not-measurable.*what {kind} multiplies cannot be said exactly"):
        pc.count(layer(**layer.example.fields), input_shape=shapes, of="flops")


def test_what_an_adaptive_softmax_multiplies_depends_on_the_targets() -> None:
    layer = torch.nn.AdaptiveLogSoftmaxWithLoss(8, 30, [10, 20], div_value=2.0)
    runs = [counted(lambda target=target: layer(torch.zeros(6, 8), target).loss).forward for target in _targets()]
    assert len({*runs}) > 1


def _targets() -> list[torch.Tensor]:
    return [torch.full((6,), number) for number in (0, 15, 25)]


# --- The arbiter itself ------------------------------------------------------------------


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_the_mapping_counts_groups_as_convolutions_without_groups(rank: int, groups: int, transposed: bool) -> None:
    """Each group as a convolution of its own, under the counter as it is."""
    name = f"conv{'_transpose' if transposed else ''}{rank}d"
    for gradient in (False, True):
        for stride in (1, 2):
            convolve = partial(getattr(functional, name), bias=None, stride=stride, padding=1)
            shape = (4, 8 // groups) if transposed else (8, 4 // groups)
            x, weight = torch.zeros(2, 4, *(7, 6, 5)[:rank]), torch.zeros(*shape, *(3,) * rank)
            pairs = zip(x.chunk(groups, 1), weight.chunk(groups, 0), strict=True)
            runs = [partial(convolve, *_operands(*pair, gradient)) for pair in pairs]
            one = counted(partial(convolve, *_operands(x, weight, gradient), groups=groups))
            assert one == counted(partial(_all_of, runs), mapping=None)


def _operands(x: torch.Tensor, weight: torch.Tensor, gradient: bool) -> list[torch.Tensor]:
    return [x.clone().requires_grad_(gradient), weight.clone().requires_grad_()]


def _all_of(runs: list[Callable[[], torch.Tensor]]) -> list[torch.Tensor]:
    return [run() for run in runs]


# --- Networks ----------------------------------------------------------------------------


@settings(settings.get_profile("layers"), suppress_health_check=list(HealthCheck))
@given(spec=networks(ties=True))
def test_flops_of_a_network(spec: pc.Spec) -> None:
    """With frozen parts, residuals, branches, shared and repeated parts; folded, and every copy by itself."""
    try:
        model = pc.build(spec, "torch")
    except pc.ParamcalcError:
        # what is refused by its kind; `test_building` says that nothing else is
        return
    check_network(spec, model.eval(), {"batch": 2})
    for of in ("flops", "training_flops"):
        whole = pc.count(spec, "torch", of=of)
        assert whole.total == pc.count(spec, "torch", of=of, expand=True).total
        assert whole.total == pc.formula(spec, "torch", of=of)()


def check_network(spec: pc.Spec, model: Any, dims: dict[str, Any]) -> Counted:
    """Hold the FLOPs of a spec to those of a module."""
    ours = [pc.count(spec, "torch", of=of, dims=dims) for of in ("flops", "training_flops")]
    given = [row.leaf.layer for row in ours[0].layers if row.kind == "Input" and row.leaf is not None]
    with of_products_alone():
        inputs = examples([each.shape for each in given], [each.dtype for each in given], dims["batch"], False)
        real = counted(lambda: model(*inputs))
    assert Counted(*(each.total for each in ours)) == real
    return real


#: What is built of a mixture of experts goes through all of them; `test_mixtures` has the real one.
ALL_EXPERTS = {"mixtral_8x7b": {"experts_per_token": 8}}
#: A length that a spec leaves open.
LENGTH = 7


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_flops_of_a_spec(path: Path) -> None:
    spec = pc.load(path)
    free = {name: LENGTH for name, value in spec.dims.items() if value is None} | ALL_EXPERTS.get(path.stem, {})
    with torch.device("meta"):
        model = pc.build(spec, "torch", dims=free)
        check_network(spec, model.eval(), {**free, "batch": 2})


@pytest.mark.parametrize("layer", [name for name in pc.kind_names() if kind(name).merges])
@pytest.mark.parametrize("takes", ["    merge: {}", "  - {}:\n    inputs: branches"])
def test_flops_of_copies_that_are_joined(layer: str, takes: str) -> None:
    text = """
paramcalc: 1
framework: torch
layers:
  - Input: {shape: [3, 4]}
  - Dense: {units: 4}
  - name: branches
    parallel: 3
    layers: [Dense: {units: 4}]
"""
    spec = pc.loads(text + takes.format(layer) + "\n  - Dense: {units: 2}\n")
    check_network(spec, pc.build(spec, "torch").eval(), {"batch": 2})
