"""`paramcalc build`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from paramcalc.cli.options import AS, DTYPE, OUTPUT, SET, SPEC, dims
from paramcalc.cli.printing import show, write
from paramcalc.spec import Framework


@click.command()
@SPEC
@AS
@SET
@DTYPE
@OUTPUT
def build(
    path: str, convention: Framework | None, settings: Sequence[str], dtype: str | None, output: str | None
) -> None:
    """Print Python source that makes the model.

    The source needs Keras or PyTorch, and does not need paramcalc.

    \b
    Example:
      paramcalc build specs/keras_mlp.yaml --as keras -o mlp.py
    """
    from paramcalc.verbs import source
    from paramcalc.verbs.opening import open_network

    spec = open_network(path)
    text = source(spec, convention, dims=dims(settings), dtype=dtype)
    if output is None:
        show(text.rstrip("\n"))
    else:
        write(text.encode(), output, path, spec)
