"""How fast a sweep is: points per second, as ratios to what memory allows, and to others that compute the same.

python -m tests.benchmarks.sweeping          all figures
python -m tests.benchmarks.sweeping memory   the peak memory and the time of large grids, in processes of their own
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import paramcalc as pc
from paramcalc.results.sweeps import running
from paramcalc.results.sweeps.points import Points
from paramcalc.results.sweeps.threads import processors

ROOT = Path(__file__).parent.parent.parent
GPT2 = str(ROOT / "specs" / "gpt2.yaml")
ROWS = 20_000_000
ROUNDS = 3


def best(contestants: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """The seconds of the fastest of some rounds of each; in a round each runs once, so that all meet the same load."""
    found = dict.fromkeys(contestants, float("inf"))
    for _ in range(ROUNDS):
        for name, run in contestants.items():
            start = time.perf_counter()
            run()
            found[name] = min(found[name], time.perf_counter() - start)
    return found


def line(what: str, figure: str, bound: str = "") -> None:
    print(f"{what:72} {figure:>10}{bound and f'   {bound}'}", flush=True)


def columns() -> dict[str, Any]:
    """Random widths, depths and vocabularies; 12 heads divide each width."""
    random = np.random.default_rng(0)
    return {
        "width": 12 * random.integers(1, 1000, ROWS),
        "depth": random.integers(1, 100, ROWS),
        "vocabulary": random.integers(1000, 100_000, ROWS),
    }


def swept(sweep: pc.Sweep, out: Any) -> int:
    """Work out the totals of all rows into an array; how many rows break a condition.

    The bounds of the columns are looked for again each time; the closed form is not made again.
    """
    work = replace(sweep.work, points=Points(sweep.work.points.axes))
    parts = running.on_this_machine(work, range(work.parts), lambda number: {"total": out[slice(*work.ends(number))]})
    return sum(part.skipped for _, part in parts)


def naive(width: Any, depth: Any, vocabulary: Any) -> Any:
    assert width.min() >= 1
    assert depth.min() >= 1
    assert vocabulary.min() >= 1
    assert (width % 12 == 0).all()
    return depth * (12 * width**2 + 13 * width) + width * (vocabulary + 1026)


def by_numexpr(table: dict[str, Any], out: Any) -> None:
    import numexpr

    holds = "(width >= 1) & (depth >= 1) & (vocabulary >= 1) & (width % 12 == 0)"
    formula = "width * (depth * (12 * width + 13) + vocabulary + 1026)"
    numexpr.evaluate(f"where({holds}, {formula}, -1)", table, out=out)
    assert out.min() >= 0


def by_duckdb(connection: Any, form: pc.Formula) -> None:
    """The exported SQL over a table in memory; it tests the conditions, and gives NULL where one is not met."""
    chosen = form.to("duckdb").partition("SELECT ")[2].partition("FROM (VALUES")[0].strip()
    connection.execute(f"CREATE OR REPLACE TABLE totals AS SELECT {chosen} FROM sizes")


def speed() -> None:
    import duckdb
    import pyarrow

    given, out = columns(), np.zeros(ROWS, np.int64)
    table = pyarrow.table(given)
    connection = duckdb.connect()
    connection.execute(f"SET threads = {processors()}")
    connection.register("given", table)
    connection.execute("CREATE TABLE sizes AS SELECT * FROM given")
    form = pc.formula(GPT2, keep=[*given])
    sweep = pc.sweep(GPT2, table, columns=["total"])
    grid = pc.sweep(GPT2, {"width": "12:6000:12", "depth": "1:40", "vocabulary": "1000:100900:100"}, columns=["total"])
    assert grid.points == ROWS
    # compiled once
    swept(grid, out)
    assert swept(sweep, out) == 0
    assert (out == naive(**given)).all()

    seconds = best(
        {
            "limit": lambda: np.add(given["width"], given["depth"], out=out),
            "table": lambda: swept(sweep, out),
            "grid": lambda: swept(grid, out),
            "count": lambda: pc.count(GPT2, dims=given).total,
            "naive": lambda: naive(**given),
            "numexpr": lambda: by_numexpr(given, out),
            "duckdb": lambda: by_duckdb(connection, form),
        }
    )
    assert connection.execute("SELECT count(*) FROM totals WHERE parameters IS NULL").fetchone() == (0,)
    for name, what in (("limit", "numpy.add into a given output"), ("table", "a table"), ("grid", "a grid")):
        line(f"{what} of 20 million rows, 10⁶ points a second", f"{ROWS / seconds[name] / 1e6:,.0f}")
    line("the table / numpy.add", f"{seconds['limit'] / seconds['table']:.2f}", "at least 0.2")
    line("the grid / numpy.add", f"{seconds['limit'] / seconds['grid']:.2f}", "at least 0.5")
    line("the table / NumPy over whole columns", f"{seconds['naive'] / seconds['table']:.2f}", "at least 2")
    line("pc.count of the columns / NumPy over whole columns", f"{seconds['naive'] / seconds['count']:.2f}")
    line("the table / numexpr with the same tests", f"{seconds['numexpr'] / seconds['table']:.2f}", "more than 1")
    line("the table / DuckDB running the exported SQL", f"{seconds['duckdb'] / seconds['table']:.2f}", "at least 2")

    given["width"][12_345_678] += 1
    assert swept(pc.sweep(GPT2, pyarrow.table(given), columns=["total"]), out) == 1
    with pytest.raises(pc.ParamcalcError, match="in row 12345678"):
        pc.count(GPT2, dims=given)
    line("a row of 20 million that breaks a condition is named", "yes")


def of_a_grid(widths: int) -> tuple[float, float]:
    """The seconds and the peak memory in MiB of a sweep of so many times 1,000,000 points with --top 100."""
    vary = ["--vary", f"width=12:{12 * widths}:12", "--vary", "depth=1:100", "--vary", "vocabulary=1000:100990:10"]
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "paramcalc", "sweep", GPT2, *vary, "--top", "100", "--by", "-total"],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def memory() -> None:
    (tenth, _), (whole, peak) = of_a_grid(100), of_a_grid(1000)
    line("--top 100 of a billion points, a whole process, seconds", f"{whole:.1f}")
    line("the same / of a tenth of them", f"{whole / tenth:.1f}", "at most 11")
    line("its peak memory, MiB", f"{peak:.0f}", "at most 300")


def main() -> None:
    # first: a process is said to have had at least the memory of the one that started it
    memory()
    if "memory" not in sys.argv:
        speed()


if __name__ == "__main__":
    main()
