"""What a sweep is told, and what it says; its rows are compared with counts in tests/sweeps."""

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import paramcalc as pc
from tests.helpers import ROOT, run

pytestmark = pytest.mark.sweep

GPT2 = str(ROOT / "specs" / "gpt2.yaml")
LINEAR = (
    "paramcalc: 1\ndims: {n: 2, m: 3, free: null}\nrequires: [n < 100]\n"
    "layers: [Input: {shape: [n]}, Dense: {units: m}]\n"
)


def test_a_sweep_has_a_row_for_each_combination() -> None:
    found = pc.sweep(pc.loads(LINEAR), {"n": [1, 2], "m": "3,5:7:2"})
    assert [found.points, found.skipped, found.number, len(found)] == [6, 0, 6, 6]
    assert (found.dims, found.measures, found.convention) == (("n", "m"), ("total",), "keras")
    assert {name: column.tolist() for name, column in found.columns.items()} == {
        "n": [1, 1, 1, 2, 2, 2],
        "m": [3, 5, 7, 3, 5, 7],
        "total": [6, 10, 14, 9, 15, 21],
    }
    assert str(found).splitlines()[-3:] == ["2  7     21", "", "6 points"]


def test_what_breaks_a_condition_is_left_out() -> None:
    found = pc.sweep(pc.loads(LINEAR), {"n": [99, 100], "m": [3, 4]}, where="m % 2 == 0")
    assert (found.columns["total"].tolist(), found.skipped) == ([400], 3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"vary": {}}, "error[missing-key]: a sweep varies at least one dim"),
        ({"vary": {"k": [1]}}, "error[unknown-dim]: the spec has no dim 'k'"),
        ({"vary": {"n": []}, "where": "k > 1"}, "error[unknown-dim]: there is no dim, argument or counter 'k' here"),
        ({"vary": {"n": 4}}, "error[wrong-type]: 'n' varies over several values, not 4\n    as in 256:8192:64"),
        ({"vary": {"n": [1.5]}}, "error[wrong-type]: 'n' takes a whole number"),
        ({"vary": {"n": ["2 * m"]}}, "error[invalid-value]: 'n' varies over values, and '2 * m' is none"),
        ({"vary": {"n": [None]}}, "error[invalid-value]: 'n' varies over values, and null is none"),
        ({"vary": {"n": "4:2"}}, "the values of 'n': '4:2' goes from 4 to 2: there is no number between"),
        ({"vary": {"n": "4:"}}, "the values of 'n': '4:' has no end, and each of its numbers is a point"),
        ({"vary": {"n": "4,1:1e9"}}, "error[invalid-value]: the values of 'n': '1:1e9' is too long for a list"),
        ({"vary": {"n": "4:8:2:1"}}, "the values of 'n': '4:8:2:1' is not of the form FIRST:LAST:STEP"),
        ({"vary": {"n": "4:8:0"}}, "error[invalid-value]: the values of 'n': the step of '4:8:0' is a whole number"),
        ({"vary": {"n": "1:1e30"}}, "error[limit]: 'n' has about 1,000,000,000,000,000,000,000,000,000,000"),
        ({"vary": {"n": "4,,2"}}, "error[invalid-value]: the values of 'n': '4,,2' has an empty value"),
        ({"vary": {"n": np.ones((2, 2), int)}}, "error[wrong-type]: the values of 'n' are an array of 2 axes"),
        ({"vary": [1, 2]}, "error[wrong-type]: a sweep varies dims over values, as a mapping has them or a table"),
        ({"where": "n + 1"}, "error[wrong-type]: takes conditions, and 'n + 1' is a number"),
        ({"where": "free > 1"}, "error[free-dim]: 'free > 1' needs the value of 'free'\n    vary it, or give it"),
        ({"where": "n >"}, "error[invalid-expression]: 'n >' is not an expression"),
        ({"where": "[1, 2][total] > 1"}, "error[wrong-type]: '[1, 2][total] > 1' is of a measure, and has no"),
        ({"where": "total + 1"}, "error[wrong-type]: takes conditions, and 'total + 1' is a number"),
        ({"where": "total <= 50M"}, "is not an expression: 50M is no number of it\n    write 50e6, or its digits"),
        ({"of": "flop"}, "error[unknown-measure]: there is no measure 'flop'"),
        ({"by": "total"}, "error[missing-key]: 'by' goes with 'top'"),
        ({"top": 0}, "error[invalid-value]: 'top' is a whole number of at least 1, not 0"),
        ({"top": 1, "by": "k"}, "error[invalid-value]: the sweep has no column 'k'"),
        ({"columns": "k"}, "error[invalid-value]: the sweep has no column 'k'\n    the columns: n, total"),
        ({"pareto": "total"}, "error[invalid-value]: a Pareto front is of at least two columns"),
        ({"pareto": "total,n", "top": 1}, "error[invalid-value]: 'pareto' goes without 'top' and 'by'"),
        ({"dims": {"k": 1}}, "error[unknown-dim]: there is no dim, argument or counter 'k' here"),
        ({"dims": {"m": np.arange(3)}}, "error[wrong-type]: 'm' is given an array\n    vary it: vary={'m': …}"),
        ({"dims": {"n": 3}}, "error[invalid-value]: 'n' is given a value, and is to be varied\n    do one of the two"),
        ({"causal": "half"}, "error[invalid-value]: 'causal' has no meaning for the measures of this sweep"),
        ({"vary": "no.csv"}, "error[unreadable-file]: no.csv: No such file or directory"),
    ],
)  # fmt: skip
def test_what_is_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(pc.ParamcalcError) as refused:
        pc.sweep(pc.loads(LINEAR), **{"vary": {"n": [1]}, **arguments})
    assert said in str(refused.value)


def test_candidates_are_read_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "candidates.csv"
    path.write_text("n,other,m\n1,a,3\n2,b,5\n")
    assert pc.sweep(pc.loads(LINEAR), path).columns["total"].tolist() == [6, 15]
    path.write_text("n,m\n1\n")
    with pytest.raises(pc.ParamcalcError, match="a row of 1 values, and the table has 2 columns"):
        pc.sweep(pc.loads(LINEAR), path)
    path.write_text("n,m,n\n1,2,3\n")
    with pytest.raises(pc.ParamcalcError, match=r"duplicate-name.*the table has 2 columns 'n'"):
        pc.sweep(pc.loads(LINEAR), path)
    path.write_text("width,detph\n768,1\n")
    with pytest.raises(
        pc.ParamcalcError, match="a column of the table is 'detph', which is no dim\n    did you mean 'd"
    ):
        pc.sweep(GPT2, path)
    path.write_text("k\n1\n")
    with pytest.raises(pc.ParamcalcError, match="the table has no column of a dim"):
        pc.sweep(pc.loads(LINEAR), path)


# --- the command line ------------------------------------------------------------------

SIZES = ("--vary", "width=768,1024", "--vary", "depth=2:4:2", "--set", "heads=16")


def test_the_command_prints_rows() -> None:
    lines = run("sweep", GPT2, *SIZES).stdout.splitlines()
    assert lines[0] == "gpt2 · torch"
    assert lines[-1] == "4 points"
    # 12·L·d² + 13·L·d + (V + T + 2)·d, as the paper has it
    assert lines[4] == f"  768      2   {12 * 2 * 768**2 + 13 * 2 * 768 + (50257 + 1024 + 2) * 768:,}"


def test_a_row_that_is_refused_is_named(tmp_path: Path) -> None:
    file = tmp_path / "candidates.csv"
    file.write_text("n,m\n1,2\n1,many\n")
    with pytest.raises(pc.ParamcalcError, match="'m' varies over values, and 'many' is none, in row 1"):
        pc.sweep(pc.loads(LINEAR), file)


def test_rows_as_csv_and_json(tmp_path: Path) -> None:
    rows = [*csv.DictReader(io.StringIO(run("sweep", GPT2, *SIZES, "--format", "csv").stdout))]
    assert [[int(value) for value in row.values()] for row in rows] == [
        [width, depth, pc.count(GPT2, dims={"width": width, "depth": depth, "heads": 16}).total]
        for width in (768, 1024)
        for depth in (2, 4)
    ]
    document = json.loads(run("sweep", GPT2, *SIZES, "--format", "json").stdout)
    assert (document["paramcalc_sweep"], document["points"], document["skipped"]) == (1, 4, 0)
    assert [[int(value) for value in row.values()] for row in rows] == document["rows"]
    path = tmp_path / "rows.csv"
    assert run("sweep", GPT2, *SIZES, "-o", str(path)).stdout == f"{path}: 4 rows of 4 points\n"
    assert [*csv.DictReader(io.StringIO(path.read_text()))] == rows
    again = run("sweep", GPT2, "--candidates", str(path), "--set", "heads=16", "-o", str(path))
    assert (again.exit_code, "is what is read" in again.stderr) == (2, True)


def test_where_no_point_is_left_the_answer_is_no() -> None:
    result = run("sweep", GPT2, "--vary", "width=769,770")
    assert result.exit_code == 1
    assert "no point is left; of the first: " in result.stderr
    assert "769 / 12 leaves a remainder" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give what varies: --vary DIM=VALUES, or --candidates FILE"),
        (("--vary", "width"), "error[invalid-value]: 'width' is not of the form DIM=VALUES"),
        (("--vary", "width=1", "--vary", "width=2"), "error[duplicate-name]: 'width' is varied twice"),
        (("--vary", "width=1", "-o", "x.xlsx"), "--output is a file that ends in .parquet, .csv or .json"),
        (("--vary", "width=1", "--of", "memory", "--with", "nesterov=true"), "--with gives an option to the optimizer"),
        (("--vary", "width=1", "--training", "adamw"), "'training' has no meaning for the measures of this sweep"),
        (("--vary", "width=1", "--plot", "x.gif"), "--plot is a file that ends in .svg, .png or .pdf"),
    ],
)
def test_usage(arguments: tuple[str, ...], said: str) -> None:
    result = run("sweep", GPT2, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_packages_that_are_not_there_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("pyarrow", "dask", "dask.distributed", "matplotlib", "pandas"):
        monkeypatch.setitem(sys.modules, name, None)
    found = pc.sweep(pc.loads(LINEAR), {"n": [1, 2]})
    from paramcalc.exports import plots

    for call, said in (
        (lambda: found.to_parquet(tmp_path / "x.parquet"), "Parquet needs the package pyarrow"),
        (lambda: pc.sweep(pc.loads(LINEAR), "x.parquet"), "or give the candidates as CSV"),
        (lambda: pc.sweep(pc.loads(LINEAR), {"n": [1]}, client="tcp://x:1").columns, "paramcalc[dask]"),
        (lambda: plots.plot(found), "paramcalc[plot]"),
        (found.to_pandas, "a data frame needs the package pandas"),
    ):
        with pytest.raises(pc.ParamcalcError) as refused:
            call()
        assert refused.value.code == "missing-package"
        assert said in str(refused.value)
