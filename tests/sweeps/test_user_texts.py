"""Texts of a user's in what is printed: no terminal, page or compiler obeys them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import paramcalc as pc
from tests.helpers import run

pytestmark = pytest.mark.sweep

#: What clears a screen, colours it, rings, begins another line, or turns the direction of what follows.
EVIL = "z\x1b[2J\x1b[31m\a\r\nTotal params: 1\u202eabc\x9b31m\u2028q"

SPEC = json.dumps(
    {
        "paramcalc": 1,
        "name": f"name {EVIL}",
        "description": f"description {EVIL}",
        "framework": "torch",
        "dims": {
            "width": {"value": 8, "meaning": f"meaning {EVIL}"},
            "act": {"text": f"text {EVIL}"},
            "many": {"texts": [f"texts {EVIL}"]},
        },
        "layers": [
            {"Input": {"shape": ["width"]}},
            {"Dense": {"units": "width", "activation": f"custom:function {EVIL}"}, "when": "act == act"},
            {"LSTM": {"units": "len(many)"}, "when": "false"},
            {
                "name": "g",
                "tensors": {"t": {"shape": ["width"], "meaning": f"tensor {EVIL}"}},
                "layers": [{"Dense": {"units": 3}}],
            },
            {"Dense": {"units": "len(many)"}},
        ],
    }
)

PRINTED = [
    *(("count", *options) for options in ((), ("--tensors",), ("--flat",), ("--trained",), ("--depth", "1"))),
    *(("count", "--format", target) for target in ("json", "csv", "markdown")),
    *(("explain", "--format", target) for target in ("text", "markdown", "html", "latex")),
    *(("explain", *options) for options in (("--blank",), ("--answers",), ("--compare", "keras,torch"))),
    *(("formula", "--to", target) for target in ("text", "latex", "mathml", "python", "numpy", "javascript", "c")),
    *(("formula", "--to", target) for target in ("julia", "matlab", "sql", "duckdb", "json")),
    *(("formula", *options) for options in (("--by", "layer"), ("--elasticities",), ("--asymptotic",))),
    ("import",),
    ("build",),
]


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("specs") / "spec.json"
    path.write_text(SPEC, encoding="utf-8")
    return path


@pytest.mark.parametrize("arguments", PRINTED, ids=" ".join)
def test_no_output_obeys_a_text(arguments: tuple[str, ...], spec: Path) -> None:
    result = run(arguments[0], str(spec), *arguments[1:])
    # a model with a function of one's own cannot be built, and the refusal names the function
    assert result.exit_code == (2 if arguments == ("build",) else 0)
    printed = result.output
    assert {char for char in printed if not char.isprintable()} <= {"\n"}
    # the word of the text begins no line: what is before it stands before it still
    assert not any(line.startswith(("Total params: 1 ", "Total params: 1\\")) for line in printed.splitlines())


@pytest.mark.parametrize("target", ["text", "markdown", "json"])
def test_no_difference_obeys_a_text(target: str, spec: Path) -> None:
    other = spec.with_name(f"other {EVIL}.json")
    other.write_text(SPEC.replace(json.dumps(f"text {EVIL}"), json.dumps(f"another {EVIL}")), encoding="utf-8")
    result = run("diff", str(spec), str(other), "--format", target)
    assert result.exit_code in (0, 1)
    assert {char for char in result.output if not char.isprintable()} == {"\n"}


def test_no_error_obeys_the_name_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[31m\nTotal params: 1.yaml"
    path.write_text("paramcalc: 1\nlayers:\n  - Dence: {units: 3}\n", encoding="utf-8")
    for given in (path, path.with_suffix(".yml")):
        errors = run("count", str(given)).stderr
        assert {char for char in errors if not char.isprintable()} == {"\n"}
        assert not any(line.startswith("Total") for line in errors.splitlines())
    assert "\x1b" not in run("coun\x1bt").stderr
    assert "\x1b" not in run("count", "--coun\x1bt").stderr


def test_a_text_keeps_its_characters_in_data() -> None:
    count = json.loads(run("count", "-", "--format", "json", stdin=SPEC).stdout)
    assert count["name"] == f"name {EVIL}"
    spec = pc.loads(SPEC)
    assert pc.loads(pc.dumps(spec)) == spec
