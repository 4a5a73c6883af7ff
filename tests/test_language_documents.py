"""What holds of a whole spec: inventories, the dtype, included files."""

from pathlib import Path
from textwrap import dedent

import pytest

import paramcalc as pc
from tests.language import counted, load, refusal, total

# --- inventories -----------------------------------------------------------------------------

INVENTORY = """
framework: torch
connections: none
dims: {hidden_size: 8, depth: 2}
layers:
  - name: layers
    times: depth
    layers:
      - Dense: {units: 4 * hidden_size, use_bias: false}
        of: [hidden_size]
        name: up
      - LayerNorm:
        of: [4 * hidden_size]
        name: norm
  - Dense: {units: 3}
    of: [5]
"""


def test_an_inventory_lists_what_is_there() -> None:
    assert total(INVENTORY) == 2 * (8 * 32 + 64) + 18
    form = pc.formula(load(INVENTORY))
    assert form(hidden_size=16, depth=3) == 3 * (16 * 64 + 128) + 18


def test_what_needs_the_graph_is_refused_naming_the_inventory() -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.build(load(INVENTORY), "torch")
    assert caught.value.code == "no-connections"


CONNECTED = """
connections: none
layers:
  - Dense: {units: 3}
    of: [5]
  - name: part
    connections: known
    layers:
      - Input: {shape: [8]}
      - Dense: {units: 4}
        residual: false
      - Dense: {units: 2}
"""


def test_a_group_of_an_inventory_may_know_its_connections() -> None:
    spec = load(CONNECTED)
    assert total(CONNECTED) == (5 + 1) * 3 + (8 + 1) * 4 + (4 + 1) * 2
    assert pc.loads(pc.dumps(spec)) == spec
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.build(spec, "keras")
    assert caught.value.code == "no-connections"
    assert refusal(CONNECTED.replace("        residual: false", "        of: [8]")).code == "invalid-value"


def test_a_group_may_be_an_inventory() -> None:
    text = """
    layers:
      - Input: {shape: [4]}
      - Dense: {units: 3, use_bias: false}
      - name: rest
        connections: none
        layers:
          - Dense: {units: 2, use_bias: false}
            of: [7]
    """
    assert total(text) == 12 + 14


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("    of: [5]\n", "", "missing-key"),
        ("    of: [5]\n", "    of: [5]\n    inputs: layers\n", "invalid-value"),
        ("connections: none\n", "", "invalid-value"),
        ("connections: none", "connections: some", "invalid-value"),
    ],
)
def test_only_in_an_inventory_a_layer_states_its_input(before: str, after: str, code: str) -> None:
    assert refusal(INVENTORY.replace(before, after)).code == code


# --- dtype and include -----------------------------------------------------------------------


def test_a_spec_has_a_dtype_of_its_own() -> None:
    text = """
    dtype: bfloat16
    layers:
      - Input: {shape: [4]}
      - Dense: {units: 5, use_bias: false}
      - Dense: {units: 5, use_bias: false}
        dtype: float32
    """
    assert counted(text).bytes == 20 * 2 + 25 * 4


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".yaml").write_text(dedent(text), encoding="utf-8")
    return folder / "top.yaml"


TOP = """
paramcalc: 1
include: [parts/blocks.yaml]
layers:
  - Input: {shape: [width]}
  - block: mlp
"""
PARTS = """
paramcalc: 1
dims: {width: 4}
requires: [width > 2]
blocks:
  mlp:
    layers:
      - Dense: {units: 2 * width, use_bias: false}
"""


def test_a_spec_includes_dims_blocks_and_conditions_of_another_file(tmp_path: Path) -> None:
    spec = pc.load(write(tmp_path, top=TOP, parts__blocks=PARTS))
    assert pc.count(spec).total == 32
    assert pc.count(spec, dims={"width": 3}).total == 18
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.count(spec, dims={"width": 2})
    assert caught.value.code == "unmet-condition"
    assert "blocks.yaml:4" in str(caught.value)


def test_a_spec_is_written_whole(tmp_path: Path) -> None:
    spec = pc.load(write(tmp_path, top=TOP, parts__blocks=PARTS))
    assert pc.count(pc.loads(pc.dumps(spec))).total == 32


def test_one_file_may_be_given_as_a_text(tmp_path: Path) -> None:
    top = write(tmp_path, top=TOP.replace("[parts/blocks.yaml]", "parts/blocks.yaml"), parts__blocks=PARTS)
    assert pc.count(pc.load(top)).total == 32


def test_an_error_in_an_included_file_names_that_file(tmp_path: Path) -> None:
    top = write(tmp_path, top=TOP, parts__blocks=PARTS.replace("Dense", "Dence"))
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.load(top)
    assert "parts/blocks.yaml:8" in str(caught.value)


@pytest.mark.parametrize("path", ["../other.yaml", "/etc/hosts", "parts/../../other.yaml"])
def test_no_file_outside_the_folder_is_read(tmp_path: Path, path: str) -> None:
    (tmp_path / "other.yaml").write_text("paramcalc: 1\n")
    top = write(tmp_path / "inner", top=TOP.replace("parts/blocks.yaml", path))
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.load(top)
    assert caught.value.code == "outside-folder"


@pytest.mark.parametrize("path", ["parts/../parts/blocks.yaml", "parts/deeper/../blocks.yaml", "./parts//blocks.yaml"])
def test_a_path_may_go_up_within_the_folder(tmp_path: Path, path: str) -> None:
    top = write(tmp_path, top=TOP.replace("parts/blocks.yaml", path), parts__blocks=PARTS)
    (tmp_path / "parts" / "deeper").mkdir()
    assert pc.count(pc.load(top)).total == 32


def test_an_included_file_includes_one_beside_its_folder(tmp_path: Path) -> None:
    above = "dims: {height: 3}\n"
    top = write(tmp_path, top=TOP, parts__blocks=PARTS + "include: ../above.yaml\n", above=above)
    assert pc.load(top).dims["height"] == 3


def test_no_link_leads_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(PARTS)
    top = write(tmp_path / "inner", top=TOP.replace("parts/blocks.yaml", "link.yaml"))
    (tmp_path / "inner" / "link.yaml").symlink_to(tmp_path / "other.yaml")
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.load(top)
    assert caught.value.code == "outside-folder"


def test_a_name_stands_once_in_all_files(tmp_path: Path) -> None:
    top = write(tmp_path, top=TOP.replace("layers:", "dims: {width: 3}\nlayers:", 1), parts__blocks=PARTS)
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.load(top)
    assert caught.value.code == "duplicate-name"


def test_files_do_not_include_each_other_in_a_circle(tmp_path: Path) -> None:
    parts = PARTS + "include: blocks.yaml\n"
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.load(write(tmp_path, top=TOP, parts__blocks=parts))
    assert caught.value.code == "recursive-include"


def test_a_text_includes_nothing() -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.loads(TOP)
    assert caught.value.code == "outside-folder"


def test_an_included_file_has_no_layers(tmp_path: Path) -> None:
    top = write(tmp_path, top=TOP, parts__blocks=PARTS + "layers: []\n")
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.load(top)
    assert caught.value.code == "unknown-key"
