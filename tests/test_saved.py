"""The measure `saved`: its tables are whole, and say what PyTorch was seen to keep; what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

import paramcalc as pc
from paramcalc.conventions import named_by
from paramcalc.conventions.torch_saved import ACTIVATIONS, FUNCTIONS, LAYERS, OPERATIONS
from paramcalc.core import functions
from paramcalc.core.registry import built_in_names
from paramcalc.measures.saved.programs import PROGRAMS

from . import recorded

ROWS = {name: row if isinstance(row, tuple) else (row,) for key, row in LAYERS.items() for name, _ in named_by(key)}


def test_every_layer_type_has_a_row_and_every_row_a_layer_type() -> None:
    assert {*ROWS} == {*built_in_names()}
    steps = {step for rows in ROWS.values() for row in rows for step in row.steps.split()}
    assert steps <= {*OPERATIONS, *PROGRAMS}
    assert not {*OPERATIONS} & {*PROGRAMS}
    for rows in ROWS.values():
        # the last row is for all that is left, and a row says what is kept, or why that cannot be said
        assert rows[-1].when == "true" or rows[-1].refused
        assert all(bool(row.steps) != bool(row.refused) for row in rows)


def test_every_function_that_is_written_in_pytorch_has_a_row() -> None:
    written = {name for name, each in functions.ACTIVATIONS.items() if each.torch is not None or each.module}
    assert {*ACTIVATIONS} == written
    assert {*FUNCTIONS} <= {*functions.OF_SEVERAL}


def test_every_layer_type_keeps_what_pytorch_was_seen_to_keep() -> None:
    # of two examples of a layer type one; the sweeps take both
    for example in recorded.kept()[::2]:
        count = pc.count(example.spec, "torch", of="saved", dims={"batch": example.batch}, attention=example.attention)
        assert count.total == example.bytes, example
    seen = {kind for example in recorded.kept() for kind in example.spec["layers"][-1] if kind in ROWS}
    assert seen >= {name for name, rows in ROWS.items() if not all(row.refused for row in rows)} - {"Input"}


#: Networks over (2, 16, 64), and what PyTorch 2.13 was seen to keep of them: with flash, and with math.
LAYER: dict[str, Any] = {"num_heads": 4, "dim_feedforward": 256, "dropout": 0}
SEEN = [
    ([pc.Dense(units=192)], "float32", 8_192, 8_192),
    ([pc.Dense(units=192), pc.Activation(activation="relu")], "float32", 32_768, 32_768),
    ([pc.LayerNorm()], "float32", 8_448, 8_448),
    ([pc.TransformerEncoderLayer(**LAYER)], "float32", 99_328, 123_392),
    ([pc.TransformerEncoderLayer(**LAYER)], "bfloat16", 49_920, 69_888),
]


@pytest.mark.parametrize(("layers", "dtype", "flash", "math"), SEEN)
def test_a_few_networks_keep_what_pytorch_was_seen_to_keep(layers: Any, dtype: str, flash: int, math: int) -> None:
    spec = pc.Spec([pc.Input(shape=(16, 64)), *layers], framework="torch")
    for attention, size in ((None, flash), ("flash", flash), ("math", math)):
        assert pc.count(spec, of="saved", dims={"batch": 2}, dtype=dtype, attention=attention).total == size


def test_repeats_cost_nothing() -> None:
    layers = [pc.LayerNorm(), pc.Dense(units=8, activation="gelu"), pc.Dense(units=8)]
    body = pc.Node(layers=[pc.Node(layers=layers, residual=True)], times="depth", name="body")
    spec = pc.Spec([pc.Input(shape=(5, 8)), body], framework="torch", dims={"depth": 10**12})
    one, two, many = (pc.count(spec, of="saved", dims={"depth": n}).total for n in (1, 2, 10**12))
    assert many == one + (10**12 - 1) * (two - one)


def test_copies_that_differ_are_told_apart_by_what_takes_them() -> None:
    """The product keeps both, though the copies are alike."""
    spec = pc.loads("""
paramcalc: 1
framework: torch
layers:
  - Input: {shape: [8]}
  - name: body
    times: 3
    layers:
      - Dense: {units: 8}
  - Multiply:
    inputs: ["body[0].dense", body]
""")
    # the input of each of three layers, and the two outputs that are multiplied, the first of which is an input
    assert pc.count(spec, of="saved").total == 4 * 8 * 4


REFUSALS = [
    (
        pc.EmbeddingBag(input_dim=9, output_dim=4),
        (3,),
        "EmbeddingBag: PyTorch rounds up what it allocates for the bags",
    ),
    (pc.GaussianNoise(stddev=0.1), (3,), "GaussianNoise: PyTorch has no such layer, and what is kept is what PyTorch"),
    (pc.GRU(units=3, reset_after=False), (5, 3), "GRU: PyTorch has no such layer with these fields"),
    (pc.Activation(activation="sparsemax"), (3,), "what the function 'sparsemax' keeps is not in the table of PyTorch"),
]


@pytest.mark.parametrize(("layer", "shape", "message"), REFUSALS)
def test_what_cannot_be_said_is_refused(layer: pc.Layer, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.count(layer, input_shape=shape, of="saved")
    assert caught.value.code == "not-measurable"
    assert message in str(caught.value)


def test_a_layer_type_of_ones_own_is_refused() -> None:
    class Own(pc.Layer):
        """Hands on its input."""

    with pytest.raises(pc.ParamcalcError, match="Own: it is in no table of what PyTorch keeps"):
        pc.count(Own(), input_shape=(3,), of="saved")


def test_a_length_that_is_not_known_is_asked_for() -> None:
    spec = pc.Spec([pc.Input(shape=("tokens", 8)), pc.Dense(units=3)], dims={"tokens": None})
    with pytest.raises(pc.ParamcalcError, match=r"the bytes of 'dense' depend on 'tokens'"):
        pc.count(spec, of="saved")
    with pytest.raises(pc.ParamcalcError, match="'attention' is not 'fast'"):
        pc.count(spec, of="saved", dims={"tokens": 4}, attention="fast")
