"""Every refusal, word for word, as a person sees it: the place, the line, the caret, the way out."""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import paramcalc as pc
from paramcalc.core.errors import Problem
from tests import (
    test_deriving,
    test_exports,
    test_families,
    test_language_documents,
    test_measures,
    test_optimizers,
    test_own_layers,
)
from tests.sweeps import test_building, test_solving_asked, test_sweeping_processes


class Wrong(NamedTuple):
    code: str
    name: str
    text: str
    message: str


def _wrong_specs() -> list[Wrong]:
    document = Path(__file__).with_name("wrong_specs.txt").read_text(encoding="utf-8")
    sections = re.findall(r"^===== (\S+) · (.*)\n((?s:.*?))^-----\n((?s:.*?))\n(?=\n=====|\Z)", document, re.MULTILINE)
    assert len(sections) == document.count("\n=====")
    return [Wrong(*section) for section in sections]


WRONG = _wrong_specs()

#: The codes that need more than a text to be raised, and the test that raises each.
ELSEWHERE = {
    "unreadable-file": "test_a_file_that_is_missing",
    "not-text": "test_bytes_that_are_no_text",
    "invalid-kind": "test_a_class_that_cannot_be_a_layer_type_is_refused",
    "recursive-include": "test_files_do_not_include_each_other_in_a_circle",
    "no-connections": "test_what_needs_the_graph_is_refused_naming_the_inventory",
    "not-one-value": "test_a_condition_on_an_array",
    "unknown-model-type": "test_what_is_not_proved_is_refused_by_name",
    "unproved-config": "test_what_is_not_proved_is_refused_by_name",
    "unknown-optimizer": "test_a_parameter_that_an_optimizer_does_not_take",
    "cannot-build": "test_what_cannot_be_built_is_refused_by_its_kind",
    "model-mismatch": "test_a_model_that_is_not_what_it_states",
    "not-measurable": "test_what_no_type_says_is_refused_and_not_taken_for_nothing",
    "unknown-measure": "test_what_is_no_measure_is_refused",
    "unknown-target": "test_an_unknown_target_is_refused",
    "not-expressible": "test_what_a_target_cannot_say_exactly_is_refused",
    "unwritable-file": "test_a_file_that_cannot_be_written_is_an_error",
    "not-derivable": "test_arguments_without_a_whole_number_are_refused",
    "fixed-dim": "test_a_fixed_argument_takes_no_other_value",
    "idle-dim": "test_a_dim_that_the_total_does_not_depend_on_is_refused",
    "cluster-failed": "test_a_cluster_that_fails_is_named",
    "missing-package": "test_a_workbook_without_its_package_names_the_extra",
}

INPUT = "paramcalc: 1\nlayers:\n  - Input: {shape: [4]}\n"


def refusal(text: str | bytes, **options: object) -> pc.ParamcalcError:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.count(pc.loads(text, "spec.yaml"), **options)
    return caught.value


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
def test_what_is_printed(wrong: Wrong) -> None:
    error = refusal(wrong.text)
    assert str(error) == wrong.message
    assert [problem.code for problem in error.problems] == [wrong.code]


def test_what_is_printed_of_the_same_texts_with_other_line_ends() -> None:
    for wrong in WRONG[::6]:
        assert str(refusal(wrong.text.replace("\n", "\r\n").encode())) == wrong.message


def test_every_code_is_raised() -> None:
    raised = {wrong.code for wrong in WRONG}
    assert raised | {*ELSEWHERE} == {*pc.CODES}
    assert not raised & {*ELSEWHERE}
    modules = (
        test_building,
        test_deriving,
        test_exports,
        test_families,
        test_language_documents,
        test_measures,
        test_optimizers,
        test_own_layers,
        test_solving_asked,
        test_sweeping_processes,
    )
    assert {*ELSEWHERE.values()} <= {*globals()}.union(*map(vars, modules))


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    (tmp_path / "network.yaml").write_text(INPUT)
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.load(tmp_path / "netwrok.yaml")
    path = str(tmp_path / "netwrok.yaml")
    shown = repr(path) if len(path) < 79 else repr(path)[:79] + "…"
    assert caught.value.code == "unreadable-file"
    assert str(caught.value) == (
        f"error[unreadable-file]: cannot read {shown}: No such file or directory\n"
        f"    did you mean '{tmp_path / 'network.yaml'}'?"
    )


def test_bytes_that_are_no_text() -> None:
    error = refusal(b"paramcalc: 1\nname: \xff\n")
    assert error.code == "not-text"
    assert str(error) == "error[not-text]: 'spec.yaml' is not UTF-8 text (at line 2, byte 7)"


def test_a_condition_on_an_array() -> None:
    text = INPUT.replace("layers", "dims: {n: 3}\nlayers") + "  - Dense: {units: n}\n    when: n > 3\n"
    error = refusal(text, dims={"n": np.array([2, 5])})
    assert error.code == "not-one-value"
    assert str(error) == (
        "spec.yaml:6:11: error[not-one-value]: a condition, a list or a counter depends on a dim"
        " that is an array (at 'dense')\n"
        "    6 |     when: n > 3\n"
        "                  ^^^^^"
    )


def test_a_form_where_it_does_not_hold() -> None:
    text = INPUT.replace("layers", "dims: {n: 4}\nlayers") + "  - Dense: {units: n / 2}\n"
    form = pc.formula(pc.loads(text))
    with pytest.raises(pc.ParamcalcError) as caught:
        form(n=5)
    assert caught.value.code == "unmet-condition"


def test_a_tab() -> None:
    assert str(refusal("paramcalc: 1\nlayers:\n\t- Dense\n")) == (
        "spec.yaml:3:1: error[syntax]: a tab cannot indent a line\n    3 |  - Dense\n        ^ use spaces"
    )


def test_a_control_character() -> None:
    assert str(refusal("paramcalc: 1\nname: a\x07b\n")) == (
        "spec.yaml:2:8: error[syntax]: the character '\\x07' cannot stand in a spec\n"
        "    2 | name: a b\n"
        "               ^"
    )


def test_problems_that_are_found_together() -> None:
    error = refusal(
        INPUT
        + "  - Dence: {units: 80}\n"
        + "  - Dense: {units: 1.5, use_bais: false}\n"
        + "    nmae: fc\n"
        + "  - Dropout: {rate: 2}\n"
        + "outputs: 3.5\n"
    )
    assert str(error) == (
        "spec.yaml:4:5: error[unknown-kind]: no layer type 'Dence'\n"
        "    4 |   - Dence: {units: 80}\n"
        "            ^^^^^ did you mean 'Dense'?\n"
        "spec.yaml:5:20: error[wrong-type]: 'units' of Dense takes a whole number or an expression,"
        " not the fraction 1.5\n"
        "    5 |   - Dense: {units: 1.5, use_bais: false}\n"
        "                           ^^^\n"
        "spec.yaml:5:25: error[unknown-field]: Dense has no field 'use_bais'\n"
        "    5 |   - Dense: {units: 1.5, use_bais: false}\n"
        "                                ^^^^^^^^ did you mean 'use_bias'?\n"
        "spec.yaml:6:5: error[unknown-key]: a node has no key 'nmae'\n"
        "    6 |     nmae: fc\n"
        "            ^^^^ did you mean 'name'?\n"
        "spec.yaml:7:21: error[invalid-value]: 'rate' of Dropout takes a number from 0 to 1, not 2\n"
        "    7 |   - Dropout: {rate: 2}\n"
        "                            ^\n"
        "spec.yaml:8:10: error[wrong-type]: 'outputs' takes a list of the names of nodes, not 3.5\n"
        "    8 | outputs: 3.5\n"
        "                 ^^^"
    )


def test_shapes_that_are_found_together() -> None:
    # what follows the first has no shape to be judged by, and is not reported
    error = refusal(
        INPUT
        + "    name: x\n"
        + "  - Conv2D: {filters: 3, kernel_size: 3}\n"
        + "  - Dense: {units: 3}\n"
        + "  - LSTM: {units: 3}\n"
        + "    inputs: x\n"
    )
    assert [(problem.code, problem.node) for problem in error.problems] == [
        ("shape-mismatch", "conv2d"),
        ("shape-mismatch", "lstm"),
    ]


def test_no_more_than_can_be_read() -> None:
    error = refusal(INPUT + "  - Dence\n" * 1000)
    shown = str(error).splitlines()
    assert sum("error[" in line for line in shown) == pc.LIMITS.problems
    assert shown[-1] == "… and more"


def test_deep_in_a_block_that_is_called_twice() -> None:
    text = """\
paramcalc: 1
blocks:
  halved:
    arguments: {n: null}
    layers:
      - name: body
        layers:
          - Flatten
          - Dense: {units: n / 2}
layers:
  - Input: {shape: [4]}
  - block: halved
    with: {n: 4}
  - name: outer
    times: 3
    layers:
      - block: halved
        name: odd
        with: {n: 5}
"""
    assert str(refusal(text)) == (
        "spec.yaml:9:28: error[inexact-division]: in 'n / 2': 5 / 2 leaves a remainder"
        " (at 'outer.0.odd.body.dense')\n"
        "    9 |           - Dense: {units: n / 2}\n"
        "                                   ^^^^^ '//' rounds down, where that is meant"
    )


def test_the_same_problem_of_many_copies_is_told_once() -> None:
    error = refusal(INPUT + "  - Conv2D: {filters: i + 1, kernel_size: 3}\n    times: 9\n    index: i\n")
    assert len(error.problems) == 1


def test_a_spec_built_in_python_has_no_lines() -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.count(pc.Spec(layers=[pc.Input(shape=(4,)), pc.Conv2D(filters=3, kernel_size=3)]))
    assert str(caught.value) == (
        "error[shape-mismatch]: Conv2D takes an input of 3 axes beside the batch (h w c), not (None, 4) (at 'conv2d')"
        "\n    write Reshape: {target_shape: [h, w, c]} before it, with the positions and channels meant"
    )


def test_a_layer_built_in_python() -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.Dense(unitz=3)
    assert [problem.code for problem in caught.value.problems] == ["missing-key", "unknown-field"]


def test_a_long_line_is_shown_around_the_caret() -> None:
    text = INPUT + f"  - Dense: {{units: 3, activation: {'x' * 300}, use_bais: true}}\n"
    line, carets = str(refusal(text)).splitlines()[1:]
    start = carets.index("^")
    assert line[start : start + 8] == "use_bais"
    assert len(line) <= 108


def test_messages_stay_short() -> None:
    name = "n" * 100_000
    for text in (f"  - {name.title()}\n", f"  - Flatten:\n    name: {name}.\n", f"  - Flatten:\n    inputs: {name}\n"):
        assert len(str(refusal(INPUT + text))) < 1_500


def test_a_code_that_does_not_exist_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError):
        Problem("no-such-code", "")


def test_a_model_that_is_not_what_it_states() -> None:
    dense = {"class_name": "Dense", "config": {"name": "d", "units": 3, "batch_input_shape": [None, 4], "copies": 2}}
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.from_keras({"class_name": "Sequential", "config": {"name": "s", "layers": [dense]}})
    assert str(caught.value) == (
        "error[model-mismatch]: the layer 'd' has the argument 'copies', which is not known of Dense\n"
        "    was the model written by a newer Keras?"
    )
