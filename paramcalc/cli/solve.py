"""`paramcalc solve`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import click

from paramcalc.cli.options import AS, ATTENTION, CAUSAL, DTYPE, MASTER, SET, SPEC, TRAINING, WITH, dims, optimizer
from paramcalc.cli.printing import show, style, text_width
from paramcalc.core.registry import DEFAULT_MEASURE, TOTALS
from paramcalc.spec import Framework

if TYPE_CHECKING:
    from paramcalc.results.solving.solutions import Side


@click.command()
@SPEC
@click.option("--total", metavar="NUMBER", help="What the total is to be; as in 125M, 7B, 1.5e9, 16GiB.")
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="MEASURE=NUMBER",
    help="The same of a measure, as in bytes=16GiB. May be repeated, with a measure each time.",
)
@click.option(
    "--of",
    "of",
    metavar="MEASURE",
    shell_complete=lambda context, parameter, typed: [name for name in TOTALS if name.startswith(typed)],
    help=f"What --total is of: {', '.join(TOTALS)}; by default, {DEFAULT_MEASURE}.",
)
@CAUSAL
@ATTENTION
@TRAINING
@WITH
@MASTER
@click.option(
    "--vary",
    "varied",
    multiple=True,
    required=True,
    metavar="DIM[=SIZES]",
    help="Look for sizes of this dim: any, or those of FIRST:LAST:STEP, or a list with commas. May be repeated.",
)
@click.option(
    "--step", "steps", multiple=True, metavar="DIM=N", help="Take multiples of N alone for a dim. May be repeated."
)
@click.option(
    "--where",
    "conditions",
    multiple=True,
    metavar="CONDITION",
    help="What the sizes must meet, as in 'width / depth >= 64'. May be repeated.",
)
@click.option("--nearest", is_flag=True, help="Take totals on both sides: the default.")
@click.option("--at-most", is_flag=True, help="Take totals up to the target.")
@click.option("--at-least", is_flag=True, help="Take totals from the target on.")
@click.option(
    "--tolerance",
    default="0",
    metavar="SHARE",
    show_default=True,
    help="How far a total may be from the target, as a share of it; as in 0.1% or 0.001.",
)
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="List no more than these."
)
@click.option("--node", metavar="PATH", help="Only the share of this layer or group is to reach the target.")
@AS
@SET
@DTYPE
@click.option(
    "--format",
    "format",
    type=click.Choice(["text", "json", "csv"]),
    default="text",
    show_default=True,
    help="How to print the solutions.",
)
def solve(
    path: str,
    total: str | None,
    targets: Sequence[str],
    of: str | None,
    causal: str | None,
    attention: str | None,
    training: str | None,
    options: Sequence[str],
    master: str | None,
    varied: Sequence[str],
    steps: Sequence[str],
    conditions: Sequence[str],
    nearest: bool,
    at_most: bool,
    at_least: bool,
    tolerance: str,
    limit: int,
    node: str | None,
    convention: Framework | None,
    settings: Sequence[str],
    dtype: str | None,
    format: Literal["text", "json", "csv"],
) -> None:
    """Find the sizes that give a network a total: all of them, the nearest first.

    The exit code is 1 if there is no solution within the tolerance, with one dim, or on the side asked for.

    \b
    Example:
      paramcalc solve specs/gpt2.yaml --total 125M --vary width
      paramcalc solve specs/gpt2.yaml --total 350M --tolerance 1% --vary width=64:2048:64 --vary depth
    """
    from paramcalc.verbs import solve as solved

    if (total is None) == (not targets):
        raise click.UsageError("either --total or --target says what is to be reached")
    sides: dict[Side, bool] = {"nearest": nearest, "at-most": at_most, "at-least": at_least}
    chosen = [side for side, is_chosen in sides.items() if is_chosen]
    if len(chosen) > 1:
        raise click.UsageError(f"{' and '.join(f'--{side}' for side in chosen)} exclude each other")
    if targets and of is not None:
        raise click.UsageError("--of goes with --total; a --target names its measure itself")
    numbers: dict[str, Any] = _pairs(targets, "--target") if targets else {of or DEFAULT_MEASURE: total}
    result = solved(
        path,
        convention,
        targets=numbers,
        vary=_pairs(varied, "--vary", needs_value=False),
        which=chosen[0] if chosen else "nearest",
        where=list(conditions),
        tolerance=tolerance,
        limit=limit,
        step={name: _whole(written) for name, written in _pairs(steps, "--step").items()},
        node=node,
        dims=dims(settings),
        dtype=dtype,
        causal=causal,
        attention=attention,
        training=optimizer(training, options),
        master=master,
    )
    show(result.to(format, width=text_width(), style=style()))
    if not result.is_met:
        sys.exit(1)


def _pairs(written: Sequence[str], option: str, needs_value: bool = True) -> dict[str, Any]:
    """Read what an option gives by names. Raises `UsageError` for a name without a value, or given twice."""
    found: dict[str, Any] = {}
    for each in written:
        name, separator, value = each.partition("=")
        name = name.strip()
        if name in found:
            raise click.UsageError(f"{option} {name} is given twice")
        if needs_value and not (separator and value.strip()):
            raise click.UsageError(f"{option} {each} is not of the form NAME=VALUE")
        found[name] = value if separator else None
    return found


def _whole(written: str) -> int:
    if not written.strip().isdecimal():
        raise click.UsageError(f"--step takes a whole number, not {written!r}")
    return int(written)
