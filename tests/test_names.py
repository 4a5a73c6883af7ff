"""Names that a spec takes, made of those of a model."""

from __future__ import annotations

import pytest

import paramcalc as pc
from paramcalc.frameworks.names import FreeNames, free_name, legal_name


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("conv1", "conv1"),
        ("0", "layer_0"),
        ("block/conv:1", "block_conv_1"),
        ("größe", "größe"),
        ("_inner", "_inner"),
        ("-x", "layer_-x"),
        ("", "layer"),
    ],
)
def test_a_name_becomes_one_that_a_spec_takes(wanted: str, found: str) -> None:
    assert legal_name(wanted) == found
    assert pc.Node(pc.Flatten(), name=found).name == found


def test_a_long_name_is_cut_and_stays_apart() -> None:
    names = FreeNames()
    first, second = names.new("a" * 400 + "b"), names.new("a" * 400 + "c")
    assert first != second
    for name in (first, second):
        pc.loads(pc.dumps(pc.Spec([pc.Input(shape=(3,)), pc.Node(pc.Flatten(), name=name)])))


def test_no_name_of_a_group_is_given_twice() -> None:
    names = FreeNames()
    assert [names.new(each) for each in ("x", "x", "x_1", "x", "input", "0", "layer_0")] == [
        "x", "x_1", "x_1_1", "x_2", "input_1", "layer_0", "layer_0_1",
    ]  # fmt: skip


def test_a_name_that_is_let_go_is_given_again() -> None:
    names = FreeNames()
    assert [names.new("x"), names.new("x")] == ["x", "x_1"]
    names.discard("x_1")
    assert names.new("x") == "x_1"


def test_the_number_of_a_call_is_the_least_that_its_name_ends_with() -> None:
    names = FreeNames()
    assert [names.new("x"), names.new("x", 2), names.new("x", 1)] == ["x", "x_2", "x_3"]
    assert free_name("x", {"x", "x_1"}) == "x_2"
