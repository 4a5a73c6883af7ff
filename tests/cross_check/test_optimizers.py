"""What optimizers keep, held to the real ones: their state after a step, over random parameters and options."""

from __future__ import annotations

import inspect
from math import prod
from typing import Any, NamedTuple

import keras
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from paramcalc.core.errors import ParamcalcError
from paramcalc.measures.optimizers import OPTIMIZERS, Parameter, optimizer

from .. import record_optimizers
from ..record_optimizers import NOT_ASKED, Shape, kept_by_keras, kept_by_torch, of_keras, of_torch
from ..test_optimizers import RECORDS

pytestmark = pytest.mark.framework

#: What the frameworks have among their optimizers, and is none.
NONE = {"Optimizer", "OptimizerMap"}


def _classes(module: Any, *bases: type) -> dict[str, type]:
    found = {name: value for name, value in vars(module).items() if inspect.isclass(value)}
    return {name: cls for name, cls in found.items() if issubclass(cls, bases) and name not in NONE}


REAL = {
    "torch": _classes(torch.optim, torch.optim.Optimizer),
    "keras": _classes(keras.optimizers, keras.optimizers.Optimizer, keras.optimizers.MultiOptimizer),
}


@pytest.mark.parametrize("framework", REAL)
def test_every_optimizer_has_a_row_with_all_of_its_options(framework: str) -> None:
    of_others = {name for name in OPTIMIZERS[framework] if name.endswith("8bit")}
    assert {*OPTIMIZERS[framework]} - of_others == {*REAL[framework]}
    for name, cls in REAL[framework].items():
        real = inspect.signature(cls).parameters
        rule = OPTIMIZERS[framework][name]
        assert {*rule.options} == {*real} - {"params", "kwargs"}, name
        for option, default in rule.deciding.items():
            assert (real[option].default or 0) == default, (name, option)


def test_what_is_recorded_is_what_the_real_ones_keep() -> None:
    recorded = [record for record in RECORDS if "8bit" not in str(record["optimizer"])]
    assert [*record_optimizers.records()] == recorded


class Drawn(NamedTuple):
    """An optimizer, and what it is given."""

    name: str
    options: dict[str, Any]
    shapes: list[Shape]
    dtype: str

    @property
    def given(self) -> Any:
        """The optimizer as a user names it."""
        return {self.name: self.options} if self.options else self.name

    @property
    def parameters(self) -> list[Parameter]:
        """The parameters as the tables see them."""
        return [Parameter("kernel", shape, self.dtype, prod(shape), 1) for shape in self.shapes]


@st.composite
def _drawn(draw: st.DrawFn, framework: str, *dtypes: str) -> Drawn:
    name = draw(st.sampled_from(sorted({*REAL[framework]} - NOT_ASKED)))
    options: dict[str, Any] = {}
    for option, default in OPTIMIZERS[framework][name].deciding.items():
        values = st.booleans() if isinstance(default, bool) else st.sampled_from([0.0, 0.5])
        if option == "gradient_accumulation_steps":
            values = st.sampled_from([None, 2, 3])
        if draw(st.booleans()):
            options[option] = draw(values)
    ranks = (2, 2) if (framework, name) == ("torch", "Muon") else (0, 4)
    shapes = st.lists(st.integers(1, 6), min_size=ranks[0], max_size=ranks[1]).map(tuple)
    return Drawn(name, options, draw(st.lists(shapes, min_size=1, max_size=4)), draw(st.sampled_from(dtypes)))


@given(_drawn("torch", "float32", "bfloat16", "float64"))
def test_torch(drawn: Drawn) -> None:
    real, parameters = of_torch(*drawn)
    ours = optimizer(drawn.given, "torch")
    for parameter, stated in zip(parameters, drawn.parameters, strict=True):
        kept = {key: value for key, value in real.state[parameter].items() if isinstance(value, torch.Tensor)}
        assert {state.name: elements for state, elements in ours.each(stated)} == {
            key: value.numel() for key, value in kept.items()
        }
    assert ours.kept(drawn.parameters) == kept_by_torch(real, [state.name for state in ours.rule.counters])


@pytest.mark.parametrize("option", ["foreach", "fused"])
def test_how_a_step_is_computed_changes_nothing(option: str) -> None:
    for name in ("Adam", "AdamW", "SGD"):
        drawn = Drawn(name, {option: True}, [(3, 4), (5,)], "float32")
        real, _ = of_torch(*drawn)
        assert optimizer(drawn.given, "torch").kept(drawn.parameters) == kept_by_torch(real, ["step"])


def test_torch_of_sparse_gradients() -> None:
    weight = torch.nn.Parameter(torch.randn(5, 3))
    real = torch.optim.SparseAdam([weight])
    weight.grad = torch.randn_like(weight).to_sparse()
    real.step()
    ours = optimizer("sparse_adam", "torch").kept([Parameter("weight", (5, 3), "float32", 15, 1)])
    assert ours == kept_by_torch(real, ())


def test_muon_of_torch_takes_matrices_alone() -> None:
    with pytest.raises(ValueError, match="2D"):
        torch.optim.Muon([torch.nn.Parameter(torch.randn(3))])
    with pytest.raises(ParamcalcError, match="takes tensors of two axes alone"):
        optimizer("muon", "torch").kept([Parameter("weight", (3,), "float32", 3, 1)])


def test_lbfgs_keeps_more_with_each_step() -> None:
    weight = torch.nn.Parameter(torch.randn(5))
    real = torch.optim.LBFGS([weight], lr=0.01, max_iter=1)
    directions = []
    for _ in range(3):
        real.step(lambda: _loss(real, weight))
        directions.append(len(real.state[weight].get("old_dirs") or ()))
    assert directions == [0, 1, 2]
    with pytest.raises(ParamcalcError, match="no one size"):
        optimizer("lbfgs", "torch")


def _loss(real: torch.optim.Optimizer, weight: torch.Tensor) -> float:
    real.zero_grad()
    loss = (weight**4).sum()
    loss.backward()
    return float(loss.detach())


@given(_drawn("keras", "float32", "bfloat16"), st.booleans())
def test_keras(drawn: Drawn, scaled: bool) -> None:
    real = kept_by_keras(of_keras(*drawn, scaled=scaled))
    given = {"LossScaleOptimizer": {"inner_optimizer": drawn.given}} if scaled else drawn.given
    ours = optimizer(given, "keras").kept(drawn.parameters)
    assert sum(ours[:]) == sum(real[:])
    # states of a parameter without axes are scalars too, and not told from counters in Keras
    assert ours == real or () in drawn.shapes


def test_muon_of_keras_knows_embeddings_by_their_names() -> None:
    for name in ("token_embedding", "Embeddings", "kernel"):
        real = keras.optimizers.Muon()
        real.build([keras.Variable(keras.ops.zeros((3, 4)), name=name)])
        assert optimizer("muon", "keras").kept([Parameter(name, (3, 4), "float32", 12, 1)]) == kept_by_keras(real)


def test_keras_in_mixed_precision_trains_in_float32() -> None:
    layer = keras.layers.Dense(4, dtype="mixed_bfloat16")
    layer.build((None, 3))
    real = keras.optimizers.Adam()
    real.build(layer.trainable_variables)
    stated = [Parameter("kernel", (3, 4), "float32", 12, 1), Parameter("bias", (4,), "float32", 4, 1)]
    assert optimizer("adam", "keras").kept(stated) == kept_by_keras(real)
