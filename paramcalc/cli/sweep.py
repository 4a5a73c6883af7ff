"""`paramcalc sweep`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import click

from paramcalc.cli.options import AS, ATTENTION, CAUSAL, DTYPE, MASTER, SET, SPEC, TRAINING, WITH, dims, optimizer
from paramcalc.cli.printing import is_terminal, print_error, show, write
from paramcalc.core.errors import quoted, refuse

if TYPE_CHECKING:
    from paramcalc.results.sweeps import Sweep
    from paramcalc.spec import Framework

_PICTURES = ("svg", "png", "pdf")
_INTERRUPTED = 130


@click.command()
@SPEC
@click.option("--vary", multiple=True, metavar="DIM=VALUES", help="As 256:8192:64, both ends included, or 4,8,16.")
@click.option("--candidates", metavar="FILE", help="In place of --vary, a table of dims: Parquet or CSV.")
@click.option("--where", multiple=True, metavar="CONDITION", help="Leave out points at which this does not hold.")
@click.option(
    "--of",
    multiple=True,
    metavar="MEASURE",
    help="Measure this, as flops or memory; may be repeated. By default, parameters.",
)
@CAUSAL
@ATTENTION
@TRAINING
@WITH
@MASTER
@click.option("--columns", metavar="NAMES", help="Only these columns, as in width,depth,total.")
@click.option("--top", type=click.IntRange(min=1), metavar="N", help="Keep the first N points by --by.")
@click.option(
    "--by", metavar="COLUMN", help="The smallest first; of -COLUMN, the largest. By default, the first measure."
)
@click.option("--pareto", metavar="COLUMNS", help="Keep the points that none is better than, as in total,-width.")
@AS
@SET
@DTYPE
@click.option("--format", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option("--output", "-o", metavar="FILE", help="Write to FILE.parquet, .csv or .json, or Parquet to a FOLDER/.")
@click.option("--plot", metavar="FILE", help="Draw one or two dims, or a front: FILE.svg, .png or .pdf.")
@click.option("--scheduler", metavar="ADDRESS", help="Run on the Dask cluster of this scheduler.")
def sweep(
    path: str,
    vary: Sequence[str],
    candidates: str | None,
    where: Sequence[str],
    of: Sequence[str],
    causal: str | None,
    attention: str | None,
    training: str | None,
    options: Sequence[str],
    master: str | None,
    columns: str | None,
    top: int | None,
    by: str | None,
    pareto: str | None,
    convention: Framework | None,
    settings: Sequence[str],
    dtype: str | None,
    format: Literal["table", "csv", "json"],
    output: str | None,
    plot: str | None,
    scheduler: str | None,
) -> None:
    """Measure a network at every combination of the values of some dims, or at each row of a table.

    Points that break a condition are left out. Without --output, the first rows are printed. A sweep that was stopped
    goes on where it was, if the same command is given again.

    \b
    Example:
      paramcalc sweep specs/gpt2.yaml --vary width=256:1024:64 --vary depth=4,8,16 --top 5 --by -total
    """
    from paramcalc.verbs import sweep as swept
    from paramcalc.verbs.opening import open_network

    if (candidates is None) == (not vary):
        raise click.UsageError("give what varies: --vary DIM=VALUES, or --candidates FILE")
    written = _format_of(output)
    picture = _picture_of(plot)
    spec = open_network(path)
    for file in filter(None, (output, plot)):
        _check_is_not_read(file, path, candidates)
    result = swept(
        spec,
        candidates if candidates is not None else _varied(vary),
        convention,
        of=[name for names in of for name in names.split(",")],
        where=where,
        columns=columns,
        top=top,
        by=by,
        pareto=pareto,
        dims=dims(settings),
        dtype=dtype,
        client=scheduler,
        causal=causal,
        attention=attention,
        training=optimizer(training, options),
        master=master,
    )
    is_table = output is None and plot is None and format == "table"
    rows, skipped = _run(result, output, written, is_table)
    if plot is not None:
        from paramcalc.exports import plots

        write(plots.plot(result, str(picture)), plot, path, spec)
    if output is None and plot is None:
        from paramcalc.exports import sweeps

        show(sweeps.render(result, "text" if format == "table" else format))
    elif output is not None:
        from paramcalc.exports import sweeps

        show(f"{output}: {rows:,} row{'s' if rows != 1 else ''} of {sweeps.told(result.points, skipped)}")
    if not rows:
        reason = result.refusal()
        print_error("no point is left" + (f"; of the first: {reason}" if reason is not None else ""))
        sys.exit(1)


def _run(result: Sweep, output: str | None, written: Any, is_table: bool) -> tuple[int, int]:
    """Work a sweep out, and write it where it is to go, with a bar in a terminal; give its rows, and those left out.

    Of what is printed as a table, the first rows are kept.
    """
    from paramcalc.exports.sweeps import MOST_ROWS
    from paramcalc.results.sweeps.files import Interrupted
    from paramcalc.results.sweeps.files import write as write_rows

    bar = _Bar(result.points)
    try:
        if output is not None:
            return write_rows(result, output, written, bar)
        if is_table:
            beginning = result.beginning(MOST_ROWS, bar)
            return beginning.rows, beginning.skipped
        part = result.run(bar)
        return part.rows, part.skipped
    except Interrupted as interrupted:
        bar.clear()
        print_error(f"interrupted: {interrupted}")
        sys.exit(_INTERRUPTED)
    finally:
        bar.clear()


def _varied(written: Sequence[str]) -> dict[str, str]:
    """Read what varies, and over what. Raises `invalid-value`, `duplicate-name`."""
    found: dict[str, str] = {}
    for each in written:
        name, equals, values = each.partition("=")
        if not equals or not name.strip() or not values.strip():
            raise refuse("invalid-value", f"{quoted(each)} is not of the form DIM=VALUES", "as in width=256:8192:64")
        if name.strip() in found:
            raise refuse("duplicate-name", f"'{name.strip()}' is varied twice", "give all its values together")
        found[name.strip()] = values
    return found


def _format_of(output: str | None) -> Any:
    """Return what an output file is to be written as. Raises `UsageError`."""
    if output is None:
        return None
    suffix = os.path.splitext(output)[1].lower().removeprefix(".")
    if output.endswith(("/", os.sep)) or os.path.isdir(output):
        return "parquet"
    if suffix not in ("parquet", "csv", "json"):
        raise click.UsageError("--output is a file that ends in .parquet, .csv or .json, or a folder that ends in /")
    return suffix


def _picture_of(plot: str | None) -> str | None:
    suffix = None if plot is None else os.path.splitext(plot)[1].lower().removeprefix(".")
    if suffix is not None and suffix not in _PICTURES:
        raise click.UsageError("--plot is a file that ends in .svg, .png or .pdf")
    return suffix


def _check_is_not_read(output: str, *read: str | None) -> None:
    """Refuse to write over a file that is read: `unwritable-file`."""
    for path in filter(None, read):
        if os.path.isfile(output) and os.path.isfile(path) and os.path.samefile(output, path):
            raise refuse("unwritable-file", f"{output} is what is read", "give the output another name")


class _Bar:
    """Says in a terminal how far a sweep is, at what rate, and how long it will take."""

    def __init__(self, points: int) -> None:
        self.points = points
        self.start = self.told = time.monotonic()
        self.first: int | None = None
        self.shown = 0

    def __call__(self, done: int) -> None:
        """Tell how many points are done; those of an earlier run do not count for the rate."""
        now = time.monotonic()
        if self.first is None:
            self.first = done
        if not is_terminal(sys.stderr) or now - self.told < 0.2 or not self.points:
            return
        self.told = now
        rate = (done - self.first) / (now - self.start)
        left = f"  {(self.points - done) / rate:,.0f} s left" if rate else ""
        text = f"{100 * done // self.points:3} %  {done:,} of {self.points:,} points  {rate:,.0f} a second{left}"
        click.echo("\r" + text.ljust(self.shown), nl=False, err=True)
        self.shown = len(text)

    def clear(self) -> None:
        """Take the line away."""
        if self.shown:
            click.echo("\r" + " " * self.shown + "\r", nl=False, err=True)
            self.shown = 0
