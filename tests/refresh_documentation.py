"""Runs the examples of the documentation, and writes what they print back into the pages.

    python -m tests.refresh_documentation

An example is a fenced block of README.md or of a page in docs/:

    ```yaml      a file for the examples below it, where its first line is a comment with a name: # tiny.yaml
    ```console   lines of `$ paramcalc …`, each followed by what it prints
    ```python    lines of `>>> …`, each followed by what it prints; without any `>>>`, a program; with a name in
                 its first line, a module for the examples below it: # layers.py

What a page registers as a layer type is its own. The names of a page's Python stay from one block to the next.
Commands run in a directory with the repository's specs/ and the page's own files. `cat`, `echo`, `head`, `tail`, `|`,
`<` and `>` are understood; nothing else is, and no shell is started.
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
import re
import shlex
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from paramcalc.cli import main as command_line
from paramcalc.core import registry

ROOT = Path(__file__).resolve().parent.parent

_BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE_NAME = re.compile(r"# (?P<name>[\w.-]+\.(?:yaml|json|py))\n")


def pages() -> list[Path]:
    """The README and the written pages of the site."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def executed(text: str) -> str:
    """A page with what its examples print now in the place of what it shows."""
    names: dict[str, Any] = {"__name__": "__main__"}
    with tempfile.TemporaryDirectory() as directory, contextlib.chdir(directory), _alone(directory):
        os.symlink(ROOT / "specs", "specs")
        runners: dict[str, Callable[[str], str]] = {
            "console": _console,
            "python": lambda body: _python(body, names),
            "yaml": _keep_file,
            "json": _keep_file,
        }

        def run(block: re.Match[str]) -> str:
            language, body = block["language"], block["body"]
            body = runners[language](body) if language in runners else body
            return f"```{language}\n{body}```"

        return _BLOCK.sub(run, text)


def python_files(text: str, page: str) -> dict[str, str]:
    """The Python of a page's examples by the names of files: those that have one, and the rest as the page's own."""
    files = {page: ""}
    for block in _BLOCK.finditer(text):
        if block["language"] == "python":
            named = _FILE_NAME.match(block["body"])
            name = named["name"] if named else page
            files[name] = files.get(name, "") + _program(block["body"])
    return {name: body for name, body in files.items() if body}


def _program(body: str) -> str:
    if ">>> " not in body:
        return body
    statements = (statement for statement in _examples(body, ">>> ", "... "))
    return "".join(line[4:] + "\n" for statement in statements for line in statement)


@contextlib.contextmanager
def _alone(directory: str) -> Iterator[None]:
    """What is imported from the directory of a page, and what it registers, is gone when its examples have run."""
    modules, own = {*sys.modules}, dict(registry._OWN)
    sys.path.insert(0, directory)
    try:
        yield
    finally:
        sys.path.remove(directory)
        for name in {*sys.modules} - modules:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(directory):
                del sys.modules[name]
        registry._OWN.clear()
        registry._OWN.update(own)


def _keep_file(body: str) -> str:
    named = _FILE_NAME.match(body)
    if named:
        Path(named["name"]).write_text(body)
    return body


# --- Commands --------------------------------------------------------------------------


def _console(body: str) -> str:
    lines: list[str] = []
    code = 0
    for command in _examples(body, "$ ", "> "):
        lines += command
        written = " ".join(line[2:].removesuffix("\\") for line in command)
        output, code = _run(written, code)
        lines += output.splitlines()
    return "".join(line + "\n" for line in lines)


def _run(command: str, code_before: int) -> tuple[str, int]:
    """What a line of commands prints, both streams as a terminal shows them, and its exit code."""
    shell = shlex.shlex(command, posix=True, punctuation_chars="|<>")
    shell.whitespace_split = True
    stages: list[list[str]] = [[]]
    for token in shell:
        if token == "|":
            stages.append([])
        else:
            stages[-1].append(token)
    text, code = "", 0
    for stage in stages:
        target = None
        if "<" in stage:
            place = stage.index("<")
            text = Path(stage[place + 1]).read_text()
            del stage[place : place + 2]
        if ">" in stage:
            place = stage.index(">")
            target = stage[place + 1]
            del stage[place : place + 2]
        text, code = _stage(stage, text, code_before)
        if target is not None:
            Path(target).write_text(text)
            text = ""
    return text, code


def _stage(words: Sequence[str], given: str, code_before: int) -> tuple[str, int]:
    match words:
        case ["paramcalc", *arguments]:
            result = CliRunner().invoke(command_line, arguments, input=given, prog_name="paramcalc")
            if result.exception is not None and not isinstance(result.exception, SystemExit):
                raise result.exception
            return result.output, result.exit_code
        case ["cat", *files]:
            return "".join(Path(file).read_text() for file in files), 0
        case ["echo", "$?"]:
            return f"{code_before}\n", 0
        case ["echo", *texts]:
            return " ".join(texts) + "\n", 0
        case ["head", "-n", number]:
            return "".join(given.splitlines(keepends=True)[: int(number)]), 0
        case ["tail", "-n", number]:
            return "".join(given.splitlines(keepends=True)[-int(number) :]), 0
    raise ValueError(f"an example of the documentation runs a command that is not understood: {shlex.join(words)}")


# --- Python ----------------------------------------------------------------------------


def _python(body: str, names: dict[str, Any]) -> str:
    if _FILE_NAME.match(body):
        return _keep_file(body)
    if ">>> " not in body:
        exec(compile(body, "<example>", "exec", dont_inherit=True), names)
        return body
    lines: list[str] = []
    for statement in _examples(body, ">>> ", "... "):
        lines += statement
        output = _evaluated("\n".join(line[4:] for line in statement), names)
        lines += output.splitlines()
    return "".join(line + "\n" for line in lines)


def _evaluated(source: str, names: dict[str, Any]) -> str:
    """What an interpreter prints after a statement, the last line of a traceback included."""
    with contextlib.redirect_stdout(io.StringIO()) as output:
        try:
            tree = ast.parse(source)
            exec(compile(ast.Interactive(tree.body), "<example>", "single", dont_inherit=True), names)
        except Exception as error:
            last = "".join(traceback.format_exception_only(error))
            output.write(f"Traceback (most recent call last):\n    ...\n{last}")
    return output.getvalue()


def _examples(body: str, first: str, following: str) -> Iterator[list[str]]:
    """The lines of each command or statement of a block, without what is printed below it."""
    current: list[str] = []
    for line in body.splitlines():
        if line.startswith(first):
            if current:
                yield current
            current = [line]
            open_ended = True
        elif current and open_ended and (line.startswith(following) or line == following.rstrip()):
            current.append(line)
        elif not current:
            raise ValueError(f"an example of the documentation begins with {first!r}, not with {line!r}")
        else:
            open_ended = False
    if current:
        yield current


def main() -> int:
    """Rewrite every page whose examples print something else now."""
    for page in pages():
        before = page.read_text()
        after = executed(before)
        if after != before:
            page.write_text(after)
            sys.stdout.write(f"rewritten: {page.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
