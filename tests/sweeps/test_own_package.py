"""The package of the page on layer types of one's own, installed as it stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import ROOT

pytestmark = pytest.mark.sweep

PAGE = ROOT / "docs" / "own-layers.md"
#: The files that the page shows, each by the comment in its first line.
FILES = dict(
    re.findall(r"^```\w+\n# ([\w.-]+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the page, and `site`, where pip has installed the package of them."""
    folder = tmp_path_factory.mktemp("squeeze-excite")
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    options = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(folder / "site"), str(folder)]
    subprocess.run(command, check=True, cwd=folder)
    return folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What a fresh process prints that finds the package where pip has put it, and not the files of the page."""
    paths = os.pathsep.join([str(folder / "site"), str(ROOT)])
    command = [sys.executable, "-P", "-m", *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": paths}, check=False
    )


def test_the_page_shows_a_whole_package() -> None:
    assert {*FILES} == {"pyproject.toml", "squeeze_excite.py", "test_squeeze_excite.py", "images.yaml"}


def test_a_spec_with_the_layer_type_of_the_package_counts(folder: Path) -> None:
    done = run(folder, "paramcalc", "count", "images.yaml")
    assert done.returncode == 0, done.stderr
    # the convolution, both dense layers of the squeeze-and-excitation, the dense layer behind them
    total = (27 * 64 + 64) + (64 * 16 + 16) + (16 * 64 + 64) + (64 * 10 + 10)
    assert f"Total params:          {total:,} " in done.stdout


def test_the_layer_type_is_listed_and_in_the_schema(folder: Path) -> None:
    assert "SqueezeExcite" in run(folder, "paramcalc", "layers").stdout
    assert '"SqueezeExcite"' in run(folder, "paramcalc", "schema").stdout


def test_the_test_of_the_package_passes(folder: Path) -> None:
    done = run(folder, "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", "test_squeeze_excite.py")
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout
