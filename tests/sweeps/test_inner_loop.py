"""The inner loop stays short, and imports nothing that it has no use for."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import ROOT

pytestmark = pytest.mark.sweep

MEASURE = ROOT / "tests" / "fuzz" / "measure.py"
FILES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests").glob("test_*.py"))
#: What a run is measured by, as both suffer alike from a machine that is slow or shared. SymPy takes a quarter of a
#: second on a machine on which the inner loop may take ten: forty imports; a fifth more is left to chance.
UNIT = "import sympy"
MOST = 48


def seconds(folder: Path, *arguments: str) -> float:
    """A processor's time that Python takes for these arguments, whatever is compiled kept."""
    report = folder / "report.json"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(
        [sys.executable, str(MEASURE), "600", str(report), sys.executable, *arguments],
        cwd=ROOT,
        env={**environment, "PYTHONPYCACHEPREFIX": str(folder / "compiled")},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    taken = json.loads(report.read_text(encoding="utf-8"))
    assert taken["code"] == 0
    return float(taken["seconds"])


def test_the_inner_loop_takes_a_moment(tmp_path: Path) -> None:
    loop = ("-m", "pytest", "-q", "-p", "no:cacheprovider", *FILES)
    seconds(tmp_path, *loop, "--collect-only")

    def ratio() -> float:
        before = seconds(tmp_path, "-c", UNIT)
        taken = seconds(tmp_path, *loop)
        return taken / ((before + seconds(tmp_path, "-c", UNIT)) / 2)

    assert any(ratio() < MOST for _ in range(3))


def test_the_inner_loop_imports_no_framework_and_no_hypothesis() -> None:
    program = (
        "import pytest, sys\n"
        f"code = pytest.main(['-qq', '--collect-only', '-p', 'no:cacheprovider', *{FILES!r}])\n"
        "print(code.value, *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    code, *modules = done.stdout.splitlines()[-1].split()
    assert code == "0"
    assert not {"hypothesis", "keras", "tensorflow", "torch"} & {*modules}
