"""The command line: parses arguments and prints; no arithmetic."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

import paramcalc
from paramcalc.errors import ParamcalcError, quoted, refuse
from paramcalc.exports.languages import LANGUAGES
from paramcalc.layer import kind_names
from paramcalc.spec import FRAMEWORKS, Spec

if TYPE_CHECKING:
    from paramcalc.derivation import Sheet
    from paramcalc.formulas import Unit

_SPEC = click.argument("path", metavar="SPEC", type=click.Path(allow_dash=True))
_AS = click.option(
    "--as",
    "convention",
    shell_complete=lambda context, parameter, typed: [name for name in FRAMEWORKS if name.startswith(typed)],
    metavar="|".join(FRAMEWORKS),
    help="Count and name as this framework does; by default, the spec's own.",
)
_SET = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="DIM=VALUE",
    help="Give a dim another value, as YAML writes it. May be repeated.",
)


class _Group(click.Group):
    """Turns refusals into messages and exit codes, at the one boundary."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ParamcalcError as error:
            _print_error(str(error))
            sys.exit(2)
        except (BrokenPipeError, KeyboardInterrupt):
            # the reader went away: nothing more to say, and nothing to flush
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(130 if sys.exc_info()[0] is KeyboardInterrupt else 0)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog='Shell completion, here for bash: eval "$(_PARAMCALC_COMPLETE=bash_source paramcalc)"; also zsh, fish.',
)
@click.version_option(paramcalc.__version__, prog_name="paramcalc")
def main() -> None:
    """The size of a neural network before anyone trains it: exact, and with its derivation.

    SPEC is a YAML or JSON file, or what 'import' reads, or - for standard input.

    \b
    Example:
      paramcalc count specs/keras_mlp.yaml
    """


@main.command()
@_SPEC
@_AS
@_SET
@click.option(
    "--format",
    "format",
    type=click.Choice(["table", "json", "csv", "markdown"]),
    default="table",
    show_default=True,
    help="How to print it.",
)
@click.option("--tensors", is_flag=True, help="List every tensor, under the framework's names.")
@click.option("--depth", type=click.IntRange(min=1), help="One row for each group this many levels down.")
@click.option("--expand", is_flag=True, help="List every copy of a repeated node.")
@click.option("--max", "most", type=click.IntRange(min=0), metavar="TOTAL", help="Exit with 1 if the total is more.")
def count(
    path: str,
    convention: str | None,
    settings: Sequence[str],
    format: str,
    tensors: bool,
    depth: int | None,
    expand: bool,
    most: int | None,
) -> None:
    """Every layer's parameters, and the totals.

    \b
    Example:
      paramcalc count specs/gpt2.yaml --set depth=24 --set width=1024 --set heads=16
    """
    from paramcalc.counting import count as counted
    from paramcalc.exports import tables

    result = counted(_load(path), convention, dims=_dims(settings), expand=expand, depth=depth)
    printers: dict[str, Callable[[], str]] = {
        "table": lambda: tables.as_text(result, tensors, _width(), _style()),
        "json": lambda: tables.as_json(result),
        "csv": lambda: tables.as_csv(result, tensors),
        "markdown": lambda: tables.as_markdown(result, tensors),
    }
    _print(printers[format]())
    if most is not None and result.total > most:
        _print_error(f"{result.total:,} parameters are more than the {most:,} of --max")
        sys.exit(1)


@main.command()
@_SPEC
@click.option("--node", metavar="PATH", help="Only this layer, or this group.")
@_AS
@click.option("--compare", metavar="A,B", help="The tensors of two frameworks side by side: keras,torch.")
@_SET
@click.option(
    "--format",
    "format",
    type=click.Choice(["text", "markdown", "latex", "html"]),
    default="text",
    show_default=True,
    help="How to print it.",
)
@click.option("--standalone", is_flag=True, help="With --format latex: a document that compiles as it is.")
@click.option("--blank", is_flag=True, help="A worksheet: the same sheet with the numbers left out.")
@click.option("--answers", is_flag=True, help="The key of the worksheet.")
def explain(
    path: str,
    node: str | None,
    convention: str | None,
    compare: str | None,
    settings: Sequence[str],
    format: str,
    standalone: bool,
    blank: bool,
    answers: bool,
) -> None:
    """Why each layer has the parameters it has.

    Its tensors, the formula in symbols, the numbers put in, and the value; then the groups and the model.

    \b
    Example:
      paramcalc explain specs/keras_mlp.yaml --node batchnormalization_1
      paramcalc explain specs/lstm_classifier.yaml --compare keras,torch
    """
    if standalone and format != "latex":
        raise click.UsageError("--standalone goes with --format latex")
    if blank + answers + bool(compare) > 1:
        raise click.UsageError("--blank, --answers and --compare exclude each other")
    if compare is not None:
        if convention is not None:
            raise click.UsageError("--compare names both frameworks; --as has no meaning beside it")
        from paramcalc.comparison import compare as compared

        conventions = [name.strip() for name in compare.split(",")]
        comparison = compared(_load(path), conventions, node=node, dims=_dims(settings))
        _print(comparison.to(format, standalone=standalone))
        return
    from paramcalc.derivation import explain as explained

    derivation = explained(_load(path), convention, node=node, dims=_dims(settings))
    sheet: Sheet = "blank" if blank else "answers" if answers else "derivation"
    _print(derivation.to(format, sheet=sheet, standalone=standalone))


@main.command()
@_SPEC
@_AS
@click.option(
    "--to",
    "target",
    type=click.Choice(["text", "latex", "mathml", *LANGUAGES, "xlsx"]),
    default="text",
    show_default=True,
    help="The notation or the language; xlsx is a workbook.",
)
@click.option("--output", "-o", metavar="FILE", help="Write to this file, in the place of one of that name.")
@click.option("--keep", multiple=True, metavar="DIM", help="Keep only this dim as a symbol. May be repeated.")
@_SET
@click.option("--expand", is_flag=True, help="As a polynomial: every product multiplied out.")
@click.option("--by", type=click.Choice(["layer", "group", "tensor"]), help="The parts, each with its share.")
@click.option("--depth", type=click.IntRange(min=1), help="With --by group: groups this many levels down.")
@click.option("--asymptotic", is_flag=True, help="The leading terms, and their share.")
@click.option("--elasticities", is_flag=True, help="How the number moves with each dim.")
def formula(
    path: str,
    convention: str | None,
    target: str,
    output: str | None,
    keep: Sequence[str],
    settings: Sequence[str],
    expand: bool,
    by: Unit | None,
    depth: int | None,
    asymptotic: bool,
    elasticities: bool,
) -> None:
    """The number of parameters as a formula in the dims of the spec.

    \b
    Example:
      paramcalc formula specs/gpt2.yaml --keep depth --keep width
    """
    from paramcalc.formulas import formula as formed

    if sum([expand, by is not None, asymptotic, elasticities]) > 1:
        raise click.UsageError("--expand, --by, --asymptotic and --elasticities: one at a time")
    if depth is not None and by != "group":
        raise click.UsageError("--depth goes with --by group")
    if target not in ("text", "latex") and (by or elasticities):
        raise click.UsageError("--by and --elasticities are tables: --to text or --to latex")
    if target == "xlsx" and asymptotic:
        raise click.UsageError("a workbook holds the whole form: --asymptotic goes with another target")
    if target == "xlsx" and output is None:
        raise refuse("missing-key", "a workbook is written to a file", "say which: --output FILE")
    form = formed(_load(path), convention, keep=keep or None, dims=_dims(settings))
    if target == "xlsx":
        from paramcalc.exports.workbook import workbook

        _write(workbook(form), str(output), apart_from=path)
        return
    if by or asymptotic or elasticities:
        from paramcalc.exports import form_views

        if by:
            text = form_views.parts(form, target, by, depth or 1)
        elif asymptotic:
            text = form_views.leading(form, target)
        else:
            text = form_views.elasticities(form, target)
    else:
        text = (form.expanded() if expand else form).to(target)
    if output is None:
        _print(text)
    else:
        _write(f"{text}\n".encode(), output, apart_from=path)


@main.command()
@_SPEC
@_AS
@_SET
@click.option("--output", "-o", metavar="FILE", help="Write to this file, in the place of one of that name.")
def build(path: str, convention: str | None, settings: Sequence[str], output: str | None) -> None:
    """Python source that makes the real model.

    It needs Keras or PyTorch, and not paramcalc.

    \b
    Example:
      paramcalc build specs/keras_mlp.yaml --as keras -o mlp.py
    """
    from paramcalc.frameworks.building import source

    text = source(_load(path), convention, dims=_dims(settings))
    if output is None:
        _print(text.rstrip("\n"))
    else:
        _write(text.encode(), output, apart_from=path)


@main.command()
@click.argument(
    "name",
    metavar="KIND",
    required=False,
    shell_complete=lambda context, parameter, typed: [name for name in kind_names() if name.startswith(typed)],
)
def layers(name: str | None) -> None:
    """The layer kinds, or all about one.

    Its fields, tensors and formula, and the classes of the frameworks.

    \b
    Example:
      paramcalc layers BatchNorm
    """
    from paramcalc.exports import kinds

    _print(kinds.overview() if name is None else kinds.page(name))


@main.command()
@click.option(
    "--of",
    "what",
    type=click.Choice(["spec", "formula"]),
    default="spec",
    show_default=True,
    help="Of a spec, or of what formula --to json prints.",
)
def schema(what: str) -> None:
    """The JSON Schema of a spec.

    Editors complete and check a spec with it.

    \b
    Example:
      paramcalc schema > paramcalc.schema.json
    """
    import json

    if what == "spec":
        from paramcalc.exports.schema import spec_schema as made
    else:
        from paramcalc.exports.languages.tree import form_schema as made

    _print(json.dumps(made(), indent=2, ensure_ascii=False))


@main.command("import")
@click.argument("path", metavar="FILE", type=click.Path(allow_dash=True))
@click.option("-o", "output", metavar="SPEC", type=click.Path(), help="Write the spec to this file.")
def import_(path: str, output: str | None) -> None:
    """The description of a model by another tool, as a spec.

    FILE is the JSON of a Keras model, model.to_json(), or an archive of one, model.save("model.keras").

    \b
    Example:
      paramcalc import model.keras -o model.yaml
    """
    from paramcalc.loading import dumps

    text = dumps(_load(path))
    if output is None:
        _print(text.rstrip())
        return
    try:
        with open(output, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise refuse("unreadable-file", f"cannot write {quoted(output)}: {error.strerror}") from None


@main.command()
@_SPEC
@click.option("--against", metavar="FILE", required=True, type=click.Path(), help="A model, or another spec.")
def check(path: str, against: str) -> None:
    """Whether a spec has exactly the tensors of a model.

    FILE is the JSON of a Keras model, an archive of one, or another spec. Exit code 1, and a table of what
    differs, if it does.

    \b
    Example:
      paramcalc check model.yaml --against model.keras
    """
    from paramcalc.frameworks.checking import check as checked

    result = checked(_load(path), against)
    _print(str(result))
    if not result:
        sys.exit(1)


def _load(path: str) -> Spec:
    from paramcalc.frameworks.reading import read

    return read(path)


def _dims(settings: Sequence[str]) -> dict[str, Any]:
    from paramcalc.loading import read_setting

    return dict(map(read_setting, settings))


def _print(text: str) -> None:
    """Print a result. Characters that the output's encoding lacks are replaced, not fatal."""
    encoding = sys.stdout.encoding or "utf-8"
    click.echo(text.encode(encoding, "replace").decode(encoding))


def _write(content: bytes, output: str, apart_from: str) -> None:
    """Write a file, in the place of one of that name, but never of the spec."""
    try:
        if os.path.exists(output) and os.path.exists(apart_from) and os.path.samefile(output, apart_from):
            raise refuse("unwritable-file", f"{output} is the spec itself", "give the output another name")
        with open(output, "wb") as file:
            file.write(content)
    except OSError as error:
        raise refuse("unwritable-file", f"{output}: {error.strerror}") from None


def _print_error(text: str) -> None:
    encoding = sys.stderr.encoding or "utf-8"
    click.echo(text.encode(encoding, "replace").decode(encoding), err=True)


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def _width() -> int | None:
    """The width to fit a table to: a terminal's, and none in a pipe."""
    return shutil.get_terminal_size().columns if _is_terminal() else None


def _style() -> Callable[[str, str], str] | None:
    """How marked text looks: as a terminal has it, and plain in a pipe or where colours are refused."""
    if not _is_terminal() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return None
    return lambda text, mark: click.style(text, bold=mark == "bold" or None, dim=mark == "dim" or None)


if __name__ == "__main__":
    main()
