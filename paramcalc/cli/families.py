"""`paramcalc families`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from paramcalc.cli.printing import show, width
from paramcalc.core.errors import quoted, refuse


@click.command()
@click.argument("name", metavar="[TYPE]", required=False)
@click.option("--search", metavar="TEXT", help="List only the model types with this text in their name.")
def families(name: str | None, search: str | None) -> None:
    """List the model types of Hugging Face whose config.json can be counted, or print the family of one.

    On a terminal they stand in columns, and in a pipe one a line.

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
    found = [each for each in family_names() if search is None or search.lower() in each.lower()]
    if not found:
        hint = "'paramcalc families' lists them all"
        raise refuse("unknown-model-type", f"no model type has {quoted(search)} in its name", hint)
    columns = width()
    show("\n".join(found if columns is None else _side_by_side(found, columns)))


def _side_by_side(names: Sequence[str], columns: int) -> Iterator[str]:
    """Yield the lines of names that are read downwards, in as many columns as a terminal has room for."""
    wide = max(map(len, names)) + 2
    lines = -(-len(names) // max(1, columns // wide))
    for line in range(lines):
        yield "".join(f"{name:{wide}}" for name in names[line::lines]).rstrip()
