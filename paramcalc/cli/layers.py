"""`paramcalc layers`."""

from __future__ import annotations

import click

from paramcalc.cli.printing import show, style, text_width
from paramcalc.core.registry import kind_names


@click.command()
@click.argument(
    "name",
    metavar="[TYPE]",
    required=False,
    shell_complete=lambda context, parameter, typed: [name for name in kind_names() if name.startswith(typed)],
)
@click.option(
    "--format",
    "format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to print them; JSON has all that each declares.",
)
def layers(name: str | None, format: str) -> None:
    """List the layer types, or describe one.

    Of one: its fields, tensors and formula, and its classes in the frameworks.

    \b
    Example:
      paramcalc layers BatchNorm
    """
    if format == "json":
        from paramcalc.exports import kind_data
        from paramcalc.exports.plain import written

        show(written(kind_data.plain(kind_names() if name is None else [name])))
        return
    from paramcalc.exports import kinds

    show(kinds.overview(text_width(), style()) if name is None else kinds.page(name, text_width(), style()))
