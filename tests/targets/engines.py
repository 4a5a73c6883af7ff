"""Runs exported source in its own language: each engine is started once for all cases.

An engine takes cases and gives, for each point of each case, the number, or the text of the refusal.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import paramcalc as pc
from paramcalc.exports.languages.base import Language
from paramcalc.exports.languages.c import C
from paramcalc.exports.languages.javascript import JavaScript
from paramcalc.exports.languages.matlab import Matlab
from paramcalc.exports.languages.program import program

from .cases import Case

#: For each case, for each point: the number, or why there is none.
Results = list[list[int | str]]


def tool(*names: str) -> str:
    """The first of these programs that is installed. Without one, CI fails and others skip."""
    for name in names:
        found = shutil.which(name) or next(iter(sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), None)
        if found:
            return str(found)
    if "CI" in os.environ:
        pytest.fail(f"{names[0]} is not installed: .ci/tools installs it")
    pytest.skip(f"{names[0]} is not installed")


def run(command: Sequence[str | Path], directory: Path | None = None, given: str | None = None) -> str:
    """What a program prints."""
    done = subprocess.run(command, cwd=directory, input=given, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def source(case: Case, target: str) -> str | None:
    """The export of a case; none where it is refused as not expressible."""
    try:
        return case.form.to(target)
    except pc.ParamcalcError as error:
        if error.code != "not-expressible":
            raise
        return None


def arguments(case: Case, language: Language) -> Iterator[list[tuple[str, int]]]:
    """For each point, the names of the parameters as the language has them, and their values."""
    sizes = program(case.form, language).sizes
    for point in case.points:
        yield [(size.name, point[size.dim]) for size in sizes]


def called(
    cases: Sequence[Case], target: str, language: Language, call: Callable[..., str]
) -> tuple[str, str, Results]:
    """The functions of all cases, the calls of all points, and the results, those refused as a whole in place."""
    functions, calls = [], []
    results: Results = []
    for number, case in enumerate(cases):
        text = source(case, target)
        results.append(["not expressible"] * len(case.points) if text is None else [])
        if text is not None:
            functions.append(text)
            name = program(case.form, language).name
            calls += [call(number, name, given) for given in arguments(case, language)]
    return "\n\n".join(functions), "\n".join(calls), results


def filled(results: Results, printed: str) -> Results:
    """The results, with those that a program prints as lines of a number, a tab and what came out."""
    for line in printed.splitlines():
        number, _, outcome = line.partition("\t")
        digits = outcome.removeprefix("-")
        results[int(number)].append(int(outcome) if digits.isdecimal() else outcome)
    return results


def javascript(cases: Sequence[Case]) -> Results:
    """In Node."""

    def call(number: int, name: str, given: list[tuple[str, int]]) -> str:
        passed = ", ".join(f"{key}: {value}n" for key, value in given)
        return f"attempt({number}, () => {name}({{{passed}}}));"

    attempt = (
        "function attempt(number, call) {\n"
        "  let outcome;\n"
        "  try { outcome = call(); if (typeof outcome !== 'bigint') outcome = 'no BigInt'; }\n"
        "  catch (error) { outcome = error.name; }\n"
        "  console.log(`${number}\\t${outcome}`);\n"
        "}\n"
    )
    functions, calls, results = called(cases, "javascript", JavaScript(), call)
    node = tool("node", "nodejs")
    return filled(results, run([node, "--use_strict", "-"], given=f"{functions}\n{attempt}{calls}\n"))


_C_MAIN = """
#include <stdio.h>

static __int128 read_whole(const char *digits)
{
    __int128 result = 0;
    for (; *digits; digits++)
        result = 10*result + (*digits - '0');
    return result;
}

static void show(int number, const char *refusal, __int128 value)
{
    char digits[42];
    int place = 41, below = value < 0;
    digits[place] = 0;
    if (refusal) {
        printf("%d\\t%s\\n", number, refusal);
        return;
    }
    for (value = below ? -value : value; value > 0 || place == 41; value /= 10)
        digits[--place] = '0' + (int)(value % 10);
    if (below)
        digits[--place] = '-';
    printf("%d\\t%s\\n", number, digits + place);
}
"""


def c(cases: Sequence[Case]) -> Results:
    """Compiled with every warning an error, and run with what checks for undefined behaviour."""

    def call(number: int, name: str, given: list[tuple[str, int]]) -> str:
        if any(value >= 2**127 for _, value in given):
            return f'    show({number}, "no __int128", 0);'
        passed = ", ".join([*(f'read_whole("{value}")' for _, value in given), "&value"])
        return f"    refusal = {name}({passed}); show({number}, refusal, value);"

    functions, calls, results = called(cases, "c", C(), call)
    main = f"int main(void)\n{{\n    const char *refusal; __int128 value;\n{calls}\n    return 0;\n}}\n"
    checks = ["-Wall", "-Wextra", "-Werror", "-fsanitize=undefined", "-fno-sanitize-recover=all"]
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "cases.c").write_text(f"{functions}\n{_C_MAIN}\n{main}")
        run([tool("gcc", "clang"), "-std=c11", *checks, "cases.c", "-o", "cases", "-lm"], Path(directory))
        return filled(results, run([Path(directory, "cases")]))


def octave(cases: Sequence[Case]) -> Results:
    """In Octave, which reads what MATLAB reads."""

    def number_of(value: int) -> str:
        if value >= 2**63:
            return str(value)
        # a literal is a floating-point number
        return str(value) if value <= 2**53 else f"(int64({value >> 31})*2147483648 + {value & (2**31 - 1)})"

    def call(number: int, name: str, given: list[tuple[str, int]]) -> str:
        passed = ", ".join(number_of(value) for _, value in given)
        attempt = f"outcome = {name}({passed}); assert(class(outcome), 'int64');"
        return (
            f"try {attempt} printf('%d\\t%d\\n', {number}, outcome); "
            f"catch problem; printf('%d\\t%s\\n', {number}, problem.identifier); end"
        )

    functions, calls, results = called(cases, "matlab", Matlab(), call)
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "cases.m").write_text(f"1;\n{functions}\n{calls}\n", encoding="utf-8")
        return filled(results, run([tool("octave-cli", "octave"), "--no-gui", "--norc", "cases.m"], Path(directory)))


def _statements(cases: Sequence[Case], target: str) -> Iterator[tuple[int, str | None]]:
    """The statement of each point: the sizes are in it."""
    for number, case in enumerate(cases):
        for point in case.points:
            yield number, source(replace(case, form=replace(case.form, values=point)), target)


def duckdb(cases: Sequence[Case], target: str) -> Results:
    """In DuckDB, in this process."""
    import duckdb as engine

    results: Results = [[] for _ in cases]
    with engine.connect() as connection:
        for number, statement in _statements(cases, target):
            results[number].append("not expressible" if statement is None else _in_duckdb(connection, statement))
    return results


def _in_duckdb(connection: Any, statement: str) -> int | str:
    import duckdb as engine

    try:
        ((value,),) = connection.execute(statement).fetchall()
    except (engine.OutOfRangeException, engine.ConversionException) as error:
        return type(error).__name__
    return "NULL" if value is None else int(value)


def postgresql(cases: Sequence[Case]) -> Results:
    """In a server of PostgreSQL that lives as long as the statements."""
    initdb, control, psql = tool("initdb"), tool("pg_ctl"), tool("psql")
    statements = [*_statements(cases, "sql")]
    script = [f"{statement or 'SELECT 0 WHERE FALSE;'}\n\\echo end" for _, statement in statements]
    # the server refuses to run as root; /usr/sbin is not in every PATH
    runuser = shutil.which("runuser") or "/usr/sbin/runuser"
    user = [runuser, "-u", "postgres", "--"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory, "server")
        place.mkdir()
        os.chmod(directory, 0o755)
        if user:
            shutil.chown(place, "postgres")
        options = f"-c listen_addresses= -c unix_socket_directories={place}"
        log = place / "log"
        run([*user, initdb, "-D", place / "data", "-A", "trust", "-U", "tester", "-E", "UTF8", "--no-sync"], place)
        run([*user, control, "-D", place / "data", "-w", "-l", log, "-o", options, "start"], place)
        try:
            printed = run([psql, "-h", place, "-U", "tester", "-d", "postgres", "-AtX"], given="\n".join(script))
        finally:
            run([*user, control, "-D", place / "data", "-m", "immediate", "stop"], place)
    results: Results = [[] for _ in cases]
    for (number, statement), block in zip(statements, printed.removesuffix("end\n").split("end\n"), strict=True):
        # NULL is an empty line, and an error of the server none
        text = block.strip("\n")
        refused = "not expressible" if statement is None else "NULL" if block else "error"
        results[number].append(int(text) if text else refused)
    return results


def spreadsheet(files: Sequence[Path], output: Path) -> None:
    """Has LibreOffice compute workbooks, and write them again."""
    office = tool("soffice", "libreoffice")
    profile = f"-env:UserInstallation=file://{output}/profile"
    run([office, profile, "--headless", "--convert-to", "xlsx", "--outdir", output, *files])
