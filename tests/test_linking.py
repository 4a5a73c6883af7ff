"""Graphs of one network at several points, merged into one: on specs, without a framework."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import paramcalc as pc
from paramcalc.frameworks.deriving.calls import calls_of
from paramcalc.frameworks.deriving.connecting import read_inputs
from paramcalc.frameworks.deriving.dividing import TEMPLATES
from paramcalc.frameworks.deriving.identifying import Candidates
from paramcalc.frameworks.deriving.linking import Connector
from paramcalc.frameworks.deriving.proving import at
from paramcalc.frameworks.deriving.reasons import Lost
from paramcalc.frameworks.deriving.tracing import Log
from paramcalc.frameworks.deriving.writing import written
from paramcalc.frameworks.graphs import same_graph
from paramcalc.spec import Spec, read_spec

POINTS = [{"w": w, "n": n} for w, n in [(5, 3), (7, 1), (11, 4), (13, 2), (17, 5), (6, 3), (23, 2), (9, 4)]]


def spec_of(layers: list[Any], outputs: list[str] | None = None) -> Spec:
    return read_spec(
        {"paramcalc": 1, "framework": "torch", "layers": layers, **({"outputs": outputs} if outputs else {})}
    )


def merged(network: Callable[..., Spec], points: list[dict[str, int]] = POINTS) -> list[Any]:
    """The nodes of a network in its dims, held against it at every point."""
    specs = [network(**point) for point in points]
    candidates = Candidates(points[0], ("w", "n"), points, Log())
    nodes, outputs = Connector(candidates, [*map(calls_of, specs)], TEMPLATES[0]).connected()
    layers, _, given = written(nodes, outputs)
    data = {"paramcalc": 1, "framework": "torch", "dims": points[0], "layers": layers}
    found = read_spec({**data, "outputs": given} if given else data)
    for point, spec in zip(points, specs, strict=True):
        assert same_graph(at(found, point), spec), point
    return layers


def dense(units: int, name: str, *inputs: str) -> dict[str, Any]:
    return {"Dense": {"units": units}, "name": name, **({"inputs": [*inputs]} if inputs else {})}


def test_a_chain_is_a_repeated_layer() -> None:
    layers = merged(
        lambda w, n: spec_of([{"Input": {"shape": [w]}}, *(dense(w, f"net_{i}") for i in range(n)), dense(3, "head")])
    )
    assert layers[1:] == [
        {"Dense": {"units": "w"}, "name": "net", "times": "n"},
        {"Dense": {"units": 3}, "name": "head"},
    ]


def test_what_is_added_to_its_input_takes_the_input_of_its_copy() -> None:
    def network(w: int, n: int) -> Spec:
        nodes: list[Any] = [{"Input": {"shape": [w]}, "name": "x"}]
        before = "x"
        for i in range(n):
            nodes += [dense(w, f"a_{i}"), {"Add": None, "name": f"add_{i}", "inputs": [before, f"a_{i}"]}]
            before = f"add_{i}"
        return spec_of(nodes)

    (repeated,) = merged(network)[1:]
    assert repeated["times"] == "n"
    assert [each.get("inputs") for each in repeated["layers"]] == [None, ["input", "a"]]


def test_what_all_copies_take_from_outside_is_an_input_of_their_group() -> None:
    def network(w: int, n: int) -> Spec:
        nodes: list[Any] = [{"Input": {"shape": [w]}, "name": "x"}, dense(w, "memory")]
        before = "x"
        for i in range(n):
            nodes.append({"Add": None, "name": f"join_{i}", "inputs": [before, "memory"]})
            before = f"join_{i}"
        return spec_of(nodes)

    assert merged(network)[2] == {"Add": None, "name": "join", "inputs": ["x", "memory"], "times": "n"}


def test_a_copy_may_take_what_an_earlier_copy_gives_by_its_number() -> None:
    """The connections of a U-Net: the last is joined first."""

    def network(w: int, n: int) -> Spec:
        nodes: list[Any] = [{"Input": {"shape": [w]}, "name": "x"}]
        nodes += [dense(w + i, f"down_{i}") for i in range(n)]
        nodes.append(dense(w, "middle"))
        before = "middle"
        for i in range(n):
            nodes.append({"Concatenate": {"axis": 1}, "name": f"join_{i}", "inputs": [before, f"down_{n - 1 - i}"]})
            before = f"join_{i}"
        return spec_of(nodes)

    _, down, _, up = merged(network)
    assert down == {"Dense": {"units": "w + i"}, "name": "down", "times": "n", "index": "i"}
    (join,) = up["layers"]
    assert (up["times"], up["index"]) == ("n", "i")
    assert join["inputs"] == ["input", "down[n - 1 - i]"]


def test_what_is_called_again_shares() -> None:
    def network(w: int, n: int) -> Spec:
        return spec_of(
            [{"Input": {"shape": [w]}}, dense(w, "a"), dense(3 * w, "b"), dense(w, "c"), {"share": "a", "name": "d"}]
        )

    assert merged(network)[4] == {"share": "a", "name": "d"}


def test_outputs_are_named() -> None:
    specs = [spec_of([{"Input": {"shape": [p["w"]]}}, dense(1, "a"), dense(2, "b")], ["a", "b"]) for p in POINTS]
    candidates = Candidates(POINTS[0], ("w", "n"), POINTS, Log())
    nodes, outputs = Connector(candidates, [*map(calls_of, specs)], TEMPLATES[0]).connected()
    assert written(nodes, outputs).outputs == ["a", "b"]


def test_copies_that_take_of_one_another_but_not_in_order_are_not_joined() -> None:
    def network(w: int, n: int) -> Spec:
        nodes: list[Any] = [{"Input": {"shape": [w]}, "name": "x"}, dense(w, "body_0"), dense(w, "body_1")]
        return spec_of([*nodes, *(dense(w, f"body_{i}", f"body_{i - 2}") for i in range(2, n + 2))])

    with pytest.raises(Lost, match="neither behind one another nor side by side"):
        merged(network, [point for point in POINTS if point["n"] > 1])


def test_another_graph_of_the_same_layers_is_another() -> None:
    chain = spec_of([{"Input": {"shape": [4]}, "name": "x"}, dense(4, "a"), dense(4, "b")])
    fork = spec_of([{"Input": {"shape": [4]}, "name": "x"}, dense(4, "a"), dense(4, "b", "x")])
    assert same_graph(chain, chain)
    assert not same_graph(chain, fork)


def test_lists_of_parts_stand_in_the_group_around_them() -> None:
    inside = [dense(4, "layer_0"), dense(4, "layer_1")]
    spec = spec_of([{"Input": {"shape": [4]}, "name": "x"}, {"name": "list", "layers": inside}, dense(3, "head")])
    parts = calls_of(spec, {"list"}).root.parts
    assert [each.name for each in parts] == ["x", "list_0", "list_1", "head"]
    assert [[link.path for link in each.links] for each in parts[1:]] == [[("x",)], [("list_0",)], [("list_1",)]]


def test_the_first_part_of_a_list_takes_what_the_list_takes() -> None:
    inside = [dense(4, "layer_0"), {"Activation": {"activation": "relu"}}, dense(4, "layer_1", "input")]
    around = [{"Input": {"shape": [4]}, "name": "x"}, dense(4, "one")]
    spec = spec_of([*around, {"name": "list", "inputs": "x", "layers": inside}])
    parts = calls_of(spec, {"list"}).root.parts
    assert [[link.path for link in each.links] for each in parts[2:]] == [[("x",)], [("list_0",)], [("x",)]]
    assert [(each.before.path, each.word) for each in parts[2:4]] == [(("one",), "list"), (("list_0",), "")]


# --- copies side by side ---------------------------------------------------------------


def heads(w: int, n: int, *behind: Any) -> list[Any]:
    """The nodes of a network with heads, and what stands behind each of them."""
    nodes: list[Any] = [{"Input": {"shape": [w]}, "name": "x"}, dense(2 * w, "body")]
    for i in range(n):
        nodes.append(dense(w + i, f"head_{i}", "body"))
        nodes += [{**each, "name": f"{each['name']}_{i}"} for each in behind]
    return nodes


def test_copies_that_take_the_same_stand_side_by_side() -> None:
    def network(w: int, n: int) -> Spec:
        joined = {"Concatenate": {"axis": 1}, "name": "joined", "inputs": [f"head_{i}" for i in range(n)]}
        return spec_of([*heads(w, n), joined, dense(3, "out")])

    assert merged(network)[2:] == [
        {"Dense": {"units": "w + i"}, "name": "head", "parallel": "n", "index": "i"},
        {"Concatenate": {"axis": 1}, "name": "joined", "inputs": ["head"]},
        {"Dense": {"units": 3}, "name": "out"},
    ]


def test_branches_of_several_layers_stand_side_by_side_and_others_beside_them() -> None:
    def network(w: int, n: int) -> Spec:
        nodes = heads(w, n, {"Activation": {"activation": "relu"}, "name": "act"})
        taken = ["body", *(f"act_{i}" for i in range(n)), "x"]
        return spec_of([*nodes, {"Concatenate": {"axis": 1}, "name": "joined", "inputs": taken}])

    branches, joined = merged(network)[2:]
    assert (branches["parallel"], [each["name"] for each in branches["layers"]]) == ("n", ["head", "act"])
    assert joined["inputs"] == ["body", branches["name"], "x"]


def test_where_there_are_no_copies_side_by_side_nothing_is_taken_of_them() -> None:
    def network(w: int, n: int) -> Spec:
        taken = ["body", *(f"head_{i}" for i in range(n - 1))]
        return spec_of([*heads(w, n - 1), {"Concatenate": {"axis": 1}, "name": "joined", "inputs": taken}])

    head, joined = merged(network)[2:]
    assert (head["parallel"], joined["inputs"]) == ("n - 1", ["body", "head"])


def test_what_follows_each_of_copies_side_by_side_takes_it_by_its_number() -> None:
    def network(w: int, n: int) -> Spec:
        nodes = heads(w, n)
        nodes += [dense(5, f"tail_{i}", f"head_{i}") for i in range(n)]
        return spec_of([*nodes, {"Add": None, "name": "sum", "inputs": [f"tail_{i}" for i in range(n)]}])

    head, tail, total = merged(network, [point for point in POINTS if point["n"] > 1])[2:]
    assert (head["parallel"], tail["parallel"], total["inputs"]) == ("n", "n", [tail["name"]])
    assert [each.get("inputs") for each in tail["layers"]] == [["head[i]"]]


def test_one_of_copies_side_by_side_is_named_by_its_number() -> None:
    def network(w: int, n: int) -> Spec:
        return spec_of([*heads(w, n), dense(3, "out", f"head_{n - 1}"), dense(4, "first", "head_0")])

    _, last, first = merged(network)[2:]
    assert (last["inputs"], first["inputs"]) == (["head[n - 1]"], ["head[0]"])


def test_copies_side_by_side_are_the_outputs() -> None:
    def network(w: int, n: int) -> Spec:
        return spec_of(heads(w, n), [f"head_{i}" for i in range(n)] if n > 1 else None)

    assert merged(network)[2]["parallel"] == "n"


def test_a_part_that_holds_copies_side_by_side_gives_all_of_them() -> None:
    def network(w: int, n: int) -> Spec:
        inside = [dense(w, "first"), *(dense(3, f"head_{i}", "first") for i in range(n))]
        taken = [*(f"several.head_{i}" for i in range(n - 1)), "several"]
        around = [{"Input": {"shape": [w]}, "name": "x"}, {"name": "several", "layers": inside}]
        return spec_of([*around, {"Concatenate": {"axis": 1}, "name": "joined", "inputs": taken}])

    _, several, joined = merged(network)
    assert several["layers"][1] == {"Dense": {"units": 3}, "name": "head", "parallel": "n"}
    assert joined["inputs"] == ["several.head"]


# --- what a module is given ------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "shapes"),
    [
        ((3, 32), [((3, 32), "float32")]),
        ([("context",)], [((16,), "float32")]),
        ("context:int64", [((16,), "int64")]),
        (["context:int64", "3, 2 * width, min(width, 2)"], [((16,), "int64"), ((3, 10, 2), "float32")]),
        ([(3, None), "null,4"], [((3, None), "float32"), ((None, 4), "float32")]),
    ],
)
def test_inputs_are_shapes_in_the_dims(inputs: Any, shapes: list[Any]) -> None:
    values = {"context": 16, "width": 5}
    assert [(each.at(values), each.dtype) for each in read_inputs(inputs)] == shapes


@pytest.mark.parametrize(
    ("inputs", "code"), [(7, "wrong-type"), ("3,wid th", "invalid-expression"), ([3.5], "wrong-type")]
)
def test_what_is_no_shape_is_refused(inputs: Any, code: str) -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        read_inputs(inputs)
    assert caught.value.code == code


def test_a_size_of_an_input_is_a_dim() -> None:
    with pytest.raises(pc.ParamcalcError, match="wide") as caught:
        pc.derive(lambda width: None, width=8, inputs=["wide"])
    assert caught.value.code == "unknown-dim"
