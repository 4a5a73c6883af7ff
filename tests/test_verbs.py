"""What a verb may be given, and what is refused with the way out."""

import json
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

import paramcalc as pc
from tests.helpers import ROOT

MLP = ROOT / "specs" / "keras_mlp.yaml"
TOTAL = 2_140_752

#: 4 inputs to 3 outputs, and 3 biases
SMALL = {"paramcalc": 1, "dims": {"width": 3}, "layers": [{"Input": {"shape": [4]}}, {"Dense": {"units": "width"}}]}

VERBS: list[Callable[[Any], Any]] = [pc.count, pc.explain, pc.formula, pc.compare, pc.build]


def test_a_path_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert pc.count(str(MLP)).total == pc.count(MLP).total == TOTAL
    assert pc.explain(MLP).count.total == TOTAL
    assert pc.formula(MLP)() == TOTAL
    assert pc.compare(MLP).left.count.total == TOTAL
    assert pc.check(MLP, MLP)
    monkeypatch.chdir(ROOT)
    assert pc.count("specs/gpt2.yaml").total == 124_439_808


def test_the_description_of_a_model_is_opened_by_its_path_and_as_a_mapping() -> None:
    path = ROOT / "tests" / "descriptions" / "image.json"
    described = pc.from_keras(path.read_text(encoding="utf-8"))
    assert pc.count(path).total == pc.count(described).total > 0


def test_a_mapping_is_read_as_yaml_gives_it() -> None:
    assert pc.count(SMALL).total == pc.count(MappingProxyType(SMALL)).total == 4 * 3 + 3
    assert pc.count(SMALL, dims={"width": 5}).total == 4 * 5 + 5
    assert str(pc.formula(SMALL).expr) == "5*width"
    assert pc.check(SMALL, SMALL)
    assert not pc.check(SMALL, pc.Spec([pc.Input(shape=[4]), pc.Dense(units=4)]))


def test_a_layer_is_a_network_of_its_own() -> None:
    assert pc.count(pc.Dense(units=3), input_shape=(4,)).total == 15
    assert pc.count(pc.Dense(units=3), input_shape=[None, 4]).total == 15
    assert pc.count(pc.Bilinear(units=3), input_shape=[(4,), (5,)]).total == 4 * 5 * 3 + 3
    assert [row.name for row in pc.count(pc.Dense(units=3), input_shape=(4,)).layers] == ["dense"]


def test_dims_may_be_texts_lists_and_arrays() -> None:
    assert pc.count(SMALL, dims={"width": "2 * 3"}).total == 30
    assert pc.count(SMALL, dims={"width": np.int64(6)}).total == 30
    assert pc.count(SMALL, dims={"width": np.array([1, 6])}).total.tolist() == [5, 30]
    assert pc.formula(SMALL, keep="width").expr == pc.formula(SMALL).expr


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([pc.Dense(units=3)], "not a list\n    a list of layers is a spec: pc.Spec(layers=[…])"),
        (pc.Dense, "not the type Dense\n    make a layer of it: pc.Dense(units=…)"),
        (3, "takes a spec, a layer, a model, or the path of one, not 3"),
        (None, "takes a spec, a layer, a model, or the path of one, not null"),
        (b"paramcalc: 1", "not an object of the type bytes\n    pc.loads reads a text"),
        (object(), "takes a spec, a layer, a model, or the path of one, not an object of the type object"),
    ],
)
def test_what_is_no_network_is_refused(given: Any, message: str) -> None:
    for verb in VERBS:
        if not (verb is pc.formula and given is pc.Dense):
            with pytest.raises(pc.ParamcalcError) as caught:
                verb(given)
            assert caught.value.code == "wrong-type"
            assert message in str(caught.value)


@pytest.mark.parametrize(
    ("make", "code", "message"),
    [
        (lambda: pc.Dense(3), "wrong-type", "the fields of Dense are given by name\n    as in Dense(units=…)"),
        (lambda: pc.Add(3), "wrong-type", "the fields of Add are given by name\n    Add has no fields"),
        (lambda: pc.Spec(layers=[pc.Dense]), "wrong-type", "not the type Dense\n    as in pc.Dense(units=…)"),
        (lambda: pc.Spec(layers=["Dense"]), "wrong-type", "takes a layer or a node, not 'Dense'"),
        (lambda: pc.Spec(layers=pc.Add()), "wrong-type", "'layers' is a list of layers and nodes, not one of them"),
        (lambda: pc.Spec(layers=None), "wrong-type", "'layers' is a list of layers and nodes, not nothing"),
        (lambda: pc.Spec([], name=3), "wrong-type", "'name' is a text, not 3"),
        (lambda: pc.Spec([], blocks=[3]), "wrong-type", "'blocks' is a mapping of names to blocks, not a list"),
        (lambda: pc.Spec([], blocks={"a": []}), "wrong-type", "the block 'a' is a list\n    as in pc.Block([…])"),
        (lambda: pc.Node(pc.Dense), "wrong-type", "takes a layer, not the type Dense"),
        (lambda: pc.Node(block=3), "invalid-name", "3 cannot name a block"),
        (lambda: pc.Node(share=3.5), "wrong-type", "'share' takes the name of a node"),
        (lambda: pc.Node(layers=pc.Add()), "wrong-type", "'layers' is a list of layers and nodes"),
        (lambda: pc.Block(pc.Add()), "wrong-type", "'layers' is a list of layers and nodes"),
        (lambda: pc.load(3), "wrong-type", "takes the path of a file, not 3"),
        (lambda: pc.loads(None), "wrong-type", "takes the text of a spec, not null"),
        (lambda: pc.dumps(SMALL), "wrong-type", "takes a spec, not 'dict'"),
        (lambda: pc.count("nowhere.yaml"), "unreadable-file", "cannot read 'nowhere.yaml'"),
        (lambda: pc.count(pc.Dense(units=3), input_shape=4), "wrong-type", "not 4\n    as in input_shape=(4,)"),
        (lambda: pc.count(pc.Dense(units=3), input_shape="ab"), "wrong-type", "is a list of sizes, not 'ab'"),
        (lambda: pc.count(SMALL, input_shape=(4,)), "wrong-type", "'input_shape' goes with a layer on its own"),
        (lambda: pc.count(SMALL, dims=["width"]), "wrong-type", 'not a list\n    as in dims={"width": 1024}'),
        (lambda: pc.count(SMALL, dims={"width": 1.5}), "wrong-type", "error[wrong-type]: 'width' takes a whole number"),
        (lambda: pc.count(SMALL, dims={"wdith": 3}), "unknown-dim", "did you mean 'width'?"),
        (lambda: pc.count(SMALL, "jax"), "unknown-convention", "there is no convention 'jax'"),
        (lambda: pc.count(SMALL, depth=0), "invalid-value", "'depth' is a whole number of at least 1, not 0"),
        (lambda: pc.count({"layers": []}), "missing-key", "begin with the line 'paramcalc: 1'"),
        (lambda: pc.explain(SMALL, node=3), "wrong-type", "'node' is the path of a node, not 3"),
        (lambda: pc.explain(SMALL).to("pdf"), "unknown-target", "the targets: text, markdown, latex, html"),
        (lambda: pc.explain(SMALL).to(sheet="exam"), "invalid-value", "the sheets: derivation, blank, answers"),
        (lambda: pc.compare(SMALL).to("pdf"), "unknown-target", "there is no target 'pdf'"),
        (lambda: pc.compare(SMALL, "keras"), "wrong-type", "as in ['keras', 'torch']"),
        (lambda: pc.formula(pc.Dense(units=3)), "wrong-type", "pc.formula(pc.Dense) is the form of its type"),
        (lambda: pc.check(SMALL, 3), "wrong-type", "not 'int'"),
    ],
)
def test_misuse_is_refused_with_the_way_out(make: Callable[[], Any], code: str, message: str) -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        make()
    assert caught.value.code == code
    assert message in str(caught.value)


def test_a_mapping_without_end_is_refused() -> None:
    endless: dict[str, Any] = {"layers": []}
    endless["layers"].append(endless)
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.count({"paramcalc": 1, **endless})
    assert caught.value.code == "limit"


def test_what_a_formula_may_be_written_in_is_what_there_is() -> None:
    from typing import get_args

    from paramcalc.core.registry import LANGUAGES
    from paramcalc.exports.derivations import NOTATIONS
    from paramcalc.results.derivation import Notation
    from paramcalc.results.formula import Target

    assert get_args(Target) == ("text", "latex", "mathml", *LANGUAGES)
    assert get_args(Notation) == (*NOTATIONS,)


def test_what_a_field_may_be_given_as_is_for_type_checkers_alone() -> None:
    # whoever looks at an annotation finds the words of a Literal, or nothing
    for layer_type, field in ((pc.Dense, "units"), (pc.MaxPool2D, "padding"), (pc.Bidirectional, "layer")):
        assert layer_type.model_fields[field].annotation is Any


def test_a_spec_is_checked_at_other_sizes() -> None:
    spec = pc.loads("paramcalc: 1\ndims: {n: 3}\nlayers:\n  - Input: {shape: [4]}\n  - Dense: {units: n}\n")
    wider = pc.loads("paramcalc: 1\nlayers:\n  - Input: {shape: [4]}\n  - Dense: {units: 7}\n")
    assert not pc.check(spec, wider)
    assert pc.check(spec, wider, dims={"n": 7})


DENSE = [pc.Input(shape=(2,)), pc.Dense(units=3)]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pc.Node(pc.Dense(units=3), "fc"), "error[wrong-type]: the fields of Node are given by name"),
        (lambda: pc.Node(pc.Dense(units=3), nmae="fc"), "error[unknown-key]: Node has no field 'nmae'"),
        (lambda: pc.Spec(), "error[missing-key]: Spec needs 'layers'"),
        (lambda: pc.Spec(DENSE, nmae="net"), "error[unknown-key]: Spec has no field 'nmae'"),
        (lambda: pc.Block(), "error[missing-key]: Block needs 'layers'"),
        (lambda: pc.count(pc.Node(pc.Dense(units=3))), "not an object of the type Node"),
        (lambda: pc.count("paramcalc: 1\nlayers: []\n"), "takes the path of a file, not its text"),
        (lambda: pc.dumps("spec.yaml"), "takes a spec, not 'str'"),
        (lambda: pc.formula(pc.Spec(DENSE, dims={"w": 3}))(8), "the sizes of a form are given by name"),
        (lambda: pc.formula(pc.Spec(DENSE), keep=3), "'keep' is a list of dims, not 3"),
    ],
    ids=range(10),
)
def test_a_call_that_does_not_fit_is_refused_with_the_way_out(call: Any, message: str) -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        call()
    assert message in str(caught.value)
    assert caught.value.problems[0].hint


def test_an_error_within_a_field_is_no_misuse() -> None:
    class Broken:
        def __iter__(self) -> Any:
            raise TypeError("broken")

    with pytest.raises(TypeError, match="broken"):
        pc.Spec(Broken())  # type: ignore[arg-type]


def test_a_file_without_layers_is_refused_at_that_line(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text("paramcalc: 1\nlayers: []\n", encoding="utf-8")
    for verb in (pc.count, pc.explain, pc.formula, pc.build):
        with pytest.raises(pc.ParamcalcError) as caught:
            verb(spec)
        assert str(caught.value).startswith(
            f"{spec}:2:9: error[missing-key]: the spec has no layers\n    2 | layers: []"
        )


def test_json_says_what_was_set() -> None:
    spec = pc.Spec([pc.Input(shape=("d",)), pc.Dense(units="width")], dims={"width": 3, "d": 2, "x": "none"})
    counted = pc.count(spec, dims={"width": 1600})
    assert (counted.given, counted.plain()["set"], counted.plain()["dims"]["width"]) == (
        {"width": 1600},
        {"width": 1600},
        1600,
    )
    assert json.loads(pc.formula(spec, dims={"width": 1600}).to("json"))["set"] == {"width": 1600}
    # an unknown dimension is its name in a count, as among the dims; a dim that is none is that word
    assert pc.count(spec, dims={"d": 5, "x": None}).plain()["set"] == {"d": 5, "x": "none"}
    assert "set" not in pc.count(spec).plain()
    assert "set" not in json.loads(pc.formula(spec).to("json"))


def test_a_power_of_too_many_digits_is_refused_before_it_is_computed() -> None:
    form = pc.formula(
        {"paramcalc": 1, "dims": {"n": 3}, "layers": [{"Input": {"shape": [1]}}, {"Dense": {"units": "4 ** n"}}]}
    )
    assert form(n=40) == 2 * 4**40
    # a power that no expression states is of any size
    assert (
        pc.formula(
            {**SMALL, "dims": {"width": 3}, "layers": [{"Input": {"shape": ["width"]}}, {"Dense": {"units": "width"}}]}
        )(width=10**80)
        == 10**160 + 10**80
    )
    for size in (1000, 10**26):
        with pytest.raises(pc.ParamcalcError, match="a number has more than 100 digits"):
            form(n=size)
