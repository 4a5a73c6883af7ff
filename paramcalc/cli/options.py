"""What the commands have in common: arguments, options, and how those are read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import click

from paramcalc.core.errors import LIMITS, quoted
from paramcalc.spec import FRAMEWORKS

_PREFIXES = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
_AMOUNT = re.compile(r"(\d[\d_]*(?:\.\d+)?|\d{1,3}(?:,\d{3})+)(?:[eE]\+?(\d{1,2}))? ?([kKMBT]?)")


def read_amount(context: click.Context, parameter: click.Parameter, written: str | None) -> int | None:
    """Read a whole number as people write it: 13B, 125M, 1.5e9, 10_000_000. 7B is exactly 7·10^9."""
    if written is None:
        return None
    parts = _AMOUNT.fullmatch(written.strip())
    if parts is None or len(written) > LIMITS.digits:
        raise click.BadParameter(f"{quoted(written)} is no number such as 10000, 10_000_000, 125M, 13B or 1.5e9")
    digits = parts[1].replace("_", "").replace(",", "")
    number = Fraction(digits) * 10 ** int(parts[2] or 0) * _PREFIXES[parts[3].upper()]
    if number.denominator != 1:
        raise click.BadParameter(f"{quoted(written)} is not a whole number")
    return int(number)


SPEC = click.argument("path", metavar="SPEC", type=click.Path(allow_dash=True))
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
OUTPUT = click.option("--output", "-o", metavar="FILE", help="Write to this file; one of that name is replaced.")


def dims(settings: Sequence[str]) -> dict[str, Any]:
    """Read the dims that `--set` gives, with their values."""
    from paramcalc.spec.loading import read_setting

    return dict(map(read_setting, settings))
