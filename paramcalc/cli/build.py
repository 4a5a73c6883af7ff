"""`paramcalc build`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from paramcalc.cli.options import AS, SET, SPEC, dims, load, show, write


@click.command()
@SPEC
@AS
@SET
@click.option("--output", "-o", metavar="FILE", help="Write to this file, in the place of one of that name.")
def build(path: str, convention: str | None, settings: Sequence[str], output: str | None) -> None:
    """Python source that makes the real model.

    It needs Keras or PyTorch, and not paramcalc.

    \b
    Example:
      paramcalc build specs/keras_mlp.yaml --as keras -o mlp.py
    """
    from paramcalc.frameworks.build import source

    text = source(load(path), convention, dims=dims(settings))
    if output is None:
        show(text.rstrip("\n"))
    else:
        write(text.encode(), output, apart_from=path)
