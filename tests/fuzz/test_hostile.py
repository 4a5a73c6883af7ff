"""Files made to do harm: each is refused or counted, without a traceback, in a moment and in little memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.fuzz.hostile import HOSTILE, spec

pytestmark = pytest.mark.fuzz

COMMAND = [sys.executable, "-m", "paramcalc"]
MEASURE = Path(__file__).with_name("measure.py")
ROOT = Path(__file__).parents[2]


class Run(NamedTuple):
    code: int
    seconds: float
    megabytes: float
    output: str
    errors: str


def run(folder: Path, *arguments: str | Path, stdin: str | Path = os.devnull, command: str = "count") -> Run:
    """Count a file, or do something else with it, in a process of its own."""
    output, errors, report = (folder / name for name in ("output", "errors", "report"))
    # -I and -S start the one that measures fast
    measured = [sys.executable, "-I", "-S", MEASURE, "20", report, *COMMAND, command, *arguments]
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    with open(output, "wb") as out, open(errors, "wb") as err, open(stdin, "rb") as standard_input:
        environment = {**os.environ, "PYTHONPATH": path}
        subprocess.run(measured, stdin=standard_input, stdout=out, stderr=err, cwd=folder, env=environment, check=True)
    taken = json.loads(report.read_text())
    texts = (file.read_text(encoding="utf-8", errors="surrogateescape") for file in (output, errors))
    return Run(taken["code"], taken["seconds"], taken["megabytes"], *texts)


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> float:
    """The seconds that a trivial spec takes; what a hostile one takes is measured beyond them."""
    folder = tmp_path_factory.mktemp("start")
    (folder / "spec.yaml").write_text(spec("  - Flatten\n"))
    runs = [run(folder, "spec.yaml") for _ in range(4)][1:]
    assert [each.code for each in runs] == [0, 0, 0], runs[0].errors
    return min(each.seconds for each in runs)


def check(result: Run, start: float) -> None:
    assert result.code in (0, 2), result.errors[-2_000:]
    assert "Traceback" not in result.errors
    assert result.seconds - start < 1
    assert result.megabytes < 300
    assert len(result.errors) < 100_000
    if result.code == 2:
        assert "error[" in result.errors
        assert result.output == ""


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest, start: float, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """The run of each hostile file that a selected test asks for, two at a time."""

    def run_one(name: str) -> Run:
        folder = tmp_path_factory.mktemp("hostile")
        data = HOSTILE[name]
        (folder / "spec.yaml").write_bytes(data if isinstance(data, bytes) else data.encode())
        result = run(folder, "spec.yaml")
        assert not (folder / "hostile-was-here").exists()
        (folder / "spec.yaml").unlink()
        return result

    tests = (item for item in request.session.items if getattr(item, "originalname", "") == "test_a_hostile_file")
    names = [item.callspec.params["name"] for item in tests]
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(names, pool.map(run_one, names), strict=True))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file(name: str, start: float, runs: dict[str, Run]) -> None:
    check(runs[name], start)


@pytest.mark.parametrize("path", [".", "missing.yaml", "missing/missing.yaml", "x" * 5_000, "", "\udcff.yaml"])
def test_what_is_no_file(path: str, start: float, tmp_path: Path) -> None:
    result = run(tmp_path, path)
    check(result, start)
    assert result.code == 2


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="the system has no endless file")
@pytest.mark.parametrize("arguments", [("/dev/zero",), ("-",)])
def test_a_file_without_end(arguments: tuple[str], start: float, tmp_path: Path) -> None:
    result = run(tmp_path, *arguments, stdin="/dev/zero")
    check(result, start)
    assert result.code == 2
