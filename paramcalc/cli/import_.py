"""`paramcalc import`."""

from __future__ import annotations

import click

from paramcalc.cli.printing import show, write


@click.command("import")
@click.argument("path", metavar="FILE", type=click.Path(allow_dash=True))
@click.option("--output", "-o", metavar="SPEC", help="Write the spec to this file; one of that name is replaced.")
def import_(path: str, output: str | None) -> None:
    """The description of a model by another tool, as a spec.

    FILE is the JSON of a Keras model, model.to_json(), or an archive of one, model.save("model.keras").

    \b
    Example:
      paramcalc import model.keras -o model.yaml
    """
    from paramcalc.spec.writing import dumps
    from paramcalc.verbs import open_network

    text = dumps(open_network(path))
    if output is None:
        show(text.rstrip())
    else:
        write(text.encode(), output, apart_from=path)
