"""Derivations: every step is true, and every number on the sheet adds up."""

import re
from functools import cache
from urllib.parse import unquote

import numpy as np
import pytest

import paramcalc as pc
from paramcalc.core import notation
from paramcalc.exports.derivations import html, latex, render
from paramcalc.exports.derivations.blocks import Document, Paragraph
from tests.helpers import ROOT

pytestmark = pytest.mark.sweep

MLP = pc.load(ROOT / "specs" / "keras_mlp.yaml")
GPT2 = pc.load(ROOT / "specs" / "gpt2.yaml")
LSTM = pc.load(ROOT / "specs" / "lstm_classifier.yaml")


@cache
def gpt2() -> pc.Derivation:
    """The derivation of GPT-2, made once."""
    return pc.explain(GPT2)


TIED = pc.loads(
    "paramcalc: 1\nlayers:\n  - Input: {shape: [3]}\n"
    "  - {Embedding: {input_dim: 9, output_dim: 4}, name: embed, trainable: false}\n"
    "  - {Dense: {units: 9, use_bias: false}, name: head, tie: {kernel: embed.embeddings}}\n"
    "  - {Dense: {units: 9}, name: mix}\n"
    "  - {share: mix, name: again}\n"
)


# --- The steps -------------------------------------------------------------------------


def test_a_dense_layer_reads_like_this() -> None:
    assert str(pc.explain(pc.Dense(units=512), input_shape=(4096,))) == (
        "dense · Dense                                         (None, 4096) → (None, 512)\n"
        "Each output is a weighted sum of all inputs, plus a bias: activation(x · kernel\n"
        "+ bias).\n"
        "\n"
        "  tensor  shape   trained?  what it is for\n"
        "  kernel  (n, u)  trained   a weight from each input to each output\n"
        "  bias    (u)     trained   a bias for each output\n"
        "\n"
        "  n = 4,096  inputs: the size of the last axis\n"
        "  u =   512  outputs\n"
        "\n"
        "  kernel = n·u = 4,096 · 512 = 2,097,152\n"
        "  bias   = u = 512\n"
        "\n"
        "  parameters = n·u + u\n"
        "             = 4,096 · 512 + 512\n"
        "             = 2,097,664        2,097,664 trained"
    )


def test_a_product_has_no_factor_of_1_and_a_quotient_within_it_stands_in_brackets() -> None:
    depthwise = str(pc.explain(pc.DepthwiseConv2D(kernel_size=3), input_shape=(8, 8, 16)))
    assert "parameters = k_h·k_w·c + c\n             = 3 · 3 · 16 + 16\n" in depthwise
    assert "(k_h, k_w, c, 1)" in depthwise
    grouped = pc.explain(pc.Conv2D(filters=32, kernel_size=3, groups=4), input_shape=(8, 8, 16))
    assert "kernel = k_h·k_w·(c/g)·f = 3 · 3 · (16/4) · 32 = 1,152" in str(grouped)
    assert r"k_{h} \cdot k_{w} \cdot \frac{c}{g} \cdot f" in grouped.to("latex")


def test_frozen_and_tied_and_shared_tensors_are_named_as_such() -> None:
    text = str(pc.explain(TIED))
    assert "embeddings  (v, d)  frozen" in text
    assert "kernel  (n, u)  tied to embed.embeddings" in text
    assert "  kernel = n·u = 4 · 9 = 36\n\n  parameters = 0\n\n  Why is kernel free?\n" in text
    assert "Its tensors are those of mix, and were counted there." in text


def test_the_tensors_of_a_group_are_derived_as_those_of_a_layer() -> None:
    spec = pc.loads(
        """
paramcalc: 1
dims: {heads: 3, buckets: 5}
layers:
  - Input: {shape: [8]}
  - name: stack
    tensors: {table: [buckets, heads]}
    layers:
      - Dense: {units: 2}
"""
    )
    text = str(pc.explain(spec))
    assert "table" in text
    assert re.search(r"stack.*\b15\b", text, re.DOTALL)


def test_copies_are_one_derivation_and_a_product() -> None:
    spec = pc.Spec(layers=[pc.Input(shape=(4,)), pc.Node(pc.Dense(units=4), name="fc", times=3)])
    text = str(pc.explain(spec, node="fc"))
    assert "fc.0..2 · Dense" in text
    assert "3 copies = 3 · 20 = 60" in text


def test_copies_that_differ_are_a_sum_of_their_kinds() -> None:
    text = str(pc.explain(pc.load(ROOT / "specs" / "resnet20.yaml"), node="stage.2"))
    # 64 filters, 32 or 64 channels before: 9·32·64 + 9·64·64 + 32·64 and three norms, then 2·9·64·64 and two norms
    first, other = 9 * 32 * 64 + 9 * 64 * 64 + 32 * 64 + 3 * 128, 2 * 9 * 64 * 64 + 2 * 128
    assert (
        "stage.2.block · its copies\n\n  parameters = block.0 + 2·block.1..2\n"
        f"             = {first:,} + 2 · {other:,}\n             = {first + 2 * other:,}" in text
    )


def test_the_buffers_of_copies_are_given_for_one_and_for_all() -> None:
    spec = pc.Spec(layers=[pc.Input(shape=(4,)), pc.Node(pc.BatchNorm(), name="norm", times=3)])
    text = str(pc.explain(spec, "torch"))
    assert "  buffers = 4 + 4 + 1 = 9        apart from the parameters; in all copies 27" in text


def test_the_model_comes_first_with_its_form_and_the_shares_of_its_parts() -> None:
    assert str(gpt2()).startswith(
        "gpt2 · torch\n"
        "124,439,808 parameters, all trained · 474.70 MB\n"
        "\n"
        "\n"
        "The closed form, in the sizes of the spec\n"
        "\n"
        "  parameters = depth·(12·width² + 13·width) + width·(vocabulary + context + 2)\n"
        "             = 12 · (12 · 768² + 13 · 768) + 768 · (50,257 + 1,024 + 2)\n"
        "             = 124,439,808\n"
        "\n"
        "  vocabulary = 50,257\n"
        "  context    =  1,024\n"
        "  width      =    768\n"
        "  depth      =     12\n"
        "  heads      =     12\n"
        "\n"
        "assumes: heads divides width; depth ≥ 1\n"
        "\n"
        "\n"
        "Where the parameters sit\n"
        "\n"
        "  part          parameters   share  form\n"
        "  body.0..11    85,054,464  68.3 %  depth·(12·width² + 13·width)\n"
        "  word          38,597,376  31.0 %  vocabulary·width\n"
        "  position         786,432   0.6 %  context·width\n"
        "  layer_norm         1,536   0.0 %  2·width\n"
        "  ──────────────────────────────────────────────────────────────\n"
        "  total        124,439,808\n"
        "  trained      124,439,808\n"
        "  not trained            0\n"
        "\n"
        "\n"
        "None in a shape is the batch, of any size: no tensor depends on it.\n"
        "\n"
        "\n"
        "ids · Input "
    )


def test_the_whole_says_how_much_is_trained() -> None:
    assert str(pc.explain(MLP)).startswith(
        "keras_mlp · keras\n2,140,752 parameters, 2,139,728 trained, 1,024 not trained · 8.17 MB\n\n"
    )


def rows_of(text: str) -> list[list[str]]:
    """The rows of where the parameters sit, as their words."""
    table = text.split("Where the parameters sit\n\n")[1].split("  ───")[0]
    return [line.split() for line in table.splitlines()[1:]]


def test_many_parts_are_the_largest_twelve_and_the_sum_of_the_others() -> None:
    # each Dense of n to n + 1 units owns n·(n + 1) + n + 1 numbers
    nodes = [pc.Input(shape=(1,)), *(pc.Node(pc.Dense(units=n), name=f"fc_{n}") for n in range(2, 22))]
    rows = rows_of(str(pc.explain(pc.Spec(layers=nodes))))
    assert [row[0] for row in rows[:12]] == [f"fc_{n}" for n in range(21, 9, -1)]
    others = sum(n * (n - 1) + n for n in range(2, 10))
    assert rows[12][:3] == ["8", "others", f"{others:,}"]
    assert len(rows) == 13
    # one more than twelve is a row of its own
    assert "others" not in str(pc.explain(pc.Spec(layers=nodes[:14])))


def test_a_group_that_has_everything_is_replaced_by_what_is_in_it() -> None:
    group = pc.Node(name="net", layers=[pc.Node(pc.Dense(units=3), name="a"), pc.Node(pc.Dense(units=9), name="b")])
    rows = rows_of(str(pc.explain(pc.Spec(layers=[pc.Input(shape=(2,)), group]))))
    assert [(row[0], row[1]) for row in rows] == [("net.b", "36"), ("net.a", "9")]


def test_copies_that_differ_are_rows_of_their_own() -> None:
    text = str(pc.explain(pc.load(ROOT / "specs" / "resnet20.yaml")))
    # 64 filters, 32 or 64 channels before, as below
    first, other = 9 * 32 * 64 + 9 * 64 * 64 + 32 * 64 + 3 * 128, 2 * 9 * 64 * 64 + 2 * 128
    assert f"  stage.2.block          {first + 2 * other:,}  75.5 %  blocks_a_stage·(288·width² + 16·width)" in text
    assert [row[0].split(".block")[0] for row in rows_of(text) if "%" in row] == [
        "stage.2",
        "stage.1",
        "stage.0",
        "classifier",
        "stem",
    ]


def test_a_derivation_of_several_nodes_begins_with_their_sum() -> None:
    spec = pc.Spec(layers=[pc.Input(shape=(4,)), pc.Node(pc.Dense(units=4), name="fc", times=2)], dims={})
    text = str(pc.explain(pc.loads(pc.dumps(spec)), node="fc"))
    assert text.startswith("fc.0..1 · Dense")
    mixed = pc.loads(
        "paramcalc: 1\nlayers:\n  - Input: {shape: [4]}\n"
        "  - name: fc\n    times: 3\n    index: i\n    layers: [{Dense: {units: 4 + i}}]\n"
    )
    assert str(pc.explain(mixed, node="fc")).startswith("fc · its copies\n")


# --- Alike layers, and the brief form --------------------------------------------------


def test_alike_layers_are_explained_once() -> None:
    text = str(gpt2())
    assert (
        "layer_norm · LayerNorm                 (None, tokens, 768) → (None, tokens, 768)\n"
        "Like body.0..11.attention.layer_norm: 1,536 parameters.\n" in text
    )
    assert "body.0..11.mlp.layer_norm · LayerNorm" in text
    assert "Like body.0..11.attention.layer_norm: 1,536 parameters.\n\n  12 copies = 12 · 1,536 = 18,432  " in text
    assert text.count("Normalises each example over its last axis") == 1
    assert "Like add: it owns no tensors." in text


@pytest.mark.parametrize(
    "other",
    [
        "{Dense: {units: 4, activation: relu}, name: b}",
        "{Dense: {units: 4, use_bias: false}, name: b}",
        "{Dense: {units: 4}, name: b, trainable: false}",
        "{Dense: {units: 4}, name: b, tie: {kernel: a.kernel}}",
        "{share: a, name: b}",
    ],
)
def test_layers_that_differ_in_anything_are_each_explained(other: str) -> None:
    layers = f"layers: [{{Input: {{shape: [4]}}}}, {{Dense: {{units: 4}}, name: a}}, {other}]"
    assert "Like a:" not in str(pc.explain(pc.loads(f"paramcalc: 1\n{layers}")))
    same = pc.loads(f"paramcalc: 1\n{layers.replace(other, '{Dense: {units: 4}, name: b}')}")
    assert "Like a: 20 parameters." in str(pc.explain(same))


def test_a_brief_derivation_has_a_line_for_each_layer() -> None:
    text = pc.explain(MLP).to(brief=True)
    assert text.startswith("keras_mlp · keras\n2,140,752 parameters, ")
    assert "Where the parameters sit" in text
    assert text.endswith(
        "  layer                 type       parameters  calculation\n"
        "  input_3               Input               0\n"
        "  dense_1               Dense       2,097,664  4,096 · 512 + 512\n"
        "  batchnormalization_1  BatchNorm       2,048  512 + 512 + 512 + 512\n"
        "  dropout_1             Dropout             0\n"
        "  dense_2               Dense          41,040  512 · 80 + 80"
    )


@pytest.mark.parametrize(("width", "further"), [(60, 3), (80, 0), (100, 0)])
def test_a_layer_takes_one_line_of_a_brief_derivation_and_a_long_name_one_more(width: int, further: int) -> None:
    derivation = gpt2()
    lines = render(derivation, "text", brief=True, width=width).split("\n\n\n")[-1].splitlines()
    assert len(lines) == 1 + len(derivation.layers) + further
    # what does not fit beside the numbers is left out
    assert ("12 · (768 + 768)" in "\n".join(lines)) == (width == 100)


def test_a_brief_derivation_says_what_is_tied() -> None:
    assert "  head   Dense               0  kernel: tied to embed.embeddings" in pc.explain(TIED).to(brief=True)


@pytest.mark.parametrize("dims", [False, True])
def test_a_form_that_is_too_long_is_left_out_and_said(dims: bool) -> None:
    # with the input's axis, one symbol more than there are layers
    def text(layers: int) -> str:
        sizes = {f"n_{place}": place + 2 for place in range(layers + 1)}
        widths = [*sizes] if dims else [*sizes.values()]
        nodes = [pc.Input(shape=(widths[0],)), *(pc.Dense(units=width) for width in widths[1:])]
        return str(pc.explain(pc.Spec(layers=nodes, dims=sizes if dims else {})))

    said = "the sum in symbols is left out here: 'paramcalc formula'\ngives it, layer by layer."
    assert f"\nWith so many sizes, {said}\n\n" in text(12)
    assert "  parameters = input_1" not in text(12)
    assert said not in text(11)
    assert re.search(r"The closed form, in the sizes of the spec\n\n  parameters = ", text(11))


@pytest.mark.parametrize("node", ["body", "body.2", "body.0..2", "body.1.dense"])
def test_a_node_is_found_by_its_path_with_or_without_counters(node: str) -> None:
    spec = pc.Spec(
        layers=[
            pc.Input(shape=(4,)),
            pc.Node(layers=[pc.BatchNorm(), pc.Dense(units=4)], name="body", times=3),
            pc.Dense(units=2),
        ]
    )
    rows = [layer.row.name for layer in pc.explain(spec, node=node).layers]
    assert rows[-1] == "body.0..2.dense"
    assert "dense" not in rows


def test_a_derivation_of_many_sizes_at_once_is_refused() -> None:
    with pytest.raises(pc.ParamcalcError, match="a derivation is of one size of each dim") as caught:
        pc.explain(GPT2, dims={"width": np.array([768, 1536])})
    assert caught.value.code == "not-one-value"


# --- What people ask -------------------------------------------------------------------


def asked(layer: pc.Layer, shape: object, convention: str = "keras") -> dict[str, str]:
    (derived,) = pc.explain(layer, convention, input_shape=shape).layers  # type: ignore[arg-type]
    return {remark.question: remark.answer for remark in derived.remarks}


def test_the_channels_of_a_convolution_count_as_its_groups_let_them() -> None:
    whole, depth = "Why do the channels of the input count?", "Why is the window's depth less than the channels"
    assert whole in asked(pc.Conv2D(filters=4, kernel_size=3), (8, 8, 4))
    assert any(each.startswith(depth) for each in asked(pc.Conv2D(filters=4, kernel_size=3, groups=2), (8, 8, 4)))


def test_only_two_of_the_four_of_a_batch_norm_are_trained() -> None:
    question = "Why are four numbers kept for each feature, and only two of them trained?"
    assert "measured from the batches, not learned" in asked(pc.BatchNorm(), (512,))[question]
    assert question not in asked(pc.BatchNorm(scale=False), (512,))
    assert any("one number more" in each for each in asked(pc.BatchNorm(), (512,), "torch"))


def test_the_number_of_heads_does_not_change_the_count_where_heads_share_the_width() -> None:
    shared = "Why does the number of heads not change the count?"
    stated = "Does the number of heads change the count?"
    grouped = "Why are the kernels of key and value smaller than that of the query?"
    totals = {
        pc.count(pc.MultiHeadAttention(num_heads=heads, key_dim=512 // heads), input_shape=(20, 512)).total
        for heads in (1, 2, 8, 64)
    }
    # four square kernels but for the heads' rows, and their biases: 4·(512·512 + 512)
    assert totals == {4 * (512 * 512 + 512)}
    assert shared in asked(pc.MultiHeadAttention(num_heads=8, key_dim=64), (20, 512))
    assert shared not in asked(pc.MultiHeadAttention(num_heads=8, key_dim=32), (20, 512))
    assert stated in asked(pc.MultiHeadAttention(num_heads=8, key_dim=32), (20, 512))
    assert grouped in asked(pc.MultiHeadAttention(num_heads=8, key_dim=64, num_key_value_heads=2), (20, 512))


def test_padding_rows_and_second_biases_have_their_answers() -> None:
    assert (
        "As much as any other row."
        in asked(pc.Embedding(input_dim=9, output_dim=4), (3,))["What does a row for padding cost?"]
    )
    assert "Why are there two biases for each unit and gate?" in asked(pc.LSTM(units=3), (5, 2), "torch")
    assert "Why has PyTorch's LSTM more parameters than this one?" in asked(pc.LSTM(units=3), (5, 2), "keras")


def test_what_was_answered_once_is_not_answered_again() -> None:
    text = str(gpt2())
    assert text.count("What does a row for padding cost?") == 1
    assert text.count("Why is weight free?") == 1


#: What is said of layers without a bias, a scale or a shift: their fields, the shape of the input, the summary.
SAID = {
    "Dense": [
        (
            pc.Dense(units=2, use_bias=False),
            (3,),
            "Each output is a weighted sum of all inputs: activation(x · kernel).",
        )
    ],
    "BatchNorm": [
        (
            pc.BatchNorm(center=False),
            (3,),
            "Normalises each feature over the batch, then scales it: scale · (x - mean) / deviation.",
        ),
        (
            pc.BatchNorm(scale=False, center=False),
            (3,),
            "Normalises each feature over the batch: (x - mean) / deviation.",
        ),
    ],
    "LayerNorm": [
        (
            pc.LayerNorm(scale=False, center=False),
            (3,),
            "Normalises each example over its last axis, or the axes named: (x - mean) / deviation.",
        ),
    ],
    "RMSNorm": [
        (pc.RMSNorm(scale=False), (3,), "Divides each example by its root mean square over the last axis: x / rms.")
    ],
    "GroupNorm": [
        (
            pc.GroupNorm(groups=2, scale=False),
            (4, 4),
            "Normalises the channels of each example in groups, then shifts each channel.",
        ),
        (
            pc.GroupNorm(groups=2, scale=False, center=False),
            (4, 4),
            "Normalises the channels of each example in groups.",
        ),
    ],
    "Conv2D": [
        (
            pc.Conv2D(filters=2, kernel_size=3, use_bias=False),
            (8, 8, 1),
            "Each output pixel and filter is a weighted sum of a window of the input.",
        ),
    ],
    "DepthwiseConv2D": [
        (
            pc.DepthwiseConv2D(kernel_size=3, use_bias=False),
            (8, 8, 2),
            "Each output pixel is a weighted sum of a window of a single channel.",
        ),
    ],
    "EinsumDense": [
        (
            pc.EinsumDense(equation="ab,bc->ac", output_shape=3),
            (2,),
            "Multiplies the input by a kernel along the axes that an equation names.",
        ),
    ],
}


@pytest.mark.parametrize("name", SAID)
def test_nothing_is_said_of_a_bias_a_scale_or_a_shift_that_is_not_there(name: str) -> None:
    for layer, shape, summary in SAID[name]:
        (derived,) = pc.explain(layer, input_shape=shape).layers
        assert derived.summary == summary


def test_the_gates_of_an_lstm_without_a_bias_have_weights_alone() -> None:
    question = "Why is there a factor of four?"
    assert "have weights of their own" in asked(pc.LSTM(units=3, use_bias=False), (5, 2))[question]
    assert "have weights and " in asked(pc.LSTM(units=3), (5, 2))[question]


@pytest.mark.parametrize("name", pc.kind_names())
def test_the_words_that_depend_on_a_field_are_words_of_the_layer_type(name: str) -> None:
    cls = pc.kind(name)
    texts = [cls.summary(), *(remark.answer for remark in cls.remarks)]
    for phrase in cls.phrases:
        assert any(phrase.words in text for text in texts), phrase


# --- Two conventions side by side ------------------------------------------------------


def test_an_lstm_compared_names_the_tensor_that_only_one_has() -> None:
    assert str(pc.compare(LSTM, node="lstm")) == (
        "lstm · LSTM                                    (None, length, 128) → (None, 128)\n"
        "Long short-term memory: four gates, each a weighted sum of the input and of the\n"
        "state before.\n"
        "\n"
        "  tensor in keras             tensor in torch  keras counts  torch counts\n"
        "  lstm_cell/kernel            weight_ih_l0           65,536        65,536\n"
        "  lstm_cell/recurrent_kernel  weight_hh_l0           65,536        65,536\n"
        "  lstm_cell/bias              bias_ih_l0                512           512\n"
        "                              bias_hh_l0                              512\n"
        "  ───────────────────────────────────────────────────────────────────────\n"
        "  parameters                                        131,584       132,096\n"
        "\n"
        "bias_hh_l0 (4·u = 512) is only in torch: a second bias for each unit and gate.\n"
        "\n"
        "The spec leaves 'recurrent_bias' open: keras takes false, torch true (whether a\n"
        "second bias is kept, as PyTorch does).\n"
        "\n"
        "\n"
        "The two totals\n"
        "\n"
        "                    keras    torch  difference\n"
        "  total           131,584  132,096        +512\n"
        "  trained         131,584  132,096        +512\n"
        "  not trained           0        0           0\n"
        "  buffers, apart        0        0           0"
    )


def test_of_a_whole_spec_only_what_differs_is_compared() -> None:
    text = str(pc.compare(MLP))
    assert text.startswith("batchnormalization_1 · BatchNorm")
    assert "moving_mean (c = 512) of keras: counted, not trained; running_mean (c = 512) of\ntorch: kept apart" in text
    assert "num_batches_tracked" in text
    assert "4 other layers count alike in both." in text
    assert "dense_1" not in text


def test_a_comparison_names_the_fields_of_layers_within_a_layer() -> None:
    text = str(pc.compare(pc.Bidirectional(layer=pc.LSTM(units=32)), input_shape=(10, 8)))
    assert "The spec leaves 'recurrent_bias' of the LSTM within open: keras takes false,\ntorch true (whether a" in text
    cells = [pc.LSTMCell(units=2), pc.GRUCell(units=3), pc.LSTMCell(units=4)]
    text = str(pc.compare(pc.RNN(cell=cells), input_shape=(10, 8)))
    assert text.count("The spec leaves 'recurrent_bias' of the LSTMCell within open") == 1
    assert "'layer'" not in text
    assert "(units=" not in text


def test_a_comparison_needs_two_conventions() -> None:
    with pytest.raises(pc.ParamcalcError, match="a comparison takes two conventions, not 1") as caught:
        pc.compare(MLP, ["keras"])
    assert caught.value.code == "invalid-value"


# --- Worksheets ------------------------------------------------------------------------


def test_a_worksheet_of_a_dense_layer_reads_like_this() -> None:
    short, long = "_" * 10, "_" * 24
    assert pc.explain(MLP, node="dense_2").to("text", sheet="blank") == (
        "keras_mlp · keras · worksheet\n"
        "\n"
        "\n"
        f"Name: {long}  Date: {short}  Points: {short} of 15\n"
        "\n"
        "\n"
        "1. dense_2 · Dense (15 points)                          (None, 512) → (None, 80)\n"
        "Each output is a weighted sum of all inputs, plus a bias: activation(x · kernel\n"
        "+ bias).\n"
        "\n"
        "  tensor  shape       trained?    what it is for\n"
        f"  kernel  {short}  {short}  a weight from each input to each output\n"
        f"  bias    {short}  {short}  a bias for each output\n"
        "\n"
        f"  n = {short}  inputs: the size of the last axis\n"
        f"  u = {short}  outputs\n"
        "\n"
        f"  kernel = {long} = {long} = {short}\n"
        f"  bias   = {long} = {short}\n"
        "\n"
        f"  parameters = {long}\n"
        f"             = {long}\n"
        f"             = {short}        {long}"
    )


def test_a_worksheet_and_its_key_number_the_same_questions() -> None:
    derivation = gpt2()
    blank, key = (derivation.to("text", sheet=sheet) for sheet in ("blank", "answers"))
    numbers, same = (re.findall(r"^(\d+)\. (.+?) \((\d+) points?\)", each, re.MULTILINE) for each in (blank, key))
    assert numbers == same
    assert [int(number) for number, *_ in numbers] == list(range(1, len(numbers) + 1))
    points = sum(int(each) for *_, each in numbers)
    assert f" Points: __________ of {points}\n" in blank
    assert f"\n{points} points: one for each blank.\n" in key
    # the layers of a group come before its sum, and the whole is the last exercise
    titles = [title for _, title, _ in numbers]
    assert titles.index("body.0..11.mlp.dense · Dense") < titles.index("body.0..11.mlp · the block mlp, 12 copies")
    assert titles[-1] == "The whole model"


def test_an_exercise_has_a_point_for_each_blank() -> None:
    sections = gpt2().to("text", sheet="blank").split("\n\n\n")[2:]
    for section in sections:
        points = int(re.search(r"\((\d+) points?\)", section)[1])  # type: ignore[index]
        lines = re.sub(r"(?:^ +_{76}\n?){3}", " _ ", section, flags=re.MULTILINE)
        assert len(re.findall("__{9,}| _ ", lines)) == points


def test_what_owns_nothing_is_no_exercise() -> None:
    blank = pc.explain(MLP).to("text", sheet="blank")
    assert "dropout_1" not in blank
    assert "input_3 · Input" not in blank
    # a tied tensor counts nothing, and that is worth a question
    tied = pc.explain(TIED).to("text", sheet="blank")
    assert "head · Dense" in tied
    assert "again · Dense" not in tied
    nothing = pc.explain(MLP, node="dropout_1").to("text", sheet="blank")
    assert nothing.endswith("There is nothing to work out: no layer here owns a tensor.")


def test_an_exercise_that_is_alike_another_asks_for_its_number_alone() -> None:
    short, long = "_" * 10, "_" * 24
    derivation = gpt2()
    blank = derivation.to("text", sheet="blank")
    (number,) = re.findall(r"^(\d+)\. body.0..11.attention.layer_norm", blank, re.MULTILINE)
    asked = f"Like exercise {number}, body.0..11.attention.layer_norm: {short} parameters."
    assert re.search(rf"\d+\. layer_norm · LayerNorm \(1 point\) .*\n{re.escape(asked)}\n", blank)
    assert f"{asked}\n\n  12 copies = {long} = {short}\n              {long}\n" in blank


# --- Pages -----------------------------------------------------------------------------

PAGE = re.compile(r'<details open class="(?:group|layer)" id="([^"]+)">')
HREF = re.compile(r'href="#([^"]+)"')


def test_a_page_leads_to_the_section_of_each_layer_and_group() -> None:
    page = gpt2().to("html")
    assert page.index('<p class="total">124,439,808 parameters') < page.index("<nav>") < page.index("<table")
    anchors = PAGE.findall(page)
    assert len(anchors) == len(set(anchors)) == 2 + len(gpt2().layers) + 3
    assert {*HREF.findall(page)} == {*anchors}
    assert '<th scope="row" style="text-align: left"><a href="#body.0..11">body.0..11</a></th>' in page


def test_layers_of_one_path_have_anchors_of_their_own() -> None:
    spec = pc.loads(
        "paramcalc: 1\nlayers:\n  - Input: {shape: [3]}\n"
        "  - name: a_net\n    layers: [{Dense: {units: 2}, name: .}, {Dense: {units: 2}, name: b}]\n"
    )
    page = pc.explain(spec).to("html")
    anchors = PAGE.findall(page)
    assert anchors == ["closed-form", "where", "input", "a_net", "a_net~2", "a_net.b"]
    assert {unquote(each) for each in HREF.findall(page)} == {*anchors}


def test_two_results_of_a_notebook_have_anchors_of_their_own() -> None:
    pages = [pc.explain(spec)._repr_html_() for spec in (MLP, TIED)]
    first, second = ({*PAGE.findall(page)} for page in pages)
    assert first
    assert not first & second
    assert all({*HREF.findall(page)} <= anchors for page, anchors in zip(pages, (first, second), strict=True))


def test_contents_are_of_pages_with_several_sections() -> None:
    assert "<nav>" not in pc.explain(MLP, node="dense_2").to("html")
    assert "<nav>" not in gpt2().to("html", sheet="blank")
    assert '<details open class="contents">' in gpt2().to("html")
    assert '<details class="contents">' in pc.explain(pc.load(ROOT / "specs" / "resnet20.yaml")).to("html")


# --- Notations -------------------------------------------------------------------------


def test_names_from_a_spec_are_escaped() -> None:
    spec = pc.Spec(name="<b> & _x", layers=[pc.Input(shape=(2,)), pc.Dense(units=1)])
    assert "&lt;b&gt; &amp; _x" in pc.explain(spec).to("html")
    assert "<b>" not in pc.explain(spec).to("html")
    assert r"\<b\> & \_x" in pc.explain(spec).to("markdown")
    assert r"\textless{}b\textgreater{} \& \_x" in pc.explain(spec).to("latex")


def test_standalone_latex_is_a_document() -> None:
    text = pc.explain(MLP).to("latex", standalone=True)
    assert text.startswith("\\documentclass")
    assert text.endswith("\\end{document}")
    assert latex.printed(Document("", "derivation", (Paragraph(("50 %",)),))) == r"50 \%"


def test_mathml_of_a_closed_form() -> None:
    width, depth = pc.formula(GPT2).symbols["width"], pc.formula(GPT2).symbols["depth"]
    assert notation.mathml_row(12 * depth * width**2 - width / depth) == (
        "<mrow><mrow><mn>12</mn><mo>&#183;</mo><mi>depth</mi><mo>&#183;</mo><msup><mi>width</mi><mn>2</mn></msup></mrow>"
        "<mo>-</mo><mfrac><mi>width</mi><mi>depth</mi></mfrac></mrow>"
    )


# --- Notebooks -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "result",
    [MLP, pc.count(MLP), pc.formula(MLP), pc.formula(pc.LSTM), pc.explain(MLP), pc.compare(MLP)],
    ids=["spec", "count", "form", "form of a kind", "derivation", "comparison"],
)
def test_results_display_themselves(result: pc.Spec | pc.Count | pc.Formula | pc.Derivation | pc.Comparison) -> None:
    bundle = result._repr_mimebundle_(include=None, exclude=None)
    assert bundle["text/html"] == result._repr_html_()
    assert bundle["text/plain"]
    # a part of a page: nothing in it styles, or ends, what is around it
    for whole in ("<html", "<body", "<!DOCTYPE", "<script"):
        assert whole not in bundle["text/html"]


def test_the_style_of_a_fragment_is_its_own() -> None:
    fragment = html.fragment(Document("", "derivation", ()))
    style = re.sub(r"\{[^{}]*\}", "{}", fragment.split("<style>")[1].split("</style>")[0])
    for selectors in re.findall(r"([^{}]+)\{\}", style):
        for selector in selectors.split("{")[-1].split(","):
            assert selector.strip().startswith(".paramcalc"), selector


def test_what_a_notebook_shows_has_the_numbers() -> None:
    assert "2,140,752" in pc.count(MLP)._repr_html_()
    assert "<math><mn>2,140,752</mn></math>" in pc.explain(MLP)._repr_html_()
    assert "units: 512" in MLP._repr_html_()
    assert pc.formula(GPT2)._repr_latex_().startswith(r"$\displaystyle \mathrm{depth}")
    assert pc.compare(LSTM)._repr_mimebundle_()["text/markdown"].startswith("# lstm_classifier · keras and torch\n")


def test_words_of_a_spec_are_escaped_in_a_notebook() -> None:
    spec = pc.Spec(description="<i> & more", layers=[pc.Input(shape=(2,))])
    assert "&lt;i&gt; &amp; more" in spec._repr_html_()


# --- What people ask ---------------------------------------------------------------------

#: A layer, its input, the convention, a question, and words of the answer with numbers that are counted elsewhere: by
#: hand, or as the difference of two counts.
ASKED: list[tuple[pc.Layer, tuple[int, ...], str, str, str]] = [
    (pc.GRU(units=32), (20, 66), "keras", "Why are there two biases for each unit and gate?", "That is 96 more than"),
    (pc.GRU(units=32), (20, 66), "keras", "Why do the units count twice over?", "with 3,072 weights."),
    (pc.GRU(units=32), (20, 66), "keras", "Why is there a factor of three?", "have weights and biases of their own"),
    (
        pc.GRU(units=32, use_bias=False),
        (20, 66),
        "keras",
        "Why is there a factor of three?",
        "have weights of their own",
    ),
    (
        pc.GRU(units=32, num_layers=2),
        (20, 66),
        "torch",
        "Why are there two biases for each unit and gate?",
        "That is 96 more in each layer and direction than",
    ),
    (pc.SimpleRNN(units=5), (7, 3), "keras", "Why do the units count twice over?", "with 25 weights."),
    (pc.SimpleRNN(units=5), (7, 3), "torch", "Why are there two biases for each unit?", "5 more than Keras has."),
    (pc.SimpleRNN(units=5), (7, 3), "keras", "Why does the length of the sequence not count?", "same weights again"),
    (
        pc.Bidirectional(layer=pc.GRU(units=5)),
        (7, 3),
        "keras",
        "Why has it twice the parameters of the layer within?",
        "each with tensors of its own",
    ),
    (
        pc.Bidirectional(layer=pc.GRU(units=5)),
        (7, 3),
        "keras",
        "Why are there two biases for each unit and gate?",
        "That is 15 more than",
    ),
    (
        pc.TimeDistributed(layer=pc.Conv2D(filters=5, kernel_size=3)),
        (7, 9, 9, 3),
        "keras",
        "Why do the channels of the input count?",
        "A filter is as deep as its input",
    ),
    (
        pc.TimeDistributed(layer=pc.Dense(units=5)),
        (7, 3),
        "keras",
        "Why does the number of steps not count?",
        "with one set of tensors",
    ),
    (
        pc.Conv2DTranspose(filters=5, kernel_size=3),
        (9, 9, 4),
        "keras",
        "Why has it as many weights as a convolution between the same channels?",
        "in either direction: 180 weights. Only the bias",
    ),
    (
        pc.Conv2DTranspose(filters=5, kernel_size=3, use_bias=False),
        (9, 9, 4),
        "keras",
        "Why has it as many weights as a convolution between the same channels?",
        "in either direction: 180 weights.",
    ),
    (
        pc.SeparableConv2D(filters=5, kernel_size=3),
        (9, 9, 4),
        "keras",
        "Why has it so many fewer weights than a convolution?",
        "see one channel each (36 weights), and a sum at each position mixes them (20).",
    ),
    (
        pc.DepthwiseConv2D(kernel_size=3, depth_multiplier=2),
        (9, 9, 4),
        "keras",
        "Why has it so many fewer weights than a convolution?",
        "a single channel: 72 weights.",
    ),
    (
        pc.ConvLSTM2D(filters=5, kernel_size=3),
        (7, 9, 9, 4),
        "keras",
        "Why are there two kernels?",
        "(720 weights), and another over the state before, whose channels are the filters (900).",
    ),
    (pc.PReLU(), (9, 9, 4), "keras", "Why does the size of the input count?", "as Keras has it: 324."),
    (pc.PReLU(shared_axes=(1, 2)), (9, 9, 4), "keras", "Why does the number of positions not count?", "there are 4."),
    (pc.PReLU(), (9, 9, 4), "torch", "Why does the size of the input not count?", "All elements share one slope"),
    (pc.GroupNorm(groups=2), (9, 9, 4), "keras", "Why do the groups not change the count?", "these are not kept"),
    (pc.InstanceNorm(), (9, 9, 4), "torch", "Why does it own nothing?", "nothing is learned"),
    (pc.LayerNorm(), (9, 4), "keras", "Why are there two numbers for each feature?", "One scales it and one shifts it"),
    (
        pc.LayerNorm(),
        (9, 4),
        "keras",
        "Why is no mean or variance kept, as in a batch normalisation?",
        "there is nothing to keep",
    ),
    (
        pc.BatchNorm(),
        (9, 4),
        "keras",
        "Why are four numbers kept for each feature, and only two of them trained?",
        "measured from the batches",
    ),
    (pc.Flatten(), (7, 7, 64), "keras", "Why has a Dense behind it so many parameters?", "hands on 3,136 features"),
    (
        pc.Embedding(input_dim=9, output_dim=4),
        (7,),
        "keras",
        "What does a row for padding cost?",
        "As much as any other",
    ),
    (
        pc.MultiHeadAttention(num_heads=2, key_dim=3),
        (7, 6),
        "keras",
        "Why does the number of heads not change the count?",
        "The heads share the width out among them",
    ),
    (
        pc.MultiHeadAttention(num_heads=2, key_dim=3, key_bias=False),
        (7, 6),
        "keras",
        "Why has not every projection a bias?",
        "the softmax takes it away again",
    ),
    (
        pc.WeightNorm(layer=pc.Dense(units=5)),
        (4,),
        "keras",
        "Why has it more parameters than the layer within?",
        "the lengths are learned beside it: 5 more",
    ),
    (
        pc.SpectralNorm(layer=pc.Dense(units=5)),
        (4,),
        "keras",
        "Why are there vectors that are not trained?",
        "5 numbers on the side of the axis",
    ),
]


@pytest.mark.parametrize(("layer", "shape", "convention", "question", "answer"), ASKED)
def test_what_people_ask_is_answered(
    layer: pc.Layer, shape: tuple[int, ...], convention: str, question: str, answer: str
) -> None:
    assert answer in asked(layer, shape, convention)[question]


def test_the_numbers_of_answers_are_differences_of_counts() -> None:
    def total(layer: pc.Layer, *shape: int, convention: str = "keras") -> int:
        return pc.count(layer, convention, input_shape=shape).total

    after = total(pc.GRU(units=32), 20, 66)
    assert (after, after - total(pc.GRU(units=32, reset_after=False), 20, 66)) == (9_600, 96)
    both = total(pc.SimpleRNN(units=5), 7, 3, convention="torch")
    assert both - total(pc.SimpleRNN(units=5), 7, 3) == 5
    way = total(pc.Bidirectional(layer=pc.GRU(units=5)), 7, 3)
    assert way == 2 * total(pc.GRU(units=5), 7, 3)
    transposed = total(pc.Conv2DTranspose(filters=5, kernel_size=3, use_bias=False), 9, 9, 4)
    assert transposed == total(pc.Conv2D(filters=5, kernel_size=3, use_bias=False), 9, 9, 4) == 180
    dense = total(pc.Dense(units=10, use_bias=False), 3_136)
    assert dense == 3_136 * 10
    assert pc.count(pc.Flatten(), input_shape=(7, 7, 64)).layers[-1].output_shape == (3_136,)
    weight_norm = total(pc.WeightNorm(layer=pc.Dense(units=5)), 4)
    assert weight_norm - total(pc.Dense(units=5), 4) == 5
