"""The command line: parses arguments and prints; no arithmetic."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

import paramcalc
from paramcalc.cli.printing import print_error, print_usage, silence
from paramcalc.core.errors import ParamcalcError
from paramcalc.core.registry import COMMANDS, command

#: What the exit code says: done; the answer is no; bad input or usage; interrupted, as shells have it.
DONE, NO, REFUSED, INTERRUPTED = 0, 1, 2, 130


class _Group(click.Group):
    """Loads each command when it is called, and turns what stops one into a line and an exit code."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found: click.Command | None = command(cmd_name) if cmd_name in COMMANDS else None
        return found

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        with _until_nobody_reads():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: click.Context) -> Any:
        with _until_nobody_reads():
            return super().invoke(ctx)

    def main(self, *arguments: Any, standalone_mode: bool = True, **options: Any) -> Any:
        """Run a command line. In the end the process stops: this is the one boundary to it."""
        run: Any = super().main
        if not standalone_mode:
            return run(*arguments, standalone_mode=False, **options)
        try:
            code = run(*arguments, standalone_mode=False, **options)
        except click.Abort:
            code = INTERRUPTED
            print_error("interrupted")
        except click.ClickException as error:
            code = REFUSED
            print_usage(error)
        except ParamcalcError as error:
            code = REFUSED
            print_error(str(error))
        except OSError as error:
            # a file that cannot be read or written is refused by name: this is standard output
            code = REFUSED
            print_error(f"error[unwritable-file]: cannot write the output: {error.strerror}")
            silence()
        sys.exit(code)


@contextmanager
def _until_nobody_reads() -> Iterator[None]:
    """End well where the reader of the output went away: as in `paramcalc count SPEC | head`."""
    try:
        yield
    except BrokenPipeError:
        silence()
        raise click.exceptions.Exit(DONE) from None


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog='Shell completion, as in bash: eval "$(_PARAMCALC_COMPLETE=bash_source paramcalc)"; also in zsh and fish.',
)
@click.version_option(paramcalc.__version__, prog_name="paramcalc")
def main() -> None:
    """Tell the size of a neural network before it is trained: exactly, and with its derivation.

    SPEC is a YAML or JSON file, a model that 'import' reads, or - for standard input.

    \b
    Example:
      paramcalc count specs/keras_mlp.yaml
    """
