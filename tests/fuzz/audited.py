"""Reads models by every command that takes one, and prints what the interpreter was asked for meanwhile, as JSON.

    audited.py WARM… -- MODEL…

The models before the dashes are read first, so that all modules are there. Of each that follows: the exit codes
of the commands, and each event of `sys.audit` with its arguments as texts.
"""

import contextlib
import io
import json
import sys

from paramcalc.cli import main


def run(path: str) -> list[int]:
    """The exit codes of the commands."""
    codes = []
    for arguments in (["import", path], ["count", path], ["explain", path], ["check", path, "--against", path]):
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            try:
                main(arguments)
            except SystemExit as stopped:
                codes.append(stopped.code or 0)  # None is success
    return codes


def audited(path: str) -> tuple[list[int], list[tuple[str, list[str]]]]:
    """The same, and what was asked for."""
    events.clear()
    codes = run(path)
    return codes, [(name, [str(value) for value in values][:2]) for name, values in list(events)]


events = []
dashes = sys.argv.index("--")
for model in sys.argv[1:dashes]:
    run(model)
sys.addaudithook(lambda name, values: events.append((name, values)))
found = {path: audited(path) for path in sys.argv[dashes + 1 :]}
json.dump(found, sys.stdout)
