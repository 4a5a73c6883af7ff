"""`paramcalc schema`."""

from __future__ import annotations

import click

from paramcalc.cli.printing import show


@click.command()
@click.option(
    "--of",
    "what",
    type=click.Choice(
        [
            "spec",
            "count",
            "form",
            "layers",
            "derivation",
            "diff",
            "memory",
            "receptive-field",
            "solve",
            "sweep",
            "vectors",
            "formula",
        ]
    ),
    metavar="[spec|count|form|layers|derivation|diff|memory|receptive-field|solve|sweep|vectors]",
    default="spec",
    show_default=True,
    help="Of a spec, or of what count, formula, layers, explain, diff, memory, solve or sweep print as JSON.",
)
def schema(what: str) -> None:
    """Print the JSON Schema of a spec, or of what a command prints as JSON.

    With that of a spec, editors complete and check it.

    \b
    Example:
      paramcalc schema > paramcalc.schema.json
    """
    from paramcalc.exports.schema import as_text

    if what == "spec":
        from paramcalc.exports.schema import spec_schema as made
    else:
        from paramcalc.exports.data_schemas import SCHEMAS

        # `formula` is what a form was called here before
        made = SCHEMAS["form" if what == "formula" else what]
    show(as_text(made()))
