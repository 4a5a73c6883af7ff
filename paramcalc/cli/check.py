"""`paramcalc check`."""

from __future__ import annotations

import sys

import click

from paramcalc.cli.options import SPEC
from paramcalc.cli.printing import show


@click.command()
@SPEC
@click.option("--against", metavar="FILE", required=True, type=click.Path(), help="A model, or another spec.")
def check(path: str, against: str) -> None:
    """Whether a spec has exactly the tensors of a model.

    FILE is the JSON of a Keras model, an archive of one, or another spec. Exit code 1, and a table of what
    differs, if it does.

    \b
    Example:
      paramcalc check model.yaml --against model.keras
    """
    from paramcalc.verbs import check as checked

    result = checked(path, against)
    show(str(result))
    if not result:
        sys.exit(1)
