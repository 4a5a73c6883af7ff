"""The source of a real model: how it reads, what can enter it, and what is refused. No framework is needed."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

import paramcalc as pc
from paramcalc.cli import main
from paramcalc.frameworks.build import source
from paramcalc.frameworks.building import writing
from paramcalc.spec import FRAMEWORKS

pytestmark = pytest.mark.sweep

SPECS = sorted((Path(__file__).resolve().parents[2] / "specs").glob("*.yaml"))


def node(layer: str, keys: str = "") -> pc.Spec:
    """A spec of one layer behind an input of 4 by 6."""
    return pc.loads(f"paramcalc: 1\nlayers:\n  - Input: {{shape: [4, 6]}}\n    name: data\n  - {layer}\n{keys}")


# --- How it reads -----------------------------------------------------------------------


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


def test_a_size_that_the_forward_run_mentions_is_kept_where_it_differs() -> None:
    spec = pc.loads(
        """
paramcalc: 1
framework: torch
blocks:
  part:
    arguments: {width: null}
    layers:
      - Dense: {units: width}
      - Reshape: {target_shape: [1, width]}
      - Slice: {axis: 1, stop: 1, keepdims: false}
layers:
  - Input: {shape: [4]}
  - block: part
    with: {width: 3}
  - block: part
    name: other
    with: {width: 5}
"""
    )
    text = source(spec, "torch")
    assert "        self._out_features = out_features\n" in text
    assert "x.reshape(len(x), 1, self._out_features)" in text
    assert "self._in_features" not in text


def test_dims_are_constants_where_a_size_is_one_or_a_number_of_times_one() -> None:
    spec = pc.loads(
        "paramcalc: 1\nframework: torch\ndims: {width: 6, inner: 4 * width, odd: width + 1, half: width / two, two: 2,"
        " unused: 9}\n".replace("half: width / two, two: 2", "two: 2, half: width / two")
        + "layers:\n  - Input: {shape: [width]}\n    name: data\n  - Dense: {units: inner}\n  - Dense: {units: odd}\n"
        "  - Dense: {units: half}\n  - Dense: {units: 3 * width}\n  - Dense: {units: width * two}\n"
    )
    text = source(spec, "torch")
    head = "\nwidth = 6\ninner = 4 * width\nodd = 7\ntwo = 2\nhalf = width // two\n\n\n"
    assert head in text
    sizes = [("width", "inner"), ("inner", "odd"), ("odd", "half"), ("half", "3 * width"), ("3 * width", "12")]
    for given, found in sizes:
        assert f"nn.Linear(in_features={given}, out_features={found})" in text
    # what is set is the number that it is set to
    assert "\ninner = 5\n" in source(spec, "torch", dims={"inner": 5})


def test_axes_stay_in_the_order_of_the_tensors() -> None:
    spec = pc.Spec([pc.Input(shape=(3, 4, 2)), pc.LayerNorm(axis=[-1, 1, 2], scale=False)])
    text = source(spec, "torch")
    assert pc.count(spec, "torch").layers[-1].tensors[0].shape == (2, 3, 4)
    assert "OwnLayerNorm(normalized_shape=(2, 3, 4), scale=False" in text
    assert ".movedim((3, 1, 2), (-3, -2, -1))" in text


def test_a_class_that_the_source_brings_is_given_the_constants() -> None:
    text = source(pc.load(SPECS[0].parent / "llama2_7b.yaml"), "torch", dims={"key_value_heads": 8})
    assert "features=(width, width, width)" in text
    assert "num_key_value_heads=key_value_heads" in text


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize(
    "name", ["x", "keras", "nn", "Tensor", "build", "name", "i", "print", "data", "units", "Weights"]
)
def test_a_dim_may_have_a_name_that_the_source_needs(framework: str, name: str) -> None:
    spec = pc.Spec([pc.Node(pc.Input(shape=(name,)), name="data"), pc.Dense(units=name)], dims={name: 3})
    found = ast.parse(source(spec, framework))
    constants = [each.targets[0] for each in found.body if isinstance(each, ast.Assign)]
    assert len(constants) == 1
    (constant,) = (each.id for each in constants if isinstance(each, ast.Name))
    # assigned once, and nothing else is called so
    stored = [node for node in ast.walk(found) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    defined = [node.name for node in ast.walk(found) if isinstance(node, (ast.ClassDef, ast.FunctionDef))]
    arguments = [node.arg for node in ast.walk(found) if isinstance(node, ast.arg)]
    assert [node.id for node in stored].count(constant) == 1
    assert constant not in {*defined, *arguments}


def test_a_group_without_modules_is_written_where_it_stands() -> None:
    text = source(
        pc.loads(
            "paramcalc: 1\nframework: torch\nlayers:\n  - Input: {shape: [4]}\n  - name: body\n    times: 2\n"
            "    layers: [Permute: {dims: [1]}, Activation: {activation: linear}]\n"
        ),
        "torch",
    )
    assert text.count("class ") == 1
    assert "__init__" not in text
    compile(text, "<model>", "exec")


def test_numbers_for_each_axis_are_one_where_they_are_the_same_and_pairs_are_not() -> None:
    image = pc.Input(shape=(8, 8, 3))
    text = source(
        pc.Spec([image, pc.Conv2D(filters=2, kernel_size=3), pc.ZeroPadding2D(padding=[[1, 0]] * 2)]), "keras"
    )
    assert "kernel_size=3" in text
    assert "ZeroPadding2D(padding=((1, 0), (1, 0))" in text


#: Specs, the framework, what is in the source, and what is not.
READ: dict[str, tuple[str, str, list[str], list[str]]] = {
    "a dim that decides what there is stays a number in what depends on it": (
        """
dims: {width: 8, depth: 3}
layers:
  - Input: {shape: [width]}
  - Dense: {units: width}
    when: width > 4
  - Dense: {units: depth}
  - name: body
    times: depth
    layers: [Dense: {units: 3}, LayerNorm]
""",
        "keras",
        ["\ndepth = 3\n", "for i in range(depth):"],
        ["width"],
    ),
    "states are unpacked as PyTorch gives them": (
        """
framework: torch
layers:
  - Input: {shape: [5, 6]}
    name: data
  - LSTM: {units: 4, return_state: true}
    name: first
  - LSTM: {units: 4, return_sequences: false}
    name: second
    inputs: [data, first.1, first.2]
""",
        "torch",
        [
            "x, ((first_1,), (first_2,)) = self.first(data)\n",
            "self.second(data, (first_1[None], first_2[None]))[0][:, -1]",
        ],
        [],
    ),
    "a value that is needed later keeps its variable": (
        """
layers:
  - Input: {shape: [4]}
    name: data
  - Dense: {units: 4}
    name: early
  - Dense: {units: 4}
  - Dense: {units: 4}
  - Add:
    inputs: [early, dense_1]
""",
        "torch",
        [
            "        x = self.early(data)\n        y = self.dense(x)\n        y = self.dense_1(y)\n",
            "return x + y",
        ],
        [],
    ),
}


@pytest.mark.parametrize("name", READ)
def test_the_source_of_a_spec(name: str) -> None:
    text, framework, found, absent = READ[name]
    written = source(pc.loads(f"paramcalc: 1\n{text}"), framework)
    assert all(written.count(each) == 1 for each in found)
    assert not any(each in written for each in absent)


#: A repeated node whose class takes an argument, under a long name.
WRAPPED = """
paramcalc: 1
framework: torch
dims: {depths: [2, 3], widths: [64, 128]}
layers:
  - Input: {shape: [64]}
  - name: stage
    times: len(depths)
    index: i
    layers:
      - Dense: {units: "widths[i]"}
      - name: a_block_with_a_rather_long_name
        times: depths[i]
        layers:
          - Dense: {units: "3 * widths[i]"}
          - Dense: {units: "widths[i]"}
"""


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("name", ["lenet5", "lstm_classifier", "resnet20", "wrapped"])
def test_lines_may_be_broken_wherever_they_are(name: str, framework: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read = pc.loads(WRAPPED) if name == "wrapped" else pc.load(SPECS[0].parent / f"{name}.yaml")
    texts = []
    for width in (1, 100, 10**6):
        monkeypatch.setattr(writing, "WIDTH", width)
        texts.append(source(read, framework))
    trees = {ast.dump(ast.parse(text)) for text in texts}
    assert len(trees) == 1
    assert max(map(len, texts[1].splitlines())) <= 100


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("a", "b"), ["a_b", "c"]),
        (("a", "b", "a_b"), ["a-b", "a_b"]),
        (("a", "b", "a_b", "a-b"), ["a__b", "a_b", "a-b"]),
    ],
)
def test_no_name_of_keras_has_a_dot_and_no_two_are_the_same(names: tuple[str, ...], found: list[str]) -> None:
    group, inner, *others = names
    others = others or ["c"]
    spec = pc.Spec(
        [
            pc.Node(pc.Input(shape=(4,)), name="x"),
            pc.Node(layers=[pc.Node(pc.Dense(units=4), name=inner)], name=group),
            *(pc.Node(pc.Dense(units=4), name=name) for name in others),
        ]
    )
    text = source(spec, "keras")
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    stated = [word.value.value for call in calls for word in call.keywords if word.arg == "name"]
    assert stated == ["x", *found]


def test_paths_that_no_names_of_keras_can_tell_apart_are_refused() -> None:
    names = ["a_b", "a-b", "a__b", "a--b"]
    spec = pc.Spec(
        [
            pc.Input(shape=(4,)),
            pc.Node(layers=[pc.Node(pc.Dense(units=4), name="b")], name="a"),
            *(pc.Node(pc.Dense(units=4), name=name) for name in names),
        ]
    )
    with pytest.raises(pc.ParamcalcError) as caught:
        source(spec, "keras")
    assert str(caught.value) == (
        "error[cannot-build]: the paths of two layers become the same name in Keras, whose names have no dots\n"
        "    rename a node"
    )


# --- What can enter it ------------------------------------------------------------------

HOSTILE = [
    '''"""\n\\"\nimport os; os.system('true') #{name}\x85\u2028''',
    "__import__('os').system('true')",
    "x\n    __import__('os')",
    "x\u2028__import__('os')",
    "{__import__('os')}",
    "__import__",
    "𝘰𝘴",
    "ｅｖａｌ",
]


def hostile(text: str) -> dict[str, Callable[[], pc.Spec]]:
    """Specs with a text at each place that takes one."""
    data, dense = pc.Input(shape=(4, 6)), pc.Dense(units=6)
    group = [pc.Node(dense, name="one"), pc.Node(pc.LayerNorm())]
    return {
        "the spec": lambda: pc.Spec([data, dense], name=text, description=text),
        "a node": lambda: pc.Spec([data, pc.Node(dense, name=text), pc.Node(share=text)]),
        "a group": lambda: pc.Spec([data, pc.Node(layers=group, name=text, times=2)]),
        "a block": lambda: pc.Spec([data, pc.Node(block=text), pc.Node(block=text)], blocks={text: pc.Block(group)}),
        "an input": lambda: pc.Spec([pc.Node(data, name=text), dense]),
        "a dim": lambda: pc.Spec([data, pc.Dense(units=text)], dims={text: 3}),
        "a derived dim": lambda: pc.Spec([data, pc.Dense(units="u")], dims={text: 3, "u": f"2 * {text}"}),
        "a tensor": lambda: pc.Spec([data, pc.Weights(tensors={text: [2]}, states={text + "s": [3]}, output=text)]),
        "a tie": lambda: pc.Spec(
            [
                data,
                pc.Node(pc.Weights(tensors={text: [6, 6]}), name="own"),
                pc.Node(dense, tie={"kernel": f"own.{text}"}),
            ]
        ),
        "a function": lambda: pc.Spec([data, pc.Dense(units=2, activation=text)]),
        "a dtype": lambda: pc.Spec([data, pc.Node(dense, dtype=text)]),
        "a quantisation": lambda: pc.Spec([data, pc.Dense(units=2, quantization=text)]),
        "an equation": lambda: pc.Spec([data, pc.EinsumDense(equation=text, output_shape=[4, 6])]),
        "a mode": lambda: pc.Spec([data, pc.Pad1D(mode=text)]),
        "a layer in a layer": lambda: pc.Spec([data, pc.TimeDistributed(layer=pc.Dense(units=2, activation=text))]),
    }


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("place", hostile(""))
@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_spec_is_run(text: str, place: str, framework: str) -> None:
    """It is refused, or it is a literal, an attribute, a comment, or a name of its own that nothing else has."""
    try:
        found = source(hostile(text)[place](), framework)
    except pc.ParamcalcError:
        return
    tree = ast.parse(found)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not used & {"os", "eval", "exec", "__import__", "system"}
    imported = {
        name.name for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom)) for name in node.names
    }
    assert imported <= {"Any", "Tensor", "functional", "keras", "nn", "torch"}
    formatted = [
        each for node in ast.walk(tree) if isinstance(node, ast.FormattedValue) for each in ast.walk(node.value)
    ]
    assert {each.id for each in formatted if isinstance(each, ast.Name)} <= {"i", "name"}
    # the statements at the top: imports, sizes, classes, functions, and the one that prints the model
    assert all(
        isinstance(each, (ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef, ast.If))
        or (isinstance(each, ast.Assign) and not any(isinstance(node, ast.Call) for node in ast.walk(each)))
        for each in tree.body
    )


def test_the_texts_that_specs_allow_come_through() -> None:
    """Some of those above are names: that they are not run is no matter of refusing them all."""
    for place, spec in hostile("__import__").items():
        if place in ("a node", "a group", "an input", "a dim", "a derived dim", "a block"):
            compile(source(spec(), "keras"), "<model>", "exec")


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


# --- What is refused --------------------------------------------------------------------

REFUSED = [
    (
        node("Dense: {units: 3, activation: custom:sinus}"),
        "keras",
        "Dense cannot be built in Keras: no model with the function 'custom:sinus' is written (at 'dense')",
    ),
    (
        node("Dense: {units: 3, activation: sparsemax}"),
        "torch",
        "Dense cannot be built in PyTorch: no model with the function 'sparsemax' is written (at 'dense')",
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
    spec.write_text("paramcalc: 1\nlayers:\n  - Input: {shape: [4]}\n  - Dense: {units: 3, activation: custom:sinus}\n")
    target = tmp_path / "model.py"
    result = CliRunner().invoke(main, ["build", str(spec), "-o", str(target)])
    assert result.exit_code == 2
    assert "error[cannot-build]" in result.output
    assert not target.exists()
