"""Copies that their number decides, held to the same network written out: a group of each number's name in a group."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import paramcalc as pc
from paramcalc.core.registry import MEASURES
from paramcalc.graph.walk import Walk

pytestmark = pytest.mark.sweep

KINDS = ["full", "sliding", "full", "full", "linear", "sliding", "full", "linear", "full"]
MARKS = [1, 2, 5, 6]
_conditions = st.sampled_from(
    ["i % 2 == 0", "i % 3 < 2", "i < 2", "i >= 3 and i % 2 == 1", "i in marks", "i not in marks", "i == n - 1",
     'kinds[i] == "full"', 'kinds[i] in ["full", "linear"]', "i < 2 or kinds[i - 2] != kinds[0]"]
)  # fmt: skip
_sizes = st.sampled_from(
    ["6", "6", "4 if i % 2 == 0 else 6", '8 if kinds[i] == "full" else 3', "sizes[i]", "i // 3 + 2", "3 + i % 2"]
)


@st.composite
def _layer(draw: st.DrawFn, last: bool) -> dict[str, Any]:
    kind = draw(st.sampled_from(["Dense", "BatchNorm", "LayerNorm", "Dropout", "Attention"]))
    if last or kind == "Dense":
        return {"Dense": {"units": 6 if last else draw(_sizes), "use_bias": draw(st.booleans() | _conditions)}}
    if kind == "Attention":
        return {"MultiHeadAttention": {"num_heads": draw(st.sampled_from([1, "2 if i % 2 == 0 else 3"])), "key_dim": 2}}
    return {kind: {"rate": 0.5} if kind == "Dropout" else {}}


@st.composite
def _nodes(draw: st.DrawFn, depth: int) -> list[dict[str, Any]]:
    """The nodes of a group; six features go in, and six come out."""
    nodes: list[dict[str, Any]] = []
    for place in range(draw(st.integers(1, 3))):
        node: dict[str, Any] = {"name": f"n{depth}{place}"}
        what = draw(st.sampled_from(["layer", "layer", "layer", "group", "again", "both", "tied"]))
        if what == "group" and depth:
            node |= {"layers": draw(_nodes(depth - 1)), "residual": draw(st.booleans() | _conditions)}
            inside = draw(st.sampled_from(["", "", "times", "parallel"]))
            if inside:
                node |= {inside: draw(st.sampled_from([2, "2 if i % 2 == 0 else 3"])), "index": f"j{depth}"}
            if inside == "parallel":
                node["merge"] = "Add"
            node["recompute"] = draw(st.sampled_from([False, False, "i % 2 == 0"]))
        elif what == "again":
            # what flows into the copy, and what does into its layers
            node |= {"Add": None, "inputs": ["input", draw(st.sampled_from(["input", "x", "stem"]))]}
        elif what == "both" and nodes:
            node |= {"Concatenate": {"axis": -1}, "inputs": [nodes[-1]["name"], "input"]}
        elif what == "tied" and nodes and "LayerNorm" in nodes[-1] and "when" not in nodes[-1]:
            node |= {"LayerNorm": {}, "tie": {"gamma": f"{nodes[-1]['name']}.gamma"}, "inputs": [nodes[-1]["name"]]}
        else:
            node |= draw(_layer(last=False))
        if draw(st.integers(0, 2)) == 0:
            node["when"] = draw(_conditions)
        if draw(st.integers(0, 4)) == 0:
            node["trainable"] = draw(st.booleans() | _conditions)
        nodes.append(node)
    return [*nodes, {"name": f"out{depth}", **draw(_layer(last=True))}]


@st.composite
def repeats(draw: st.DrawFn) -> dict[str, Any]:
    """A repeated node, whose counter is `i`."""
    node = {"name": "body", "index": "i", "layers": draw(_nodes(1)), "residual": draw(st.booleans() | _conditions)}
    if draw(st.integers(0, 2)) == 0:
        node["when"] = draw(_conditions)
    return node


def spec_of(body: dict[str, Any], number: int, connections: str = "known") -> pc.Spec:
    """A network of a stem, a repeated node or the same written out, and a head."""
    dims = {"n": number, "marks": MARKS, "kinds": {"texts": KINDS}, "sizes": [6, 4, 6, 6, 4, 4, 6, 4, 5]}
    of = {} if connections == "known" else {"of": [5, 6]}
    stem = [{"Input": {"shape": [5, 6]}, "name": "x"}, {"Dense": {"units": 6}, "name": "stem", **of}]
    layers = [*stem, body, {"Dense": {"units": 2}, "name": "head", **of}]
    data = {"paramcalc": 1, "framework": "torch", "connections": connections, "dims": dims, "layers": layers}
    return pc.loads(json.dumps(data))


def listed(node: dict[str, Any]) -> dict[str, Any]:
    """A node of an inventory, whose layers state what they are given."""
    found = {key: value for key, value in node.items() if key not in ("inputs", "residual", "recompute", "merge")}
    if "layers" in found:
        return {**found, "layers": [*map(listed, found["layers"])]}
    if "Add" in found or "Concatenate" in found:
        return {**{key: found[key] for key in found.keys() - {"Add", "Concatenate"}}, "RMSNorm": {}, "of": [7]}
    return {**found, "of": [5, "6 if i < 4 else 7"]}


def written_out(node: dict[str, Any], number: int) -> dict[str, Any]:
    """A group of the copies of a node, each with its number in place of the counter; of those side by side, joined."""
    joined = "merge" in node
    inside = {key: value for key, value in node.items() if key not in ("index", "times", "parallel", "merge")}
    if joined:
        inside["inputs"] = "input"
    copies = [{**_with(place, inside), "name": str(place)} for place in range(number)]
    if joined and number > 1:
        copies.append({"Add": None, "name": "merge", "inputs": [str(place) for place in range(number)]})
    return {"name": node["name"], "layers": copies}


def _with(number: int, data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _with(number, value) for key, value in data.items()}
    if isinstance(data, list):
        return [_with(number, each) for each in data]
    return re.sub(r"\bi\b", str(number), data) if isinstance(data, str) else data


def side_by_side(node: dict[str, Any]) -> dict[str, Any]:
    """The copies of a node side by side, all of which are there."""
    found = {key: value for key, value in node.items() if key not in ("residual", "when")}
    return {**found, "parallel": "n", "merge": "Add"}


def outcome(spec: pc.Spec, of: str) -> Any:
    """What a measure says of a spec, or the code of its refusal."""
    try:
        return pc.count(spec, of=of).plain()
    except pc.ParamcalcError as error:
        return error.code


def total(spec: pc.Spec, of: str, expand: bool) -> Any:
    try:
        return pc.count(spec, of=of, expand=expand).total
    except pc.ParamcalcError as error:
        return error.code


ONE = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("of", MEASURES)
@ONE
@given(repeats(), st.integers(2, 9))
def test_copies_one_behind_the_other_cost_what_they_do_written_out(of: str, node: dict[str, Any], number: int) -> None:
    ours, theirs = spec_of({**node, "times": "n"}, number), spec_of(written_out(node, number), number)
    assert total(ours, of, False) == total(ours, of, True) == total(theirs, of, False) == total(theirs, of, True)


@pytest.mark.parametrize("of", MEASURES)
@ONE
@given(repeats(), st.integers(2, 9))
def test_copies_side_by_side_cost_what_they_do_written_out(of: str, node: dict[str, Any], number: int) -> None:
    node = side_by_side(node)
    ours, theirs = spec_of(node, number), spec_of(written_out(node, number), number)
    assert total(ours, of, False) == total(ours, of, True) == total(theirs, of, False)


@ONE
@given(repeats(), st.integers(2, 9), st.sampled_from(["known", "none"]), st.sampled_from(["times", "parallel"]))
def test_every_row_is_that_of_the_network_written_out(
    node: dict[str, Any], number: int, connections: str, key: str
) -> None:
    node = side_by_side(node) if key == "parallel" else {**node, "times": "n"}
    node = listed(node) if connections == "none" else node
    ours = outcome(spec_of(node, number, connections), "parameters")
    if isinstance(ours, str):
        return
    written = pc.count(spec_of(written_out(node, number), number, connections), expand=True)
    theirs = {".".join(row["path"]): row for row in written.plain()["layers"]}
    seen = 0
    for row in ours["layers"]:
        twin = theirs[".".join(row["path"])]
        seen += row["times"]
        assert row["total"] == row["times"] * twin["total"]
        assert [row[each] for each in ("kind", "output_shape")] == [twin[each] for each in ("kind", "output_shape")]
        assert [each["shape"] for each in row["tensors"]] == [each["shape"] for each in twin["tensors"]]
        if all(".." not in name for name in (*row["inputs"], row["name"])):
            assert row["inputs"] == twin["inputs"]
            assert row["tensors"] == twin["tensors"]
    assert seen == len(theirs)


@pytest.mark.parametrize("of", MEASURES)
@ONE
@given(repeats(), st.integers(2, 9), st.sampled_from(["times", "parallel"]))
def test_a_copy_made_as_an_earlier_one_is_what_it_is_evaluated(
    of: str, node: dict[str, Any], number: int, key: str
) -> None:
    spec = spec_of(side_by_side(node) if key == "parallel" else {**node, "times": "n"}, number)
    made = outcome(spec, of)
    with pytest.MonkeyPatch.context() as patch:
        # as if some path might go into any copy
        patch.setattr(Walk, "is_gone_into", lambda walk, name: True)
        assert outcome(spec, of) == made
