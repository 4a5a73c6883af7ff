"""Derivations: every step is true, and every number on the sheet adds up."""

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import sympy

import paramcalc as pc
from paramcalc.derivation import GroupDerivation, LayerDerivation, Part
from paramcalc.exports import notation
from paramcalc.exports.derivations import NOTATIONS, html, latex
from paramcalc.exports.derivations.sheet import Document, Paragraph
from paramcalc.expression import Environment, Expression

ROOT = Path(__file__).parent.parent
SPECS = sorted((ROOT / "specs").glob("*.yaml"))
MLP = pc.load(ROOT / "specs" / "keras_mlp.yaml")
GPT2 = pc.load(ROOT / "specs" / "gpt2.yaml")
LSTM = pc.load(ROOT / "specs" / "lstm_classifier.yaml")

TIED = pc.loads(
    "paramcalc: 1\nlayers:\n  - Input: {shape: [3]}\n"
    "  - {Embedding: {input_dim: 9, output_dim: 4}, name: embed, trainable: false}\n"
    "  - {Dense: {units: 9, use_bias: false}, name: head, tie: {kernel: embed.embeddings}}\n"
    "  - {Dense: {units: 9}, name: mix}\n"
    "  - {share: mix, name: again}\n"
)


@cache
def explained(path: Path, convention: str | None = None) -> pc.Derivation:
    return pc.explain(pc.load(path), convention)


def derived(path: Path, convention: str) -> tuple[pc.Derivation, list[LayerDerivation]]:
    derivation = explained(path, convention)
    return derivation, list(derivation.layers)


def groups(parts: tuple[Part, ...]) -> list[GroupDerivation]:
    found = [part for part in parts if isinstance(part, GroupDerivation)]
    return found + [inner for group in found for inner in groups(group.parts)]


# --- The steps -------------------------------------------------------------------------


@pytest.mark.parametrize("convention", ["keras", "torch"])
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_substitution_of_every_layer_gives_its_value(path: Path, convention: str) -> None:
    for layer in derived(path, convention)[1]:
        values = {sympy.Symbol(name, integer=True, positive=True): value for name, value in layer.values.items()}
        for tensor in layer.tensors:
            assert tensor.product.xreplace(values) == tensor.elements
            assert [size.xreplace(values) for size in tensor.symbolic_shape] == list(tensor.shape)
        assert layer.expr.xreplace(values) * layer.row.times == layer.row.total


@pytest.mark.parametrize("convention", ["keras", "torch"])
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_layers_add_up_to_groups_and_groups_to_the_total(path: Path, convention: str) -> None:
    derivation, layers = derived(path, convention)
    assert sum(layer.one * layer.times for layer in layers) == derivation.count.total
    (model,) = derivation.parts
    assert model.one == derivation.count.total
    for group in groups(derivation.parts):
        assert group.one * group.times == sum(row.total for row in group.rows)
        assert all(part.times % group.times == 0 for part in group.parts)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_equation_of_the_text_is_true(path: Path) -> None:
    """What is printed, read back: each step in numbers has the value of the last one."""
    text = str(explained(path))
    text = re.sub(r"\n +\+ ", " + ", text)  # a sum that goes on in the next line
    equations = re.findall(r"^  \S.*? = .*(?:\n +=.*)*", text, re.MULTILINE)
    checked = 0
    for equation in equations:
        # behind two spaces stands a note
        steps = [re.split(r"  |: it", step)[0] for step in re.split(r"\s+= ", equation)[1:]]
        values = [_value(step) for step in steps if len(steps) > 1 and not re.search("[a-z]", step)]
        assert len(set(values)) <= 1, equation
        checked += len(values) > 1
    assert checked


def _value(step: str) -> int:
    raised = str.maketrans({digit: f"**{place}" for place, digit in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")})
    return Expression.parse(step.replace(",", "").replace("·", "*").translate(raised)).evaluate(Environment({}))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_each_symbol_is_explained_and_each_tensor_has_a_purpose(path: Path) -> None:
    for layer in derived(path, "keras")[1]:
        names = {size.name for tensor in layer.tensors for size in tensor.product.free_symbols}
        assert names == {each.name for each in layer.symbols}
        assert all(each.meaning for each in layer.symbols)
        assert all(tensor.purpose for tensor in layer.tensors)


def test_a_dense_layer_reads_like_this() -> None:
    assert str(pc.explain(pc.Dense(units=512), input_shape=(4096,))) == (
        "dense · Dense                                         (None, 4096) → (None, 512)\n"
        "Each output is a weighted sum of all inputs, plus an offset: activation(x ·\n"
        "kernel + bias).\n"
        "\n"
        "  tensor  shape   trained?  what it is for\n"
        "  kernel  (n, u)  trained   a weight from each input to each output\n"
        "  bias    (u)     trained   an offset for each output\n"
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


def test_frozen_and_tied_and_shared_tensors_are_named_as_such() -> None:
    text = str(pc.explain(TIED))
    assert "embeddings  (v, d)  frozen" in text
    assert "kernel  (n, u)  tied to embed.embeddings" in text
    assert "  kernel = n·u = 4 · 9 = 36\n\n  parameters = 0\n\n  Why is kernel free?\n" in text
    assert "Its tensors are those of mix, and were counted there." in text


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


def test_the_model_is_the_last_step_with_shares_and_in_the_dims() -> None:
    assert str(pc.explain(GPT2)).endswith(
        "gpt2 · the whole model\n"
        "\n"
        "  part          parameters   share\n"
        "  word          38,597,376  31.0 %\n"
        "  position         786,432   0.6 %\n"
        "  body.0..11    85,054,464  68.3 %  12 · 7,087,872\n"
        "  layer_norm         1,536   0.0 %\n"
        "  ────────────────────────────────\n"
        "  total        124,439,808          474.70 MB\n"
        "  trained      124,439,808\n"
        "  not trained            0\n"
        "\n"
        "In the sizes of the spec:\n"
        "\n"
        "  vocabulary = 50,257\n"
        "  context    =  1,024\n"
        "  width      =    768\n"
        "  depth      =     12\n"
        "  heads      =     12\n"
        "\n"
        "  parameters = depth·(12·width² + 13·width) + width·(vocabulary + context + 2)\n"
        "             = 12 · (12 · 768² + 13 · 768) + 768 · (50,257 + 1,024 + 2)\n"
        "             = 124,439,808\n"
        "\n"
        "where heads divides width; depth ≥ 1"
    )


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


@pytest.mark.parametrize("name", pc.kind_names())
def test_remarks_are_whole_sentences_and_their_conditions_are_expressions(name: str) -> None:
    for remark in pc.kind(name).remarks:
        assert remark.question.endswith("?")
        assert remark.answer.endswith(".")
        assert Expression.parse(remark.when, words=True)


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
    # four square kernels but for the heads' rows, and their offsets: 4·(512·512 + 512)
    assert totals == {4 * (512 * 512 + 512)}
    assert shared in asked(pc.MultiHeadAttention(num_heads=8, key_dim=64), (20, 512))
    assert shared not in asked(pc.MultiHeadAttention(num_heads=8, key_dim=32), (20, 512))
    assert stated in asked(pc.MultiHeadAttention(num_heads=8, key_dim=32), (20, 512))
    assert grouped in asked(pc.MultiHeadAttention(num_heads=8, key_dim=64, num_key_value_heads=2), (20, 512))


def test_padding_rows_and_second_offsets_have_their_answers() -> None:
    assert (
        "As much as any other row."
        in asked(pc.Embedding(input_dim=9, output_dim=4), (3,))["What does a row for padding cost?"]
    )
    assert "Why are there two offsets for each unit and gate?" in asked(pc.LSTM(units=3), (5, 2), "torch")
    assert "Why has PyTorch's LSTM more parameters than this one?" in asked(pc.LSTM(units=3), (5, 2), "keras")


def test_what_was_answered_once_is_not_answered_again() -> None:
    text = str(pc.explain(GPT2))
    assert text.count("What does a row for padding cost?") == 1
    assert text.count("Why is weight free?") == 1


# --- Two conventions side by side ------------------------------------------------------


def test_an_lstm_compared_names_the_tensor_that_only_one_has() -> None:
    assert str(pc.compare(LSTM, node="lstm")) == (
        "lstm · LSTM                                    (None, length, 128) → (None, 128)\n"
        "Long short-term memory: four gates, each a weighted sum of the input and of the\n"
        "state before.\n"
        "\n"
        "  tensor in keras             tensor in torch  counts in keras  counts in torch\n"
        "  lstm_cell/kernel            weight_ih_l0              65,536           65,536\n"
        "  lstm_cell/recurrent_kernel  weight_hh_l0              65,536           65,536\n"
        "  lstm_cell/bias              bias_ih_l0                   512              512\n"
        "                              bias_hh_l0                                    512\n"
        "  ─────────────────────────────────────────────────────────────────────────────\n"
        "  parameters                                           131,584          132,096\n"
        "\n"
        "bias_hh_l0 (4·u = 512) is only in torch: a second offset for each unit and gate.\n"
        "\n"
        "The spec leaves 'recurrent_bias' open: keras takes false, torch true (whether a\n"
        "second offset is kept, as PyTorch does).\n"
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


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_comparison_has_every_tensor_of_both_sides_once(path: Path) -> None:
    comparison = pc.compare(pc.load(path))
    for layer in comparison.layers:
        for derivation, sides in [
            (layer.left, [pair.left for pair in layer.pairs]),
            (layer.right, [pair.right for pair in layer.pairs]),
        ]:
            names = [tensor.name for side in sides for tensor in side]
            assert sorted(names) == sorted(tensor.name for tensor in derivation.tensors)
        for pair in layer.pairs:
            if pair.left and pair.right:
                # the same elements, however each framework cuts them
                assert sum(each.elements for each in pair.left) == sum(each.elements for each in pair.right)


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
        "1. dense_2 · Dense                                      (None, 512) → (None, 80)\n"
        "Each output is a weighted sum of all inputs, plus an offset: activation(x ·\n"
        "kernel + bias).\n"
        "\n"
        "  tensor  shape       trained?    what it is for\n"
        f"  kernel  {short}  {short}  a weight from each input to each output\n"
        f"  bias    {short}  {short}  an offset for each output\n"
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


@pytest.mark.parametrize("target", NOTATIONS)
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_worksheet_gives_no_answer_away(path: Path, target: str) -> None:
    derivation = explained(path)
    blank = derivation.to(target, sheet="blank")
    key = derivation.to(target, sheet="answers")
    total = f"{derivation.count.total:,}"
    assert total not in blank
    assert total in key
    assert derivation.layers[0].name in blank or target == "latex"
    for layer in derivation.layers:
        for tensor in layer.tensors:
            assert tensor.elements < 10_000 or f"{tensor.elements:,}" not in blank
        for remark in layer.remarks:
            assert remark.answer[:30] not in blank


def test_a_worksheet_and_its_key_number_the_same_questions() -> None:
    derivation = pc.explain(GPT2)
    numbers = [
        re.findall(r"^(\d+\. \S+)", derivation.to("text", sheet=sheet), re.MULTILINE) for sheet in ("blank", "answers")
    ]
    assert numbers[0] == numbers[1]
    assert [int(each.split(".")[0]) for each in numbers[0]] == list(range(1, len(derivation.layers) + 1))


# --- Notations -------------------------------------------------------------------------


def test_what_is_printed_does_not_depend_on_the_process() -> None:
    program = (
        "import sys, paramcalc as pc\n"
        "from paramcalc.exports.derivations import NOTATIONS\n"
        "spec = pc.load(sys.argv[1])\n"
        "for target in NOTATIONS:\n"
        "    print(pc.explain(spec).to(target), pc.explain(spec).to(target, sheet='blank'))\n"
        "    print(pc.compare(spec).to(target))\n"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program, str(ROOT / "specs" / "transformer.yaml")],
            capture_output=True,
            check=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1
    assert len(printed.pop()) > 10_000


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_all_sheets_fit_eighty_columns(path: Path) -> None:
    derivation = explained(path)
    sheets = [derivation.to("text", sheet=sheet) for sheet in ("derivation", "blank", "answers")]
    for line in "\n".join([*sheets, str(pc.compare(pc.load(path)))]).splitlines():
        assert len(line) <= 80, line


def test_html_is_one_page_that_needs_nothing_else() -> None:
    for path in SPECS:
        page = explained(path).to("html")
        assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
        for outside in ("http", "<script", "<link", "@import", "url(", "src="):
            assert outside not in page


def test_names_from_a_spec_are_escaped() -> None:
    spec = pc.Spec(name="<b> & _x", layers=[pc.Input(shape=(2,)), pc.Dense(units=1)])
    assert "&lt;b&gt; &amp; _x" in pc.explain(spec).to("html")
    assert "<b>" not in pc.explain(spec).to("html")
    assert r"\<b\> & \_x" in pc.explain(spec).to("markdown")
    assert r"\textless{}b\textgreater{} \& \_x" in pc.explain(spec).to("latex")


def test_a_character_that_latex_lacks_is_given_by_its_number() -> None:
    assert notation.latex_text("größe 層") == "größe [U+5C64]"


def test_standalone_latex_is_a_document() -> None:
    text = pc.explain(MLP).to("latex", standalone=True)
    assert text.startswith("\\documentclass")
    assert text.endswith("\\end{document}")
    assert latex.printed(Document("", "derivation", (Paragraph(("50 %",)),))) == r"50 \%"


@pytest.mark.parametrize("name", [name for name in pc.kind_names() if not pc.kind(name).open_fields()])
def test_mathml_is_well_formed_and_says_what_the_text_says(name: str) -> None:
    form = pc.formula(pc.kind(name))
    tree = ElementTree.fromstring(form.to("mathml"))
    space = "{http://www.w3.org/1998/Math/MathML}"
    assert tree.tag == f"{space}math"
    tags = {element.tag.removeprefix(space) for element in tree.iter()}
    assert tags <= {"math", "mrow", "mi", "mn", "mo", "msup", "msub", "mfrac"}
    # powers, indices and bars aside, in the same order
    flat = "".join(tree.itertext())
    text = notation.text(form.expr).translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789"))
    plain = re.sub(r"[ ()/]|(?<=\bk)_(?=[hwd]\b)", "", text)
    assert re.sub("[()]", "", flat) == plain


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
