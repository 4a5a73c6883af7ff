"""What happens where streams are closed, full, pipes or interrupted: one line and an exit code, never a traceback."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.helpers import ROOT
from tests.test_command_line import MLP

pytestmark = pytest.mark.sweep

#: runs the command line in a shell, so that its streams can be redirected as people do it
PROGRAM = f"{sys.executable} -m paramcalc"


def in_shell(command: str) -> tuple[int, list[str], list[str]]:
    """The exit code and what is printed by a command in which `paramcalc` is this package's."""
    done = subprocess.run(
        ["/bin/bash", "-c", command.replace("paramcalc ", f"{PROGRAM} ")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=60,
    )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    return done.returncode, done.stdout.splitlines(), done.stderr.splitlines()


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (f"paramcalc count {MLP} > /dev/full", "error[unwritable-file]: standard output: No space left on device"),
        ("paramcalc schema > /dev/full", "error[unwritable-file]: standard output: No space left on device"),
        ("paramcalc --help > /dev/full", "error[unwritable-file]: cannot write the output: No space left on device"),
        (f"paramcalc count {MLP} >&-", "error[unwritable-file]: standard output is closed"),
        ("paramcalc count - <&-", "error[unreadable-file]: standard input is closed"),
        (
            f"paramcalc build {MLP} -o /dev/full",
            "error[unwritable-file]: /dev/full: No space left on device",
        ),
    ],
)
def test_a_stream_that_fails_is_refused_in_a_line(command: str, line: str) -> None:
    assert in_shell(command) == (2, [], [line])


@pytest.mark.parametrize("stream", ["2>&-", ">&- 2>&-", "2> /dev/full"])
@pytest.mark.parametrize("arguments", ["count absent.yaml", "count --no-such-option", "layers Dence"])
def test_bad_input_exits_with_2_where_no_message_can_be_printed(arguments: str, stream: str) -> None:
    assert in_shell(f"paramcalc {arguments} {stream}")[0] == 2


@pytest.mark.parametrize("command", [f"explain {MLP}", "--help", "schema"])
def test_a_reader_that_goes_away_is_no_failure(command: str) -> None:
    code, _, errors = in_shell(f"set -o pipefail; paramcalc {command} | true")
    assert (code, errors) == (0, [])


def test_the_answer_stands_where_the_reader_goes_away() -> None:
    code, _, errors = in_shell(f"set -o pipefail; paramcalc count {MLP} --max 2000000 | true")
    assert (code, errors) == (1, ["2,140,752 parameters are more than the 2,000,000 of --max"])


def test_standard_input_is_not_overwritten(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_bytes(Path(MLP).read_bytes())
    for path in ("-", "/dev/stdin"):
        code, _, errors = in_shell(f"paramcalc build {path} -o {spec} < {spec}")
        assert (code, errors[0]) == (2, f"error[unwritable-file]: {spec} is the spec itself")
    assert spec.read_bytes() == Path(MLP).read_bytes()


@pytest.mark.parametrize("given", [f"<(cat {MLP})", f"/dev/stdin < {MLP}", f"- < {MLP}"])
def test_a_spec_is_read_of_a_pipe_and_of_standard_input(given: str) -> None:
    code, lines, errors = in_shell(f"paramcalc count {given}")
    assert (code, errors) == (0, [])
    assert "Total params:          2,140,752 (8.17 MB)" in lines
    assert in_shell(f"cat {MLP} | paramcalc count /dev/stdin")[:2] == (0, lines)


def test_a_named_pipe_is_opened_once(tmp_path: Path) -> None:
    pipe = tmp_path / "spec.yaml"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(Path(MLP).read_bytes()))
    writer.start()
    assert "Total params:          2,140,752 (8.17 MB)" in in_shell(f"paramcalc count {pipe}")[1]
    writer.join()


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    output = tmp_path / "model.py"
    output.write_text("before")
    output.chmod(0o640)
    build = f"paramcalc build {ROOT}/specs/resnet20.yaml -o {output}"
    # no file may be longer than a kibibyte
    code, _, errors = in_shell(f"export PYTHONDONTWRITEBYTECODE=1; ulimit -f 1; {build}")
    assert (code, errors) == (2, [f"error[unwritable-file]: {output}: File too large"])
    assert output.read_text() == "before"
    assert [*tmp_path.iterdir()] == [output]
    assert in_shell(build) == (0, [], [])
    assert output.read_text().startswith("# resnet20: 272,474 parameters in PyTorch.")
    assert output.stat().st_mode & 0o777 == 0o640
    assert [*tmp_path.iterdir()] == [output]


def test_a_pipe_may_be_the_output() -> None:
    code, lines, errors = in_shell(f"paramcalc build {MLP} -o >(cat) | cat; exit ${{PIPESTATUS[0]}}")
    assert (code, errors) == (0, [])
    assert lines[0] == "# keras_mlp: 2,140,752 parameters in Keras."


@pytest.mark.parametrize("module", ["click", "paramcalc.cli", "paramcalc.results.count"])
def test_an_interruption_while_modules_load_ends_with_130(module: str, tmp_path: Path) -> None:
    # a module that is interrupted as soon as it is looked for
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {module!r}:\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupting())\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "paramcalc", "count", MLP],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr.strip()) == (130, "", "interrupted")


def test_an_interruption_while_it_waits_ends_with_130() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "paramcalc", "count", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        # a shell that runs the tests in the background has them ignore it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdin is not None
    # more than a pipe holds: once it is written, the program reads, and waits for the rest
    process.stdin.write("#" * 200_000)
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    printed, errors = process.communicate(timeout=60)
    assert (process.returncode, printed, errors.strip()) == (130, "", "interrupted")
