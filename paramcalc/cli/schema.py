"""`paramcalc schema`."""

from __future__ import annotations

import click

from paramcalc.cli.printing import show


@click.command()
@click.option(
    "--of",
    "what",
    type=click.Choice(["spec", "formula"]),
    default="spec",
    show_default=True,
    help="The schema of a spec, or of what formula --to json prints.",
)
def schema(what: str) -> None:
    """Print the JSON Schema of a spec.

    With it, editors complete and check a spec.

    \b
    Example:
      paramcalc schema > paramcalc.schema.json
    """
    from paramcalc.exports.schema import as_text

    if what == "spec":
        from paramcalc.exports.schema import spec_schema as made
    else:
        from paramcalc.exports.languages.tree import form_schema as made

    show(as_text(made()))
