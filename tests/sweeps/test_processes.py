"""What needs a process of its own: what is loaded when, what a terminal shows, what must not depend on it."""

import os
import pty
import re
import subprocess
import sys

import pytest

from tests.helpers import ROOT, run
from tests.test_command_line import GPT2, MLP

pytestmark = pytest.mark.sweep


def loaded_by(code: str) -> set[str]:
    """The modules that are loaded in a fresh process after some code."""
    program = f"{code}\nimport sys\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


HEAVY = {"numpy", "sympy", "rich", "torch", "tensorflow", "keras"}


def test_importing_paramcalc_loads_nothing_heavy() -> None:
    loaded = loaded_by("import paramcalc")
    assert not loaded & (HEAVY | {"pydantic", "yaml", "click"})


def test_counting_loads_nothing_heavy_and_only_the_kinds_used() -> None:
    code = f"import sys; sys.argv = ['paramcalc', 'count', {MLP!r}]\nfrom paramcalc.cli import main"
    loaded = loaded_by(f"{code}\nmain(standalone_mode=False)")
    assert not loaded & HEAVY
    families = {
        name.removeprefix("paramcalc.layers.")
        for name in loaded
        if name.startswith("paramcalc.layers.") and "base" not in name
    }
    # `merging` for the sum of a residual
    assert families <= {"source", "linear", "normalization", "elementwise", "merging"}


def test_a_measure_loads_nothing_heavy_and_no_other_measure() -> None:
    code = f"import sys; sys.argv = ['paramcalc', 'count', {MLP!r}, '--of', 'flops']\nfrom paramcalc.cli import main"
    loaded = loaded_by(f"{code}\nmain(standalone_mode=False)")
    assert not loaded & HEAVY
    measures = {name for name in loaded if name.startswith("paramcalc.measures.")}
    assert measures == {f"paramcalc.measures.{name}" for name in ("lookup", "measure", "flops", "propagation")}


def in_terminal(columns: int, *arguments: str, status: int = 0, **environment: str) -> str:
    """What a terminal of this width is shown."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "paramcalc", *arguments],
        stdout=theirs,
        stdin=theirs,
        stderr=theirs,
        env={**os.environ, "COLUMNS": str(columns), "TERM": "xterm", **environment},
    )
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 65536):
            shown += chunk
    except OSError:
        pass  # the terminal closes with the process
    os.close(ours)
    assert process.wait() == status
    return shown.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("count", MLP),
        ("explain", MLP),
        ("explain", MLP, "--brief"),
        ("explain", MLP, "--compare", "keras,torch"),
        ("formula", MLP),
        ("formula", GPT2, "--by", "layer"),
        ("formula", GPT2, "--elasticities"),
        ("formula", GPT2, "--asymptotic"),
        ("layers",),
        ("layers", "Dense"),
        ("check", MLP, "--against", MLP),
    ],
    ids=" ".join,
)
def test_a_terminal_shows_emphasis_and_a_pipe_the_same_text(arguments: tuple[str, ...]) -> None:
    shown = in_terminal(80, *arguments)
    assert "\x1b[1m" in shown
    piped = run(*arguments).stdout
    assert "\x1b" not in piped
    if arguments[0] != "count":
        assert re.sub(r"\x1b\[\d+m", "", shown) == piped


def test_an_error_is_red_in_a_terminal() -> None:
    assert "\x1b[31m\x1b[1merror[unreadable-file]\x1b[0m: cannot read" in in_terminal(80, "count", "no.yaml", status=2)
    assert "\x1b" not in in_terminal(80, "count", "no.yaml", status=2, NO_COLOR="1")


@pytest.mark.parametrize("columns", [40, 72, 150])
@pytest.mark.parametrize(
    "arguments", [("explain", GPT2), ("formula", GPT2), ("layers", "MultiHeadAttention")], ids=" ".join
)
def test_text_takes_the_width_of_the_terminal(arguments: tuple[str, ...], columns: int) -> None:
    longest = max(map(len, in_terminal(columns, *arguments, NO_COLOR="1").splitlines()))
    assert longest <= min(max(columns, 60), 100)
    if columns >= 100 and arguments[0] != "formula":
        assert longest > 80


@pytest.mark.parametrize("refusal", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_narrow_terminal_is_not_exceeded_and_may_refuse_emphasis(refusal: dict[str, str]) -> None:
    shown = in_terminal(60, "count", GPT2, **refusal)
    assert "\x1b" not in shown
    assert max(map(len, shown.splitlines())) <= 60


def test_an_encoding_without_the_rule_of_a_table_is_no_error() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "paramcalc", "count", MLP],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        check=True,
    )
    assert b"2,140,752" in done.stdout


def test_what_is_printed_does_not_depend_on_the_process() -> None:
    program = (
        "import sys, paramcalc as pc\n"
        "from paramcalc.exports.derivations import NOTATIONS\n"
        "spec = pc.load(sys.argv[1])\n"
        "for target in NOTATIONS:\n"
        "    print(pc.explain(spec).to(target), pc.explain(spec).to(target, sheet='blank'))\n"
        "    print(pc.compare(spec).to(target))\n"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program, str(ROOT / "specs" / "transformer.yaml")],
            capture_output=True,
            check=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1
    assert len(printed.pop()) > 10_000
