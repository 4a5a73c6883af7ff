"""`paramcalc count`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from paramcalc.cli.options import (
    AS,
    ATTENTION,
    CAUSAL,
    DTYPE,
    HEAD,
    OF,
    SET,
    SPECS,
    dims,
    headed,
    read_amount,
    read_bytes,
)
from paramcalc.cli.printing import print_error, show, style, width
from paramcalc.core.lines import printable
from paramcalc.core.registry import DEFAULT_MEASURE, RECEPTIVE_FIELD
from paramcalc.spec import Framework

if TYPE_CHECKING:
    from paramcalc.exports.tables import Format


@click.command()
@SPECS
@OF
@CAUSAL
@ATTENTION
@AS
@SET
@HEAD
@DTYPE
@click.option(
    "--format",
    "format",
    type=click.Choice(["table", "json", "csv", "markdown"]),
    default="table",
    show_default=True,
    help="How to print the count.",
)
@click.option("--tensors", is_flag=True, help="List every tensor, under the framework's names; with --of, every term.")
@click.option("--depth", type=click.IntRange(min=1), metavar="N", help="One row for each group N levels down.")
@click.option("--flat", is_flag=True, help="Give each layer its whole path, in place of a tree of groups.")
@click.option("--trained", is_flag=True, help="Add a column of the parameters that are trained.")
@click.option("--expand", is_flag=True, help="List every copy of a repeated node.")
@click.option(
    "--max",
    "most",
    callback=read_amount,
    metavar="TOTAL",
    help="Exit with 1 if the total is more; as in 13B or 10_000_000.",
)
@click.option(
    "--max-trainable",
    callback=read_amount,
    metavar="NUMBER",
    help="Exit with 1 if more is trained.",
)
@click.option(
    "--max-bytes",
    callback=read_bytes,
    metavar="BYTES",
    help="Exit with 1 if the total takes more bytes; as in 16GiB.",
)
def count(
    paths: Sequence[str],
    of: str | None,
    causal: str | None,
    attention: str | None,
    convention: Framework | None,
    settings: Sequence[str],
    head: str | None,
    dtype: str | None,
    format: Format,
    tensors: bool,
    flat: bool,
    trained: bool,
    depth: int | None,
    expand: bool,
    most: int | None,
    max_trainable: int | None,
    max_bytes: int | None,
) -> None:
    """Count the parameters of each layer, and in total; of several networks, in a line each.

    With --of, count another measure: bytes, FLOPs, activations.

    \b
    Example:
      paramcalc count specs/gpt2.yaml --set depth=24 --set width=1024 --set heads=16
      paramcalc count specs/*.yaml
    """
    from paramcalc.exports import tables
    from paramcalc.verbs import count as counted

    values = dims(settings)
    if of == RECEPTIVE_FIELD:
        if len(paths) > 1 or most is not None or depth is not None:
            raise click.UsageError(f"--of {of} goes with one SPEC, and neither with --max nor --depth")
        from paramcalc.exports.receptive_fields import render

        show(render(counted(headed(paths[0], head), convention, of=RECEPTIVE_FIELD, dims=values), format))
        return
    of_parameters = of in (None, DEFAULT_MEASURE)
    if not of_parameters and (trained or max_trainable is not None or max_bytes is not None):
        raise click.UsageError(f"--trained, --max-trainable and --max-bytes are of parameters, not --of {of}")
    shared: Any = {
        "of": of,
        "causal": causal,
        "attention": attention,
        "dims": values,
        "dtype": dtype,
        "expand": expand,
        "depth": depth,
    }
    results: Any = [counted(headed(path, head), convention, **shared) for path in paths]
    if len(results) > 1:
        if tensors or flat or trained:
            raise click.UsageError("--tensors, --flat and --trained go with one SPEC")
        show(tables.of_several(list(zip(paths, results, strict=True)), format, style()))
    else:
        printers: dict[Format, Callable[[], str]] = {
            "table": lambda: tables.as_text(results[0], tensors, width(), style(), flat=flat, trained=trained),
            "json": lambda: tables.as_json(results[0]),
            "csv": lambda: tables.as_csv(results[0], tensors),
            "markdown": lambda: tables.as_markdown(results[0], tensors),
        }
        show(printers[format]())
    bounds = (
        ("total", most, results[0].unit, "--max"),
        ("trainable", max_trainable, "trained parameters", "--max-trainable"),
        ("bytes", max_bytes, "bytes", "--max-bytes"),
    )
    over = [
        (path, getattr(result, key), *bound)
        for path, result in zip(paths, results, strict=True)
        for key, *bound in bounds
        if bound[0] is not None and getattr(result, key) > bound[0]
    ]
    for path, value, bound, what, option in over:
        name = f"{printable(path)}: " if len(results) > 1 else ""
        print_error(f"{name}{value:,} {what} are more than the {bound:,} of {option}")
    if over:
        sys.exit(1)
