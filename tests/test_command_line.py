"""What the command line prints, and its exit codes."""

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import paramcalc as pc
from paramcalc.cli import main
from tests.helpers import ROOT, run

MLP = str(ROOT / "specs" / "keras_mlp.yaml")
GPT2 = str(ROOT / "specs" / "gpt2.yaml")


def test_count_prints_the_table() -> None:
    assert run("count", MLP).stdout == (
        "keras_mlp · keras\n"
        "\n"
        "layer                 type       output shape  parameters  connected to\n"
        "───────────────────────────────────────────────────────────────────────────────\n"
        "input_3               Input      (None, 4096)           0\n"
        "dense_1               Dense      (None, 512)    2,097,664  input_3\n"
        "batchnormalization_1  BatchNorm  (None, 512)        2,048  dense_1\n"
        "dropout_1             Dropout    (None, 512)            0  batchnormalization_1\n"
        "dense_2               Dense      (None, 80)        41,040  dropout_1\n"
        "───────────────────────────────────────────────────────────────────────────────\n"
        "Total params:          2,140,752 (8.17 MB)\n"
        "Trainable params:      2,139,728 (8.16 MB)\n"
        "Non-trainable params:      1,024 (4.00 KB)\n"
        "2.14 M parameters · 8.17 MiB float32 · 4.08 MiB bfloat16\n"
    )


def test_count_under_the_other_convention_lists_buffers_apart() -> None:
    printed = run("count", MLP, "--as", "torch").stdout
    assert "Total params:          2,139,728 (8.16 MB)" in printed
    assert "Buffers:                   1,025" in printed


def test_count_lists_tensors_under_the_names_of_the_framework() -> None:
    printed = run("count", GPT2, "--tensors").stdout
    assert "in_proj_weight" in printed
    assert "tied to word.embeddings" in printed


def test_csv_has_a_row_for_each_layer() -> None:
    rows = list(csv.DictReader(io.StringIO(run("count", MLP, "--format", "csv").stdout)))
    assert [(row["layer"], int(row["total"])) for row in rows][1:3] == [
        ("dense_1", 2_097_664),
        ("batchnormalization_1", 2_048),
    ]


def test_markdown_is_a_table() -> None:
    lines = run("count", MLP, "--format", "markdown").stdout.splitlines()
    assert lines[0] == "| layer | type | output shape | parameters | connected to |"
    assert lines[1] == "| --- | --- | --- | ---: | --- |"
    assert lines[-3] == "- Total params: 2,140,752 (8.17 MB)"


def test_free_dims_print_as_their_names_and_what_follows_as_null() -> None:
    data = json.loads(run("count", GPT2, "--format", "json").stdout)
    assert data["dims"]["tokens"] == "tokens"
    assert data["layers"][0]["output_shape"] == [None, "tokens"]


def test_max_answers_no() -> None:
    result = run("count", MLP, "--max", "2000000")
    assert result.exit_code == 1
    assert result.stderr == "2,140,752 parameters are more than the 2,000,000 of --max\n"
    assert run("count", MLP, "--max", "2140752").exit_code == 0


@pytest.mark.parametrize(
    ("written", "most"),
    [
        ("2140751", 2_140_751),
        ("2_140_751", 2_140_751),
        ("2,140,751", 2_140_751),
        ("2.140751M", 2_140_751),
        ("2140.751k", 2_140_751),
        ("2.140751e6", 2_140_751),
        ("2.1e6", 2_100_000),
        ("0", 0),
        ("2 M", 2_000_000),
    ],
)
def test_max_takes_numbers_as_people_write_them(written: str, most: int) -> None:
    result = run("count", MLP, "--max", written)
    assert result.exit_code == 1
    assert result.stderr == f"2,140,752 parameters are more than the {most:,} of --max\n"


@pytest.mark.parametrize("written", ["13B", "7e9", "10_000_000", "2.140752M", "1T", "125M", "9" * 40])
def test_max_may_be_large(written: str) -> None:
    assert run("count", MLP, "--max", written).exit_code == 0


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("1.5", "'1.5' is not a whole number"),
        ("1.5e0", "'1.5e0' is not a whole number"),
        ("0.0001K", "'0.0001K' is not a whole number"),
        ("many", "'many' is no number such as 10000, 10_000_000, 125M, 13B or 1.5e9"),
        ("-3", "'-3' is no number"),
        ("1,5M", "'1,5M' is no number"),
        ("7GB", "'7GB' is no number"),
        ("1e999", "'1e999' is no number"),
        ("", "'' is no number"),
    ],
)
def test_max_refuses_what_is_no_whole_number(written: str, message: str) -> None:
    result = run("count", MLP, "--max", written)
    assert result.exit_code == 2
    assert message in result.stderr


def test_set_takes_values_as_yaml_writes_them() -> None:
    result = run("count", GPT2, "--set", "width=1024", "--set", "depth=24", "--set", "heads=16")
    assert "354,823,168" in result.stdout


def test_standard_input_is_a_spec() -> None:
    assert run("count", "-", stdin=Path(MLP).read_text(encoding="utf-8")).stdout == run("count", MLP).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("count", "nowhere.yaml"), "error[unreadable-file]: cannot read 'nowhere.yaml': No such file or directory"),
        (("count", GPT2, "--set", "widht=3"), "did you mean 'width'?"),
        (("count", GPT2, "--set", "width"), "error[invalid-value]: 'width' is not of the form DIM=VALUE"),
        (("count", GPT2, "--set", "width="), "error[invalid-value]: 'width' is given no value"),
        (
            ("count", GPT2, "--set", "width=wdith"),
            "gpt2.yaml: error[unknown-dim]: the value of 'width': in 'wdith': there is no dim",
        ),
        (("count", GPT2, "--set", "tokens=1 / 2"), "gpt2.yaml: error[inexact-division]: the value of 'tokens': in"),
        (("count", GPT2, "--as", "jax"), "error[unknown-convention]: there is no convention 'jax'"),
        (("explain", MLP, "--node", "dense_3"), "did you mean 'dense_"),
        (("formula", GPT2, "--keep", "wdith"), "did you mean 'width'?"),
        (("explain", MLP, "--standalone"), "--standalone goes with --format latex"),
        (("explain", MLP, "--blank", "--answers"), "--blank, --answers and --compare exclude each other"),
        (("explain", MLP, "--compare", "keras,torch", "--blank"), "--blank, --answers and --compare exclude"),
        (("explain", MLP, "--compare", "keras,torch", "--as", "keras"), "--as has no meaning beside it"),
        (("explain", MLP, "--compare", "keras"), "a comparison takes two conventions, not 1\n    as in keras,torch"),
        (("explain", MLP, "--compare", "keras,jax"), "error[unknown-convention]: there is no convention 'jax'"),
        (("layers", "Dence"), "did you mean 'Dense'?"),
        (("count", "--no-such-option"), "No such option"),
    ],
)
def test_bad_usage_exits_with_2_and_says_why(arguments: tuple[str, ...], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("command", ["count", "explain", "formula", "layers", "schema"])
def test_every_help_text_shows_an_example(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"Example:\n    paramcalc {command}" in result.stdout


def test_explain_compares_two_frameworks() -> None:
    printed = run("explain", str(ROOT / "specs" / "lstm_classifier.yaml"), "--compare", "keras,torch").stdout
    assert "bias_hh_l0 (4·u = 512) is only in torch: a second bias for each unit and gate." in printed
    html = run("explain", MLP, "--compare", "torch, keras", "--format", "html").stdout
    assert "<code>num_batches_tracked</code>" in html


def test_explain_makes_a_worksheet_and_its_key() -> None:
    blank, key = (run("explain", MLP, option).stdout for option in ("--blank", "--answers"))
    assert blank.startswith("keras_mlp · keras · worksheet\n")
    assert "2,097,664" not in blank
    assert key.startswith("keras_mlp · keras · answers\n")
    assert "2,097,664" in key


def test_explain_makes_a_document_of_latex() -> None:
    assert run("explain", MLP, "--format", "latex", "--standalone").stdout.startswith("\\documentclass")
    assert "documentclass" not in run("explain", MLP, "--format", "latex").stdout


def test_what_was_read_is_never_overwritten(tmp_path: Path) -> None:
    read = tmp_path / "spec.yaml"
    read.write_text(Path(MLP).read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "link.yaml").symlink_to(read)
    for command in ("import", "build"):
        for output in ("spec.yaml", "./spec.yaml", "link.yaml"):
            result = run(command, str(read), "-o", f"{tmp_path}/{output}")
            assert result.exit_code == 2
            assert f"error[unwritable-file]: {tmp_path}/{output} is the spec itself" in result.stderr
    assert read.read_text(encoding="utf-8") == Path(MLP).read_text(encoding="utf-8")


def test_no_file_that_the_spec_includes_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "blocks.yaml").write_text("include: dims.yaml\n", encoding="utf-8")
    (tmp_path / "dims.yaml").write_text("dims: {width: 3}\n", encoding="utf-8")
    (tmp_path / "spec.yaml").write_text(
        "paramcalc: 1\ninclude: blocks.yaml\nlayers:\n  - Input: {shape: [2]}\n  - Dense: {units: width}\n",
        encoding="utf-8",
    )
    (tmp_path / "hard.yaml").hardlink_to(tmp_path / "dims.yaml")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for output in ("blocks.yaml", "dims.yaml", "hard.yaml"):
        for command in (("import",), ("build",), ("formula", "--to", "python")):
            result = run(*command, f"{tmp_path}/spec.yaml", "-o", f"{tmp_path}/{output}")
            assert result.exit_code == 2
            assert f"{output} is a file that the spec includes\n    give the output another name" in result.stderr
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_file_is_written_where_a_link_leads(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link.yaml").symlink_to(tmp_path / "there" / "spec.yaml")
    for _ in range(2):
        assert run("import", MLP, "-o", str(tmp_path / "link.yaml")).exit_code == 0
        assert (tmp_path / "link.yaml").is_symlink()
        assert pc.load(tmp_path / "there" / "spec.yaml") == pc.load(MLP)
    assert len([*(tmp_path / "there").iterdir()]) == 1


def test_a_place_that_cannot_be_written_is_refused_by_name(tmp_path: Path) -> None:
    result = run("import", MLP, "-o", str(tmp_path / "no" / "spec.yaml"))
    assert result.exit_code == 2
    assert result.stderr == f"error[unwritable-file]: {tmp_path}/no/spec.yaml: No such file or directory\n"


def test_formula_prints_mathml() -> None:
    printed = run("formula", GPT2, "--to", "mathml").stdout
    assert printed.startswith('<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">')


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_shells_can_complete(shell: str) -> None:
    # the script for bash asks the bash of the machine for its version
    environment = {"_PARAMCALC_COMPLETE": f"{shell}_source"}
    script = CliRunner().invoke(main, [], env=environment, prog_name="paramcalc").stdout
    assert f"_PARAMCALC_COMPLETE={shell}_complete" in script


def test_completion_knows_commands_conventions_and_kinds() -> None:
    def completed(*words: str) -> list[str]:
        environment = {
            "_PARAMCALC_COMPLETE": "zsh_complete",
            "COMP_WORDS": " ".join(("paramcalc", *words)),
            "COMP_CWORD": str(len(words)),
        }
        lines = CliRunner().invoke(main, [], env=environment, prog_name="paramcalc").stdout.splitlines()
        return lines[1::3]

    assert completed("ex") == ["explain"]
    assert completed("count", "--as", "t") == ["torch"]
    assert completed("layers", "Bat") == ["BatchNorm"]


def test_layers_lists_every_kind() -> None:
    printed = run("layers").stdout
    assert all(name in printed for name in pc.kind_names())
