"""`paramcalc diff`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Literal

import click

from paramcalc.cli.options import AS, ATTENTION, CAUSAL, OF, SET, dims
from paramcalc.cli.printing import show
from paramcalc.spec import Framework


@click.command()
@click.argument("before", metavar="A", type=click.Path(allow_dash=True))
@click.argument("after", metavar="B", type=click.Path(allow_dash=True))
@OF
@CAUSAL
@ATTENTION
@AS
@SET
@click.option(
    "--format",
    "format",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="How to print what differs.",
)
def diff(
    before: str,
    after: str,
    of: str | None,
    causal: str | None,
    attention: str | None,
    convention: Framework | None,
    settings: Sequence[str],
    format: Literal["text", "markdown", "json"],
) -> None:
    """Tell what differs between two networks: nodes, tensors, totals, and the closed forms.

    With --of, what another measure differs by; --set then gives dims of both other values. If anything differs, the
    exit code is 1.

    \b
    Example:
      paramcalc diff old.yaml new.yaml --format markdown
    """
    from paramcalc.verbs import diff as compared

    given: Any = {"of": of, "causal": causal, "attention": attention, "dims": dims(settings) or None}
    result: Any = compared(before, after, convention, **given)
    show(result.to(format, names=(before, after)))
    if result:
        sys.exit(1)
