"""Recurrent layers counted by hand, and what a spec can do with layers within layers and further outputs."""

from typing import Any

import numpy as np
import pytest
import sympy

import paramcalc as pc
from paramcalc.core import algebra
from paramcalc.core.algebra import Undecided
from paramcalc.exports.schema import spec_schema
from paramcalc.results.formula import FlagSymbol, symbol

HEAD = "paramcalc: 1\nlayers:\n  - Input: {shape: [7, 5]}\n"


def total(layer: pc.Layer, *shape: int, convention: str = "keras") -> Any:
    return pc.count(layer, convention, input_shape=shape).total


# --- Counted by hand -----------------------------------------------------------------------------
# an input of n features and a state of h: each gate has h·(n + h) weights and its offsets


@pytest.mark.parametrize(
    ("layer", "convention", "expected"),
    [
        (pc.SimpleRNN(units=3), "keras", 3 * (5 + 3) + 3),
        (pc.SimpleRNN(units=3), "torch", 3 * (5 + 3) + 2 * 3),
        (pc.LSTM(units=3), "keras", 4 * (3 * (5 + 3) + 3)),
        (pc.LSTM(units=3), "torch", 4 * (3 * (5 + 3) + 2 * 3)),
        (pc.GRU(units=3), "keras", 3 * (3 * (5 + 3) + 2 * 3)),
        (pc.GRU(units=3), "torch", 3 * (3 * (5 + 3) + 2 * 3)),
        (pc.GRU(units=3, reset_after=False), "keras", 3 * (3 * (5 + 3) + 3)),
        (pc.GRU(units=3, use_bias=False), "keras", 3 * 3 * (5 + 3)),
        # two layers, each both ways: the second sees both outputs of the first
        (
            pc.LSTM(units=3, num_layers=2, bidirectional=True),
            "torch",
            2 * 4 * (3 * (5 + 3) + 2 * 3) + 2 * 4 * (3 * (6 + 3) + 2 * 3),
        ),
        # the state that is looked back at, and that the second layer sees, is projected to 2
        (
            pc.LSTM(units=3, num_layers=2, proj_size=2),
            "torch",
            4 * (3 * (5 + 2) + 2 * 3) + 3 * 2 + 4 * (3 * (2 + 2) + 2 * 3) + 3 * 2,
        ),
        (pc.Bidirectional(layer=pc.LSTM(units=3)), "keras", 2 * 4 * (3 * (5 + 3) + 3)),
        (
            pc.RNN(cell=[pc.LSTMCell(units=3), pc.GRUCell(units=2)]),
            "keras",
            4 * (3 * (5 + 3) + 3) + 3 * (2 * (3 + 2) + 2 * 2),
        ),
        (pc.TimeDistributed(layer=pc.Dense(units=3)), "keras", 5 * 3 + 3),
    ],
)
def test_count_by_hand(layer: pc.Layer, convention: str, expected: int) -> None:
    assert total(layer, 7, 5, convention=convention) == expected


def test_a_convolutional_lstm_by_hand() -> None:
    # a window of 3 by 2 over 4 channels, and over the 5 of the state
    assert total(pc.ConvLSTM2D(filters=5, kernel_size=[3, 2]), 7, 8, 9, 4) == 4 * (3 * 2 * (4 + 5) * 5 + 5)


def test_the_tensors_of_pytorch_have_its_names() -> None:
    row = pc.count(pc.LSTM(units=3, num_layers=2, bidirectional=True, proj_size=2), "torch", input_shape=(7, 5))
    names = [tensor.name for tensor in row.layers[-1].tensors]
    parts = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
    places = ("l0", "l0_reverse", "l1", "l1_reverse")
    assert names == [f"{part}_{place}" for place in places for part in parts]


def test_the_tensors_of_layers_that_keras_has_not_keep_our_names() -> None:
    count = pc.count(pc.GRU(units=3, num_layers=2, bidirectional=True, use_bias=False), input_shape=(7, 5))
    names = [tensor.name for tensor in count.layers[-1].tensors]
    prefixes = ("", "backward_", "layer_1_", "layer_1_backward_")
    assert names == [f"{prefix}{name}" for prefix in prefixes for name in ("kernel", "recurrent_kernel")]
    assert count.notes == ("gru: keras has no GRU with these fields; it is counted as stated, under our own names",)


def test_layers_of_one_class_within_a_layer_are_numbered_as_keras_numbers_them() -> None:
    cells = [pc.LSTMCell(units=3), pc.GRUCell(units=3), pc.LSTMCell(units=3)]
    count = pc.count(pc.Bidirectional(layer=pc.RNN(cell=cells)), input_shape=(7, 5))
    names = {tensor.name.rpartition("/")[0] for tensor in count.layers[-1].tensors}
    assert names == {
        f"{way}_rnn/stacked_rnn_cells/{cell}"
        for way in ("forward", "backward")
        for cell in ("lstm_cell", "gru_cell", "lstm_cell_1")
    }


# --- The number of layers ------------------------------------------------------------------------


def test_the_number_of_layers_stays_in_a_closed_form() -> None:
    text = "paramcalc: 1\ndims: {width: 3, depth: 2}\nlayers:\n  - Input: {shape: [7, 5]}\n"
    form = pc.formula(pc.loads(text + "  - GRU: {units: width, num_layers: depth}\n"))
    width, depth = form.symbols["width"], form.symbols["depth"]
    assert form.fixed == {}
    following = (depth - 1) * 3 * (2 * width**2 + 2 * width)
    assert sympy.expand(form.expr - 3 * (width * (5 + width) + 2 * width) - following) == 0


#: A stack of layers by the symbol `depth`; each is counted at several depths by itself.
STACKS = [
    "LSTM: {units: width, num_layers: depth, bidirectional: true, recurrent_bias: true}",
    "LSTM: {units: width, num_layers: 2 * depth, proj_size: 2}",
    "SimpleRNN: {units: width, num_layers: depth + 1}",
    "Bidirectional: {layer: {GRU: {units: width, num_layers: depth}}}",
]


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_of_any_depth_has_the_count_of_its_form(stack: str) -> None:
    spec = pc.loads(f"paramcalc: 1\ndims: {{width: 3, depth: 2}}\nlayers:\n  - Input: {{shape: [7, 5]}}\n  - {stack}\n")
    form = pc.formula(spec)
    assert form.fixed == {}
    for depth in (1, 2, 3, 7):
        assert form(depth=depth, width=4) == pc.count(spec, dims={"depth": depth, "width": 4}).total
        for unit in ("tensor", "layer"):
            at_depth = pc.formula(spec, dims={"depth": depth}).by(unit)
            assert sum(part.value for part in at_depth) == form(depth=depth)


def test_states_beyond_a_symbol_fix_the_number_of_layers() -> None:
    text = "paramcalc: 1\ndims: {depth: 2}\nlayers:\n  - Input: {shape: [7, 5]}\n"
    form = pc.formula(pc.loads(text + "  - GRU: {units: 3, num_layers: depth, return_state: true}\n"))
    assert form.fixed == {"depth": 2}
    assert form.causes == {"depth": ("gru", "depth")}


def test_a_tie_to_one_of_the_layers_fixes_their_number() -> None:
    text = "paramcalc: 1\ndims: {depth: 3}\nlayers:\n  - {Input: {shape: [7, 4]}, name: x}\n"
    text += "  - {GRU: {units: 4, num_layers: depth}, name: stack}\n"
    spec = pc.loads(text + "  - {GRU: {units: 4}, inputs: x, tie: {kernel: stack.layer_1_kernel}}\n")
    form = pc.formula(spec)
    assert form.fixed == {"depth": 3}
    assert form() == pc.count(spec).total


def test_several_numbers_of_layers_at_once_are_refused() -> None:
    head = HEAD.replace("layers", "dims: {depth: 2}\nlayers", 1)
    spec = pc.loads(head + "  - GRU: {units: 3, num_layers: depth}\n")
    assert pc.count(spec, dims={"depth": np.array([2, 2])}).total == 3 * (3 * 8 + 6) + 3 * (3 * 6 + 6)
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.count(spec, dims={"depth": np.array([2, 3])})
    assert caught.value.code == "not-one-value"


def test_many_layers_cost_as_many_copies() -> None:
    few, many = (f"  - LSTM: {{units: 1, num_layers: {each}, return_sequences: true}}\n" for each in (101, 4_990))
    # 4·(5·1 + 1·1 + 1) in the first layer, 4·(1·1 + 1·1 + 1) in each of the others
    assert pc.count(pc.loads(HEAD + few)).total == 28 + 100 * 12
    with pytest.raises(pc.ParamcalcError, match="4,990 copies of a layer: a model has 5,000 at the most"):
        pc.count(pc.loads(HEAD + few + many))


def test_both_ways_enter_a_form_as_a_factor() -> None:
    n, h, flag = symbol("n"), symbol("h"), FlagSymbol("both")
    layer = pc.SimpleRNN.model_construct(units=h, bidirectional=flag, num_layers=2)
    tensors = layer.all_tensors((symbol("t"), n))
    expr = sympy.expand(sum(algebra.product(tensor.shape) * tensor.condition for tensor in tensors))
    once, twice = n * h + h**2 + h, (h + h**2 + h * h - h) + h
    assert sympy.expand(expr.xreplace({flag: sympy.Integer(0)}) - once - twice) == 0
    second = 2 * h * h + h**2 + h
    assert sympy.expand(expr.xreplace({flag: sympy.Integer(1)}) - 2 * once - 2 * second) == 0


def test_a_number_to_count_to() -> None:
    for three in (3, sympy.Integer(3), np.array([3, 3], dtype=object)):
        assert algebra.number_of_copies(three) == 3
    for value in (symbol("n"), algebra.Unknown("n"), np.array([2, 3], dtype=object)):
        with pytest.raises(Undecided):
            algebra.number_of_copies(value)


# --- Outputs -------------------------------------------------------------------------------------


def shapes(layer: pc.Layer, *inputs: tuple[int, ...]) -> list[tuple[int, ...]]:
    row = pc.count(layer, input_shape=list(inputs)).layers[-1]
    return [row.output_shape, *row.further_output_shapes]


def test_outputs_and_states() -> None:
    sequence = (7, 5)
    assert shapes(pc.LSTM(units=3), sequence) == [(3,)]
    assert shapes(pc.LSTM(units=3, return_sequences=True), sequence) == [(7, 3)]
    assert shapes(pc.LSTM(units=3, return_state=True), sequence) == [(3,), (3,), (3,)]
    assert shapes(pc.LSTM(units=3, return_state=True, proj_size=2), sequence) == [(2,), (2,), (3,)]
    assert shapes(pc.GRU(units=3, return_state=True, bidirectional=True), sequence) == [(6,), (3,), (3,)]
    assert shapes(pc.LSTM(units=3), sequence, (3,), (3,)) == [(3,)]
    assert shapes(pc.LSTMCell(units=3), (5,)) == [(3,), (3,), (3,)]
    cells = [pc.LSTMCell(units=3), pc.GRUCell(units=2)]
    assert shapes(pc.RNN(cell=cells, return_state=True), sequence) == [(2,), (3,), (3,), (2,)]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("concat", [(7, 6)]), ("sum", [(7, 3)]), ("mul", [(7, 3)]), ("ave", [(7, 3)]), (None, [(7, 3), (7, 3)])],
)
def test_two_ways_merged(mode: str | None, expected: list[tuple[int, ...]]) -> None:
    layer = pc.Bidirectional(layer=pc.GRU(units=3, return_sequences=True, return_state=True), merge_mode=mode)
    assert shapes(layer, (7, 5)) == [*expected, (3,), (3,)]


ENCODER_DECODER = """\
paramcalc: 1
dims: {width: 3}
layers:
  - Input: {shape: [7, 5]}
    name: source
  - LSTM: {units: width, return_state: true}
    name: encoder
  - Input: {shape: [9, 4]}
    name: target
  - LSTM: {units: width, return_sequences: true}
    name: decoder
    inputs: [target, encoder.1, encoder.2]
  - Dense: {units: 10}
"""


def test_the_states_of_one_layer_begin_another() -> None:
    count = pc.count(pc.loads(ENCODER_DECODER))
    decoder = count.layers[3]
    assert decoder.inputs == ("target", "encoder.1", "encoder.2")
    assert decoder.output_shape == (9, 3)
    assert count.total == 4 * (3 * (5 + 3) + 3) + 4 * (3 * (4 + 3) + 3) + 3 * 10 + 10
    encoder = count.plain()["layers"][1]
    assert encoder["output_shape"] == [None, 3]
    assert encoder["further_output_shapes"] == [[None, 3], [None, 3]]
    assert pc.formula(pc.loads(ENCODER_DECODER))(width=3) == count.total


def test_the_first_output_has_a_number_as_well() -> None:
    text = HEAD + "  - GRU: {units: 3, return_state: true}\n  - Dense: {units: 2}\n    inputs: gru.0\n"
    assert pc.count(pc.loads(text)).layers[-1].inputs == ("gru",)


def test_a_further_output_of_a_copy() -> None:
    text = (
        HEAD
        + "  - GRU: {units: 5, return_state: true, return_sequences: true}\n    times: 2\n    name: body\n"
        + "  - Add:\n    inputs: [body.1.1, body.0.1]\n"
    )
    row = pc.count(pc.loads(text)).layers[-1]
    assert row.output_shape == (5,)


# --- Layers within layers, through the whole product ----------------------------------------------

NESTED = """\
paramcalc: 1
dims: {width: 3, ways: true}
layers:
  - Input: {shape: [7, 5]}
  - Bidirectional:
      layer:
        LSTM: {units: width, return_sequences: true, use_bias: ways}
    name: both
  - RNN:
      cell:
        - LSTMCell: {units: 2 * width}
        - GRUCell: {units: size(-1) - 1}
      return_sequences: true
  - TimeDistributed:
      layer: {Dense: {units: width}}
"""


def test_expressions_within_layers() -> None:
    count = pc.count(pc.loads(NESTED))
    # the second cell has one unit less than the six features that its node is given
    assert [row.total for row in count.layers] == [
        0,
        2 * 4 * (3 * (5 + 3) + 3),
        4 * (6 * (6 + 6) + 6) + 3 * (5 * (6 + 5) + 2 * 5),
        5 * 3 + 3,
    ]
    assert pc.count(pc.loads(NESTED), dims={"ways": False}).layers[1].total == 2 * 4 * 3 * (5 + 3)


def test_arrays_within_layers() -> None:
    widths = np.array([3, 4])
    together = pc.count(pc.loads(NESTED), dims={"width": widths}).total
    assert list(together) == [pc.count(pc.loads(NESTED), dims={"width": int(width)}).total for width in widths]


def test_the_form_of_a_spec_with_dims_within_layers() -> None:
    form = pc.formula(pc.loads(NESTED))
    for width in (1, 2, 3, 8):
        assert form(width=width) == pc.count(pc.loads(NESTED), dims={"width": width}).total


def test_the_form_of_a_spec_without_dims_has_a_symbol_for_each_width() -> None:
    form = pc.formula(pc.loads(HEAD + "  - Bidirectional: {layer: {LSTM: {units: 4}}}\n"))
    n, h = form.symbols["input_2"], form.symbols["bidirectional_layer"]
    assert sympy.expand(form.expr - 2 * 4 * (h * (n + h) + h)) == 0


def test_a_spec_is_written_as_it_was_read() -> None:
    spec = pc.loads(NESTED)
    assert pc.loads(pc.dumps(spec)) == spec
    assert "LSTM: {units: width, use_bias: ways, return_sequences: true}" in pc.dumps(spec)
    bare = pc.loads(HEAD + "  - TimeDistributed: {layer: BatchNorm}\n")
    assert pc.loads(pc.dumps(bare)) == bare


def test_frozen_layers_within_layers() -> None:
    text = HEAD + "  - Bidirectional: {layer: {GRU: {units: 3}}}\n    trainable: false\n"
    count = pc.count(pc.loads(text))
    assert (count.trainable, count.non_trainable) == (0, 2 * 3 * (3 * (5 + 3) + 2 * 3))
    norm = pc.count(pc.loads(HEAD + "  - TimeDistributed: {layer: BatchNorm}\n"))
    assert (norm.trainable, norm.non_trainable) == (2 * 5, 2 * 5)


def test_a_tensor_of_a_layer_within_a_layer_is_tied() -> None:
    text = (
        HEAD
        + "  - Dense: {units: 9, use_bias: false}\n    name: first\n    inputs: input\n"
        + "  - Bidirectional: {layer: {GRU: {units: 3}}}\n    inputs: input\n"
        + "    tie: {forward_kernel: first.kernel}\n"
    )
    count = pc.count(pc.loads(text))
    assert count.total_untied - count.total == 5 * 9
    # what is tied one by one cannot be one with another in the framework
    text = text.replace("forward_kernel: first.kernel", "backward_bias: gru.bias").replace(
        "  - Bidirectional", "  - GRU: {units: 3}\n    inputs: input\n  - Bidirectional"
    )
    names = [tensor.name for tensor in pc.count(pc.loads(text)).layers[-1].tensors]
    assert {name.rpartition("/")[2] for name in names} == {"kernel", "recurrent_kernel", "bias", "recurrent_bias"}


def test_a_choice_of_the_convention_holds_within_layers() -> None:
    spec = pc.loads(HEAD + "  - Bidirectional: {layer: {LSTM: {units: 3}}}\n")
    assert pc.count(spec, "torch").total - pc.count(spec, "keras").total == 2 * 4 * 3
    stated = pc.loads(HEAD + "  - Bidirectional: {layer: {LSTM: {units: 3, recurrent_bias: false}}}\n")
    assert pc.count(stated, "torch").total == pc.count(stated, "keras").total


def test_the_layout_of_a_framework_holds_within_layers() -> None:
    text = HEAD.replace("layers", "framework: torch\nlayers", 1) + "  - Bidirectional: {layer: {LSTM: {units: 3}}}\n"
    assert pc.count(pc.loads(text)).layers[-1].output_shape == (7, 6)


def test_a_derivation_has_symbols_for_layers_within_layers() -> None:
    printed = str(pc.explain(pc.loads(NESTED), node="both"))
    assert "forward_lstm/lstm_cell/kernel" in printed
    assert "8·n·u + 8·u² + 8·u" in printed
    assert "u = 3  units: the size of the state" in printed


def test_the_schema_has_layers_within_layers() -> None:
    definitions = spec_schema()["$defs"]
    assert definitions["TimeDistributed"]["properties"]["layer"]["$ref"] == "#/$defs/layer"
    assert {"$ref": "#/$defs/layer"} in definitions["Bidirectional"]["properties"]["backward_layer"]["anyOf"]
    assert definitions["StackedRNNCells"]["properties"]["cells"]["items"] == {"$ref": "#/$defs/layer"}


def test_layers_within_one_another_without_end() -> None:
    layer: pc.Layer = pc.Dropout(rate=0.5)
    for _ in range(pc.LIMITS.nesting - 1):
        layer = pc.TimeDistributed(layer=layer)
    assert layer.nesting == pc.LIMITS.nesting
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.TimeDistributed(layer=layer)
    assert str(caught.value) == "error[limit]: 'layer' of TimeDistributed: more than 64 layers within one another"


def test_layers_in_a_stack_without_end() -> None:
    cells = [pc.StackedRNNCells(cells=[pc.LSTMCell(units=1)] * 10)] * 90
    assert pc.StackedRNNCells(cells=cells).layers_within == 990
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.StackedRNNCells(cells=cells * 2)
    assert caught.value.code == "limit"


def test_stacks_in_stacks_cost_what_they_hold() -> None:
    layer: pc.Layer = pc.LSTMCell(units=2)
    for _ in range(40):
        layer = pc.StackedRNNCells(cells=[layer])
    assert total(layer, 2) == 4 * (2 * (2 + 2) + 2)
