"""`paramcalc count`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import click

from paramcalc.cli.options import AS, SET, SPEC, dims, read_amount
from paramcalc.cli.printing import print_error, show, style, width
from paramcalc.spec import Framework


@click.command()
@SPEC
@AS
@SET
@click.option(
    "--format",
    "format",
    type=click.Choice(["table", "json", "csv", "markdown"]),
    default="table",
    show_default=True,
    help="How to print the count.",
)
@click.option("--tensors", is_flag=True, help="List every tensor, under the framework's names.")
@click.option("--depth", type=click.IntRange(min=1), metavar="N", help="One row for each group N levels down.")
@click.option("--expand", is_flag=True, help="List every copy of a repeated node.")
@click.option(
    "--max",
    "most",
    callback=read_amount,
    metavar="TOTAL",
    help="Exit with 1 if the total is more; as in 13B or 10_000_000.",
)
def count(
    path: str,
    convention: Framework | None,
    settings: Sequence[str],
    format: str,
    tensors: bool,
    depth: int | None,
    expand: bool,
    most: int | None,
) -> None:
    """Count the parameters of each layer, and in total.

    \b
    Example:
      paramcalc count specs/gpt2.yaml --set depth=24 --set width=1024 --set heads=16
    """
    from paramcalc.exports import tables
    from paramcalc.verbs import count as counted

    result = counted(path, convention, dims=dims(settings), expand=expand, depth=depth)
    printers: dict[str, Callable[[], str]] = {
        "table": lambda: tables.as_text(result, tensors, width(), style()),
        "json": lambda: tables.as_json(result),
        "csv": lambda: tables.as_csv(result, tensors),
        "markdown": lambda: tables.as_markdown(result, tensors),
    }
    show(printers[format]())
    if most is not None and result.total > most:
        print_error(f"{result.total:,} parameters are more than the {most:,} of --max")
        sys.exit(1)
