"""`paramcalc layers`."""

from __future__ import annotations

import click

from paramcalc.cli.printing import show
from paramcalc.core.registry import kind_names


@click.command()
@click.argument(
    "name",
    metavar="[TYPE]",
    required=False,
    shell_complete=lambda context, parameter, typed: [name for name in kind_names() if name.startswith(typed)],
)
def layers(name: str | None) -> None:
    """List the layer types, or describe one.

    Of one: its fields, tensors and formula, and its classes in the frameworks.

    \b
    Example:
      paramcalc layers BatchNorm
    """
    from paramcalc.exports import kinds

    show(kinds.overview() if name is None else kinds.page(name))
