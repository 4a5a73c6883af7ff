"""What is answered to people who write what another tool calls it, or misspell it."""

import pytest
from jsonschema import Draft202012Validator

import paramcalc as pc
from paramcalc.conventions.other_fields import FIELDS, NO_FIELDS, NOTES
from paramcalc.conventions.other_names import ANSWERS, Answer, normalised
from paramcalc.core.expression import Environment
from paramcalc.core.functions import OF_ONE
from paramcalc.exports.schema import spec_schema
from paramcalc.spec.node import NODE_KEYS, OTHER_KEYS

SCHEMA = Draft202012Validator(spec_schema())


def refusal(node: str, *shape: int, dims: str = "{}") -> pc.ParamcalcError:
    """Refuse a spec of an input and a node."""
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.count(pc.loads(written(node, *shape, dims=dims), "spec.yaml"))
    return caught.value


def written(node: str, *shape: int, dims: str = "{}") -> str:
    return f"paramcalc: 1\ndims: {dims}\nlayers:\n  - Input: {{shape: {[*(shape or (8, 4))]}}}\n  - {node}\n"


# --- Words -------------------------------------------------------------------------------

#: A field, and a word in it: what is said, and the way out.
WORDS = {
    "Dense: {units: 3, activation: rleu}": ("there is no function 'rleu'", "did you mean 'relu'?"),
    "Dense: {units: 3, activation: ReLU}": ("there is no function 'ReLU'", "did you mean 'relu'?"),
    "Activation: {activation: hardswish}": ("there is no function 'hardswish'", "did you mean 'hard_swish'?"),
    "Dense: {units: 3, activation: wobble}": (
        "there is no function 'wobble'",
        "a function of your own is written custom:wobble",
    ),
    "Dense: {units: 3, activation: hiden_act}": ("there is no function 'hiden_act'", "did you mean 'hidden_act'?"),
    "TimeDistributed: {layer: {Dense: {units: 3, activation: rleu}}}": (
        "there is no function 'rleu'",
        "did you mean 'relu'?",
    ),
    "Conv1D: {filters: 3, kernel_size: 3, padding: sme}": ("there is no padding 'sme'", "did you mean 'same'?"),
    "AveragePool1D: {padding: smae}": ("there is no padding 'smae'", "did you mean 'same'?"),
    "Upsample: {mode: neerest, size: 3}": ("there is no mode 'neerest'", "did you mean 'nearest'?"),
    "Bidirectional: {layer: {GRU: {units: 3}}, merge_mode: conct}": (
        "there is no merge mode 'conct'",
        "did you mean 'concat'?",
    ),
}


@pytest.mark.parametrize("node", WORDS)
def test_a_word_misspelled_is_refused_where_it_stands(node: str) -> None:
    message, hint = WORDS[node]
    (problem,) = refusal(node, dims="{hidden_act: 3}").problems
    assert (problem.code, problem.message, problem.hint) == ("invalid-value", message, hint)
    assert problem.path[-1] in ("activation", "padding", "mode", "merge_mode")


def test_each_field_that_names_nothing_is_refused_at_its_own_place() -> None:
    text = str(refusal("Dense: {units: wdith, activation: rleu}", dims="{width: 3}"))
    assert "spec.yaml:5:20: error[unknown-dim]: there is no dim, argument or counter 'wdith' here" in text
    assert "spec.yaml:5:39: error[invalid-value]: there is no function 'rleu'" in text


@pytest.mark.parametrize("activation", ["two words", "3 + 4", "true", "max(a, b)", "lambda"])
def test_what_can_be_no_name_is_refused_when_it_is_read(activation: str) -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.Dense(units=3, activation=activation)
    assert caught.value.code == "invalid-value"
    assert f"there is no function '{activation}'" in str(caught.value)


def test_a_word_may_be_the_text_of_a_dim() -> None:
    layer = pc.Conv2D(filters=3, kernel_size=3, activation="hidden_act", padding="pad")

    def resolved(act: object, pad: object) -> pc.Layer:
        return layer.resolved(lambda each: each.evaluate(Environment({"hidden_act": act, "pad": pad})))

    assert resolved("silu", "same") == pc.Conv2D(filters=3, kernel_size=3, activation="silu", padding="same")
    assert resolved("custom:mine", 1) == pc.Conv2D(filters=3, kernel_size=3, activation="custom:mine", padding=1)
    with pytest.raises(pc.ParamcalcError, match=r"in 'hidden_act': there is no function 'sliu'\n.*did you mean 'silu'"):
        resolved("sliu", 1)
    with pytest.raises(pc.ParamcalcError, match="'hidden_act' is 3, and no function"):
        resolved(3, 1)
    assert layer.stated()["activation"] == "hidden_act"


@pytest.mark.parametrize("act", ["swiglu", "prelu", "glu", "none"])
def test_what_is_no_function_of_one_input_is_said(act: str) -> None:
    (problem,) = refusal(f"Dense: {{units: 3, activation: {act}}}").problems
    assert problem.hint
    assert "did you mean" not in problem.hint


@pytest.mark.parametrize("node", [node for node in WORDS if "hiden" not in node and "wobble" not in node])
def test_the_schema_refuses_a_word_misspelled(node: str) -> None:
    assert not SCHEMA.is_valid(_plain(written(node)))


@pytest.mark.parametrize(
    "node",
    [
        "Dense: {units: 3, activation: hidden_act}",
        "Dense: {units: 3, activation: text_config.hidden_act}",
        "Dense: {units: 3, activation: custom:mine}",
        "Dense: {units: 3, activation: leaky_relu}",
        "Conv1D: {filters: 3, kernel_size: 3, padding: p}",
        "Conv1D: {filters: 3, kernel_size: 3, padding: (k - 1) // 2}",
        "Conv1D: {filters: 3, kernel_size: 3, padding: half}",
        "Elementwise: {function: power}",
        "Bidirectional: {layer: {GRU: {units: 3}}, merge_mode: null}",
    ],
)
def test_the_schema_takes_words_and_dims(node: str) -> None:
    assert SCHEMA.is_valid(_plain(written(node)))


def _plain(text: str) -> object:
    import yaml

    return yaml.safe_load(text)


# --- Names of layer types ----------------------------------------------------------------

NAMES = [(name, answer) for names, answer in ANSWERS.items() for name in names.split()]


def test_a_name_has_one_answer_and_is_no_layer_type() -> None:
    plain = [normalised(name) for name, _ in NAMES]
    assert len({*plain}) == len(plain) > 60
    assert not {*plain} & {name.lower() for name in pc.kind_names()}
    assert not {*plain} & {normalised(name) for name in OF_ONE}


#: The shapes that a layer of the table may take, those first that most take.
SHAPES = ([20, 64], [32, 64, 64], [64], [20, 20], [8, 32, 32, 64])


@pytest.mark.parametrize("answer", [each for each in ANSWERS.values() if each.node], ids=lambda each: each.node[:50])
def test_what_is_said_to_write_counts(answer: Answer) -> None:
    content = answer.node.removeprefix("{").removesuffix("}") if answer.node.startswith("{") else answer.node
    content = content if ":" in content else f"{content}: {{}}"
    assert any(_counts(content, taken, shape) for shape in SHAPES for taken in ("x", "x, y", "")), answer.node


def _counts(content: str, taken: str, shape: list[int]) -> bool:
    before = "".join(f"  - Input: {{shape: {shape}}}\n    name: {name}\n" for name in ("x", "y"))
    inputs = f", inputs: [{taken}]" if taken else ""
    try:
        pc.count(pc.loads(f"paramcalc: 1\nlayers:\n{before}  - {{{content}{inputs}}}\n"))
    except pc.ParamcalcError:
        return False
    return True


#: What people write, and what must be in the answer.
WRITTEN = {
    "Conv2d": "torch.nn.Conv2d is written Conv2D",
    "Conv1d": "torch.nn.Conv1d is written Conv1D",
    "conv2d": "did you mean 'Conv2D'?",
    "Relu": "Activation: {activation: relu}",
    "relu": "Activation: {activation: relu}",
    "tanh": "Activation: {activation: tanh}",
    "Gelu": "Activation: {activation: gelu}",
    "Swish": "Activation: {activation: swish}",
    "LeakyReLU": "Activation: {activation: leaky_relu}",
    "SelfAttention": "write MultiHeadAttention",
    "CrossAttention": "write MultiHeadAttention",
    "Convolution2D": "write Conv2D",
    "BiLSTM": "bidirectional: true",
    "Group": "a node that holds nodes is a group",
    "Residual": "residual: true",
    "Parameter": "write Weights",
    "PositionalEncoding": "computed, not learned",
    "MoE": "counts the experts",
    "batch_normalization": "BatchNormalization is written BatchNorm",
    "Linear": "torch.nn.Linear is written Dense",
    "Sequential": "write them as a group",
    "Dence": "did you mean 'Dense'?",
    "LTSM": "did you mean 'LSTM'?",
}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_people_write_is_answered_with_how_it_is_written(name: str) -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.kind(name)
    assert WRITTEN[name] in caught.value.problems[0].hint


@pytest.mark.parametrize("name", ["Frobnicate", "Units", "Grp", "Convolver"])
def test_nothing_of_another_meaning_is_suggested(name: str) -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.kind(name)
    assert caught.value.problems[0].hint == "'paramcalc layers' lists the layer types"


@pytest.mark.parametrize("key", ["type", "kind", "class_name"])
def test_a_layer_type_behind_a_key_is_shown_as_a_key(key: str) -> None:
    (problem,) = refusal(f"{key}: Dense\n    units: 3\n    activation: relu\n    name: fc").problems
    assert (problem.code, problem.hint) == ("missing-key", "write Dense: {units: 3, activation: relu}")


# --- Names of fields ---------------------------------------------------------------------

#: A layer type, what people write as a field of it, and what must be in the answer.
FIELD_NAMES = [
    ("Dense", "out_features", "is written units"),
    ("Dense", "in_features", "follows from the layer before"),
    ("Dense", "hidden_size", "write units"),
    ("Dense", "input_dim", "follows from the layer before"),
    ("Dense", "kernel_initializer", "no size depends on it"),
    ("Dense", "dropout", "Dropout: {rate: 0.1}"),
    ("Dense", "use_bais", "did you mean 'use_bias'?"),
    ("Conv2D", "in_channels", "follows from the layer before"),
    ("Conv2D", "out_channels", "is written filters"),
    ("Conv2D", "stride", "is written strides"),
    ("Conv2D", "bias", "is written use_bias"),
    ("Conv2D", "kernel", "write kernel_size"),
    ("DepthwiseConv2D", "filters", "depth_multiplier"),
    ("Embedding", "embedding_dim", "is written output_dim"),
    ("Embedding", "num_embeddings", "is written input_dim"),
    ("Embedding", "vocab_size", "write input_dim"),
    ("LSTM", "hidden_size", "is written units"),
    ("LSTM", "input_size", "follows from the layer before"),
    ("GRU", "return_sequence", "did you mean 'return_sequences'?"),
    ("Bidirectional", "units", "a field of the layer within"),
    ("Dropout", "p", "is written rate"),
    ("BatchNorm", "num_features", "follows from the layer before"),
    ("BatchNorm", "affine", "is written scale"),
    ("BatchNorm", "momentum", "no size depends on it"),
    ("LayerNorm", "normalized_shape", "follows from the layer before"),
    ("LayerNorm", "eps", "no size depends on it"),
    ("MultiHeadAttention", "embed_dim", "key_dim is the size of one head"),
    ("MultiHeadAttention", "num_kv_heads", "write num_key_value_heads"),
    ("MultiHeadAttention", "head_dim", "is written key_dim"),
    ("TransformerEncoderLayer", "d_model", "follows from the layer before"),
    ("TransformerEncoderLayer", "nhead", "is written num_heads"),
    ("TransformerEncoderLayer", "intermediate_size", "write dim_feedforward"),
    ("TransformerEncoder", "n_layers", "write num_layers"),
]


@pytest.mark.parametrize(("kind", "name", "hint"), FIELD_NAMES)
def test_a_field_of_another_tool_is_answered_with_that_of_the_layer_type(kind: str, name: str, hint: str) -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.kind(kind)(**{name: 3})
    (problem,) = (each for each in caught.value.problems if each.code == "unknown-field")
    assert hint in problem.hint


@pytest.mark.parametrize("names", [*FIELDS, *NO_FIELDS])
def test_a_name_of_a_field_is_listed_once_in_a_row(names: str) -> None:
    assert len({*names.split()}) == len(names.split())


def test_every_field_that_is_suggested_exists() -> None:
    fields = {field for name in pc.kind_names() for field in pc.kind(name).spelled_fields()}
    assert {field for known in FIELDS.values() for field in known.split()} <= fields
    kinds = {kind for names, _ in NOTES for kind in names.split()}
    assert kinds <= {*pc.kind_names()}


@pytest.mark.parametrize("key", [*NODE_KEYS])
def test_a_key_of_a_node_among_the_fields_is_told_its_place(key: str) -> None:
    if key in ("layers", "block", "with"):
        return
    with pytest.raises(pc.ParamcalcError, match=f"'{key}' stands beside the layer type, on a line of its own"):
        pc.Dense(units=3, **{key: "x"})


def test_what_is_missing_is_shown_in_an_example() -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.LSTM()
    assert str(caught.value) == (
        "error[missing-key]: LSTM needs 'units' (the size of the state)\n    as in LSTM: {units: 32}"
    )


# --- Shapes that do not fit --------------------------------------------------------------

#: Nodes behind an input of a shape: the way out.
MISFITS = [
    ("LSTM: {units: 3}\n  - LSTM: {units: 3}", (8, 4), "return_sequences: true"),
    ("Bidirectional: {layer: {LSTM: {units: 3}}}\n  - GRU: {units: 3}", (8, 4), "return_sequences: true"),
    ("GRU: {units: 3}\n  - Bidirectional: {layer: {GRU: {units: 3}}}", (8, 4), "return_sequences: true"),
    ("GRU: {units: 3}\n  - MultiHeadAttention: {num_heads: 2, key_dim: 3}", (8, 4), "return_sequences: true"),
    ("GRU: {units: 4}\n  - TransformerEncoderLayer: {num_heads: 2}", (8, 4), "return_sequences: true"),
    ("GRU: {units: 4}\n  - GlobalAveragePool1D", (8, 4), "return_sequences: true"),
    ("GRU: {units: 4}\n  - TimeDistributed: {layer: {Dense: {units: 4}}}", (8, 4), "return_sequences: true"),
    ("GRU: {units: 3, return_sequences: true}\n  - RepeatVector: {n: 3}", (8, 4), "without return_sequences"),
    ("LSTM: {units: 3}", (8, 9, 9, 3), "TimeDistributed: {layer: Flatten} before it"),
    ("Conv2D: {filters: 3, kernel_size: 3}", (784,), "Reshape: {target_shape: [h, w, c]} before it"),
    ("Flatten\n  - Conv2D: {filters: 3, kernel_size: 3}", (9, 9, 3), "Reshape: {target_shape: [h, w, c]}"),
    ("Conv2D: {filters: 3, kernel_size: 3}", (28, 28), "Reshape: {target_shape: [28, 28, 1]}"),
    ("Conv2D: {filters: 3, kernel_size: 3, data_format: channels_first}", (28, 28), "target_shape: [1, 28, 28]"),
    ("MaxPool1D", (784,), "Reshape: {target_shape: [784, 1]}"),
    ("Conv2D: {filters: 3, kernel_size: 3}", (32, 28, 28, 3), "a spec leaves the batch out of every shape"),
    ("GlobalAveragePool2D\n  - GlobalAveragePool2D", (9, 9, 3), "no positions are left: leave it out"),
    ("ConvLSTM2D: {filters: 3, kernel_size: 3}", (9, 9, 3), "Reshape: {target_shape: [1, 9, 9, 3]}"),
    ("Conv2D: {filters: 3, kernel_size: 7}", (3, 224, 224), "write the shape as [224, 224, 3], or framework: torch"),
    ("MaxPool2D\n  - MaxPool2D\n  - MaxPool2D", (4, 4, 8), "too little is left of the input"),
    ("Add", (8, 4), "inputs: [input_1, input_2]"),
    ("Dense: {units: 3}\n    name: d\n  - Add:\n    inputs: [input, d]", (8, 4), "Concatenate joins them"),
    ("residual: true\n    layers: [{Dense: {units: 3}}]", (8, 4), "gives the features of the input back"),
]


@pytest.mark.parametrize(("nodes", "shape", "hint"), MISFITS)
def test_a_shape_that_does_not_fit_is_told_the_way_out(nodes: str, shape: tuple[int, ...], hint: str) -> None:
    text = written(nodes, *shape).replace("[input, d]", "[x, d]").replace("]}\n  -", "]}\n    name: x\n  -", 1)
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.count(pc.loads(text))
    assert hint in caught.value.problems[0].hint


def test_the_way_out_of_channels_that_are_elsewhere_is_one() -> None:
    node = "Conv2D: {filters: 64, kernel_size: 7}"
    text = written(node, 224, 224, 3).replace("dims", "framework: torch\ndims")
    with pytest.raises(pc.ParamcalcError, match=r"write the shape as \[3, 224, 224\], or framework: keras"):
        pc.count(pc.loads(text))
    assert pc.count(pc.loads(text.replace("torch", "keras"))).total == 7 * 7 * 3 * 64 + 64
    assert pc.count(pc.loads(text.replace("[224, 224, 3]", "[3, 224, 224]"))).total == 7 * 7 * 3 * 64 + 64


def test_the_way_out_of_two_lstms_is_one() -> None:
    count = pc.count(pc.loads(written("LSTM: {units: 3, return_sequences: true}\n  - LSTM: {units: 3}")))
    assert count.total == 4 * 3 * (4 + 3 + 1) + 4 * 3 * (3 + 3 + 1)


# --- Texts -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("node", "own"),
    [
        ("Dense: {units: max(4, n)}", '"max(4, n)"'),
        ("Dense: {units: d[0] + 1}", '"d[0] + 1"'),
        ("Reshape: {target_shape: [2, d[0], 5]}", '"d[0]"'),
    ],
)
def test_an_expression_without_quotes_is_shown_in_quotes(node: str, own: str) -> None:
    (problem,) = refusal(node).problems
    assert problem.code == "unquoted-expression"
    assert problem.hint.endswith(f"needs quotes there: {own}")


def test_a_power_is_not_written_with_a_caret() -> None:
    (problem,) = refusal("Dense: {units: 4 ^ 2}").problems
    assert (problem.code, problem.hint) == ("invalid-expression", "a power is written **")


TEXTS = """
paramcalc: 1
dims:
  hidden_act: {text: silu, one_of: [silu, gelu, swiglu]}
  acts: {texts: [relu, gelu]}
  pad: {text: same}
  way: {text: concat}
layers:
  - Input: {shape: [8, 4]}
  - Conv1D: {filters: 4, kernel_size: 3, padding: pad, activation: hidden_act}
  - Bidirectional: {layer: {GRU: {units: 3, return_sequences: true}}, merge_mode: way}
  - Dense: {units: 5, activation: "acts[1]"}
"""


def test_texts_of_dims_are_words_of_fields() -> None:
    spec = pc.loads(TEXTS)
    convolution, gates = 3 * 4 * 4 + 4, 2 * (3 * 3 * (4 + 3) + 2 * 3 * 3)
    assert pc.count(spec).total == convolution + gates + 5 * 6 + 5
    assert pc.count(spec, dims={"way": "mul"}).total == convolution + gates + 5 * 3 + 5
    assert pc.formula(spec)() == convolution + gates + 5 * 6 + 5
    assert pc.loads(pc.dumps(spec)) == spec
    with pytest.raises(pc.ParamcalcError, match="in 'way': there is no merge mode 'conct'"):
        pc.count(spec, dims={"way": "conct"})


@pytest.mark.parametrize(("key", "ours"), OTHER_KEYS.items())
def test_words_for_keys_of_a_node_lead_to_ours(key: str, ours: str) -> None:
    assert ours in (*NODE_KEYS, "block", "share")
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.loads(f"paramcalc: 1\nlayers:\n  - Dense: {{units: 3}}\n    {key}: 3\n")
    assert caught.value.problems[0].hint == f"it is '{ours}' here"


def test_a_meaning_with_a_comma_needs_quotes() -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.loads("paramcalc: 1\ndims: {n: {value: 3, meaning: tokens, of a text}}\nlayers: [{Input: {shape: [n]}}]\n")
    assert caught.value.problems[0].hint == "a text with a comma stands in quotes between braces: '…, of a text'"
