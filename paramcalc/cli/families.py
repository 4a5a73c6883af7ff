"""`paramcalc families`."""

from __future__ import annotations

import click

from paramcalc.cli.printing import show


@click.command()
@click.argument("name", metavar="[TYPE]", required=False)
@click.option("--search", metavar="TEXT", help="List only the model types with this text in their name.")
def families(name: str | None, search: str | None) -> None:
    """List the model types of Hugging Face whose config.json can be counted, or print the family of one.

    A family is a document in the language of specs: its dims are the fields of the configuration, and its heads are
    classes of models, each with what it requires and its layers.

    \b
    Example:
      paramcalc families llama
      paramcalc families --search bert
    """
    from paramcalc.families.stored import document, family_names

    if name is not None:
        if search is not None:
            raise click.UsageError("--search goes with the list, not with a TYPE")
        show(document(name).rstrip())
        return
    found = [each for each in family_names() if search is None or search.lower() in each]
    show("\n".join(found))
