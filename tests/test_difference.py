"""What differs between two networks."""

import json
from pathlib import Path
from typing import Any

import pytest

import paramcalc as pc
from paramcalc.results.difference import Change
from tests.helpers import ROOT, run
from tests.language import load

BASE = """
name: base
framework: torch
dims: {width: 8, depth: 3}
layers:
  - Input: {shape: [4, width]}
  - name: body
    times: depth
    layers:
      - Dense: {units: width}
        name: mix
  - Dense: {units: 5}
    name: head
"""


def changes(old: str, new: str) -> dict[str, Any]:
    """What differs after a piece of the base is replaced, by node."""
    nodes = pc.diff(load(BASE), load(BASE.replace(old, new))).nodes
    return {node.name: (node.sort, node.more, [(each.what, each.tensor) for each in node.changes]) for node in nodes}


def test_nothing_differs_from_itself() -> None:
    difference = pc.diff(load(BASE), load(BASE))
    assert not difference
    assert str(difference) == "base → base · torch\n\nnothing differs: 261 parameters"


def test_a_width_changes_shapes_and_outputs() -> None:
    wider = 16 * 17 - 8 * 9
    assert changes("width: 8", "width: 16") == {
        "input": ("changed", 0, [("output_shape", None)]),
        "body.0..2.mix": ("changed", 3 * wider, [("output_shape", None), ("shape", "weight"), ("shape", "bias")]),
        "head": ("changed", 5 * 8, [("shape", "weight")]),
    }


def test_more_copies_are_a_change_and_not_other_nodes() -> None:
    assert changes("depth: 3", "depth: 5") == {"body.0..4.mix": ("changed", 2 * 72, [("copies", None)])}


@pytest.mark.parametrize(
    ("old", "new", "more", "expected"),
    [
        ("{units: 5}", "{units: 5, use_bias: false}", -5, [("tensor", "bias")]),
        ("name: head", "name: head\n    trainable: false", 0, [("trainable", "weight"), ("trainable", "bias")]),
        ("name: head", "name: head\n    dtype: int8", 0, [("dtype", "weight"), ("dtype", "bias")]),
        (
            "Dense: {units: 5}",
            "Conv1D: {filters: 5, kernel_size: 1, data_format: channels_last}",
            0,
            [("type", None), ("shape", "weight")],
        ),
    ],
)
def test_what_may_differ_in_a_node(old: str, new: str, more: int, expected: list[Any]) -> None:
    assert changes(old, new) == {"head": ("changed", more, expected)}


def test_a_tie_is_a_difference() -> None:
    text = BASE.replace("units: 5", "units: width")
    tied = text + '    tie: {kernel: "body[0].mix.kernel"}\n'
    (node,) = pc.diff(load(text), load(tied)).nodes
    assert node.changes == (Change("tied_to", "weight", None, "body.0..2.mix.kernel"),)
    assert node.more == -64


def test_nodes_are_added_and_removed() -> None:
    renamed = changes("name: head", "name: scores")
    assert renamed == {"head": ("removed", -45, []), "scores": ("added", 45, [])}


def test_the_closed_forms_are_subtracted() -> None:
    difference = pc.diff(load(BASE), load(BASE.replace("{units: width}", "{units: width, use_bias: false}")))
    assert str(difference.expr) == "-depth*width"
    assert pc.diff(load(BASE), load(BASE.replace("width: 8", "width: 9"))).expr == 0
    assert pc.diff(ROOT / "specs/lenet5.yaml", load(BASE)).expr is None


def test_dims_with_other_values_are_named() -> None:
    difference = pc.diff(load(BASE), load(BASE.replace("width: 8", "width: 16")))
    assert difference.dims == {"width": (8, 16)}
    assert "in symbols  the same form, at other sizes" in str(difference)


def test_what_is_printed(tmp_path: Path) -> None:
    new = tmp_path / "new.yaml"
    new.write_text("paramcalc: 1\n" + BASE.replace("{units: 5}", "{units: 7}").replace("depth: 3", "depth: 2"))
    old = tmp_path / "old.yaml"
    old.write_text("paramcalc: 1\n" + BASE)
    result = run("diff", str(old), str(new))
    assert result.exit_code == 1
    assert result.stdout.splitlines()[2:] == [
        "~ body.0..1.mix  Dense  -72",
        "    copies: 3 → 2",
        "~ head  Dense  +18",
        "    output: (4, 5) → (4, 7)",
        "    weight: (5, 8) → (7, 8)",
        "    bias: (5) → (7)",
        "",
        "parameters       261 →   207    -54",
        "trained          261 →   207    -54",
        "bytes       1.02 KiB → 828 B   -216",
        "dims  depth: 3 → 2",
        "in symbols  +2·width + 2",
    ]
    markdown = run("diff", str(old), str(new), "--format", "markdown").stdout
    row = "| changed | head | Dense | +18 | output: (4, 5) → (4, 7); weight: (5, 8) → (7, 8); bias: (5) → (7) |"
    assert row in markdown
    data = json.loads(run("diff", str(old), str(new), "--format", "json").stdout)
    assert data["paramcalc_diff"] == 1
    assert data["in_symbols"] == "2·width + 2"
    assert data["totals"]["total"] == {"before": 261, "after": 207}
    assert [node["path"] for node in data["nodes"]] == [["body", "0", "mix"], ["head"]]


def test_the_same_network_answers_yes() -> None:
    path = str(ROOT / "specs/gpt2.yaml")
    result = run("diff", path, path, "--as", "keras")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "nothing differs: 124,439,808 parameters")
