"""The public types: what mypy, strict, says of the documentation's examples, and of right and wrong uses."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from mypy import api

from tests.helpers import ROOT
from tests.refresh_documentation import pages, python_files

pytestmark = pytest.mark.sweep

USES = Path(__file__).parent / "typed_uses.py"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where mypy keeps what it knows of the package from one test to the next."""
    return tmp_path_factory.mktemp("mypy")


def said_of(files: Sequence[Path], cache: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines that mypy prints of files, with the settings of the project."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("MYPYPATH", str(ROOT))
    options = ["--strict", "--no-pretty", "--no-error-summary", f"--cache-dir={cache}", "--config-file=pyproject.toml"]
    printed, crashed, _ = api.run([*options, *map(str, files)])
    assert not crashed
    return printed.splitlines()


def test_the_examples_of_the_documentation_are_typed(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = []
    for page in pages():
        own = f"{page.stem.lower().replace('-', '_')}_page.py"
        for name, source in python_files(page.read_text(encoding="utf-8"), own).items():
            files.append(tmp_path / name)
            files[-1].write_text(source, encoding="utf-8")
    assert {"readme_page.py", "python_page.py"} <= {file.name for file in files}
    assert said_of(files, cache, monkeypatch) == []


def test_right_uses_have_their_types_and_wrong_ones_are_refused(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = {
        (number, found[1], found[2])
        for number, line in enumerate(USES.read_text(encoding="utf-8").splitlines(), 1)
        if (found := re.search(r"# (error|revealed): (.+)$", line))
    }
    told = set()
    for line in said_of([USES], cache, monkeypatch):
        number = int(line.split(":")[1])
        if refused := re.search(r": error: .*\[([\w-]+)\]$", line):
            told.add((number, "error", refused[1]))
        elif revealed := re.search(r': note: Revealed type is "(.*)"$', line):
            told.add((number, "revealed", revealed[1]))
    assert told == expected
