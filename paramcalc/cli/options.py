"""What the commands have in common: options, what they read, and how they print."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from paramcalc.core.errors import refuse
from paramcalc.spec import FRAMEWORKS

if TYPE_CHECKING:
    from paramcalc.spec import Spec

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
    help="Give a dim another value, as YAML writes it. May be repeated.",
)


def load(path: str) -> Spec:
    """The spec of a file, or of what it describes."""
    from paramcalc.frameworks.reading import read

    return read(path)


def dims(settings: Sequence[str]) -> dict[str, Any]:
    """The dims that `--set` gives, with their values."""
    from paramcalc.spec.loading import read_setting

    return dict(map(read_setting, settings))


def show(text: str) -> None:
    """Print a result. Characters that the output's encoding lacks are replaced, not fatal."""
    encoding = sys.stdout.encoding or "utf-8"
    click.echo(text.encode(encoding, "replace").decode(encoding))


def write(content: bytes, output: str, apart_from: str) -> None:
    """Write a file, in the place of one of that name, but never of the spec."""
    try:
        if os.path.exists(output) and os.path.exists(apart_from) and os.path.samefile(output, apart_from):
            raise refuse("unwritable-file", f"{output} is the spec itself", "give the output another name")
        with open(output, "wb") as file:
            file.write(content)
    except OSError as error:
        raise refuse("unwritable-file", f"{output}: {error.strerror}") from None


def print_error(text: str) -> None:
    """Print what is no result."""
    encoding = sys.stderr.encoding or "utf-8"
    click.echo(text.encode(encoding, "replace").decode(encoding), err=True)


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def width() -> int | None:
    """The width to fit a table to: a terminal's, and none in a pipe."""
    return shutil.get_terminal_size().columns if _is_terminal() else None


def style() -> Callable[[str, str], str] | None:
    """How marked text looks: as a terminal has it, and plain in a pipe or where colours are refused."""
    if not _is_terminal() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return None
    return lambda text, mark: click.style(text, bold=mark == "bold" or None, dim=mark == "dim" or None)
