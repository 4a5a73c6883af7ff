"""What the commands have in common: arguments, options, and how those are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from paramcalc.core.amounts import amount, bytes_amount
from paramcalc.core.errors import ParamcalcError, quoted, refuse
from paramcalc.core.registry import DEFAULT_MEASURE, MEASURES
from paramcalc.spec import FRAMEWORKS


def read_amount(context: click.Context, parameter: click.Parameter, written: str | None) -> int | None:
    """Read a whole number as people write it: 13B, 125M, 1.5e9, 10_000_000."""
    return _read(amount, written)


def read_bytes(context: click.Context, parameter: click.Parameter, written: str | None) -> int | None:
    """Read a number of bytes as people write it: 16GiB, 500MB, 1e9."""
    return _read(bytes_amount, written)


def _read(reader: Callable[[str], int], written: str | None) -> int | None:
    """Read what an option is given, if it is given. Raises `BadParameter` for what the reader refuses."""
    if written is None:
        return None
    try:
        return reader(written)
    except ParamcalcError as error:
        raise click.BadParameter(error.problems[0].message) from None


SPEC = click.argument("path", metavar="SPEC", type=click.Path(allow_dash=True))
SPECS = click.argument("paths", metavar="SPEC…", nargs=-1, required=True, type=click.Path(allow_dash=True))
AS = click.option(
    "--as",
    "convention",
    shell_complete=lambda context, parameter, typed: [name for name in FRAMEWORKS if name.startswith(typed)],
    metavar="|".join(FRAMEWORKS),
    help="Count and name as this framework does; by default, the spec's own.",
)
SET = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="DIM=VALUE",
    help="Give a dim another value, written as in YAML. May be repeated.",
)
DTYPE = click.option(
    "--dtype",
    metavar="DTYPE",
    help="The dtype of every tensor for which the spec states none, as in bfloat16.",
)
HEAD = click.option(
    "--head",
    metavar="NAME",
    help="Of a config.json: the class of the model, or base, usual, causal-lm, masked-lm.",
)
OF = click.option(
    "--of",
    "of",
    metavar="MEASURE",
    shell_complete=lambda context, parameter, typed: [name for name in MEASURES if name.startswith(typed)],
    help=f"What is counted: {', '.join(MEASURES)}; by default, {DEFAULT_MEASURE}.",
)
CAUSAL = click.option(
    "--causal",
    metavar="HOW",
    help="Of attention that looks back alone, count the FLOPs of the whole (by default), of half of it, or exact.",
)
ATTENTION = click.option(
    "--attention",
    metavar="HOW",
    help="For saved and memory, how PyTorch computes attention: flash (by default), math, or with weights as a result.",
)
TRAINING = click.option(
    "--training", metavar="OPTIMIZER", help="For memory, train with it, as in adamw; a name of the framework's own."
)
WITH = click.option(
    "--with",
    "options",
    multiple=True,
    metavar="OPTION=VALUE",
    help="Give the optimizer an option, as in momentum=0.9. May be repeated.",
)
MASTER = click.option(
    "--master", metavar="DTYPE", help="For memory, let the optimizer work on a copy of the weights of this dtype."
)
OUTPUT = click.option("--output", "-o", metavar="FILE", help="Write to this file; one of that name is replaced.")


def dims(settings: Sequence[str]) -> dict[str, Any]:
    """Read the dims that `--set` gives, with their values."""
    from paramcalc.spec.given import read_setting

    return dict(map(read_setting, settings))


def optimizer(training: str | None, options: Sequence[str]) -> Any:
    """Read an optimizer as `--training` names it, with the options of `--with`. Raises `UsageError`."""
    if options and training is None:
        raise click.UsageError("--with gives an option to the optimizer that --training names")
    return {training: dict(map(_option, options))} if options else training


def _option(written: str) -> tuple[str, Any]:
    """Read an option and its value, as YAML writes it. Raises `invalid-value`."""
    from paramcalc.spec.parsing import build

    name, separator, value = written.partition("=")
    if not separator or not name.strip() or not value.strip():
        raise refuse("invalid-value", f"{quoted(written)} is not of the form OPTION=VALUE", "as in --with momentum=0.9")
    return name.strip(), build(value)


def headed(path: str, head: str | None) -> Any:
    """Return what a verb is given for a path: the spec of a configuration, where a head of it is asked for."""
    if head is None:
        return path
    from paramcalc.families.configs import from_huggingface

    return from_huggingface(path, head)
