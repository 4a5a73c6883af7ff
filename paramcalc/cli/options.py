"""What the commands have in common: arguments, options, and how those are read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import click

from paramcalc.core.errors import LIMITS, quoted
from paramcalc.spec import FRAMEWORKS

_PREFIXES = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
_BYTES = {
    "": 1, "B": 1,
    "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40,
}  # fmt: skip
_AMOUNT = re.compile(r"(\d[\d_]*(?:\.\d+)?|\d{1,3}(?:,\d{3})+)(?:[eE]\+?(\d{1,2}))? ?([A-Za-z]*)")


def read_amount(context: click.Context, parameter: click.Parameter, written: str | None) -> int | None:
    """Read a whole number as people write it: 13B, 125M, 1.5e9, 10_000_000. 7B is exactly 7·10^9."""
    return _amount(written, _PREFIXES, "10000, 10_000_000, 125M, 13B or 1.5e9")


def read_bytes(context: click.Context, parameter: click.Parameter, written: str | None) -> int | None:
    """Read a number of bytes as people write it: 16GiB, 500MB, 1e9. 1 GiB is 2^30 bytes, and 1 GB is 10^9."""
    return _amount(written, _BYTES, "16GiB, 500MB or 1e9")


def _amount(written: str | None, units: Mapping[str, int], examples: str) -> int | None:
    """Read a number in one of these units. Raises `BadParameter` for what is none, or no whole number."""
    if written is None:
        return None
    parts = _AMOUNT.fullmatch(written.strip())
    if parts is None or parts[3].upper() not in units or len(written) > LIMITS.digits:
        raise click.BadParameter(f"{quoted(written)} is no number such as {examples}")
    digits = parts[1].replace("_", "").replace(",", "")
    number = Fraction(digits) * 10 ** int(parts[2] or 0) * units[parts[3].upper()]
    if number.denominator != 1:
        raise click.BadParameter(f"{quoted(written)} is not a whole number")
    return int(number)


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
OUTPUT = click.option("--output", "-o", metavar="FILE", help="Write to this file; one of that name is replaced.")


def dims(settings: Sequence[str]) -> dict[str, Any]:
    """Read the dims that `--set` gives, with their values."""
    from paramcalc.spec.given import read_setting

    return dict(map(read_setting, settings))


def headed(path: str, head: str | None) -> Any:
    """Return what a verb is given for a path: the spec of a configuration, where a head of it is asked for."""
    if head is None:
        return path
    from paramcalc.families.configs import from_huggingface

    return from_huggingface(path, head)
