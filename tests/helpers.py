"""What tests of several modules need: where the specs are, and the command line in this process."""

from pathlib import Path

from click.testing import CliRunner, Result

from paramcalc.cli import main

ROOT = Path(__file__).parent.parent
SPECS = sorted((ROOT / "specs").glob("*.yaml"))

#: The layer type of a spec that a framework cannot build, and that the refusal names.
REFUSED = {("crnn", "keras"): "LSTM"}


def run(*arguments: str, stdin: str | None = None) -> Result:
    """What `paramcalc` answers to these arguments."""
    return CliRunner().invoke(main, arguments, input=stdin)
