"""`paramcalc explain`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import click

from paramcalc.cli.options import AS, ATTENTION, CAUSAL, DTYPE, HEAD, OF, SET, SPEC, dims, headed
from paramcalc.cli.printing import show, style, text_width
from paramcalc.core.registry import DEFAULT_MEASURE

if TYPE_CHECKING:
    from paramcalc.results.derivation import Notation, Sheet
    from paramcalc.spec import Framework


@click.command()
@SPEC
@OF
@CAUSAL
@ATTENTION
@click.option("--node", metavar="PATH", help="Explain only this layer, or this group.")
@AS
@click.option("--compare", metavar="A,B", help="Show the tensors of two frameworks side by side: keras,torch.")
@SET
@HEAD
@DTYPE
@click.option(
    "--format",
    "format",
    type=click.Choice(["text", "markdown", "latex", "html", "json"]),
    default="text",
    show_default=True,
    help="How to print the derivation.",
)
@click.option("--brief", is_flag=True, help="Print the whole, and one line for each layer.")
@click.option("--standalone", is_flag=True, help="With --format latex: print a whole document.")
@click.option("--blank", is_flag=True, help="Print a worksheet: the same page with the numbers left out.")
@click.option("--answers", is_flag=True, help="Print the key of the worksheet.")
def explain(
    path: str,
    of: str | None,
    causal: str | None,
    attention: str | None,
    node: str | None,
    convention: Framework | None,
    compare: str | None,
    settings: Sequence[str],
    head: str | None,
    dtype: str | None,
    format: Notation | Literal["json"],
    brief: bool,
    standalone: bool,
    blank: bool,
    answers: bool,
) -> None:
    """Explain why each layer has the parameters that it has.

    The whole model first: its total, its closed form, and where the parameters sit. Then each layer: its tensors, the
    formula in symbols, the same with numbers, and the value. With --of, another measure is explained.

    \b
    Example:
      paramcalc explain specs/gpt2.yaml --brief
      paramcalc explain specs/keras_mlp.yaml --node batchnormalization_1
      paramcalc explain specs/lstm_classifier.yaml --compare keras,torch
    """
    if standalone and format != "latex":
        raise click.UsageError("--standalone goes with --format latex")
    if blank + answers + bool(compare) > 1:
        raise click.UsageError("--blank, --answers and --compare exclude each other")
    if format == "json" and (blank or answers or compare):
        raise click.UsageError("--format json is of the derivation: not with --blank, --answers or --compare")
    if brief and (blank or answers or compare or format == "json"):
        raise click.UsageError("--brief is of a derivation: not with --blank, --answers, --compare or --format json")
    if of not in (None, DEFAULT_MEASURE) and compare:
        way_out = f"'paramcalc count SPEC --of {of} --as FRAMEWORK' counts for each"
        raise click.UsageError(f"--compare is of the tensors of both frameworks, not of {of}: {way_out}")
    from paramcalc.exports.derivations import render

    if compare is not None:
        if convention is not None:
            raise click.UsageError("--compare names both frameworks; --as has no meaning beside it")
        from paramcalc.verbs import compare as compared

        conventions: Any = [name.strip() for name in compare.split(",")]
        comparison = compared(headed(path, head), conventions, node=node, dims=dims(settings))
        show(render(comparison, format, standalone=standalone, width=text_width(), style=style()))
        return
    from paramcalc.verbs import explain as explained

    shared: Any = {
        "of": of,
        "causal": causal,
        "attention": attention,
        "node": node,
        "dims": dims(settings),
        "dtype": dtype,
    }
    derivation: Any = explained(headed(path, head), convention, **shared)
    if format == "json":
        from paramcalc.exports.plain import written

        show(written(derivation.plain()))
        return
    sheet: Sheet = "blank" if blank else "answers" if answers else "derivation"
    page: Any = {"width": text_width(), "style": style()}
    show(render(derivation, format, sheet=sheet, standalone=standalone, brief=brief, **page))
