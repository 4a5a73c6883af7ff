"""How fast paramcalc is, as ratios measured in one run: `python -m tests.benchmarks`."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def figures_of_deriving(name: str) -> list[float]:
    """Return what `tests.benchmarks.deriving` prints of a network, in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.deriving", name]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    return [*map(float, printed.split())]
