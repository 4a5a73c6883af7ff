"""The source of a real model: how it reads, what can enter it, and what is refused. No framework is needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import paramcalc as pc
from paramcalc.cli import main
from paramcalc.frameworks.building import source
from paramcalc.spec import FRAMEWORKS

SPECS = sorted((Path(__file__).resolve().parent.parent / "specs").glob("*.yaml"))


def node(layer: str, keys: str = "") -> pc.Spec:
    """A spec of one layer behind an input of 4 by 6."""
    return pc.loads(f"paramcalc: 1\nlayers:\n  - Input: {{shape: [4, 6]}}\n    name: data\n  - {layer}\n{keys}")


# --- How it reads -----------------------------------------------------------------------


def test_the_source_of_every_spec_is_formatted_as_ruff_formats_it(tmp_path: Path) -> None:
    for framework in FRAMEWORKS:
        for path in SPECS:
            text = source(pc.load(path), framework)
            assert max(map(len, text.splitlines())) <= 100
            (tmp_path / f"{path.stem}_{framework}.py").write_text(text)
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", "100", "--diff", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_copies_that_are_alike_are_a_loop_over_one_definition(framework: str) -> None:
    text = source(pc.load(SPECS[0].parent / "gpt2.yaml"), framework, dims={"depth": 5})
    assert text.count("LayerNorm") == 3
    assert "\ndepth = 5\n" in text
    assert "range(depth)" in text


def test_groups_that_differ_in_sizes_are_one_definition_with_parameters() -> None:
    text = source(pc.load(SPECS[0].parent / "resnet20.yaml"), "torch")
    assert "def __init__(self, in_channels, out_channels, stride):" in text
    assert text.count("class Convolution(") == text.count("class Basic(") == 1


def test_a_value_that_is_needed_later_keeps_its_variable() -> None:
    text = source(
        pc.loads(
            "paramcalc: 1\nlayers:\n  - Input: {shape: [4]}\n    name: data\n  - Dense: {units: 4}\n    name: early\n"
            "  - Dense: {units: 4}\n  - Dense: {units: 4}\n  - Add:\n    inputs: [early, dense_1]\n"
        ),
        "torch",
    )
    assert "        x = self.early(data)\n        y = self.dense(x)\n        y = self.dense_1(y)\n" in text
    assert text.count("return x + y") == 1


# --- What can enter it ------------------------------------------------------------------

HOSTILE = '''"""\n\\"\nimport os; os.system('true') #{name}\x85\u2028'''


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_name_and_description_of_a_spec_are_comments_alone(framework: str) -> None:
    plain = pc.Spec([pc.Input(shape=(4,)), pc.Dense(units=2)], framework="keras")
    hostile = pc.Spec([pc.Input(shape=(4,)), pc.Dense(units=2)], name=HOSTILE, description=HOSTILE)
    changed = ast.parse(source(hostile, framework))
    found = [each.name for each in ast.walk(changed) if isinstance(each, ast.ClassDef)]
    assert all(name.isidentifier() for name in found)
    names = {each.id for each in ast.walk(changed) if isinstance(each, ast.Name)}
    assert names - {*found} == {
        each.id for each in ast.walk(ast.parse(source(plain, framework))) if isinstance(each, ast.Name)
    } - {"Network"}


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize(
    "name", ["class", "self", "keras", "torch", "nn", "x", "_", "__init", "naïve-ﬁ", "build", "range"]
)
def test_any_name_of_a_node_gives_source_that_python_reads(framework: str, name: str) -> None:
    inner = [pc.Node(pc.Dense(units=6), name=name), pc.Node(pc.LayerNorm())]
    spec = pc.Spec(
        [pc.Input(shape=(4, 6)), pc.Node(layers=inner, name=name, times=2), pc.Node(share=f"{name}.0.{name}")]
    )
    compile(source(spec, framework), "<model>", "exec")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_tensor_may_have_any_name_that_a_spec_allows(framework: str) -> None:
    text = source(pc.Spec([pc.Input(shape=(4,)), pc.Weights(tensors={"class": [2], "a-b": [3]})]), framework)
    assert 'shapes={"class": (2,), "a-b": (3,)}' in text


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_function_that_is_none_is_refused(framework: str) -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        source(pc.Spec([pc.Input(shape=(4,)), pc.Dense(units=2, activation="relu') or exit('")]), framework)
    assert caught.value.code == "cannot-build"


# --- What is refused --------------------------------------------------------------------

REFUSED = [
    (
        node("Dense: {units: 3, activation: sinus}"),
        "keras",
        "Dense cannot be built in Keras: there is no function 'sinus' (at 'dense')",
    ),
    (
        node("Dense: {units: 3}\n    dtype: int8"),
        "torch",
        "Dense cannot be built in PyTorch: its tensors have the dtype int8 (at 'dense')",
    ),
    (
        node("Dense: {units: 3}\n    name: half"),
        "torch",
        "Dense cannot be built in PyTorch: its modules have something else called 'half' (at 'half')",
    ),
    (
        node("LayerNorm:\n    name: one", "  - LayerNorm:\n    tie: {gamma: one.gamma}\n"),
        "keras",
        "LayerNorm cannot be built in Keras: its tensors cannot be those of another layer (at 'layer_norm')",
    ),
]


@pytest.mark.parametrize(("spec", "framework", "message"), REFUSED, ids=[message[:40] for _, _, message in REFUSED])
def test_what_cannot_be_built_is_refused_by_its_kind(spec: pc.Spec, framework: str, message: str) -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        source(spec, framework)
    assert caught.value.code == "cannot-build"
    assert f"error[cannot-build]: {message}" in str(caught.value)


def test_a_framework_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(pc.ParamcalcError, match="needs the package torch") as caught:
        pc.build(node("Dense: {units: 3}"), "torch")
    assert caught.value.code == "missing-package"


def test_a_dim_that_is_an_array_is_refused() -> None:
    import numpy as np

    spec = pc.Spec([pc.Input(shape=(4,)), pc.Dense(units="width")], dims={"width": 4})
    with pytest.raises(pc.ParamcalcError, match="a model is built with one value for each dim"):
        source(spec, "keras", dims={"width": np.arange(1, 4)})


# --- The command ------------------------------------------------------------------------


def test_the_command_prints_what_it_writes(tmp_path: Path) -> None:
    target = tmp_path / "model.py"
    arguments = ["build", str(SPECS[0].parent / "gpt2.yaml"), "--as", "torch", "--set", "depth=2"]
    printed = CliRunner().invoke(main, arguments)
    written = CliRunner().invoke(main, [*arguments, "-o", str(target)])
    assert (printed.exit_code, written.exit_code, written.output) == (0, 0, "")
    assert target.read_text() == printed.output
    assert "\ndepth = 2\n" in printed.output


def test_what_is_refused_writes_nothing(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text("paramcalc: 1\nlayers:\n  - Input: {shape: [4]}\n  - Dense: {units: 3, activation: sinus}\n")
    target = tmp_path / "model.py"
    result = CliRunner().invoke(main, ["build", str(spec), "-o", str(target)])
    assert result.exit_code == 2
    assert "error[cannot-build]" in result.output
    assert not target.exists()
