"""Receptive fields: published ones, what they are of each family of layers, and how they are printed."""

import json
from fractions import Fraction
from math import inf
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import paramcalc as pc
from paramcalc.cli import main
from paramcalc.layers.base.reach import ALL, SAME, UP_TO_IT, Span
from paramcalc.results.receptive_field import Field

ALEXNET = """
paramcalc: 1
framework: torch
layers:
  - Input: {shape: [3, 224, 224]}
  - Conv2D: {filters: 64, kernel_size: 11, strides: 4}
  - MaxPool2D: {pool_size: 3, strides: 2}
  - Conv2D: {filters: 192, kernel_size: 5, padding: 2}
  - MaxPool2D: {pool_size: 3, strides: 2}
  - times: 3
    layers: [Conv2D: {filters: 256, kernel_size: 3, padding: 1}]
  - MaxPool2D: {pool_size: 3, strides: 2}
"""
VGG = """
paramcalc: 1
framework: torch
dims: {convolutions: [2, 2, 3, 3, 3], widths: [64, 128, 256, 512, 512]}
layers:
  - Input: {shape: [3, 224, 224]}
  - times: 5
    index: i
    layers:
      - times: convolutions[i]
        layers: [Conv2D: {filters: "widths[i]", kernel_size: 3, padding: 1}]
      - MaxPool2D: {pool_size: 2}
"""


def last(spec: pc.Spec | str) -> tuple[Field, ...]:
    opened = pc.loads(spec) if isinstance(spec, str) else spec
    return pc.count(opened, of="receptive-field").layers[-1].fields


@pytest.mark.parametrize(
    ("spec", "size", "stride", "padding"),
    [(ALEXNET, 195, 32, 64), (VGG, 212, 32, 90)],
    ids=["AlexNet", "VGG-16"],
)
def test_published_fields(spec: str, size: int, stride: int, padding: int) -> None:
    """Araujo, Norris and Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks", table 1."""
    channels, *positions = last(spec)
    assert channels.sort == "all"
    for field in positions:
        assert (field.size, field.stride, field.offset) == (size, stride, -padding)


def test_u_net_sees_140_pixels_at_its_lowest() -> None:
    """Ronneberger, Fischer and Brox 2015: the windows of the lowest level, five levels of two convolutions."""
    found = pc.count(Path(__file__).parents[1] / "specs" / "u_net.yaml", of="receptive-field")
    row = next(row for row in found.layers if row.name == "down.4.convolutions.convolution.1.activation")
    assert [(field.size, field.stride) for field in row.fields[1:]] == [(140, 16)] * 2


def network(*layers: Any, shape: tuple[int, ...] = (20, 6), framework: Any = "keras") -> pc.Spec:
    return pc.Spec([pc.Node(pc.Input(shape=shape), name="x"), *layers], framework=framework)


@pytest.mark.parametrize(
    ("layers", "field"),
    [
        ([pc.Dense(units=3)], (1, 1, 0, "some")),
        ([pc.Conv1D(filters=2, kernel_size=3, padding="causal", dilation_rate=2)], (5, 1, -4, "some")),
        ([pc.Conv1D(filters=2, kernel_size=3, strides=2), pc.Upsample(scale_factor=2)], (3, 1, 0, "some")),
        ([pc.UpSampling1D(size=3)], (1, Fraction(1, 3), 0, "some")),
        ([pc.Upsample(scale_factor=2, mode="linear")], (2, Fraction(1, 2), -1, "some")),
        ([pc.Conv1DTranspose(filters=2, kernel_size=3, strides=2)], (2, Fraction(1, 2), -1, "some")),
        ([pc.GlobalAveragePool1D()], (20, 0, 0, "all")),
        ([pc.Flatten(), pc.Dense(units=3)], (20, 0, 0, "all")),
        ([pc.Flatten()], (1, Fraction(1, 6), 0, "some")),
        ([pc.Cropping1D(cropping=2), pc.GlobalMaxPool1D()], (16, 0, 2, "some")),
        ([pc.LSTM(units=3, return_sequences=True)], (None, 1, None, "back")),
        ([pc.LSTM(units=3)], (20, 0, 0, "all")),
        ([pc.LSTM(units=3, return_sequences=True, go_backwards=True)], (None, None, None, "unknown")),
        ([pc.Bidirectional(layer=pc.GRU(units=3))], (20, 0, 0, "all")),
        ([pc.MultiHeadAttention(num_heads=2, key_dim=3)], (20, 0, 0, "all")),
        ([pc.MultiHeadAttention(num_heads=2, key_dim=3, causal=True)], (None, 1, None, "back")),
        ([pc.MultiHeadAttention(num_heads=2, key_dim=3, window=4), pc.Dense(units=2)], (4, 1, -3, "some")),
        ([pc.TransformerEncoderLayer(num_heads=2)], (20, 0, 0, "all")),
        ([pc.Slice(start=3, step=2)], (1, 2, 3, "some")),
        ([pc.Slice(start=3, stop=4, keepdims=False)], (1, 0, 3, "some")),
        ([pc.Permute(dims=(2, 1)), pc.Dense(units=2)], (20, 0, 0, "all")),
        ([pc.Reshape(target_shape=(4, 5, 6))], (5, 5, 0, "some")),
        ([pc.Reshape(target_shape=(3, 40))], (8, Fraction(20, 3), 0, "some")),
        ([pc.Reshape(target_shape=(20, 2, 3)), pc.Flatten(start_dim=2)], (1, 1, 0, "some")),
        ([pc.TimeDistributed(layer=pc.Dense(units=2))], (1, 1, 0, "some")),
        ([pc.Reduce(function="sum", axis=1)], (20, 0, 0, "all")),
        ([pc.Einsum(equation="bij->bji")], (1, 1, 0, "some")),
        ([pc.ZeroPadding1D(padding=(2, 1)), pc.AveragePool1D(pool_size=4, strides=3)], (4, 3, -2, "some")),
        ([pc.Pad1D(mode="circular", padding=1)], (1, 1, -1, "some")),
        ([pc.GLU(axis=1)], (11, 1, 0, "some")),
        ([pc.GLU(), pc.Dense(units=2)], (1, 1, 0, "some")),
        ([pc.Upsample(size=30, mode="linear")], (2, Fraction(2, 3), -1, "some")),
        ([pc.Upsample(size=30, mode="nearest-exact")], (1, Fraction(2, 3), 0, "some")),
        ([pc.Upsample(size=(39,), mode="linear", align_corners=True)], (2, Fraction(1, 2), 0, "some")),
        ([pc.Upsample(size=8, mode="area")], (3, Fraction(5, 2), 0, "some")),
        ([pc.Activation(activation="sort")], (None, None, None, "unknown")),
        ([pc.Activation(activation="sparsemax")], (1, 1, 0, "some")),
        ([pc.RNN(cell=pc.GRUCell(units=3), return_sequences=True)], (None, 1, None, "back")),
        ([pc.AdaptiveAveragePool1D(output_size=8)], (3, Fraction(5, 2), 0, "some")),
        ([pc.Weights(tensors={"token": (1, 6)}, output="token")], (0, None, None, "none")),
    ],
    ids=lambda value: ", ".join(type(each).__name__ for each in value) if isinstance(value, list) else "",
)
def test_along_the_steps(layers: list[Any], field: tuple[Any, ...]) -> None:
    found = last(network(*layers))[0]
    assert (found.size, found.stride, found.offset, found.sort) == field


def test_groups_keep_channels_apart() -> None:
    (_, channels) = last(network(pc.Conv1D(filters=4, kernel_size=3, groups=2)))
    assert [channels.bounds(place) for place in range(4)] == [(0, 2), (0, 2), (3, 5), (3, 5)]


def test_ways_that_meet_see_what_both_see() -> None:
    nodes = [
        pc.Node(pc.Conv1D(filters=6, kernel_size=3), inputs=["x"], name="narrow"),
        pc.Node(pc.Conv1D(filters=6, kernel_size=7, padding=(2,)), inputs=["x"], name="wide"),
        pc.Node(pc.Add(), inputs=["narrow", "wide"]),
    ]
    (steps, _) = last(network(*nodes))
    assert (steps.size, steps.stride, steps.offset) == (7, 1, -2)


def test_each_input_of_a_network_has_a_field() -> None:
    nodes = [
        pc.Node(pc.Input(shape=(20, 6)), name="y"),
        pc.Node(pc.Conv1D(filters=6, kernel_size=3, padding="same"), inputs="x"),
        pc.Node(pc.Add(), inputs=["conv1d", "y"]),
    ]
    found = pc.count(network(*nodes), of="receptive-field")
    assert [(field.place, field.size) for field in found.layers[-1].fields] == [
        (("x", 1), 3),
        (("x", 2), 6),
        (("y", 1), 1),
        (("y", 2), 1),
    ]


class Unsaid(pc.Layer):
    """It says nothing of what it sees."""


def test_what_cannot_be_said_is_said_to_be_so_with_its_reason() -> None:
    nodes = [pc.Node(Unsaid(), name="own"), pc.Conv1D(filters=3, kernel_size=3)]
    found = pc.count(network(*nodes), of="receptive-field")
    assert {field.sort for field in found.layers[-1].fields} == {"unknown"}
    assert found.notes == ("own (Unsaid): Unsaid does not state it: its class gives 'reach'",)
    assert str(found).endswith("\n\n" + found.notes[0])
    pools = pc.count(
        network(pc.FractionalMaxPool2D(output_ratio="2/3"), shape=(9, 9, 2), framework="keras"), of="receptive-field"
    )
    assert pools.notes == (
        "fractional_max_pool2d (FractionalMaxPool2D): where its windows lie is drawn anew each time",
    )


def test_ways_that_do_not_move_on_alike_and_further_outputs_are_noted() -> None:
    nodes = [
        pc.Node(pc.Conv1D(filters=6, kernel_size=1), inputs=["x"], name="all"),
        pc.Node(pc.Conv1D(filters=6, kernel_size=1, strides=2), inputs=["x"], name="every_second"),
        pc.Node(pc.ZeroPadding1D(padding=(0, 10)), name="longer"),
        pc.Node(pc.Add(), inputs=["all", "longer"], name="sum"),
    ]
    found = pc.count(network(*nodes), of="receptive-field")
    assert found.layers[-1].fields[0].sort == "unknown"
    assert found.notes == ("sum (Add): what its inputs see does not move on alike",)
    states = [pc.Node(pc.LSTM(units=3, return_state=True), name="lstm"), pc.Node(pc.Dense(units=2), inputs=["lstm.1"])]
    found = pc.count(network(*states), of="receptive-field")
    assert found.notes == ("lstm (LSTM): what an output sees is stated of its first one alone",)


def test_padding_that_repeats_positions_is_noted() -> None:
    found = pc.count(network(pc.Pad1D(mode="reflect", padding=2)), of="receptive-field")
    assert found.notes == ("pad1d (Pad1D): what its padding repeats (reflect) is not counted again",)


def test_an_unknown_length_needs_no_value_where_nothing_depends_on_it() -> None:
    spec = "paramcalc: 1\ndims: {t: null}\nlayers: [Input: {shape: [t, 2]}, Conv1D: {filters: 3, kernel_size: 5}]"
    assert last(spec)[0].size == 5


def test_an_inventory_is_refused() -> None:
    inventory = pc.Spec([pc.Node(pc.Dense(units=2), of=[7])], connections="none")
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.count(inventory, of="receptive-field")
    assert caught.value.code == "no-connections"
    assert "the receptive field needs connections" in str(caught.value)


def test_spans() -> None:
    assert SAME.of(SAME) == SAME
    assert ALL.of(UP_TO_IT) == ALL
    assert UP_TO_IT.of(Span((-1,), (1,))) == Span((-inf,), (1,))
    assert Span((0, 0), (0, 0)).of(Span((0,), (2,), 2)) == Span((0, 0), (2, 2), 2)
    assert Span((0,), (2,)).of(Span((0, 0), (2, 2), 2)) == Span((0, 0), (4, 4), 2)
    # every second position of what sees nothing in between sees something, or nothing at all
    holes = Span((0, inf), (0, -inf))
    assert Span((0,), (0,), 2).of(holes) == SAME
    assert Span((1,), (1,), 2).of(holes).bounds(3) == (inf, -inf)
    # positions that are apart, as those under a dilated window, see what is there, and not what lies between
    assert Span((0,), (3,), 1, 3).of(Span((0, inf, inf), (0, -inf, -inf))).bounds(1) == (inf, -inf)
    assert Span((0,), (3,), 1, 3).of(Span((0, inf, inf), (0, -inf, -inf))).bounds(0) == (0, 1)
    assert SAME.joined(Span((0,), (0,), 2)) is None
    assert SAME.joined(ALL) == ALL


def test_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(
        "paramcalc: 1\nname: net\nlayers:\n  - Input: {shape: [20, 2]}\n    name: x\n"
        "  - Conv1D: {filters: 3, kernel_size: 5, strides: 2, padding: same}\n  - LSTM: {units: 4}\n"
    )

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(main, ["count", str(path), "--of", "receptive-field", *arguments])

    assert (
        run().stdout
        == """\
net · keras · receptive field

layer   type    output shape   field      stride  offset
────────────────────────────────────────────────────────
x       Input   (None, 20, 2)  1 × 1      1 × 1   0 × 0
conv1d  Conv1D  (None, 10, 3)  5 × all    2 × –   -1 × –
lstm    LSTM    (None, 4)      all × all  – × –   – × –

A field has an entry an axis of the input: how many positions an output sees;
'all' the whole axis, 'back' all up to one of its own, '?' where it cannot be
said. The first output's begins at the offset, below 0 in the padding.
"""
    )
    document = json.loads(run("--format", "json").stdout)
    assert document["paramcalc_receptive_field"] == 1
    assert document["layers"][1]["fields"] == [
        {"input": "x", "axis": 1, "sort": "some", "size": 5, "stride": 2, "offset": -1},
        {"input": "x", "axis": 2, "sort": "all", "size": 2, "stride": 0, "offset": 0},
    ]
    assert run("--format", "csv").stdout.splitlines()[2] == ('conv1d,Conv1D,"(None, 10, 3)",x,5 × all,2 × –,-1 × –')
    assert run("--format", "markdown").stdout.splitlines()[5] == (
        "| conv1d | Conv1D | (None, 10, 3) | x | 5 × all | 2 × – | -1 × – |"
    )
    refused = run("--max", "3")
    assert refused.exit_code == 2
    assert "--of receptive-field goes with one SPEC, and neither with --max nor --depth" in refused.stderr
