"""`paramcalc import`."""

from __future__ import annotations

import click

from paramcalc.cli.options import load, show
from paramcalc.core.errors import quoted, refuse


@click.command("import")
@click.argument("path", metavar="FILE", type=click.Path(allow_dash=True))
@click.option("-o", "output", metavar="SPEC", type=click.Path(), help="Write the spec to this file.")
def import_(path: str, output: str | None) -> None:
    """The description of a model by another tool, as a spec.

    FILE is the JSON of a Keras model, model.to_json(), or an archive of one, model.save("model.keras").

    \b
    Example:
      paramcalc import model.keras -o model.yaml
    """
    from paramcalc.spec.writing import dumps

    text = dumps(load(path))
    if output is None:
        show(text.rstrip())
        return
    try:
        with open(output, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise refuse("unreadable-file", f"cannot write {quoted(output)}: {error.strerror}") from None
