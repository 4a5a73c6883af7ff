"""Runs of nodes whose numbers follow a law of the number of the copy."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

import paramcalc as pc
from paramcalc.core.expression import Environment, Expression
from paramcalc.frameworks.graphs import same_graph
from paramcalc.frameworks.tidying import tidy
from paramcalc.frameworks.tidying.laws import as_list, law


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([7, 7, 7], "7"),
        ([16, 24, 32, 40], "16 + 8 * i"),
        ([0, 1, 2], "i"),
        ([9, 7, 5], "9 - 2 * i"),
        ([16, 32, 64], "16 * 2 ** i"),
        ([1, 3, 9], "3 ** i"),
        ([512, 256, 128, 64], "64 * 2 ** (3 - i)"),
        ([2, 1, 1, 2, 1, 1], "2 if i % 3 == 0 else 1"),
        ([1, 2, 1, 2], "1 if i % 2 == 0 else 2"),
        ([16, 24, 40], None),
        ([2, 1, 1], None),
        ([0, 0, 1], None),
    ],
)
def test_numbers_follow_a_law_of_the_copy(values: Sequence[int], text: str | None) -> None:
    found = law(values, "i")
    assert (None if found is None else str(found)) == text
    for written in (found, as_list(values, "i")):
        if written is not None:
            expression = Expression.parse(str(written))
            assert [expression.evaluate(Environment({"i": copy})) for copy in range(len(values))] == [*values]


def network(*filters: int, framework: str = "keras", strides: Sequence[int] = ()) -> pc.Spec:
    """Convolutions one behind the other, each with what is usual behind it."""
    nodes = []
    for place, each in enumerate(filters):
        stride = strides[place] if strides else 1
        nodes.append(pc.Node(pc.Conv2D(filters=each, kernel_size=3, strides=stride, padding="same")))
        nodes += [pc.Node(pc.BatchNorm()), pc.Node(pc.Activation(activation="relu"))]
    return pc.Spec([pc.Input(shape=(64, 64, 3)), *nodes, pc.GlobalAveragePool2D(), pc.Dense(units=10)])


def folded(spec: pc.Spec) -> list[pc.Node]:
    """The repeated nodes of a spec when it is tidied, which is the same graph."""
    found = tidy(spec)
    assert same_graph(found, spec)
    return [node for node in found.layers if node.times is not None]


def test_a_run_by_a_law_is_one_node() -> None:
    (node,) = folded(network(16, 32, 64, 128))
    assert (node.times, node.index, len(node.layers or ())) == (4, "i", 3)
    assert str(node.layers[0].layer.filters) == "16 * 2 ** i"  # type: ignore[index, union-attr]


def test_another_first_or_last_copy_stands_for_itself() -> None:
    (node,) = folded(network(10, 64, 32, 16, 8))
    assert (node.times, node.layers[0].layer.stated()["filters"]) == (4, "8 * 2 ** (3 - i)")  # type: ignore[index, union-attr]


def test_numbers_without_a_law_are_a_list() -> None:
    (node,) = folded(network(16, 24, 40, 80, 112))
    assert node.layers[0].layer.stated()["filters"] == "[16, 24, 40, 80, 112][i]"  # type: ignore[index, union-attr]


def test_a_list_that_saves_little_is_not_written() -> None:
    assert folded(pc.Spec([pc.Input(shape=(78,)), *(pc.Dense(units=each) for each in (512, 200, 64))])) == []


def test_every_second_copy_may_be_another() -> None:
    (node,) = folded(network(*[16] * 6, strides=[2, 1] * 3))
    assert node.times in (3, 6)


def stages(*names: str) -> pc.Spec:
    """Stages of a network of PyTorch, each of twice the width of the one before."""
    made = [
        pc.Node(
            layers=[
                pc.Node(pc.Dense(units=8 * 2**place), name="a"),
                pc.Node(pc.Activation(activation="relu"), name="b"),
            ],
            name=name,
        )
        for place, name in enumerate(names)
    ]
    return pc.Spec([pc.Input(shape=(5,)), *made], framework="torch")


def test_names_of_pytorch_stay_those_of_its_modules() -> None:
    (node,) = folded(stages("stages_0", "stages_1", "stages_2"))
    assert (node.name, node.times) == ("stages", 3)
    assert folded(stages("stage1", "stage2", "stage3")) == []
    assert folded(stages("stages_0", "stages_2", "stages_3")) == []


def test_copies_that_are_alike_follow_no_law() -> None:
    (node,) = folded(network(16, 16, 16))
    assert (node.times, node.index) == (3, None)
