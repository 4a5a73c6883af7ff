"""What the commands print, and where."""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

import click

from paramcalc.core.errors import refuse
from paramcalc.core.lines import printable

if TYPE_CHECKING:
    from paramcalc.spec import Spec

#: the colours of marks
_COLOURS = {"accent": "cyan", "error": "red"}
#: the word and the code that begin what is said of an error
_ERROR = re.compile(r"\berror\[[a-z-]+\]")


def show(text: str) -> None:
    """Print a result. Characters that the output's encoding lacks are replaced.

    Raises `unwritable-file`.
    """
    if sys.stdout is None:
        raise refuse("unwritable-file", "standard output is closed")
    try:
        click.echo(_encodable(text, sys.stdout.encoding))
    except BrokenPipeError:
        # its reader has seen enough: what is left to say is the exit code
        silence()
    except OSError as error:
        silence()
        raise refuse("unwritable-file", f"standard output: {error.strerror}") from None


def print_error(text: str) -> None:
    """Print what is no result, as far as there is anywhere to print it."""
    if sys.stderr is not None:
        with suppress(OSError):
            if _has_emphasis(sys.stderr):
                text = _ERROR.sub(lambda found: _styled(found.group(), "error"), text)
            click.echo(_encodable(text, sys.stderr.encoding), err=True)


def print_usage(error: click.ClickException) -> None:
    """Print what is wrong with a command line."""
    shown = io.StringIO()
    error.show(shown)
    print_error("\n".join(map(printable, shown.getvalue().rstrip("\n").split("\n"))))


def silence() -> None:
    """Have nothing more written to standard output, where it would fail again when the process ends."""
    with suppress(OSError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _encodable(text: str, encoding: str | None) -> str:
    """Replace the characters that an encoding lacks."""
    return text.encode(encoding or "utf-8", "replace").decode(encoding or "utf-8")


def write(content: bytes, output: str, path: str, spec: Spec) -> None:
    """Write a file whole, in the place of one of that name, but never of one that was read.

    `path` is what `spec` was read of. The file is written beside its place, and put there once it is complete.
    Raises `unwritable-file`.
    """
    included = () if spec.source is None else spec.source.included
    try:
        for read in ("/dev/stdin" if path == "-" else path, *included):
            if os.path.exists(output) and os.path.exists(read) and os.path.samefile(output, read):
                what = "a file that the spec includes" if read in included else "the spec itself"
                raise refuse("unwritable-file", f"{output} is {what}", "give the output another name")
        if os.path.exists(output) and not os.path.isfile(output):
            # a pipe or a device, in whose place nothing can be put
            with open(output, "wb") as file:
                file.write(content)
        else:
            _replace(os.path.realpath(output), content)
    except OSError as error:
        raise refuse("unwritable-file", f"{output}: {error.strerror}") from None


def _replace(target: str, content: bytes) -> None:
    """Put a file in the place of another, or of none, with the other's permissions."""
    beside = os.path.join(os.path.dirname(target), f".paramcalc-{os.getpid()}")
    try:
        with open(beside, "xb") as file:
            file.write(content)
        if os.path.exists(target):
            shutil.copymode(target, beside)
        os.replace(beside, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.remove(beside)
        raise


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether a stream is a terminal."""
    return stream is not None and stream.isatty()


def _has_emphasis(stream: TextIO | None) -> bool:
    """Return whether a stream is a terminal, and nothing says that it is to show plain text."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width() -> int | None:
    """Give the width to fit a table to: a terminal's, and none in a pipe."""
    return shutil.get_terminal_size().columns if is_terminal(sys.stdout) else None


def text_width() -> int:
    """Give the width of running text: a terminal's, as far as it can be read well, and 80 columns in a pipe."""
    columns = width()
    return 80 if columns is None else min(max(columns, 60), 100)


def style() -> Callable[[str, str], str] | None:
    """Choose how marked text looks: as a terminal has it, and plain in a pipe or where colours are refused."""
    return _styled if _has_emphasis(sys.stdout) else None


def _styled(text: str, mark: str) -> str:
    """Set text in bold, dim, or in the colour of its mark."""
    return click.style(text, bold=mark in ("bold", "error") or None, dim=mark == "dim" or None, fg=_COLOURS.get(mark))
