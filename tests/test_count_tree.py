"""A count in a terminal: a tree of groups that fits 80 columns, of which nothing is cut."""

import json
import re
from fractions import Fraction
from pathlib import Path

import pytest

import paramcalc as pc
from paramcalc.exports.count_tree import tree_lines
from paramcalc.exports.numbers import binary_bytes, keras_bytes, percent, prefixed
from tests.helpers import ROOT, run
from tests.language import counted, load
from tests.readable import assert_readable, shown

#: A flat network, one of equal copies, one of stages.
FEW = ["lenet5", "gpt2", "resnet20"]


@pytest.mark.parametrize("name", FEW)
def test_a_spec_is_readable_at_80_columns(name: str) -> None:
    """The sweeps read all."""
    assert_readable(pc.count(ROOT / "specs" / f"{name}.yaml"))


def test_sixty_tables_are_readable_at_80_columns() -> None:
    tables = "\n".join(
        f"      - Embedding: {{input_dim: {10 + place}, output_dim: 16}}\n        name: table_of_feature_{place}\n"
        f"        inputs: input[{place}]"
        for place in range(60)
    )
    inputs = "\n".join(f"  - Input: {{shape: [], dtype: int32}}\n    name: feature_{place}" for place in range(60))
    names = [f"feature_{place}" for place in range(60)]
    spec = pc.loads(
        f"paramcalc: 1\nlayers:\n{inputs}\n  - name: tables\n    inputs: [{', '.join(names)}]\n    layers:\n{tables}\n"
        f"  - Concatenate:\n    inputs: [{', '.join(f'tables.table_of_{name}' for name in names)}]\n"
    )
    assert_readable(pc.count(spec))
    assert pc.count(spec).total == 16 * sum(10 + place for place in range(60))


def test_a_flat_network_is_a_table_with_all_connections() -> None:
    assert run("count", str(ROOT / "specs/lenet5.yaml")).stdout.splitlines()[2].split() == [
        "layer", "type", "output", "shape", "parameters", "connected", "to",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["llama", "gemma2", "gpt2"])
def test_a_tree_shows_all_that_is_counted_at_any_depth(name: str) -> None:
    # of some groups in these networks, the names add nothing to the path
    for depth in (1, 3, 5, None):
        count = pc.count(pc.from_huggingface({"model_type": name}), depth=depth)
        assert sum(line.number for line in tree_lines(count) if line.lead == "") == count.total


def test_what_stands_on_no_way_is_between_no_two_rows() -> None:
    spec = pc.from_huggingface({"model_type": "llama"})
    for depth in (2, 3):
        lines = tree_lines(pc.count(spec, depth=depth))
        assert [line.name for line in lines if "rotary_emb" in line.name]
        assert lines[-1].takes == ()


TREE = """
name: small
framework: torch
dims: {width: 8, depth: 3}
layers:
  - Input: {shape: [4, width]}
    name: x
  - name: body
    times: depth
    layers:
      - name: attend
        residual: true
        layers:
          - LayerNorm
          - Dense: {units: width}
            name: mix
      - Dense: {units: width}
        name: last
        times: 2
  - share: "body[0]"
    name: again
  - Dense: {units: 3}
    name: head
    inputs: again
"""


def test_groups_have_their_sums_and_copies_their_number() -> None:
    # 696 of 723 are in the body, 264 of them in its first group
    assert shown(counted(TREE))[2:8] == [
        "layer           type       output shape  parameters",
        "───────────────────────────────────────────────────",
        "x               Input      (4, 8)                 0",
        "body ×3          96.3 % ██████████████          696",
        "├ attend         36.5 % █████                   264",
        "│ ├ layer_norm  LayerNorm  (4, 8)                48",
    ]


def test_the_rows_of_a_tree() -> None:
    rows = [(line.label, line.kind, line.number, line.takes) for line in tree_lines(counted(TREE))]
    assert rows == [
        ("x", "Input", 0, ()),
        ("body ×3", "", 3 * (16 + 72 + 2 * 72), ()),
        ("├ attend", "", 3 * (16 + 72), ()),
        ("│ ├ layer_norm", "LayerNorm", 3 * 16, ()),
        ("│ ├ mix", "Dense", 3 * 72, ()),
        ("│ └ add", "Add", 0, ("mix", "x")),
        ("└ last ×2", "Dense", 3 * 2 * 72, ()),
        ("again", "", 0, ()),
        ("├ attend", "", 0, ()),
        ("│ ├ layer_norm", "LayerNorm", 0, ("shared with body.0..2.attend.layer_norm",)),
        ("│ ├ mix", "Dense", 0, ("shared with body.0..2.attend.mix",)),
        ("│ └ add", "Add", 0, ("mix", "body.0..2.last.0..1")),
        ("└ last ×2", "Dense", 0, ("shared with body.0..2.last.0..1",)),
        ("head", "Dense", 27, ()),
    ]


@pytest.mark.parametrize("name", FEW)
def test_groups_add_up_to_the_total(name: str) -> None:
    """The sweeps add up all."""
    check_groups(ROOT / "specs" / f"{name}.yaml")


def check_groups(path: Path) -> None:
    count = pc.count(path)
    lines = tree_lines(count)
    assert sum(line.number for line in lines if not line.lead) == count.total
    assert sum(line.trained for line in lines if not line.lead) == count.trainable


def test_ties_are_shown() -> None:
    (head,) = (line for line in tree_lines(pc.count(ROOT / "specs/gpt2.yaml")) if line.name == "head")
    assert head.takes == ("weight = word.embeddings",)


HEADS = """
paramcalc: 1
layers:
  - Input: {shape: [8]}
    name: x
  - name: heads
    parallel: 4
    layers:
      - Dense: {units: 2}
  - Concatenate:
    inputs: heads
  - Multiply:
    name: square
    inputs: [concatenate, concatenate]
"""


def test_copies_of_which_all_are_taken_are_named_once() -> None:
    rows = {line.name: line.takes for line in tree_lines(pc.count(pc.loads(HEADS)))}
    assert rows["concatenate"] == ("heads.0..3.dense",)
    # what is taken twice is named twice
    assert rows["square"] == ("concatenate", "concatenate")


def test_flat_gives_whole_paths_and_trained_a_column() -> None:
    text = shown(counted(TREE), None, flat=True, trained=True)
    assert any(line.startswith("body.0..2.attend.layer_norm  ") for line in text)
    assert "trained" in text[2]


def test_a_name_that_is_too_long_has_a_line_of_its_own() -> None:
    name = "a_name_that_leaves_no_room_for_anything_else_in_a_narrow_terminal"
    text = shown(pc.count(load(TREE.replace("mix", name))), 70)
    assert max(len(line) for line in text if name not in line) <= 70
    assert any(line.endswith(f"├ {name}") for line in text)


def test_a_network_of_which_nothing_is_there_has_no_rows() -> None:
    text = "layers:\n  - name: body\n    times: 0\n    layers: [{Input: {shape: [4]}}]\n"
    assert shown(counted(text))[2].split() == ["layer", "type", "output", "shape", "parameters"]
    assert shown(counted(text))[-1] == "0 parameters"


def test_notes_are_wrapped() -> None:
    text = TREE.replace("inputs: again", "inputs: x")
    assert all(len(line) <= 60 for line in shown(counted(text), 60) if "Note" in line)


# --- the last line, and numbers --------------------------------------------------------------


def test_the_last_line_answers_the_usual_question() -> None:
    last = run("count", str(ROOT / "specs/llama2_7b.yaml")).stdout.splitlines()[-1]
    assert last == "6.74 B parameters · 25.1 GiB float32 · 12.6 GiB bfloat16"


def test_a_dtype_that_is_stated_for_a_tensor_holds() -> None:
    text = """
    dtype: bfloat16
    layers:
      - Input: {shape: [1024]}
      - Dense: {units: 1024, use_bias: false}
      - Dense: {units: 1024, use_bias: false}
        dtype: float32
    """
    count = counted(text)
    assert count.sizes() == {"bfloat16": 2 * 2**20, "float32": 4 * 2**20}
    assert count.sizes("int8") == {"int8": 2**20, "float32": 4 * 2**20}
    assert sum(count.sizes().values()) == count.bytes
    assert shown(count)[-1] == "2.10 M parameters · 6.00 MiB bfloat16 and float32 · 8.00 MiB float32"


def test_another_dtype_in_place_of_the_specs_own() -> None:
    spec = load("dtype: bfloat16\nlayers:\n  - Input: {shape: [4]}\n  - Dense: {units: 2}\n")
    assert pc.count(spec).bytes == 20
    assert pc.count(spec, dtype="float64").bytes == 80
    with pytest.raises(pc.ParamcalcError, match="no dtype 'float23'"):
        pc.count(spec, dtype="float23")


def test_numbers_of_four_bits_say_what_their_scales_add() -> None:
    spec = load("layers:\n  - Input: {shape: [1024]}\n  - Dense: {units: 1024, use_bias: false}\n")
    (note,) = pc.count(spec, dtype="int4").notes
    assert note.endswith("would add 16.0 KiB")
    assert pc.count(spec, dtype="int8").notes == ()


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (9_999, "9,999"),
        (60_840, "60.8 K"),
        (999_499, "999 K"),
        (999_500, "1.00 M"),
        (6_738_415_616, "6.74 B"),
    ],
)
def test_numbers_with_prefixes_have_three_digits(number: int, text: str) -> None:
    assert prefixed(number) == text


@pytest.mark.parametrize(
    ("size", "text", "keras"),
    [
        (0, "0 B", "0.00 B"),
        (1023, "1,023 B", "1023.00 B"),
        (1024, "1.00 KiB", "1.00 KB"),
        (8_563_008, "8.17 MiB", "8.17 MB"),
        (2**30 - 1, "1.00 GiB", "1024.00 MB"),
        (7 * 2**61, "14,336 PiB", "14336.00 PB"),
    ],
)
def test_bytes_have_binary_units_or_those_of_keras(size: int, text: str, keras: str) -> None:
    assert (binary_bytes(size), keras_bytes(size)) == (text, keras)


def test_shares_have_one_decimal() -> None:
    assert (percent(Fraction(1, 3)), percent(None)) == ("33.3 %", "–")


# --- bounds, and several specs ---------------------------------------------------------------

MLP = str(ROOT / "specs" / "keras_mlp.yaml")


@pytest.mark.parametrize(
    ("option", "bound", "exceeded"),
    [
        ("--max-trainable", "2_139_728", None),
        ("--max-trainable", "2M", "2,139,728 trained parameters are more than the 2,000,000 of --max-trainable"),
        ("--max-bytes", "8563008", None),
        ("--max-bytes", "8.5MB", "8,563,008 bytes are more than the 8,500,000 of --max-bytes"),
        ("--max-bytes", "8MiB", "8,563,008 bytes are more than the 8,388,608 of --max-bytes"),
        ("--max-bytes", "1 GiB", None),
    ],
)
def test_a_bound_that_is_exceeded_answers_no(option: str, bound: str, exceeded: str | None) -> None:
    result = run("count", MLP, option, bound)
    assert (result.exit_code, result.stderr) == ((1, f"{exceeded}\n") if exceeded else (0, ""))


@pytest.mark.parametrize("bound", ["16 gallons", "GiB", "1.5B"])
def test_what_is_no_number_of_bytes_is_refused(bound: str) -> None:
    result = run("count", MLP, "--max-bytes", bound)
    assert result.exit_code == 2
    assert re.search(r"is no number such as 16GiB|is not a whole number", result.stderr)


def test_several_specs_have_a_line_each() -> None:
    result = run("count", MLP, str(ROOT / "specs/lenet5.yaml"), "--max", "1M")
    assert [line.split()[-4:] for line in result.stdout.splitlines()[2:]] == [
        ["2,140,752", "2,139,728", "8.17", "MiB"],
        ["60,840", "60,000", "238", "KiB"],
    ]
    assert result.exit_code == 1
    assert result.stderr == f"{MLP}: 2,140,752 parameters are more than the 1,000,000 of --max\n"


def test_several_specs_as_json_are_a_list() -> None:
    counts = json.loads(run("count", MLP, MLP, "--format", "json").stdout)
    assert [count["total"] for count in counts] == [2_140_752, 2_140_752]


def test_what_goes_with_one_spec_is_refused_of_several() -> None:
    result = run("count", MLP, MLP, "--tensors")
    assert result.exit_code == 2
    assert "go with one SPEC" in result.stderr
