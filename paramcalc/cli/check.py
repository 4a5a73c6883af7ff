"""`paramcalc check`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from paramcalc.cli.options import SET, SPEC, dims
from paramcalc.cli.printing import show, style


@click.command()
@SPEC
@click.option("--against", metavar="FILE", required=True, type=click.Path(), help="The model, or another spec.")
@SET
def check(path: str, against: str, settings: Sequence[str]) -> None:
    """Tell whether a spec has exactly the tensors of a model.

    FILE is a Keras model, as 'import' reads it, or another spec. If anything differs, a table shows it, and the exit
    code is 1.

    \b
    Example:
      paramcalc check model.yaml --against model.keras
    """
    from paramcalc.verbs import check as checked

    result = checked(path, against, dims=dims(settings))
    heading, *lines = str(result).splitlines()
    mark = style()
    show("\n".join([mark(heading, "bold") if mark else heading, *lines]))
    if not result:
        sys.exit(1)
