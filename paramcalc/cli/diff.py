"""`paramcalc diff`."""

from __future__ import annotations

import sys
from typing import Literal

import click

from paramcalc.cli.options import AS
from paramcalc.cli.printing import show
from paramcalc.spec import Framework


@click.command()
@click.argument("before", metavar="A", type=click.Path(allow_dash=True))
@click.argument("after", metavar="B", type=click.Path(allow_dash=True))
@AS
@click.option(
    "--format",
    "format",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="How to print what differs.",
)
def diff(before: str, after: str, convention: Framework | None, format: Literal["text", "markdown", "json"]) -> None:
    """Tell what differs between two networks: nodes, tensors, totals, and the closed forms.

    If anything differs, the exit code is 1.

    \b
    Example:
      paramcalc diff old.yaml new.yaml --format markdown
    """
    from paramcalc.verbs import diff as compared

    result = compared(before, after, convention)
    show(result.to(format, names=(before, after)))
    if result:
        sys.exit(1)
