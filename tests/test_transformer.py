"""PyTorch's Transformer as one layer: closed forms, and layers whose number is not known."""

import time

import numpy as np
import pytest
import sympy

import paramcalc as pc
from paramcalc.core import algebra
from paramcalc.core.algebra import Undecided, Unknown
from paramcalc.core.errors import LIMITS

SPEC = """
paramcalc: 1
framework: torch
dims: {width: 512, depth: 6, ff: 2048}
layers:
  - Input: {shape: [10, width]}
    name: source
  - TransformerEncoder: {num_heads: 8, dim_feedforward: ff, num_layers: depth, norm: LayerNorm}
  - Input: {shape: [20, width]}
    name: target
  - TransformerDecoder: {num_heads: 8, dim_feedforward: ff, num_layers: depth, norm: LayerNorm}
    inputs: [target, transformer_encoder]
"""


def by_hand(width: int, depth: int, ff: int) -> int:
    """Vaswani et al. 2017: four projections each attention, two linear layers, a scale and an offset each norm."""
    attention = 4 * (width * width + width)
    feedforward = 2 * width * ff + ff + width
    norm = 2 * width
    encoder = depth * (attention + feedforward + 2 * norm) + norm
    decoder = depth * (2 * attention + feedforward + 3 * norm) + norm
    return encoder + decoder


@pytest.mark.parametrize("sizes", [{}, {"width": 64}, {"depth": 1, "ff": 7}, {"width": 8, "depth": 3, "ff": 1}])
def test_the_count_is_that_of_the_paper(sizes: dict[str, int]) -> None:
    counted = pc.count(pc.loads(SPEC), dims=sizes)
    assert counted.total == by_hand(**{"width": 512, "depth": 6, "ff": 2048} | sizes)


def test_the_closed_form_keeps_the_number_of_layers() -> None:
    form = pc.formula(pc.loads(SPEC))
    assert form.fixed == {}
    assert {*form.symbols} == {"width", "ff", "depth"}
    for depth in (1, 2, 6, 9):
        assert form(width=128, ff=99, depth=depth) == by_hand(128, depth, 99)


def test_the_general_form_of_a_layer_is_known() -> None:
    form = pc.formula(pc.TransformerEncoderLayer, "torch")
    d, f, use_bias = (form.symbols[name] for name in ("d", "f", "use_bias"))
    known = 4 * d**2 + 2 * d * f + 2 * d + use_bias * (4 * d + f + d + 2 * d)
    assert sympy.expand(form.expr - known) == 0
    assert form.conditions == ("h divides d",)


def test_widths_may_be_an_array_and_the_number_of_layers_may_not() -> None:
    widths = np.array([64, 128])
    assert pc.count(pc.loads(SPEC), dims={"width": widths}).total.tolist() == [
        by_hand(64, 6, 2048),
        by_hand(128, 6, 2048),
    ]
    with pytest.raises(pc.ParamcalcError, match="not-one-value"):
        pc.count(pc.loads(SPEC), dims={"depth": np.array([2, 3])})


def test_another_norm_or_encoder_is_counted_as_its_own_kind() -> None:
    shapes = [(10, 8), (20, 8)]
    encoder = pc.TransformerEncoder(num_heads=2, dim_feedforward=3, norm=pc.RMSNorm())
    layer = pc.Transformer(num_heads=2, dim_feedforward=3, custom_encoder=encoder, num_decoder_layers=1)
    plain = pc.Transformer(num_heads=2, dim_feedforward=3, num_encoder_layers=1, num_decoder_layers=1)
    totals = [pc.count(each, "torch", input_shape=shapes).total for each in (layer, plain)]
    # the offset of the encoder's norm is not there
    assert totals[1] - totals[0] == 8
    assert totals[1] == by_hand(8, 1, 3)


@pytest.mark.parametrize("number", [sympy.Symbol("n"), np.array([1, 2]), Unknown("n")])
def test_copies_need_a_number(number: object) -> None:
    with pytest.raises(Undecided):
        algebra.copies(number)


def test_copies_are_bounded() -> None:
    assert [*algebra.copies(3)] == [0, 1, 2]
    assert len(algebra.copies(LIMITS.copies)) == LIMITS.copies
    with pytest.raises(pc.ParamcalcError, match=r"error\[limit\]: 5,001 copies"):
        algebra.copies(LIMITS.copies + 1)


@pytest.mark.parametrize("place", ["within", "behind"])
def test_the_copies_of_layers_are_bounded_in_all_of_a_model(place: str) -> None:
    few, many = (f"TransformerEncoder: {{num_heads: 1, num_layers: {number}" for number in (101, LIMITS.copies - 10))
    layers = f"  - {few}, norm: {{{many}}}}}}}\n" if place == "within" else f"  - {few}}}\n  - {many}}}\n"
    spec = pc.loads("paramcalc: 1\nlayers:\n  - Input: {shape: [3, 4]}\n" + layers)
    start = time.process_time()
    with pytest.raises(pc.ParamcalcError, match="4,990 copies of a layer: a model has 5,000 at the most") as caught:
        pc.count(spec)
    assert caught.value.code == "limit"
    # refused before they are evaluated, which takes some seconds
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    ("shapes", "together"),
    [
        ([(3,)], (3,)),
        ([(3, 1), (4,)], (3, 4)),
        ([(), (2, 1, 3), (5, 1)], (2, 5, 3)),
    ],
)
def test_shapes_of_an_elementwise_operation(shapes: list[algebra.Shape], together: algebra.Shape) -> None:
    assert algebra.broadcast_shapes(shapes) == together
    assert algebra.broadcast_shapes(shapes) == np.broadcast_shapes(*shapes)


def test_shapes_that_are_equal() -> None:
    assert algebra.equal_shapes((2, Unknown()), (2, 3))
    assert not algebra.equal_shapes((2, 3), (2, 4))
    assert not algebra.equal_shapes((2, 3), (2, 3, 1))
