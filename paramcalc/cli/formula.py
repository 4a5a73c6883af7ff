"""`paramcalc formula`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import click

from paramcalc.cli.options import AS, ATTENTION, CAUSAL, DTYPE, HEAD, OF, OUTPUT, SET, SPEC, dims, headed
from paramcalc.cli.printing import show, style, text_width, write
from paramcalc.core.errors import refuse
from paramcalc.core.registry import LANGUAGES

if TYPE_CHECKING:
    from paramcalc.results.formula import Formula, Target, Unit
    from paramcalc.spec import Framework


@click.command()
@SPEC
@OF
@CAUSAL
@ATTENTION
@AS
@click.option(
    "--to",
    "target",
    type=click.Choice(["text", "latex", "mathml", *LANGUAGES, "xlsx"]),
    default="text",
    show_default=True,
    help="The notation or the language; xlsx is a workbook.",
)
@OUTPUT
@click.option("--keep", multiple=True, metavar="DIM", help="Keep only this dim as a symbol. May be repeated.")
@SET
@HEAD
@DTYPE
@click.option("--expand", is_flag=True, help="Multiply every product out.")
@click.option("--by", type=click.Choice(["layer", "group", "tensor"]), help="List the parts, each with its share.")
@click.option("--depth", type=click.IntRange(min=1), metavar="N", help="With --by group: groups N levels down.")
@click.option("--asymptotic", is_flag=True, help="Print the leading terms, and their share.")
@click.option("--elasticities", is_flag=True, help="Show how the number changes with each dim.")
@click.option("--vectors", is_flag=True, help="Print sizes and exact values as JSON, to test an implementation on.")
def formula(
    path: str,
    of: str | None,
    causal: str | None,
    attention: str | None,
    convention: Framework | None,
    target: Target | Literal["xlsx"],
    output: str | None,
    keep: Sequence[str],
    settings: Sequence[str],
    head: str | None,
    dtype: str | None,
    expand: bool,
    by: Unit | None,
    depth: int | None,
    asymptotic: bool,
    elasticities: bool,
    vectors: bool,
) -> None:
    """Print the number of parameters as a formula in the dims of the spec.

    \b
    Example:
      paramcalc formula specs/gpt2.yaml --keep depth --keep width
    """
    from paramcalc.verbs import formula as formed
    from paramcalc.verbs.opening import open_network

    _check(target, expand, by, depth, asymptotic, elasticities, vectors)
    if target == "xlsx" and output is None:
        raise refuse("missing-key", "a workbook is written to a file", "say which: --output FILE")
    spec = open_network(headed(path, head))
    options = {"causal": causal, "attention": attention}
    form = formed(spec, convention, of=of, keep=keep or None, dims=dims(settings), dtype=dtype, **options)
    if target == "xlsx":
        from paramcalc.exports.workbook import workbook

        write(workbook(form), str(output), path, spec)
        return
    # a file is as wide as a pipe
    page: Any = {"width": text_width(), "style": style()} if output is None else {}
    if vectors:
        from paramcalc.exports.plain import written
        from paramcalc.exports.vectors import plain

        text = written(plain(form))
    elif by or asymptotic or elasticities:
        text = _view(form, target, by, depth or 1, asymptotic, page)
    else:
        from paramcalc.exports import formulas

        text = formulas.render(form.expanded() if expand else form, target, **page)
    if output is None:
        show(text)
    else:
        write(f"{text}\n".encode(), output, path, spec)


def _check(
    target: str, expand: bool, by: str | None, depth: int | None, asymptotic: bool, elasticities: bool, vectors: bool
) -> None:
    """Refuse options that do not go together."""
    views = sum([expand, by is not None, asymptotic, elasticities])
    if views > 1:
        raise click.UsageError("--expand, --by, --asymptotic and --elasticities: one at a time")
    if vectors and (views or target not in ("text", "json")):
        raise click.UsageError("--vectors are JSON of the whole form: they go with no other view, and no other --to")
    if depth is not None and by != "group":
        raise click.UsageError("--depth goes with --by group")
    if (by and target not in ("text", "latex", "json")) or (elasticities and target not in ("text", "latex")):
        raise click.UsageError("--by and --elasticities are tables: --to text or --to latex; --by also --to json")
    if target == "xlsx" and asymptotic:
        raise click.UsageError("a workbook holds the whole form: --asymptotic goes with another target")


def _view(form: Formula, target: Target, by: Unit | None, depth: int, asymptotic: bool, page: dict[str, Any]) -> str:
    """Print another view of a form: its parts, its leading terms, or how it moves."""
    from paramcalc.exports import form_views

    if by:
        return form_views.parts(form, target, by, depth, **page)
    return (form_views.leading if asymptotic else form_views.elasticities)(form, target, **page)
