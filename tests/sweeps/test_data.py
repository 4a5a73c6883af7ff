"""What is printed as JSON: parts of forms, derivations, layer types, vectors, and the schemas of all of them."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import paramcalc as pc
from paramcalc.core.registry import DEFAULT_MEASURE, MEASURES
from paramcalc.exports.languages.tree import OPERATIONS, form_schema
from tests.helpers import ROOT, run
from tests.sweeps.forms import evaluated

pytestmark = pytest.mark.sweep
GPT2 = str(ROOT / "specs" / "gpt2.yaml")
FORM = pc.formula(pc.load(GPT2))
LSTM = str(ROOT / "specs" / "lstm_classifier.yaml")


@cache
def validator(what: str) -> Any:
    return jsonschema.Draft202012Validator(json.loads(run("schema", "--of", what).stdout))


def printed(what: str, *arguments: str, stdin: str | None = None) -> Any:
    """What a command prints as JSON, which its schema takes."""
    done = run(*arguments, stdin=stdin)
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    validator(what).validate(document)
    return document


# --- The parts of a form ---------------------------------------------------------------


def test_the_parts_of_a_form_are_expressions_with_their_exact_shares() -> None:
    document = printed("form", "formula", GPT2, "--by", "layer", "--to", "json")
    # the keys of the form itself are all there
    assert {**json.loads(pc.formula(pc.load(GPT2)).to("json")), "by": "layer", "parts": document["parts"]} == document
    assert next(iter(document)) == "paramcalc_form"
    word, attention = document["parts"][0], document["parts"][1]
    assert (word["name"], word["path"], word["copies"]) == ("word", ["word"], [])
    assert (word["expression"], word["value"]) == (["Multiply", "vocabulary", "width"], 50257 * 768)
    # 50,257 · 768 of 124,439,808, both divided by 768
    assert word["share"] == [50257, 124439808 // 768]
    assert attention["path"] == ["body", "0", "attention", "multi_head_attention"]
    assert attention["copies"] == [{"at": 1, "first": 0, "last": ["Add", "depth", -1]}]
    # four maps of 768·768 with their biases, in twelve copies
    assert attention["value"] == 12 * 4 * (768**2 + 768)
    assert evaluated(attention["expression"], {"depth": 2, "width": 10}) == 2 * 4 * (10**2 + 10)


def test_parts_are_groups_and_tensors_as_well() -> None:
    groups = printed("form", "formula", GPT2, "--by", "group", "--depth", "2", "--to", "json")
    assert groups["by"] == "group"
    assert [part["path"] for part in groups["parts"][:2]] == [["body", "0", "mlp"], ["word"]]
    tensors = printed("form", "formula", GPT2, "--by", "tensor", "--to", "json")
    (key,) = [part for part in tensors["parts"] if part["path"][-1] == "key_kernel"]
    assert key["path"] == ["body", "0", "attention", "multi_head_attention", "key_kernel"]
    assert key["value"] == 12 * 768 * 768


NESTED = """
paramcalc: 1
dims: {depth: 4, width: 24}
layers:
  - Input: {shape: [width]}
  - name: body
    times: depth
    index: i
    layers:
      - {Dense: {units: width}, times: i + 1}
"""


def test_a_repeated_node_is_one_part_by_the_path_of_its_first_copy() -> None:
    body = printed("form", "formula", GPT2, "--by", "group", "--to", "json")["parts"][0]
    copies = [{"at": 1, "first": 0, "last": ["Add", "depth", -1]}]
    assert (body["name"], body["path"], body["copies"]) == ("body", ["body", "0"], copies)
    spec = "paramcalc: 1\ndims: {n: 6, width: 24}\nlayers:\n  - Input: {shape: [width]}\n"
    spec += "  - {name: experts, parallel: n, merge: Add, layers: [Dense: {units: width}]}\n"
    (experts,) = printed("form", "formula", "-", "--by", "group", "--to", "json", stdin=spec)["parts"]
    assert (experts["name"], experts["path"]) == ("experts", ["experts", "0"])
    assert experts["copies"] == [{"at": 1, "first": 0, "last": ["Add", "n", -1]}]


def test_how_many_copies_there_are_may_differ_from_one_copy_of_a_group_to_the_next() -> None:
    (part,) = printed("form", "formula", "-", "--by", "layer", "--to", "json", stdin=NESTED)["parts"]
    assert part["path"] == ["body", "0", "dense", "0"]
    assert part["copies"] == [{"at": 1, "first": 0, "last": ["Add", "depth", -1]}, {"at": 3, "first": 0, "last": None}]
    # 1 + 2 + 3 + 4 copies
    assert part["value"] == 10 * (24 * 24 + 24)


def test_copies_that_grow_are_one_part_from_the_first_to_the_last() -> None:
    spec = "paramcalc: 1\ndims: {depth: 5, width: 24}\nlayers:\n  - Input: {shape: [width]}\n"
    spec += "  - {Dense: {units: width * 2 ** i, use_bias: false}, times: depth, index: i}\n"
    (part,) = printed("form", "formula", "-", "--by", "layer", "--to", "json", stdin=spec)["parts"]
    assert (part["path"], part["copies"]) == (
        ["dense", "0"],
        [{"at": 1, "first": 0, "last": ["Add", "depth", -1]}],
    )
    assert (part["share"], part["value"]) == ([1, 1], 24 * 24 + sum(24 * 2 ** (i - 1) * 24 * 2**i for i in range(1, 5)))


def test_parts_of_an_unknown_size_have_neither_value_nor_share() -> None:
    spec = "paramcalc: 1\ndims: {n: null}\nlayers:\n  - Input: {shape: [n]}\n  - Dense: {units: 2}\n"
    (part,) = printed("form", "formula", "-", "--by", "layer", "--to", "json", stdin=spec)["parts"]
    assert (part["value"], part["share"]) == (None, None)
    assert evaluated(part["expression"], {"n": 3}) == 8


def test_what_was_set_is_recorded_in_the_form() -> None:
    document = printed("form", "formula", GPT2, "--to", "json", "--set", "depth=2")
    assert document["substituted"] == {"depth": 2}
    assert printed("form", "formula", GPT2, "--to", "json")["substituted"] == {}


# --- Derivations -----------------------------------------------------------------------


def test_a_derivation_is_data() -> None:
    document = printed("derivation", "explain", LSTM, "--node", "lstm", "--format", "json")
    assert next(iter(document)) == "paramcalc_derivation"
    (layer,) = document["layers"]
    assert (document["node"], document["model"], document["groups"], document["form"]) == ("lstm", None, [], None)
    assert (layer["path"], layer["copies"], layer["kind"]) == (["lstm"], [], "LSTM")
    assert layer["inputs"] == ["embedding"]
    assert (layer["input_shapes"], layer["output_shape"]) == ([[None, "length", 128]], [None, 128])
    assert [(each["name"], each["value"]) for each in layer["symbols"]] == [("n", 128), ("u", 128)]
    assert layer["symbols"][1]["meaning"] == "units: the size of the state"
    kernel, recurrent, bias = layer["tensors"]
    assert (kernel["name"], kernel["members"], kernel["shape"]) == ("lstm_cell/kernel", ["kernel"], [128, 512])
    assert kernel["symbolic_shape"] == ["n", ["Multiply", 4, "u"]]
    assert (recurrent["symbolic_shape"], bias["symbolic_shape"]) == (
        ["u", ["Multiply", 4, "u"]],
        [["Multiply", 4, "u"]],
    )
    # four gates: 4·(128·128 + 128·128 + 128)
    assert layer["value"] == layer["total"] == 4 * (128 * 128 + 128 * 128 + 128)
    assert evaluated(layer["formula"], {"n": 2, "u": 3}) == 4 * (2 * 3 + 3 * 3 + 3)
    assert evaluated(layer["substitution"], {}) == layer["value"]
    assert layer["questions"][1] == {
        "question": "Why does the length of the sequence not count?",
        "answer": "Every step uses the same weights again.",
    }


def test_a_derivation_has_the_groups_and_the_model_and_its_form() -> None:
    document = printed("derivation", "explain", GPT2, "--format", "json")
    body, attention, mlp = document["groups"]
    assert (body["path"], body["copies"]) == (["body", "0"], [{"at": 1, "first": 0, "last": 11}])
    assert (body["times"], body["value"], body["total"]) == (12, 7087872, 12 * 7087872)
    assert [each["path"] for each in body["parts"]] == [attention["path"], mlp["path"]]
    assert sum(each["times"] * each["value"] for each in document["model"]["parts"]) == 124439808
    assert document["model"]["value"] == document["model"]["total"] == 124439808
    assert document["form"] == json.loads(pc.formula(pc.load(GPT2)).to("json"))
    assert document["dims"]["tokens"] == "tokens"
    assert pc.explain(pc.load(GPT2)).plain() == document


@pytest.mark.parametrize("of", [name for name in MEASURES if name != DEFAULT_MEASURE])
def test_a_derivation_of_a_measure_is_data(of: str) -> None:
    document = printed("derivation", "explain", GPT2, "--of", of, "--set", "tokens=8", "--format", "json")
    assert document["measure"] == of
    assert document["questions"]
    assert sum(layer["total"] for layer in document["layers"]) == document["form"]["value"]
    for layer in document["layers"]:
        assert evaluated(layer["substitution"], {}) == layer["value"]
        assert sum(term["value"] for term in layer["terms"]) == layer["value"]


def test_tied_and_shared_tensors_are_said_in_the_derivation() -> None:
    layers = {each["name"]: each for each in printed("derivation", "explain", GPT2, "--format", "json")["layers"]}
    (kernel,) = layers["head"]["tensors"]
    assert (kernel["tied_to"], kernel["counts"]) == ("word.embeddings", False)
    assert (layers["head"]["formula"], layers["head"]["value"]) == (0, 0)
    assert layers["head"]["questions"][0]["question"] == "Why is weight free?"


def test_large_numbers_of_a_derivation_are_texts() -> None:
    spec = f"paramcalc: 1\nlayers:\n  - Input: {{shape: [2]}}\n  - Dense: {{units: {2**53}, use_bias: false}}\n"
    _, dense = printed("derivation", "explain", "-", "--format", "json", stdin=spec)["layers"]
    assert dense["output_shape"] == [None, {"num": str(2**53)}]
    assert dense["value"] == dense["total"] == {"num": str(2**54)}


@pytest.mark.parametrize("options", ["--blank", "--answers", "--compare keras,torch"])
def test_a_worksheet_is_no_data(options: str) -> None:
    done = run("explain", GPT2, "--format", "json", *options.split())
    assert done.exit_code == 2
    assert "--format json is of the derivation" in done.stderr


# --- Layer types -----------------------------------------------------------------------


def test_a_layer_type_is_data() -> None:
    document = printed("layers", "layers", "Dense", "--format", "json")
    assert next(iter(document)) == "paramcalc_layers"
    (dense,) = document["layers"]
    assert (dense["name"], dense["family"]) == ("Dense", "linear")
    units, use_bias = dense["fields"][:2]
    assert (units["name"], units["symbols"], units["required"], units["default"]) == ("units", ["u"], True, None)
    assert units["meaning"] == "outputs"
    assert jsonschema.Draft202012Validator(units["schema"]).is_valid(3)
    assert not jsonschema.Draft202012Validator(units["schema"]).is_valid(0)
    assert (use_bias["symbols"], use_bias["required"], use_bias["default"]) == (["use_bias"], False, True)
    assert dense["inputs"] == [
        {"axes": ["...", "n"], "meanings": {"n": "inputs: the size of the last axis"}, "optional": False}
    ]
    assert (dense["fewest_inputs"], dense["most_inputs"]) == (1, 1)
    tensors = {each["name"]: each for each in dense["tensors"]}
    assert tensors["kernel"]["shape"] == ["n", "u"]
    assert tensors["kernel"]["elements"] == ["Multiply", "n", "u"]
    assert tensors["kernel"]["condition"] == 1
    assert (tensors["bias"]["shape"], tensors["bias"]["condition"]) == (["u"], "use_bias")
    assert {each["name"]: each["minimum"] for each in dense["symbols"]} == {"n": 1, "r": 1, "u": 1, "use_bias": 0}
    form = dense["forms"]["keras"]
    assert evaluated(form["expression"], {"n": 3, "u": 4, "use_bias": 1}) == 16
    assert evaluated(dense["forms_by_default"]["torch"], {"n": 3, "u": 4}) == 16
    keras, torch = (dense["frameworks"][name]["classes"][0] for name in ("keras", "torch"))
    assert (keras["class"], torch["class"]) == ("keras.layers.Dense", "torch.nn.Linear")
    assert torch["arguments"]["in_features"] == "size(-1)"
    assert {"name": "weight", "members": ["kernel"], "shape": ["u", "n"]} in torch["tensors"]
    assert dense["source"]


def test_a_tensor_of_few_layers_has_a_condition_of_flags() -> None:
    (norm,) = printed("layers", "layers", "BatchNorm", "--format", "json")["layers"]
    conditions = {each["name"]: each["condition"] for each in norm["tensors"]}
    assert (conditions["gamma"], conditions["moving_mean"]) == ("scale", 1)
    assert {each["name"] for each in norm["tensors"] if not each["trainable"]} >= {"moving_mean", "batch_counter"}
    assert norm["frameworks"]["torch"]["defaults"] == {"axis": 1, "batch_counter": True}
    assert norm["questions"][1] == {
        "question": "Why is one number more kept for the whole layer?",
        "answer": "It counts the batches seen, so that a running mean can weigh all of them alike. Nothing is learned.",
        "when": "batch_counter",
    }


def test_a_layer_type_without_a_general_form_says_why() -> None:
    (weights,) = printed("layers", "layers", "Weights", "--format", "json")["layers"]
    assert (weights["tensors"], weights["forms"]) == (None, None)
    assert "its tensors are those that a spec names" in weights["without_form"]


def test_an_unknown_layer_type_is_refused_in_every_format() -> None:
    for each in ("text", "json"):
        done = run("layers", "Dence", "--format", each)
        assert done.exit_code == 2
        assert "did you mean 'Dense'?" in done.stderr


# --- Counts ----------------------------------------------------------------------------


def test_a_count_and_several_have_one_schema() -> None:
    several = printed("count", "count", GPT2, LSTM, "--format", "json")
    assert several == [printed("count", "count", path, "--format", "json") for path in (GPT2, LSTM)]
    printed("count", "count", GPT2, "--format", "json", "--depth", "1")
    printed("count", "count", GPT2, "--format", "json", "--expand", "--as", "keras")


def test_an_absent_dim_is_none_as_in_a_spec(tmp_path: Path) -> None:
    spec = "paramcalc: 1\ndims: {rank: none, mlp: {number: 4.5}, kind: {text: rms}, n: null}\nlayers:\n"
    spec += "  - Input: {shape: [n, 8]}\n  - Dense: {units: 3, use_bias: rank == none}\n"
    dims = {"rank": "none", "mlp": 4.5, "kind": "rms", "n": "n"}
    assert printed("count", "count", "-", "--format", "json", stdin=spec)["dims"] == dims
    assert printed("derivation", "explain", "-", "--format", "json", stdin=spec)["dims"] == dims
    (tmp_path / "a.yaml").write_text(spec)
    (tmp_path / "b.yaml").write_text(spec.replace("rank: none", "rank: 2"))
    done = run("diff", str(tmp_path / "a.yaml"), str(tmp_path / "b.yaml"), "--format", "json")
    assert json.loads(done.stdout)["dims"] == {"rank": {"before": "none", "after": 2}}


def test_a_difference_is_data(tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(Path(LSTM).read_text(encoding="utf-8").replace("units: width}", "units: width, use_bias: false}"))
    done = run("diff", LSTM, str(other), "--format", "json")
    assert done.exit_code == 1
    document = json.loads(done.stdout)
    validator("diff").validate(document)
    assert document["nodes"][0]["path"] == ["lstm"]
    same = json.loads(run("diff", LSTM, LSTM, "--format", "json").stdout)
    validator("diff").validate(same)
    assert (same["differs"], same["nodes"]) == (False, [])


# --- Memory, and receptive fields ------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("specs/gpt2.yaml",),
        ("specs/gpt2.yaml", "--set", "tokens=8", "--batch", "4", "--training", "adamw", "--budget", "1GB"),
        ("specs/keras_mlp.yaml", "--training", "sgd", "--with", "momentum=0.9", "--master", "float64"),
    ],
)
def test_a_sheet_of_memory_is_data(arguments: tuple[str, ...]) -> None:
    document = json.loads(run("memory", *arguments, "--format", "json").stdout)
    validator("memory").validate(document)
    parts = ("weights", "gradients", "buffers", "optimizer", "counters", "master", "saved", "cache")
    assert document["known"] == sum(document[part] or 0 for part in parts)
    assert (document["total"] is None) == bool(document["unknown"])


@pytest.mark.parametrize("spec", ["u_net", "vit_b16", "lenet5", "t5_small"])
def test_receptive_fields_are_data(spec: str) -> None:
    done = run("count", f"specs/{spec}.yaml", "--of", "receptive-field", "--format", "json")
    document = json.loads(done.stdout)
    validator("receptive-field").validate(document)
    assert all(each["input"] in document["inputs"] for layer in document["layers"] for each in layer["fields"])


# --- Vectors ---------------------------------------------------------------------------


def whole(value: Any) -> int:
    return int(value["num"]) if isinstance(value, dict) else int(value)


def vectors_of(*arguments: str, stdin: str | None = None) -> list[tuple[dict[str, int], Any]]:
    """The sizes of each vector, and its value or the code of its refusal."""
    document = printed("vectors", "formula", *arguments, "--vectors", stdin=stdin)
    assert next(iter(document)) == "paramcalc_vectors"
    return [
        (
            {name: whole(size) for name, size in each["sizes"].items()},
            each["refused"] if "refused" in each else whole(each["value"]),
        )
        for each in document["vectors"]
    ]


def test_vectors_have_the_counts_of_the_spec_at_their_sizes() -> None:
    spec = pc.load(GPT2)
    vectors = vectors_of(GPT2)
    assert vectors[0] == ({"vocabulary": 50257, "context": 1024, "width": 768, "depth": 12, "heads": 12}, 124439808)
    for sizes, value in vectors:
        if isinstance(value, int):
            assert pc.count(spec, dims=sizes).total == value, sizes
        else:
            # a size of 0, or a width that the heads do not divide
            assert value == "unmet-condition"
            assert 0 in sizes.values() or sizes["width"] % sizes["heads"]


def test_vectors_have_corners_large_numbers_and_refusals() -> None:
    vectors = vectors_of(GPT2)
    assert vectors == vectors_of(GPT2)
    names = [*vectors[0][0]]
    sizes = [each for each, _ in vectors]
    assert all(dict.fromkeys(names, size) in sizes for size in (1, 2, 3))
    own = vectors[0][0]
    assert {name: 10 * size for name, size in own.items()} in sizes
    for name in names:
        for size in (0, 1, 2, 3, own[name] + 1, 10 * own[name], 2**53 + 1):
            assert {**own, name: size} in sizes
    assert len({tuple(each.values()) for each in sizes}) == len(vectors)
    values = [value for _, value in vectors if isinstance(value, int)]
    assert sum(value > 2**53 for value in values) > 3
    # the condition itself is broken, not by a size of 0 alone
    assert any(value == "unmet-condition" and 0 not in each.values() for each, value in vectors)


CONDITIONS = """
paramcalc: 1
dims: {n: 12, m: 40, k: null, depth: 3}
requires: [n + 9 > m // 3, m != 41]
layers:
  - Input: {shape: [n]}
  - {Dense: {units: n * 2 ** i}, times: depth, index: i}
  - Dense: {units: m / k}
"""


def test_every_condition_of_a_form_is_broken_by_a_vector() -> None:
    spec = pc.loads(CONDITIONS)
    form = pc.formula(spec)
    assert len(form.conditions) > 2
    vectors = vectors_of("-", stdin=CONDITIONS)
    # of the unknown k, a size is chosen at which the form holds
    assert isinstance(vectors[0][1], int)
    document = json.loads(form.to("json"))
    for condition in document["conditions"]:
        outcomes = [
            value for sizes, value in vectors if all(sizes.values()) and not evaluated(condition["holds"], sizes)
        ]
        assert outcomes, condition["words"]
        assert not any(isinstance(value, int) for value in outcomes)
    # a size in an exponent stays small
    assert max(sizes["depth"] for sizes, _ in vectors) < 20


def test_vectors_of_powers_have_numbers_that_can_be_written() -> None:
    spec = "paramcalc: 1\ndims: {n: 2, depth: 150}\nlayers:\n  - Input: {shape: [3]}\n"
    spec += "  - {Dense: {units: n ** i, use_bias: false}, times: depth, index: i}\n"
    vectors = vectors_of("-", stdin=spec)
    # 3·1, and after it n^(i - 1)·n^i
    assert vectors[0][1] == 3 + sum(2 ** (2 * i - 1) for i in range(1, 150))


def test_vectors_of_a_form_without_sizes_are_its_value() -> None:
    spec = "paramcalc: 1\nlayers:\n  - Input: {shape: [3]}\n  - Weights: {tensors: {a: [5, 7]}}\n"
    assert vectors_of("-", stdin=spec) == [({}, 35)]


@pytest.mark.parametrize("options", ["--by layer", "--to python", "--expand", "--asymptotic"])
def test_vectors_are_of_the_whole_form(options: str) -> None:
    done = run("formula", GPT2, "--vectors", *options.split())
    assert done.exit_code == 2
    assert "--vectors are JSON of the whole form" in done.stderr


# --- Schemas ---------------------------------------------------------------------------

#: What each schema is of, and the bytes that it stays below.
SIZES = {
    # of parameters, and of another measure
    "count": 8_000,
    "diff": 4_000,
    "form": 8_000,
    "layers": 16_000,
    # of parameters, and of another measure
    "derivation": 20_000,
    "vectors": 3_000,
    "memory": 4_000,
    "receptive-field": 3_000,
}


def objects(schema: Any) -> Any:
    """All objects that a schema describes."""
    if isinstance(schema, dict):
        if "properties" in schema and isinstance(schema["properties"], dict) and "type" in schema:
            yield schema
        for value in schema.values():
            yield from objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from objects(value)


@pytest.mark.parametrize("what", SIZES)
def test_each_schema_is_closed_valid_and_small(what: str) -> None:
    text = run("schema", "--of", what).stdout
    schema = json.loads(text)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)
    assert len(text) < SIZES[what]
    found = [*objects(schema)]
    assert found
    assert all(each["additionalProperties"] is False for each in found)


def test_the_schema_of_a_form_has_its_former_name_too() -> None:
    assert run("schema", "--of", "formula").stdout == run("schema", "--of", "form").stdout


# --- The schema of the tree of a form --------------------------------------------------------


def test_the_second_operand_of_a_scaled_size_is_a_double() -> None:
    document = json.loads(FORM.to("json"))
    for name in ("Scaled", "ScaledUp", "ScaledNear"):
        jsonschema.validate({**document, "expression": [name, ["Add", "width", 1], 0.29]}, form_schema())
        for wrong in (["width", "width"], ["width"], ["width", 0.29, 2], [0.29, "width"]):
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate({**document, "expression": [name, *wrong]}, form_schema())


def test_the_schema_of_the_tree_is_printed_and_names_every_operation() -> None:
    done = run("schema", "--of", "formula")
    schema = json.loads(done.output)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert all(name in done.output for name in OPERATIONS)
    wrong = {**json.loads(FORM.to("json")), "expression": ["Sin", "width"]}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema)
    # as many operands as each operation takes
    for number, taken in (
        (0, ()),
        (1, ("Floor",)),
        (2, [*set(OPERATIONS) - {"Floor", "Scaled", "ScaledUp", "ScaledNear"}]),
        (3, ("Add", "Multiply", "Max", "Min")),
    ):
        for name in OPERATIONS:
            tree = {**json.loads(FORM.to("json")), "expression": [name, *["width"] * number]}
            assert jsonschema.Draft202012Validator(schema).is_valid(tree) == (name in taken), tree["expression"]


def test_the_schema_refuses_what_is_not_of_the_format() -> None:
    validator = jsonschema.Draft202012Validator(json.loads(run("schema", "--of", "formula").output))
    plain = json.loads(FORM.to("json"))
    symbol, condition, number = plain["symbols"][0], plain["conditions"][0], {"num": str(2**60)}
    assert validator.is_valid({**plain, "value": number})
    for wrong in (
        {"further": 1},
        {"value": {**number, "further": 1}},
        {"value": {"num": "1.5"}},
        {"value": 2**53},
        {"symbols": [{**symbol, "further": 1}]},
        {"symbols": [{**symbol, "minimum": 2}]},
        {"conditions": [{**condition, "further": 1}]},
        {"conditions": [{**condition, "holds": ["Add", 1, 2]}]},
        {"paramcalc_form": 2},
    ):
        assert not validator.is_valid({**plain, **wrong}), wrong
    for key in plain:
        assert not validator.is_valid({name: value for name, value in plain.items() if name != key}), key
