"""How a convention's table is read: which row is taken, and how it names and lays out tensors."""

from collections.abc import Iterator
from typing import Literal

import pytest

import paramcalc as pc
from paramcalc.conventions import Equivalent, Spelling, convention, evaluated, kind_of_class, spell
from paramcalc.core.algebra import Shape
from paramcalc.core.expression import Environment, Expression
from paramcalc.layers.base.declaration import Layer, Part, Tensor
from paramcalc.layers.base.fields import field
from paramcalc.layers.base.nesting import NestedLayer


def spelled(tensors: dict[str, Shape], rules: dict[str, str]) -> list[Spelling]:
    """These tensors by these rules of a table."""
    owned = [Tensor(name, shape, "") for name, shape in tensors.items()]
    return spell(convention("torch"), Equivalent("a.Class", tensors=rules), owned, [each.shape for each in owned])


def test_a_tensor_without_a_rule_keeps_its_name_and_layout() -> None:
    assert spelled({"kernel": (2, 3)}, {}) == [Spelling("kernel", (2, 3), (0,))]


def test_a_rule_renames_and_moves_axes() -> None:
    found = spelled({"kernel": (3, 5, 2, 4)}, {"kernel": "weight: h w i o -> o i h w"})
    assert found == [Spelling("weight", (4, 2, 3, 5), (0,))]


def test_axes_in_brackets_are_one_and_empty_brackets_are_an_axis_of_one() -> None:
    assert spelled({"kernel": (6, 2, 3)}, {"kernel": "w: d h k -> (h k) () d"}) == [Spelling("w", (6, 1, 6), (0,))]


def test_several_tensors_are_one_along_the_first_axis() -> None:
    found = spelled({"bias": (6,), "recurrent_bias": (6,)}, {"bias recurrent_bias": "bias: g -> () g"})
    assert found == [Spelling("bias", (2, 6), (0, 1))]


def test_a_rule_over_several_tensors_waits_until_all_are_there() -> None:
    assert spelled({"bias": (6,)}, {"bias recurrent_bias": "joined", "bias": "own"}) == [Spelling("own", (6,), (0,))]


def test_a_star_stands_for_the_same_number_everywhere() -> None:
    tensors = {"layer_1_kernel": (2, 4), "layer_10_kernel": (3, 4), "layer_x_kernel": (5, 4)}
    assert spelled(tensors, {"layer_*_kernel": "weight_l*: i o -> o i"}) == [
        Spelling("weight_l1", (4, 2), (0,)),
        Spelling("weight_l10", (4, 3), (1,)),
        Spelling("layer_x_kernel", (5, 4), (2,)),
    ]


class Around(Layer):
    """A layer around another."""

    layer: NestedLayer = field("", "the layer")

    def parts(self, x: Shape) -> Iterator[Part]:
        yield Part("inner", self.layer, (x,))

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        yield Tensor("scale", (x[-1],), "")


def test_a_part_has_the_names_of_its_own_class_under_its_own() -> None:
    layer = Around(layer=pc.Dense(units=3))
    _, tensors = layer.infer((4,))
    assert [tensor.name for tensor in tensors] == ["inner_kernel", "inner_bias", "scale"]
    row = Equivalent("a.Class", parts={"inner": "forward_{class}"})
    shapes = [tensor.shape for tensor in tensors]
    assert spell(convention("torch"), row, tensors, shapes) == [
        Spelling("forward_linear.weight", (3, 4), (0,)),
        Spelling("forward_linear.bias", (3,), (1,)),
        Spelling("scale", (4,), (2,)),
    ]
    assert [each.name for each in spell(convention("torch"), None, tensors, shapes)] == [
        "inner_kernel",
        "inner_bias",
        "scale",
    ]


def test_the_choices_of_a_convention_reach_the_layers_in_a_layer() -> None:
    layer = Around(layer=Around(layer=pc.LSTM(units=3)))
    chosen = layer.with_defaults(convention("torch").choices)
    assert chosen.layer.layer.recurrent_bias is True
    assert layer.layer.layer.recurrent_bias is False


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("padding == 'same'", True),
        ("padding != 'same' and strides == 1", False),
        ("numbers == 'same'", False),
        ("rank == None", True),
        ("padding == None", False),
    ],
)
def test_the_expressions_of_a_table_compare_texts(text: str, value: bool) -> None:
    assert evaluated(text, Environment({"padding": "same", "strides": 1, "numbers": (1, 1), "rank": None})) is value


@pytest.mark.parametrize("text", ["None", "a == None"])
def test_none_of_a_spec_is_not_that_of_python(text: str) -> None:
    with pytest.raises(pc.ParamcalcError, match="invalid-expression"):
        Expression.parse(text)


def test_the_name_of_a_class_is_answered_with_what_to_write() -> None:
    assert kind_of_class("Linear") == "torch.nn.Linear is written Dense"
    assert kind_of_class("Frobnicate") == ""


#: How the classes are called that are not called with their inputs one by one, as keras.io and docs.pytorch.org say.
CALLED = {
    "keras": {
        "list": "Add AdditiveAttention Attention Average Concatenate Dot Maximum Minimum Multiply Subtract",
        "tuple": "HashedCrossing",
        "attention": "GroupQueryAttention MultiHeadAttention",
        "sequence": "Bidirectional ConvLSTM1D ConvLSTM2D ConvLSTM3D GRU LSTM RNN SimpleRNN",
        "step": "GRUCell LSTMCell SimpleRNNCell StackedRNNCells",
    },
    "torch": {"attention": "MultiheadAttention", "sequence": "GRU LSTM RNN", "step": "GRUCell LSTMCell RNNCell"},
}


@pytest.mark.parametrize("framework", CALLED)
def test_the_rows_say_how_the_classes_are_called(framework: str) -> None:
    rows = [row for kind in pc.kind_names() for row in convention(framework).equivalents(kind)]
    found = {
        call: " ".join(sorted({row.class_name for row in rows if row.call == call}))
        for call in {row.call for row in rows} - {"inputs"}
    }
    assert found == CALLED[framework]


@pytest.mark.parametrize(("framework", "shape"), [("keras", (3, 4, 4)), ("torch", (6, 4, 2))])
def test_the_channels_are_joined_where_the_framework_of_the_spec_has_them(
    framework: Literal["keras", "torch"], shape: Shape
) -> None:
    inputs = [pc.Node(pc.Input(shape=(3, 4, 2)), name=name) for name in ("left", "right")]
    spec = pc.Spec((*inputs, pc.Node(pc.Concatenate(), inputs=["left", "right"])), framework=framework)
    assert pc.count(spec, "keras").layers[-1].output_shape == shape


def test_the_slopes_of_torch_are_those_of_the_channels() -> None:
    spec = pc.Spec((pc.Node(pc.Input(shape=(3, 4, 2))), pc.Node(pc.PReLU(slopes="channel"))), framework="torch")
    assert pc.count(spec).total == 3
