"""Live models: what flows through them is what PyTorch computes and keeps, or is refused where no layer says it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import pytest
import torch
from torch import nn
from torch.nn import functional

import paramcalc as pc

from .flop_counter import counted
from .kept import as_counted, bytes_kept, owned

pytestmark = pytest.mark.framework


class Between(nn.Module):
    """Two linear layers, and something of PyTorch between them."""

    def __init__(self, function: Callable[..., Any], uses_scale: bool = False) -> None:
        super().__init__()
        self.before, self.after = nn.Linear(8, 8), nn.Linear(8, 4)
        if uses_scale:
            self.scale = nn.Parameter(torch.ones(8, 8))
        self.function = function

    def forward(self, x: Any) -> Any:
        taken = (self.before(x), *((self.scale,) if hasattr(self, "scale") else ()))
        return self.after(self.function(*taken))


class Unused(Between):
    """The same, with a layer that is never called."""

    def __init__(self) -> None:
        super().__init__(functional.relu)
        self.other = nn.Linear(8, 8)


class Deciding(Between):
    """The same, with a decision by numbers, which torch.fx cannot follow."""

    def forward(self, x: Any) -> Any:
        if x.sum() > 0:
            x = self.before(x)
        return self.after(self.before(x))


class Behind(Between):
    """The same, with a product behind the last layer."""

    def forward(self, x: Any) -> Any:
        return super().forward(x) @ torch.ones(4, 3)


class Positions(Between):
    """The same, with positions that the code makes of nothing."""

    def __init__(self) -> None:
        super().__init__(functional.relu)
        self.embed = nn.Embedding(9, 8)

    def forward(self, x: Any) -> Any:
        return super().forward(x + self.embed(torch.arange(x.shape[1])))


class Attending(Between):
    """Attention without heads, as a function and by hand."""

    def forward(self, x: Any) -> Any:
        return self.after(self.function(*[self.before(x)] * 3))


def _by_hand(query: Any, key: Any, value: Any) -> Any:
    return torch.softmax(query @ key.transpose(1, 2) / 8**0.5, -1) @ value


ALL, FLOPS, NONE = ("flops", "training_flops", "saved"), ("flops", "training_flops"), ()
MODULES: dict[str, tuple[Callable[[], nn.Module], tuple[str, ...]]] = {
    "relu": (lambda: Between(functional.relu), ALL),
    "square": (lambda: Between(lambda y: y * y), ALL),
    "transposed": (lambda: Between(lambda y: y.transpose(1, 2).transpose(1, 2)), ALL),
    "mean": (lambda: Between(lambda y: y.mean(1)), ALL),
    "sine": (lambda: Between(torch.sin), FLOPS),
    "times a number": (lambda: Between(lambda y: 2.0 * y), FLOPS),
    "times what the code makes": (lambda: Between(lambda y: y * torch.ones(8)), FLOPS),
    "clamped": (lambda: Between(lambda y: y.clamp(0, 1)), FLOPS),
    "times a parameter": (lambda: Between(lambda y, scale: y * scale[0], uses_scale=True), FLOPS),
    "a matrix product with a parameter": (lambda: Between(lambda y, scale: y @ scale, uses_scale=True), NONE),
    "a linear function": (lambda: Between(functional.linear, uses_scale=True), NONE),
    "a matrix product with what the code makes": (lambda: Between(lambda y: y @ torch.ones(8, 8)), NONE),
    "rolled": (lambda: Between(lambda y: y.roll(1, 1)), NONE),
    "sorted": (lambda: Between(lambda y: y.sort(1)[0]), NONE),
    "detached": (lambda: Between(lambda y: y.detach()), NONE),
    "attention": (lambda: Attending(functional.scaled_dot_product_attention), FLOPS),
    "attention by hand": (lambda: Attending(_by_hand), FLOPS),
    "positions": (Positions, FLOPS),
    "a layer that is not called": (Unused, NONE),
    "a decision": (lambda: Deciding(functional.relu), NONE),
    "a product behind the last layer": (lambda: Behind(functional.relu), NONE),
}


@pytest.mark.parametrize("name", MODULES)
def test_what_flows_through_a_module_is_right_or_refused(name: str) -> None:
    make, known = MODULES[name]
    module, x = make(), torch.rand(2, 5, 8)
    real = counted(lambda: module(x))
    with as_counted():
        kept = bytes_kept(module, [x], owned(module))
    expected = {"flops": real.forward, "training_flops": real.training, "saved": kept}
    found = {of: _measured(module, of) for of in ALL}
    assert found == {of: expected[of] if of in known else None for of in ALL}
    sheet = pc.memory(module, training="sgd", input_shape=(5, 8))
    assert (sheet.saved is None) == ("saved" not in known)
    # the parameters are those of the module in any case
    assert pc.count(module, input_shape=(5, 8)).total == sum(each.numel() for each in module.parameters())


def _measured(module: nn.Module, of: str) -> Any:
    try:
        return pc.count(module, of=of, dims={"batch": 2}, input_shape=(5, 8)).total
    except pc.ParamcalcError as error:
        if error.code != "not-measurable":
            raise
        return None


@keras.saving.register_keras_serializable(package="tests")
class Product(keras.layers.Layer):
    """A layer of one's own, which multiplies by its weights."""

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(8, 8))

    def call(self, x: Any) -> Any:
        return keras.ops.matmul(x, self.kernel)


#: What stands between two dense layers of 8 features over 5 positions, and its multiply-adds, where they are known.
BETWEEN: dict[str, tuple[Callable[[Any], Any], int | None]] = {
    "relu": (keras.ops.relu, 0),
    "sine": (lambda y: keras.ops.sin(y) * 2, 0),
    "product": (lambda y: keras.ops.matmul(keras.ops.matmul(y, keras.ops.transpose(y, (0, 2, 1))), y), 2 * 5 * 5 * 8),
    "code": (keras.layers.Lambda(lambda y: y * keras.ops.sum(y), output_shape=(5, 8)), None),
    "own weights": (Product(), None),
}


@pytest.mark.parametrize("name", BETWEEN)
def test_what_flows_through_a_model_of_keras_is_right_or_refused(name: str) -> None:
    between, multiplied = BETWEEN[name]
    x = keras.Input((5, 8))
    model = keras.Model(x, keras.layers.Dense(8)(between(keras.layers.Dense(8)(x))))
    if multiplied is not None:
        assert pc.count(model, of="flops").total == 2 * (2 * 5 * 8 * 8 + multiplied)
        return
    for of in ("flops", "training_flops", "activations", "saved"):
        with pytest.raises(pc.ParamcalcError, match="needs to know how its layers are connected"):
            pc.count(model, of=of)
    assert pc.count(model).total == model.count_params()


def test_a_function_that_is_left_out_is_named() -> None:
    module = Between(lambda y: torch.sin(y).clamp(0, 1))
    assert pc.from_torch(module, (5, 8)).description == (
        "Read from PyTorch. Left out, as functions that are no layer type: 'clamp' and 'sin'."
    )
    with pytest.raises(pc.ParamcalcError, match="are not known of 'Between', which was read without functions"):
        pc.count(module, of="activations", input_shape=(5, 8))
    with pytest.raises(pc.ParamcalcError, match="the receptive field needs to know how its layers are connected"):
        pc.count(Deciding(functional.relu), of="receptive-field")
