"""A sweep has the rows that counts have, one by one; however it is cut, run, or interrupted."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import paramcalc as pc
from paramcalc.core.registry import MEASURES
from paramcalc.measures import measure
from paramcalc.results.sweeps import measuring, points, program, running, working
from tests.helpers import ROOT
from tests.strategies import specs

pytestmark = pytest.mark.sweep

GPT2 = ROOT / "specs" / "gpt2.yaml"
LLAMA = ROOT / "specs" / "llama2_7b.yaml"
Rows = list[tuple[Any, ...]]


def rows(sweep: pc.Sweep) -> Rows:
    return list(zip(*(column.tolist() for column in sweep.columns.values()), strict=True))


def counted(spec: Any, vary: Mapping[str, Sequence[Any]], of: str = "parameters") -> tuple[Rows, int]:
    """The rows by one count for each point, and how many points are refused."""
    found, refused = [], 0
    for point in itertools.product(*vary.values()):
        try:
            total = pc.count(spec, of=of, dims=dict(zip(vary, point, strict=True))).total
        except pc.ParamcalcError:
            refused += 1
        else:
            found.append((*point, total))
    return found, refused


@pytest.fixture
def by_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few points are swept by forms as well, where one holds."""
    monkeypatch.setattr(measuring, "FEW", 0)


# --- the rows --------------------------------------------------------------------------

VALUES: dict[str, list[Any]] = {
    "width": [*range(1, 13), 64],
    "depth": [0, 1, 2, 3, 4],
    "wide": [1, 12, 20],
    "flag": [True, False],
    "kind": ["rms", "layer"],
    "act": ["gelu", "relu", "yes"],
    "kinds": [("full", "full", "sliding"), ("full", "sliding", "full")],
    "ratio": [2.5, 2.6, 3.0],
    "rank": [None, 4],
    "sizes": [(3, 4), (5, 4, 2)],
    "model.experts": [1, 2, 3],
}


@pytest.mark.usefixtures("by_forms")
@settings(max_examples=60, deadline=None)
@given(specs(), st.data())
def test_rows_of_random_specs_are_those_of_counts(spec: pc.Spec, data: st.DataObject) -> None:
    known = [name for name in spec.dims if name in VALUES]
    names = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=3, unique=True)) if known else []
    if not names:
        return
    vary = {
        name: data.draw(st.lists(st.sampled_from(VALUES[name]), min_size=1, max_size=5, unique=True)) for name in names
    }
    expected, refused = counted(spec, vary)
    block = data.draw(st.sampled_from([4, 2**14]))
    with mock.patch.multiple(points, BLOCK_OF_TABLE=block, BLOCK_OF_GRID=block):
        found = pc.sweep(spec, vary)
        assert rows(found) == expected
    assert found.skipped == refused


CONDITIONS = [
    "width % depth == 0",
    "width / depth >= 2",
    "width / depth != 5 / 2",
    "depth != 0 and width % depth == 1",
    "depth == 0 or width // depth > 1",
    "3 <= width - depth < 9",
    "min(width, 2 * depth) > 3",
    "not flag or width % 2 == 0",
    "(width if flag else depth) > 3",
    "round_up(width, 4) == width",
    "ceil(width / 3) * 3 == width",
    "width ** 2 > 30",
    "width - 7 < depth / -2",
    "width in [1, 4, 6]",
    'act == "gelu" or width > 5',
    'act in ["gelu", "silu"]',
    "flag == true",
    "wide % 4 == 0",
    "width > 2.5",
    "sizes[depth] > 3",
    "sizes[depth] / width >= 1 / 2",
    "kinds[depth] == kinds[0]",
    "sum(sizes) > width",
    "-width % 5 > 1",
]
CHOSEN = {"width": [*range(1, 13)], "depth": [0, 1, 2, 3], "flag": [True, False], "act": ["gelu", "relu", "silu"]}


def meets(condition: str, point: Mapping[str, Any]) -> bool:
    """What Python says of a condition, with fractions for quotients; False where it has no value."""

    class Whole(Fraction):
        """A number whose quotients are exact, and that may stand as an index."""

        def __index__(self) -> int:
            return int(self)

    names = {"true": True, "ceil": lambda x: -(-x // 1), "round_up": lambda x, m: -(-x // m) * m, "sizes": [3, 4]}
    names |= {"kinds": ["full", "sliding", "full"], "min": min, "sum": sum, "wide": 2 * point["width"]}
    names |= {name: Whole(value) if type(value) is int else value for name, value in point.items()}
    try:
        return bool(eval(condition, {"__builtins__": {}}, names))
    except (ZeroDivisionError, IndexError):
        return False


@pytest.mark.usefixtures("by_forms")
@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_keeps_the_points_at_which_it_holds(condition: str) -> None:
    text = (
        "paramcalc: 1\ndims: {width: 6, depth: 2, wide: 2 * width, sizes: [3, 4], act: {text: gelu}, flag: true,"
        " kinds: {texts: [full, sliding, full]}}\n"
        "layers: [Input: {shape: [3]}, Dense: {units: width, activation: act},"
        " Dense: {units: depth + 1, use_bias: flag}]\n"
    )
    points_of = [dict(zip(CHOSEN, values, strict=True)) for values in itertools.product(*CHOSEN.values())]
    expected = [tuple(point.values()) for point in points_of if meets(condition, point)]
    for vary in (CHOSEN, table(points_of)):
        found = pc.sweep(pc.loads(text), vary, where=[condition])
        assert [row[:-1] for row in rows(found)] == expected
        assert found.skipped == len(points_of) - len(expected)


def table(found: Sequence[Mapping[str, Any]]) -> Any:
    import pyarrow

    return pyarrow.Table.from_pylist([dict(point) for point in found])


# --- numbers ---------------------------------------------------------------------------


@pytest.mark.usefixtures("by_forms")
def test_no_number_wraps() -> None:
    widths = [12 * 2**power for power in range(0, 70, 3)]
    found = pc.sweep(GPT2, {"width": widths, "depth": [1, 2**40]})
    assert rows(found) == counted(GPT2, {"width": widths, "depth": [1, 2**40]})[0]
    assert found.columns["total"].dtype == object
    # a result that fits, of numbers on the way that do not
    text = (
        "paramcalc: 1\ndims: {n: 8, m: 4}\nlayers: [Input: {shape: [1]}, Dense: {units: n * n // m, use_bias: false}]\n"
    )
    spec, vary = pc.loads(text), {"n": [2**20, 2**32], "m": [4, 2**12]}
    found = pc.sweep(spec, vary)
    assert rows(found) == counted(spec, vary)[0]
    assert found.columns["total"].dtype == np.int64


@pytest.mark.usefixtures("by_forms")
@given(st.integers(0, 2**64), st.integers(0, 40), st.integers(1, 2**62))
def test_numbers_at_the_edge_of_64_bits(base: int, depth: int, context: int) -> None:
    vary = {"context": [context, context + 1], "depth": [depth], "vocabulary": [max(base, 1), 50257]}
    assert rows(pc.sweep(GPT2, vary, dims={"width": 12})) == [
        (c, d, v, pc.count(GPT2, dims={"width": 12, "context": c, "depth": d, "vocabulary": v}).total)
        for c, d, v in itertools.product(*vary.values())
    ]


# --- however it is cut and run ---------------------------------------------------------


@cache
def of_the_grid() -> tuple[Rows, int]:
    return counted(GPT2, GRID)


GRID = {"width": range(64, 272, 16), "depth": range(1, 14), "heads": [8, 12, 16]}


def cut(monkeypatch: pytest.MonkeyPatch, block: int, part: int, threads: int = 2) -> None:
    for name in ("BLOCK_OF_TABLE", "BLOCK_OF_GRID"):
        monkeypatch.setattr(points, name, block)
    for name in ("PART_OF_GRID", "PART_OF_TABLE", "PART_OF_CHOICE"):
        monkeypatch.setattr(working, name, part)
    monkeypatch.setattr(running, "processors", lambda: threads)


@pytest.mark.parametrize(("block", "part", "threads"), [(3, 50, 2), (7, 100, 1), (64, 64, 3), (1000, 10**6, 2)])
def test_cutting_and_processors_change_no_row(
    monkeypatch: pytest.MonkeyPatch, block: int, part: int, threads: int
) -> None:
    expected, refused = of_the_grid()
    cut(monkeypatch, block, part, threads)
    grid = pc.sweep(GPT2, GRID)
    every = table([dict(zip(GRID, point, strict=True)) for point in itertools.product(*GRID.values())])
    for found in (grid, pc.sweep(GPT2, every)):
        assert rows(found) == expected
        assert found.skipped == refused


@pytest.mark.parametrize("where", ["width > 0", "width > 250", "width < 0"])
def test_a_table_has_the_first_rows_without_holding_the_rest(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    cut(monkeypatch, 7, 50)
    whole = pc.sweep(GPT2, GRID, where=where)
    whole.run()
    streamed = pc.sweep(GPT2, GRID, where=where)
    assert str(streamed) == str(whole)
    assert not streamed.is_done
    assert streamed.beginning(3).columns["total"].tolist() == whole.columns["total"].tolist()[:3]
    assert (streamed.beginning(3).rows, streamed.beginning(3).skipped) == (whole.number, whole.skipped)


@pytest.mark.usefixtures("by_forms")
def test_the_arithmetic_changes_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    in_64_bits = pc.sweep(GPT2, GRID)
    assert rows(in_64_bits) == of_the_grid()[0]
    monkeypatch.setattr(program.Program, "fits", lambda self, sizes: False)
    exact = pc.sweep(GPT2, GRID)
    assert rows(exact) == of_the_grid()[0]
    assert exact.columns["total"].dtype == np.int64


@pytest.mark.usefixtures("by_forms")
@pytest.mark.parametrize("name", [*MEASURES])
def test_every_measure_has_the_numbers_of_counts(name: str) -> None:
    vary: dict[str, Any] = {"width": [192, 384, 769], "depth": [1, 2, 5], "tokens": [16, 64]}
    if measure(name).of_batch:
        vary["batch"] = [1, 3]
    assert rows(pc.sweep(GPT2, vary, of=[name])) == counted(GPT2, vary, of=name)[0]


@pytest.mark.parametrize("objectives", [["total", "-width"], ["-depth", "heads", "total"], ["width", "depth"]])
@pytest.mark.parametrize(("block", "part"), [(7, 100), (1000, 10**6)])
def test_a_front_has_the_points_that_none_is_better_than(
    monkeypatch: pytest.MonkeyPatch, objectives: list[str], block: int, part: int
) -> None:
    cut(monkeypatch, block, part)
    names = [*GRID, "total"]
    keys = {
        row: tuple(row[names.index(o.strip("-"))] * (-1 if o[0] == "-" else 1) for o in objectives)
        for row in of_the_grid()[0]
    }
    expected = {
        row
        for row, key in keys.items()
        if not any(
            other != key and all(a <= b for a, b in zip(other, key, strict=True)) for other in set(keys.values())
        )
    }
    found = rows(pc.sweep(GPT2, GRID, pareto=objectives))
    assert len(found) == len(expected)
    assert {*found} == expected


@pytest.mark.parametrize("by", ["total", "-total", "depth", "-heads"])
@pytest.mark.parametrize(("block", "part", "top"), [(7, 100, 5), (1000, 10**6, 40), (64, 300, 5000)])
def test_the_first_points_by_a_column(
    monkeypatch: pytest.MonkeyPatch, by: str, block: int, part: int, top: int
) -> None:
    cut(monkeypatch, block, part)
    place = [*GRID, "total"].index(by.strip("-"))
    expected = sorted(of_the_grid()[0], key=lambda row: row[place] * (-1 if by[0] == "-" else 1))[:top]
    assert rows(pc.sweep(GPT2, GRID, top=top, by=by)) == expected


OF_MEASURES = {"width": range(96, 400, 36), "depth": range(1, 9, 3)}


@cache
def of_measures() -> list[tuple[int, int, int, int]]:
    """The widths and depths, with the parameters and the bytes of the cache, by counts."""
    totals, _ = counted(GPT2, OF_MEASURES)
    return [
        (width, depth, total, pc.count(GPT2, of="cache", dims={"width": width, "depth": depth, "tokens": 64}).total)
        for width, depth, total in totals
    ]


@pytest.mark.parametrize("few", [0, 10_000])
@pytest.mark.parametrize(
    ("condition", "keeps"),
    [
        ("total <= 1.5e7", lambda width, depth, total, cache: total <= 15 * 10**6),
        ("parameters % 5 == 3 or width < 100", lambda width, depth, total, cache: total % 5 == 3 or width < 100),
        ("cache / total >= 1 / 25", lambda width, depth, total, cache: 25 * cache >= total),
        ("cache > 100_000 and depth * width < 1000", lambda w, d, total, cache: cache > 100_000 and d * w < 1000),
    ],
)
def test_conditions_may_name_measures(monkeypatch: pytest.MonkeyPatch, condition: str, keeps: Any, few: int) -> None:
    monkeypatch.setattr(measuring, "FEW", few)
    expected = [row[:3] for row in of_measures() if keeps(*row)]
    assert 0 < len(expected) < len(of_measures())
    arguments: Any = {"where": condition, "dims": {"tokens": 64}, "columns": ["width", "depth", "total"]}
    assert rows(pc.sweep(GPT2, OF_MEASURES, **arguments)) == expected
    largest = sorted(expected, key=lambda row: -row[2])[:3]
    assert rows(pc.sweep(GPT2, OF_MEASURES, top=3, by="-total", **arguments)) == largest


def test_several_measures_and_columns() -> None:
    vary = {"width": [192, 384], "heads": [12, 16], "tokens": [16], "batch": [1, 2]}
    found = pc.sweep(GPT2, vary, of=["parameters", "bytes", "activations"])
    for width, heads, tokens, batch, total, size, activations in rows(found):
        dims = {"width": width, "heads": heads, "tokens": tokens}
        assert total == pc.count(GPT2, dims=dims).total
        assert size == pc.count(GPT2, dims=dims).bytes
        assert activations == pc.count(GPT2, of="activations", dims={**dims, "batch": batch}).total
    assert [*pc.sweep(GPT2, vary, columns=["activations", "width"]).columns] == ["activations", "width"]


def test_a_grid_may_begin_where_nothing_holds() -> None:
    found = pc.sweep(GPT2, {"width": range(1, 3001), "depth": range(1, 21)})
    # 12·L·d² + 13·L·d + (V + T + 2)·d, as the paper has it, where 12 heads divide the width
    points_of = itertools.product(range(12, 3001, 12), range(1, 21))
    assert rows(found) == [(d, n, 12 * n * d**2 + 13 * n * d + (50257 + 1024 + 2) * d) for d, n in points_of]
    assert found.skipped == 3000 * 20 - 250 * 20


# --- where a form does not hold --------------------------------------------------------

CASES = {
    "copies that may be none": (
        "dims: {n: 4, depth: 3}\nlayers: [Input: {shape: [n]}, {times: depth - 1, layers: [Dense: {units: n}]}]\n",
        {"n": [3, 4], "depth": [1, 2, 3, 5]},
    ),
    "a node that is there but for one size": (
        "dims: {n: 4, m: 2}\nlayers: [Input: {shape: [n]}, {Dense: {units: m}, when: n != 3}, Dense: {units: 5}]\n",
        {"n": [2, 3, 4, 5], "m": [1, 3]},
    ),
    "sizes that are equal, or 1": (
        (
            "dims: {n: 4, m: 4}\nlayers: [Input: {shape: [2]}, {Dense: {units: n}, name: a},"
            " {Dense: {units: m}, name: b}, {Add: , inputs: [a, b]}, Dense: {units: 3}]\n"
        ),
        {"n": [1, 2, 4], "m": [1, 2, 4]},
    ),
    "the larger of two": (
        "dims: {n: 4, m: 2}\nlayers: [Input: {shape: [3]}, Dense: {units: 'max(n, m) - min(n, 3) + 1'}]\n",
        {"n": [1, 2, 3, 4, 9], "m": [1, 2, 8]},
    ),
    "copies that grow": (
        (
            "dims: {n: 4, g: 2, depth: 3}\nlayers: [Input: {shape: [n]}, {times: depth, layers: [{layers: ["
            "{Dense: {units: g}, name: d}, {Concatenate: , inputs: [input, d]}]}]}]\n"
        ),
        {"n": [1, 4], "g": [1, 2], "depth": [0, 1, 2, 7]},
    ),
    "what is refused of some sizes": (
        (
            "dims: {n: 9, k: 3}\nlayers: [Input: {shape: [n, n, 2]}, Conv2D: {filters: 4, kernel_size: k}, Flatten,"
            " Dense: {units: 3}]\n"
        ),
        {"n": [1, 2, 3, 9], "k": [1, 2, 3, 5]},
    ),
}


@pytest.mark.usefixtures("by_forms")
@pytest.mark.parametrize("block", [2**14, 6])
@pytest.mark.parametrize("case", [*CASES])
def test_where_a_form_does_not_hold_there_is_another_or_a_count(
    monkeypatch: pytest.MonkeyPatch, case: str, block: int
) -> None:
    cut(monkeypatch, block, 2**20)
    text, vary = CASES[case]
    spec = pc.loads(f"paramcalc: 1\n{text}")
    expected, refused = counted(spec, vary)
    found = pc.sweep(spec, vary)
    assert rows(found) == expected
    assert found.skipped == refused
