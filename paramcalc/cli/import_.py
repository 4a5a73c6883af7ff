"""`paramcalc import`."""

from __future__ import annotations

import click

from paramcalc.cli.printing import show, write


@click.command("import")
@click.argument("path", metavar="FILE", type=click.Path(allow_dash=True))
@click.option("--output", "-o", metavar="SPEC", help="Write the spec to this file; one of that name is replaced.")
def import_(path: str, output: str | None) -> None:
    """Print a Keras model as a spec.

    FILE is an archive, as model.save("model.keras") writes it, or the text of model.to_json().

    \b
    Example:
      paramcalc import model.keras -o model.yaml
    """
    from paramcalc.spec.writing import dumps
    from paramcalc.verbs.opening import open_network

    spec = open_network(path)
    text = dumps(spec)
    if output is None:
        show(text.rstrip())
    else:
        write(text.encode(), output, path, spec)
