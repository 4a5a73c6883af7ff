"""`paramcalc memory`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Literal

import click

from paramcalc.cli.options import AS, DTYPE, MASTER, SET, SPEC, TRAINING, WITH, dims, optimizer, read_bytes
from paramcalc.cli.printing import show, text_width
from paramcalc.core.errors import refuse
from paramcalc.spec import Framework


@click.command()
@SPEC
@AS
@TRAINING
@WITH
@click.option("--inference", is_flag=True, help="Run it; what is meant without --training.")
@SET
@click.option(
    "--batch", type=click.IntRange(min=1), metavar="N", help="The examples of a batch; the same as --set batch=N."
)
@DTYPE
@MASTER
@click.option(
    "--attention",
    type=click.Choice(["flash", "math", "weights"]),
    help="How attention keeps what its backward pass needs; flash, if absent.",
)
@click.option(
    "--budget",
    callback=read_bytes,
    metavar="BYTES",
    help="Exit with 1 if it takes more, as in 80GiB, and tell what would make it fit.",
)
@click.option(
    "--format",
    "format",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="How to print the sheet.",
)
def memory(
    path: str,
    convention: Framework | None,
    training: str | None,
    options: Sequence[str],
    inference: bool,
    settings: Sequence[str],
    batch: int | None,
    dtype: str | None,
    master: str | None,
    attention: str | None,
    budget: int | None,
    format: Literal["text", "markdown", "json"],
) -> None:
    """Tell the memory that training a network takes, or running it.

    \b
    Example:
      paramcalc memory specs/gpt2.yaml --training adamw --dtype bfloat16 --batch 8 --set tokens=1024
      paramcalc memory specs/gpt2.yaml --inference --dtype bfloat16 --set tokens=1024
    """
    # not by the door, which loads what all results are printed with
    from paramcalc.exports.memory_sheets import render
    from paramcalc.verbs import memory as told

    if training is not None and inference:
        raise click.UsageError("a network is trained or run: --training or --inference")
    values = dims(settings)
    if batch is not None and "batch" in values:
        raise click.UsageError("the batch is given twice: --batch and --set batch")
    values = values if batch is None else {**values, "batch": batch}
    sheet = told(
        path,
        convention,
        training=optimizer(training, options),
        dtype=dtype,
        master=master,
        dims=values,
        budget=budget,
        attention=attention,
    )
    if sheet.fits is None and budget is not None:
        (part, why), *_ = sheet.unknown.items()
        raise refuse("free-dim", f"whether it fits {budget:,} bytes is not known, without '{part}': {why}")
    show(render(sheet, format, text_width()))
    if sheet.fits is False:
        sys.exit(1)
