"""Measures: what may be summed over a network, by every verb that takes `of`."""

import json
import re
from importlib import import_module

import pytest
import sympy
from click.testing import CliRunner

import paramcalc as pc
from paramcalc.cli import main
from paramcalc.core.registry import MEASURES, measure
from paramcalc.measures import Measure
from paramcalc.results.formula import symbol

MIXTURE = pc.loads("""
paramcalc: 1
dims: {width: 8, experts: 4, chosen: 2, tokens: 5}
layers:
  - Input: {shape: [tokens, width]}
  - name: experts
    parallel: experts
    active: chosen
    merge: Add
    layers:
      - Dense: {units: 3 * width}
      - Dense: {units: width}
  - Flatten
  - BatchNorm
""")
INVENTORY = pc.loads("""
paramcalc: 1
layers:
  - Input: {shape: [4]}
  - name: rest
    connections: none
    layers:
      - Dense: {units: 2}
        of: [7]
""")


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_has_its_name_and_says_what_it_is(name: str) -> None:
    found = measure(name)
    assert issubclass(found, Measure)
    assert found.name == name
    assert all([found.unit, found.phrase, found.term, found.summary.endswith(".")])


def test_what_people_ask_of_a_measure_is_answered_where_it_is_explained() -> None:
    for name in MEASURES:
        asked = measure(name).questions
        assert bool(asked) == (name != "parameters"), name
        assert all(question.endswith("?") and answer.endswith(".") for question, answer in asked.items())
    derivation = pc.explain(pc.load("specs/keras_mlp.yaml"), of="bytes")
    assert "Why 16 bytes a parameter?" in str(derivation)
    for target in ("markdown", "latex", "html"):
        assert "8 for two averages" in derivation.to(target)
    assert "Why 16" not in derivation.to(brief=True) + derivation.to(sheet="blank")
    assert "Why 16" not in str(pc.explain(pc.load("specs/keras_mlp.yaml"), of="bytes", node="dense_1"))


def test_what_is_no_measure_is_refused() -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.count(MIXTURE, of="activation")
    assert (
        str(caught.value) == "error[unknown-measure]: there is no measure 'activation'\n    did you mean 'activations'?"
    )
    with pytest.raises(pc.ParamcalcError, match="'causal' has no meaning for the measure 'bytes'"):
        pc.count(MIXTURE, of="bytes", causal="half")


def test_the_receptive_field_is_no_measure_and_has_a_table_of_its_own() -> None:
    with pytest.raises(pc.ParamcalcError, match="the receptive field has a table of its own: count --of receptive-fi"):
        pc.formula(MIXTURE, of="receptive_field")


@pytest.mark.parametrize("of", ["flops", "saved"])
def test_what_cannot_be_measured_is_named_with_its_place(of: str) -> None:
    spec = pc.loads(
        "paramcalc: 1\nframework: torch\nlayers:\n  - Input: {shape: [9]}\n  - MelSpectrogram: {fft_length: 4}\n"
    )
    with pytest.raises(pc.ParamcalcError, match=r"<text>:5:5: error\[not-measurable\].*\(at 'mel_spectrogram'\)"):
        pc.count(spec, of=of)


def test_the_measures_of_tensors_are_what_a_count_has() -> None:
    for convention in ("keras", "torch"):
        count = pc.count(MIXTURE, convention)
        for name, total in (("trainable", count.trainable), ("active", count.active), ("bytes", count.bytes)):
            measured = pc.count(MIXTURE, convention, of=name)
            assert measured.total == total
            assert [row.name for row in measured.layers] == [row.name for row in count.layers]
            assert pc.formula(MIXTURE, convention, of=name)() == total
        assert pc.count(MIXTURE, convention, of="parameters") == count
        assert pc.formula(MIXTURE, convention, of="parameters") == pc.formula(MIXTURE, convention)


def test_of_copies_side_by_side_the_active_ones_flow() -> None:
    # of each of 2 experts 5 · 24 and 5 · 8, their sum 5 · 8, and the normalization of 40
    assert pc.count(MIXTURE, of="activations").total == 2 * (5 * 24 + 5 * 8) + 40 + 40
    form = pc.formula(MIXTURE, of="activations")
    assert form() == pc.count(MIXTURE, of="activations").total
    assert form(tokens=7, chosen=3) == pc.count(MIXTURE, of="activations", dims={"tokens": 7, "chosen": 3}).total


def test_what_is_kept_of_a_mixture_is_refused_unless_all_of_it_is_active() -> None:
    assert pc.count(MIXTURE, "torch", of="saved", dims={"chosen": 4}).total > 0
    said = (
        "'experts' sends an example through 2 of 4 copies, and what PyTorch keeps depends on how they are chosen and"
        " gathered"
    )
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.count(MIXTURE, "torch", of="saved")
    (problem,) = caught.value.problems
    assert (problem.code, problem.message, problem.hint) == (
        "not-measurable",
        said,
        "with all of them active, it is known",
    )
    with pytest.raises(pc.ParamcalcError, match=r"not-measurable.*'experts' sends an example through"):
        pc.formula(MIXTURE, "torch", of="saved")
    sheet = pc.memory(MIXTURE, "torch", training="adam")
    assert sheet.saved is None
    assert sheet.unknown["saved"] == f"{said}: with all of them active, it is known"
    assert max(map(len, str(sheet).splitlines())) <= 80


def test_a_batch_is_a_dim_of_every_spec() -> None:
    one = pc.count(MIXTURE, of="activations")
    assert one.dims["batch"] == 1
    assert pc.count(MIXTURE, of="activations", dims={"batch": 6}).total == 6 * one.total
    assert "batch" not in pc.formula(MIXTURE, of="activations").symbols
    assert str(pc.formula(MIXTURE, of="activations", keep=["batch"]).expr) == f"{one.total}*batch"
    free = pc.formula(MIXTURE, of="activations", dims={"batch": None})
    assert {*free.symbols} == {"batch", *pc.formula(MIXTURE, of="activations").symbols}
    assert free(batch=3) == 3 * one.total
    with pytest.raises(pc.ParamcalcError, match="a batch has at least 1 example, not 0"):
        pc.count(MIXTURE, of="activations", dims={"batch": 0})
    with pytest.raises(pc.ParamcalcError, match="the spec has no dim 'batch'"):
        pc.count(MIXTURE, dims={"batch": 2})


def test_a_batch_of_the_spec_itself_is_that_one() -> None:
    own = pc.loads("paramcalc: 1\ndims: {batch: 3, width: 4}\nlayers: [Input: {shape: [2]}, Dense: {units: width}]")
    assert pc.count(own, of="activations").total == 3 * 4
    assert str(pc.formula(own, of="activations").expr) == "batch*width"


def test_what_needs_connections_refuses_an_inventory() -> None:
    assert pc.count(INVENTORY, of="bytes").total == 4 * 16
    for verb in (pc.count, pc.formula):
        with pytest.raises(pc.ParamcalcError) as caught:
            verb(INVENTORY, of="activations")
        assert caught.value.code == "no-connections"
        assert "the measure 'activations' needs connections, and the group 'rest' lists" in str(caught.value)


@pytest.mark.parametrize(
    ("layer", "shape", "of", "form"),
    [
        (pc.Dense(units=7), (5,), "flops", "2*n*u"),
        (pc.Conv2D(filters=6, kernel_size=(3, 2), groups=2), (9, 8, 4), "flops",
         "2*(h - k_h + 1)*(w - k_w + 1)*k_h*k_w*c*f/g"),
        (pc.LSTM(units=3), (4, 5), "flops", "8*t*u*(n + u)"),
        (pc.LSTM(units=3), (4, 5), "cache", "2*u*4"),
        (pc.MultiHeadAttention(num_heads=2, key_dim=3, output_dim=5), (4, 6), "cache", "4*t*g*(k + v)"),
        (pc.TransformerEncoderLayer(num_heads=2, dim_feedforward=7), (4, 6), "flops", "8*d**2*t + 4*d*f*t + 4*d*t**2"),
        (pc.MaxPool1D(), (9, 2), "activations", "c*floor(t/2)"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, pc.Layer) else None,
)  # fmt: skip
def test_a_layer_type_has_a_form_of_what_flows(layer: pc.Layer, shape: tuple[int, ...], of: str, form: str) -> None:
    """In the sizes of its input and its fields, the others at their defaults."""
    general = pc.formula(type(layer), of=of)
    names = {name: getattr(layer, field) for field, name in type(layer).lettered_fields().items()}
    sizes = {name: value for name, value in names.items() if name in general.symbols}
    sizes |= {
        f"{name}_{side}": each
        for name, value in names.items()
        if isinstance(value, tuple)
        for side, each in zip("hw", value, strict=False)
    }
    sizes |= dict(zip(type(layer).inputs[0].names or "n", shape, strict=True))
    sizes |= {"k": 3, "v": 3, "g": 2} if isinstance(layer, pc.MultiHeadAttention) else {}
    given = {name: sizes[name] for name in general.symbols}
    assert general(**given) == pc.count(layer, input_shape=shape, of=of).total
    expected = sympy.sympify(form, locals=dict(general.symbols))
    assert {*general.symbols} == {str(each) for each in expected.free_symbols}
    assert int(expected.subs({general.symbols[name]: value for name, value in given.items()})) == general(**given)


@pytest.mark.parametrize("of", ["flops", "saved"])
@pytest.mark.parametrize("target", ["text", "markdown", "latex", "html"])
def test_a_worksheet_of_a_measure_gives_no_answer_away(of: str, target: str) -> None:
    spec = pc.Spec([pc.Input(shape=(4099,)), pc.Dense(units=523), pc.Dense(units=87)])
    derivation = pc.explain(spec, of=of)
    blank, key = (re.sub(r"\{?,\}?", "", derivation.to(target, sheet=sheet)) for sheet in ("blank", "answers"))
    for layer in derivation.layers:
        for number in (layer.row.total, *(term.amount for term in layer.terms)):
            assert str(number) in key
            assert str(number) not in blank
    points = re.search(r"of (\d+)", blank)
    assert points is not None
    assert f"{points[1]} points: one for each blank." in key


def test_a_comparison_is_of_tensors_alone() -> None:
    done = CliRunner().invoke(main, ["explain", "specs/keras_mlp.yaml", "--of", "flops", "--compare", "keras,torch"])
    assert done.exit_code == 2
    assert (
        "--compare is of the tensors of both frameworks, not of flops:"
        " 'paramcalc count SPEC --of flops --as FRAMEWORK' counts for each"
    ) in done.stderr


@pytest.mark.parametrize("of", ["training_flops", "saved"])
def test_what_depends_on_the_layers_around_is_no_form_of_a_type(of: str) -> None:
    message = f"the measure '{of}' depends on the layers around one: a type alone has no form of it"
    with pytest.raises(pc.ParamcalcError, match=f"{message}\n    put a Dense into a spec, behind an Input"):
        pc.formula(pc.Dense, of=of)
    with pytest.raises(pc.ParamcalcError, match="Permute has no general form of what flows: it depends on its 'dims'"):
        pc.formula(pc.Permute, of="flops")


def test_an_unknown_length_is_asked_for_by_name() -> None:
    spec = pc.loads("paramcalc: 1\ndims: {tokens: null}\nlayers: [Input: {shape: [tokens, 2]}, Dense: {units: 3}]")
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.count(spec, of="activations")
    assert str(caught.value).startswith("<text>:3:39: error[free-dim]: the elements of 'dense' depend on 'tokens'")
    assert str(pc.formula(spec, of="activations").expr) == "3*tokens"
    unnamed = pc.loads("paramcalc: 1\nlayers: [Input: {shape: [null, 2]}, Dense: {units: 3}]")
    for verb in (pc.count, pc.formula):
        with pytest.raises(pc.ParamcalcError, match="the elements of 'dense' depend on a length that is null"):
            verb(unnamed, of="activations")


def test_json_has_the_measure_and_no_key_that_does_not_apply() -> None:
    data = pc.count(MIXTURE, of="activations").plain()
    assert [*data] == ["paramcalc_count", "name", "convention", "measure", "unit", "total", "dims", "layers"]
    assert (data["measure"], data["unit"], data["total"]) == ("activations", "elements", 400)
    assert data["layers"][1]["terms"] == [{"name": "output", "factors": [5, 24], "amount": 120}]
    form = json.loads(pc.formula(MIXTURE, of="activations").to("json"))
    assert (form["measure"], form["unit"]) == ("activations", "elements")
    assert "measure" not in json.loads(pc.formula(MIXTURE).to("json"))


def test_the_command_line_counts_a_measure(tmp_path) -> None:
    path = tmp_path / "mixture.yaml"
    path.write_text(pc.dumps(MIXTURE))
    shown = CliRunner().invoke(main, ["count", str(path), "--of", "activations", "--tensors"]).output
    assert "output  5 · 24" in shown
    assert "Total:  400 elements" in shown
    assert CliRunner().invoke(main, ["count", str(path), "--of", "activations", "--max", "399"]).exit_code == 1
    refused = CliRunner().invoke(main, ["count", str(path), "--of", "activations", "--trained"])
    assert refused.exit_code == 2
    assert CliRunner().invoke(main, ["formula", str(path), "--of", "bytes", "--dtype", "bfloat16"]).exit_code == 0


def test_a_measure_is_loaded_alone() -> None:
    # the rows of one module are one subject; those of others are not imported with it
    for row in MEASURES.values():
        module = import_module(row.partition(":")[0])
        others = {other.partition(":")[0] for other in MEASURES.values()} - {module.__name__}
        assert not others & {getattr(value, "__module__", "") for value in vars(module).values()}


# --- FLOPs -------------------------------------------------------------------------------


class Unsaid(pc.Layer):
    """It says nothing of what it costs."""


@pytest.mark.parametrize(
    ("of", "what"),
    [
        ("flops", "Unsaid does not say what it multiplies"),
        ("training_flops", "Unsaid does not say what it multiplies"),
        ("cache", "Unsaid does not say what it keeps to generate a sequence"),
        ("saved", "Unsaid: it is in no table of what PyTorch keeps"),
    ],
)
def test_what_no_type_says_is_refused_and_not_taken_for_nothing(of: str, what: str) -> None:
    with pytest.raises(pc.ParamcalcError, match=f"not-measurable.*{what}"):
        pc.count(Unsaid(), input_shape=(4,), of=of)


TOWER = """
paramcalc: 1
dims: {depth: 5}
layers:
  - Input: {shape: [3]}
  - Dense: {units: 4}
    name: first
    trainable: TRAINED
  - name: body
    times: depth
    layers:
      - Dense: {units: 4}
      - Dropout: {rate: 0.5}
  - Dense: {units: 2}
"""


@pytest.mark.parametrize(
    ("trained", "total"),
    [
        # 3 · 4, of which the input needs no gradient, five times 4 · 4, and 4 · 2
        ("true", 2 * (2 * 12 + 3 * 5 * 16 + 3 * 8)),
        # nothing goes back before the first of the copies
        ("false", 2 * (12 + 2 * 16 + 3 * 4 * 16 + 3 * 8)),
    ],
)
def test_a_product_is_computed_once_more_for_each_operand_that_needs_a_gradient(trained: str, total: int) -> None:
    spec = pc.loads(TOWER.replace("TRAINED", trained))
    for expand in (False, True):
        assert pc.count(spec, of="training_flops", expand=expand).total == total
    form = pc.formula(spec, of="training_flops")
    assert {*form.symbols} == {"depth"}
    assert [form(depth=depth) for depth in (5, 1)] == [total, total - 2 * 3 * 4 * 16]
    assert pc.count(spec, of="training_flops", dims={"depth": 1}).total == form(depth=1)


def test_what_is_recomputed_counts_its_forward_pass_once_more() -> None:
    text = TOWER.replace("TRAINED", "true").replace("    times: depth\n", "    times: depth\n    recompute: true\n")
    plain, again = pc.loads(TOWER.replace("TRAINED", "true")), pc.loads(text)
    assert pc.dumps(again).count("recompute: true") == 1
    more = pc.count(again, of="training_flops").total - pc.count(plain, of="training_flops").total
    assert more == 2 * 5 * 16
    assert pc.count(again, of="flops").total == pc.count(plain, of="flops").total
    frozen = text.replace("Dense: {units: 4}\n", "Dense: {units: 4}\n        trainable: false\n", 2)
    assert frozen.count("trainable: false") == 2
    with pytest.raises(pc.ParamcalcError, match="'recompute' says of a group"):
        pc.loads(TOWER.replace("TRAINED", "true\n    recompute: true"))


def test_nothing_goes_back_through_what_no_output_depends_on() -> None:
    spec = pc.loads("""
paramcalc: 1
layers:
  - Input: {shape: [3]}
  - Dense: {units: 4}
  - Dense: {units: 9}
    name: aside
  - Dense: {units: 2}
    inputs: dense
""")
    assert pc.count(spec, of="training_flops").total == 2 * (2 * 12 + 36 + 3 * 8)


ATTENTION = """
paramcalc: 1
dims: {tokens: 6}
layers:
  - Input: {shape: [tokens, 8]}
  - MultiHeadAttention: {num_heads: 2, key_dim: 4CAUSAL}
"""


@pytest.mark.parametrize(("causal", "looks_back"), [("", True), (", causal: true", True), (", causal: false", False)])
def test_attention_that_looks_back_may_count_by_half(causal: str, looks_back: bool) -> None:
    spec = pc.loads(ATTENTION.replace("CAUSAL", causal))
    projections, whole = 2 * 4 * 6 * 8 * 8, 2 * 2 * 6 * 6 * 8
    pairs = {"whole": 36, "half": 18, "exact": 21}
    for how, number in pairs.items():
        total = projections + (whole * number // 36 if looks_back else whole)
        assert pc.count(spec, of="flops", causal=how).total == total
        assert pc.formula(spec, of="flops", causal=how)() == total
    with pytest.raises(pc.ParamcalcError, match="'causal' is not 'never'"):
        pc.count(spec, of="flops", causal="never")


def test_attention_to_something_else_looks_at_all_of_it() -> None:
    spec = pc.Spec(
        [
            pc.Node(pc.Input(shape=(6, 8)), name="x"),
            pc.Node(pc.Input(shape=(6, 8)), name="y"),
            pc.Node(pc.MultiHeadAttention(num_heads=2, key_dim=4), inputs=["x", "y"]),
        ]
    )
    assert pc.count(spec, of="flops", causal="half").total == pc.count(spec, of="flops").total


def test_what_is_left_out_is_said() -> None:
    text = "paramcalc: 1\nlayers: [Input: {shape: [4]}, SpectralNorm: {layer: {Dense: {units: 3}}}]"
    (note,) = pc.count(pc.loads(text), of="flops").notes
    assert note == "spectral_norm: the power method that finds the largest singular value is not counted"


# --- Derivations -------------------------------------------------------------------------


def test_a_derivation_of_a_measure_is_of_the_same_declaration() -> None:
    spec = pc.load("specs/gpt2.yaml")
    derivation = pc.explain(spec, of="training_flops", dims={"tokens": 16, "batch": 3})
    assert sum(layer.row.total for layer in derivation.layers) == derivation.measurement.total
    for layer in derivation.layers:
        values = {symbol(name): value for name, value in layer.values.items()}
        assert layer.expr.xreplace(values) == layer.one == sum(term.amount for term in layer.terms)
        assert layer.copies * layer.one + layer.row.once == layer.row.total
    (head,) = pc.explain(spec, of="flops", node="head", dims={"tokens": 16}).layers
    assert str(head.expr) == "2*n*n_1*u"
    text = str(pc.explain(spec, of="flops", node="head", dims={"tokens": 16}))
    assert "FLOPs = 2·n_1·n·u\n        = 2 · 16 · 768 · 50,257\n        = 1,235,116,032" in text.replace(
        "n·n_1", "n_1·n"
    )


def test_copies_that_are_not_all_alike_are_said_to_be() -> None:
    spec = pc.loads(TOWER.replace("TRAINED", "false"))
    text = str(pc.explain(spec, of="training_flops"))
    assert "  5 copies = 5 · 96 - 32 = 448        the first copy is another than the rest\n" in text


def test_a_derivation_of_a_measure_has_all_notations() -> None:
    derivation = pc.explain(MIXTURE, of="activations")
    for notation in ("text", "markdown", "latex", "html"):
        assert "dense" in derivation.to(notation)
        assert derivation.to(notation, brief=True) != derivation.to(notation)
    data = derivation.plain()
    assert (data["measure"], data["unit"]) == ("activations", "elements")
    assert data["layers"][0]["terms"][0] == {
        "name": "output", "factors": ["n_1", "u"], "formula": ["Multiply", "n_1", "u"],
        "substitution": ["Multiply", 5, 24], "value": 120, "meaning": "",
    }  # fmt: skip


# --- Differences -------------------------------------------------------------------------


def test_a_measure_of_two_networks_is_compared_node_by_node() -> None:
    text = "paramcalc: 1\ndims: {width: 8, tokens: null}\nlayers:\n  - Input: {shape: [tokens, 4]}\n"
    before = pc.loads(text + "  - Dense: {units: width}\n    name: one\n  - Dense: {units: 3}\n    name: two\n")
    after = pc.loads(text + "  - Dense: {units: 2 * width}\n    name: one\n  - Dense: {units: 3}\n    name: two\n")
    found = pc.diff(before, after, of="flops", dims={"tokens": 5})
    assert [(node.name, node.sort, node.more) for node in found.nodes] == [
        ("one", "changed", 320),
        ("two", "changed", 240),
    ]
    assert str(found.expr) == "70*width"
    assert "FLOPs  560 → 1,120  +560" in str(found)
    assert "| changed | one | Dense | +320 |  |" in found.to("markdown")
    data = json.loads(found.to("json"))
    assert (data["measure"], data["totals"]) == ("flops", {"total": {"before": 560, "after": 1120}})
    assert not pc.diff(before, before, of="flops", dims={"tokens": 5})
    for of, code in (("flops", "unknown-dim"), ("parameters", "invalid-value")):
        with pytest.raises(pc.ParamcalcError, match=code):
            pc.diff(before, after, of=of, dims={"length": 5})


def test_forms_of_copies_that_alternate_keep_their_number() -> None:
    """Half of the layers attend to a window, as Gemma 2 does; where they stand is of no matter to these measures."""
    spec = pc.loads("""
paramcalc: 1
dims: {depth: 5, width: 8, tokens: 10, window: 4}
layers:
  - Input: {shape: [tokens, width]}
  - name: body
    times: depth
    index: i
    layers:
      - MultiHeadAttention: {num_heads: 2, key_dim: 4, causal: true, window: window if i % 2 == 0 else none}
      - Dense: {units: width}
""")
    for of in ("flops", "activations", "cache"):
        form = pc.formula(spec, of=of)
        assert "depth" in form.symbols
        for depth in (1, 2, 5, 8):
            assert form(depth=depth) == pc.count(spec, of=of, dims={"depth": depth}).total
    # both halves multiply alike, so that there is one number of them
    assert str(pc.formula(spec, of="activations").expr) == "2*depth*tokens*width"
