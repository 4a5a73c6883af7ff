"""`derive` with connections: held against what the real modules are given and give, at fresh points."""

from __future__ import annotations

import importlib
import random
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from torch import nn

import paramcalc as pc
from paramcalc.core.registry import command
from paramcalc.frameworks.deriving.arguments import read_arguments
from paramcalc.frameworks.deriving.connecting import read_inputs
from tests.cross_check import keras_constructors, nested_constructors, parallel_constructors
from tests.cross_check.connected_constructors import CASES, INVENTORIES, Albert, Case, OwnGPT
from tests.cross_check.test_deriving import fresh

pytestmark = pytest.mark.framework

#: At how many fresh points each is held.
POINTS = 8
BATCH = 13
#: How long a search may take: these tests may share a machine.
SECONDS = 600.0
#: Models of Keras: functional, of a class of its own, and Sequential.
KERAS = [
    case
    for case in keras_constructors.CASES
    if case.constructor in (keras_constructors.residual, keras_constructors.language, keras_constructors.convolutional)
]


def derived(case: Case) -> pc.Derived:
    return pc.derive(partial(case.constructor, **case.arguments), inputs=case.inputs, budget=SECONDS)


def given_shapes(module: nn.Module, inputs: list[tuple[tuple[int, ...], str]]) -> list[tuple[int, ...]]:
    """The shapes without the batch of what the layers with tensors give, in the order in which they are called."""
    found: list[tuple[int, ...]] = []

    def called(_module: nn.Module, _given: Any, output: Any) -> None:
        shape = tuple((output[0] if isinstance(output, tuple) else output).shape)
        # positions are the same for the whole batch
        found.append(shape[1:] if shape[0] == BATCH else shape)

    for each in module.modules():
        if type(each).__module__.startswith("torch.nn") and any(True for _ in each.parameters(recurse=False)):
            each.register_forward_hook(called)
    with torch.no_grad():
        module.eval()(
            *[torch.zeros((BATCH, *shape), dtype=getattr(torch, dtype), device="meta") for shape, dtype in inputs]
        )
    return found


@pytest.mark.parametrize(
    "case",
    [*CASES, *nested_constructors.CASES, *parallel_constructors.CASES],
    ids=lambda case: case.constructor.__name__,
)
def test_a_connected_spec_is_right_at_fresh_points(case: Case) -> None:
    net = derived(case)
    assert net.unconnected == ""
    assert not [*net.spec.inventories()]
    assert net.fixed == {}
    arguments = read_arguments(case.constructor, (), case.arguments, None)
    held = 0
    for point in fresh(arguments, net, random.Random(3)):
        inputs = [(shape.at(point), shape.dtype) for shape in read_inputs(case.inputs)]
        try:
            with torch.device("meta"):
                module = arguments.call(point)
            shapes = given_shapes(module, inputs)
        except (RuntimeError, AssertionError):
            continue  # it does not take these sizes
        dims = {name: point[name] for name in net.spec.dims}
        count = pc.count(net, dims=dims, expand=True)
        assert (count.total, count.buffers) == (
            sum(each.numel() for each in module.parameters()),
            sum(each.numel() for each in module.buffers()),
        )
        rows = [row.output_shape for row in count.layers if row.leaf is not None and row.leaf.uses]
        assert rows == shapes, point
        held += 1
        if held == POINTS:
            break
    assert held == POINTS


def test_the_costs_of_a_gpt_follow_from_its_connections() -> None:
    (case,) = (each for each in CASES if each.constructor is OwnGPT)
    net = derived(case)
    width, depth, vocabulary, context = (
        pc.formula(net, of="flops").symbols[name] for name in ("width", "depth", "vocabulary", "context")
    )
    # of each block, four products of the attention and two of the perceptron, and the scores and what they weigh
    block = 2 * context * width * (3 * width + width + 4 * width + 4 * width) + 2 * 2 * context**2 * width
    assert (pc.formula(net, of="flops").expr - depth * block - 2 * context * width * vocabulary).expand() == 0
    # what torch.utils.flop_counter counts for GPT-2 at 1,024 tokens
    assert pc.count(net, of="flops").total == 291648307200


@pytest.mark.parametrize("case", INVENTORIES, ids=lambda case: case.constructor.__name__)
def test_what_cannot_be_followed_is_an_inventory_and_says_why(case: Case) -> None:
    net = derived(case)
    assert case.reason in net.unconnected
    assert net.unconnected in (net.spec.description or "")
    assert net.unconnected in str(net)
    assert net.spec.connections == "none"
    assert pc.count(net).total == sum(each.numel() for each in case.constructor(**case.arguments).parameters())


def test_without_inputs_a_module_of_pytorch_is_an_inventory() -> None:
    net = pc.derive(Albert, width=64, classes=10)
    assert (net.spec.connections, net.unconnected) == ("none", "")


@pytest.mark.parametrize("case", KERAS, ids=lambda case: f"keras-{case.constructor.__name__}")
def test_a_keras_model_states_its_connections(case: Any) -> None:
    net = pc.derive(partial(case.constructor, **case.arguments), budget=SECONDS)
    assert net.unconnected == ""
    model = case.constructor(**case.arguments)
    rows = {row.output_shape for row in pc.count(net, expand=True).layers}
    assert {tuple(layer.output.shape[1:]) for layer in model.layers if hasattr(layer, "output")} <= rows
    assert pc.count(net).total == model.count_params()


# --- the framework ---------------------------------------------------------------------


def test_a_framework_that_is_not_the_constructors_is_refused() -> None:
    assert pc.derive(nn.Linear, in_features=64, out_features=3, framework="torch").spec.framework == "torch"
    with pytest.raises(pc.ParamcalcError, match="makes a module of PyTorch, and not a model of Keras") as caught:
        pc.derive(nn.Linear, in_features=64, out_features=3, framework="keras")
    assert caught.value.code == "not-derivable"
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.derive(nn.Linear, in_features=64, out_features=3, framework="jax")
    assert caught.value.code == "unknown-convention"


# --- a live module ---------------------------------------------------------------------


def test_the_form_of_a_live_module_in_other_dims_is_what_derive_gives() -> None:
    module = Albert(64, 10)
    assert pc.formula(module)() == sum(each.numel() for each in module.parameters())
    for asked in ({"keep": ["classes"]}, {"dims": {"classes": 3}}):
        with pytest.raises(pc.ParamcalcError, match=r"pc\.derive\(Albert, …\) has the arguments") as caught:
            pc.formula(module, **asked)  # type: ignore[call-overload]
        assert caught.value.code == "unknown-dim"


# --- the command -----------------------------------------------------------------------


MODELS = """
from torch import nn

class Net(nn.Module):
    def __init__(self, width, runs=True):
        super().__init__()
        self.runs = runs
        self.a, self.b = nn.Linear(width, 2 * width), nn.Linear(2 * width, 3)

    def forward(self, x):
        print("running")
        return self.b(self.a(x)) if self.runs else self.b(self.a(x) if x.sum() > 0 else x)
"""


def test_the_command_takes_inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "connected_models.py").write_text(MODELS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    run = partial(CliRunner().invoke, command("derive"), standalone_mode=False)
    result = run(["connected_models:Net", "width=64", "--input", "7,width"])
    assert result.exception is None
    assert result.stderr == ""
    spec = pc.loads(result.stdout)
    assert [row.output_shape for row in pc.count(spec, dims={"width": 9}).layers] == [(7, 9), (7, 18), (7, 3)]
    result = run(["connected_models:Net", "width=64", "runs=false", "--input", "7,width"])
    assert result.stderr.startswith(
        "note: the connections are not known, so that the spec is an inventory: Net: torch.fx cannot follow its"
        " calls: TraceError: symbolically traced variables cannot be used as inputs to control flow"
        " (connected_models.py:"
    )
    assert pc.loads(result.stdout).connections == "none"
    result = run(["connected_models:Net", "width=64", "--input", "wide"])
    assert "wide" in str(result.exception)
