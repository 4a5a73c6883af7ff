"""The command line: parses arguments and prints; no arithmetic."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

import paramcalc
from paramcalc.cli.options import print_error
from paramcalc.core.errors import ParamcalcError
from paramcalc.core.registry import COMMANDS, command


class _Group(click.Group):
    """Loads each command when it is called, and turns refusals into messages and exit codes, at the one boundary."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found: click.Command | None = command(cmd_name) if cmd_name in COMMANDS else None
        return found

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ParamcalcError as error:
            print_error(str(error))
            sys.exit(2)
        except (BrokenPipeError, KeyboardInterrupt):
            # the reader went away: nothing more to say, and nothing to flush
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(130 if sys.exc_info()[0] is KeyboardInterrupt else 0)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)


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
