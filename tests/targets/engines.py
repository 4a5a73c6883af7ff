"""Runs exported source in its own language: each engine is started once for all cases.

An engine takes cases and gives, for each point of each case, the number, or the text of the refusal.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import paramcalc as pc
from paramcalc.exports.languages.base import Language
from paramcalc.exports.languages.c import C
from paramcalc.exports.languages.excel import ExcelLambda
from paramcalc.exports.languages.go import Go
from paramcalc.exports.languages.javascript import JavaScript, TypeScript
from paramcalc.exports.languages.julia import Julia
from paramcalc.exports.languages.matlab import Matlab
from paramcalc.exports.languages.program import program
from paramcalc.exports.languages.python import NumPy, Python
from paramcalc.exports.languages.rust import Rust
from tests.sweeps.forms import evaluated

from . import julia as reading_julia
from .cases import Case
from .dictionaries import meaning
from .readers import in_libsbml, read_by_libsbml, read_by_openmath

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
    assert done.returncode == 0, (done.stderr or done.stdout)[-3000:]
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


def python(cases: Sequence[Case]) -> Results:
    """In this process."""
    return [_in_python(case, "python", Python()) for case in cases]


def numpy(cases: Sequence[Case]) -> Results:
    """In this process."""
    return [_in_python(case, "numpy", NumPy()) for case in cases]


def _in_python(case: Case, target: str, language: Python) -> list[int | str]:
    names: dict[str, Any] = {}
    exec(compile(case.form.to(target), target, "exec"), names)
    function = names[program(case.form, language).name]
    outcomes: list[int | str] = []
    for given in arguments(case, language):
        try:
            value = function(**dict(given))
        except (ValueError, OverflowError) as error:
            outcomes.append(type(error).__name__)
        else:
            assert target == "numpy" or type(value) is int, value
            outcomes.append(int(value))
    return outcomes


def json_tree(cases: Sequence[Case]) -> Results:
    """By the documented meaning of each operation of the tree."""
    results: Results = []
    for case in cases:
        document = json.loads(case.form.to("json"))
        conditions = [condition["holds"] for condition in document["conditions"]]
        results.append([])
        for point in case.points:
            holds = all(point[each["name"]] >= each["minimum"] for each in document["symbols"])
            holds = holds and all(evaluated(each, point) for each in conditions)
            results[-1].append(int(evaluated(document["expression"], point)) if holds else "no value")
    return results


def javascript(cases: Sequence[Case]) -> Results:
    """In Node, as a module; the sizes of every other case are Numbers, where they may be."""
    return _in_node(cases, "javascript", JavaScript())


def typescript(cases: Sequence[Case]) -> Results:
    """Compiled by tsc with every check that it has for types, and run in Node."""
    return _in_node(cases, "typescript", TypeScript())


def _in_node(cases: Sequence[Case], target: str, language: JavaScript) -> Results:
    def call(number: int, name: str, given: list[tuple[str, int]]) -> str:
        numbers = number % 2 and all(value < 2**53 for _, value in given)
        passed = ", ".join(f"{key}: {value}{'' if numbers else 'n'}" for key, value in given)
        return f"attempt({number}, () => {name}({f'{{{passed}}}' if passed else ''}));"

    functions, calls, results = called(cases, target, language, call)
    of_bigint, of_error = (": () => bigint", " as Error") if target == "typescript" else ("", "")
    attempt = (
        f"function attempt(number{': number' if of_bigint else ''}, call{of_bigint}) {{\n"
        "  let outcome;\n"
        "  try { outcome = call(); if (typeof outcome !== 'bigint') outcome = 'no BigInt'; }\n"
        f"  catch (error) {{ outcome = (error{of_error}).name; }}\n"
        "  console.log(`${number}\\t${outcome}`);\n"
        "}\n"
    )
    with tempfile.TemporaryDirectory() as directory:
        module = Path(directory, "cases.mjs")
        if target == "typescript":
            written = Path(directory, "cases.mts")
            written.write_text(
                f"declare const console: {{ log(line: string): void }};\n{functions}\n{attempt}{calls}\n"
            )
            run(
                [
                    tool("tsc"),
                    "--strict",
                    "--noUncheckedIndexedAccess",
                    "--noImplicitReturns",
                    "--target",
                    "es2022",
                    "--module",
                    "es2022",
                    written,
                ],
                Path(directory),
            )
        else:
            module.write_text(f"{functions}\n{attempt}{calls}\n")
        return filled(results, run([tool("node", "nodejs"), module]))


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


def julia(cases: Sequence[Case]) -> Results:
    """As the tests read Julia, by a grammar that is not theirs."""
    results: Results = []
    for case in cases:
        name = program(case.form, Julia()).name
        function = reading_julia.functions(case.form.to("julia"))[name]
        results.append([])
        for given in arguments(case, Julia()):
            try:
                results[-1].append(reading_julia.call(function, dict(given)))
            except reading_julia.ArgumentError:
                results[-1].append("ArgumentError")
    return results


_RUST_MAIN = """
fn show(number: i32, value: Result<i128, String>) {
    match value {
        Ok(value) => println!("{}\\t{}", number, value),
        Err(refusal) => println!("{}\\t{}", number, refusal),
    }
}
"""


def rust(cases: Sequence[Case]) -> Results:
    """Compiled without a warning, and run with what checks for overflow."""

    def call(number: int, name: str, given: list[tuple[str, int]]) -> str:
        if any(value >= 2**127 for _, value in given):
            return f'    show({number}, Err("no i128".to_string()));'
        return f"    show({number}, {name}({', '.join(str(value) for _, value in given)}));"

    functions, calls, results = called(cases, "rust", Rust(), call)
    # names of other scripts look alike, or mix them, and no warning of the compiler is about sources
    allowed = ["confusable_idents", "mixed_script_confusables", "uncommon_codepoints"]
    options = ["--edition", "2021", "-D", "warnings", "-C", "overflow-checks=on", *(f"-A{each}" for each in allowed)]
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "cases.rs").write_text(f"{functions}\n{_RUST_MAIN}\nfn main() {{\n{calls}\n}}\n")
        run([tool("rustc"), *options, "cases.rs", "-o", "cases"], Path(directory))
        return filled(results, run([Path(directory, "cases")]))


_GO_MAIN = """package main

import (
	"fmt"
	"math/big"

	"cases/parameters"
)

func show(number int, value *big.Int, refusal error) {
	if refusal != nil {
		fmt.Printf("%d\\t%v\\n", number, refusal)
	} else {
		fmt.Printf("%d\\t%v\\n", number, value)
	}
}

func whole(digits string) *big.Int {
	number, _ := new(big.Int).SetString(digits, 10)
	return number
}
"""


def go(cases: Sequence[Case]) -> Results:
    """Compiled as the files of one package, which gofmt would leave as they are, and called from another."""
    results: Results = []
    with tempfile.TemporaryDirectory() as directory:
        package, calls = Path(directory, "parameters"), []
        package.mkdir()
        for number, case in enumerate(cases):
            made = program(case.form, Go())
            results.append([])
            (package / f"case{number}.go").write_text(case.form.to("go") + "\n")
            for given in arguments(case, Go()):
                passed = ", ".join(f'whole("{value}")' for _, value in given)
                name = f"parameters.{Go().function(made)}"
                calls += [f"\tvalue, refusal = {name}({passed})", f"\tshow({number}, value, refusal)"]
        main = ["func main() {", "\tvar value *big.Int", "\tvar refusal error", *calls, "}"]
        Path(directory, "main.go").write_text("\n".join([_GO_MAIN, *main, ""]))
        assert run([tool("gofmt"), "-d", package]) == ""
        Path(directory, "go.mod").write_text("module cases\n\ngo 1.19\n")
        return filled(results, run([tool("go"), "run", "."], Path(directory)))


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


def sqlite(cases: Sequence[Case]) -> Results:
    """In SQLite, in this process."""
    results: Results = [[] for _ in cases]
    with closing(sqlite3.connect(":memory:")) as connection:
        for number, statement in _statements(cases, "sqlite"):
            value: int | float | str | None = "not expressible"
            if statement is not None:
                ((value,),) = connection.execute(statement)
            assert not isinstance(value, float), statement
            results[number].append("NULL" if value is None else value)
    return results


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


def libsbml(cases: Sequence[Case]) -> Results:
    """Content MathML in libSBML, which computes in doubles: numbers that they do not hold are left out."""
    results: Results = []
    for case in cases:
        text = source(case, "content-mathml")
        results.append(["not expressible"] * len(case.points))
        if text is not None:
            tree = read_by_libsbml(text)
            results[-1] = [in_libsbml(tree, at) if case.bound(at) <= 2**53 else "beyond" for at in case.points]
    return results


def openmath(cases: Sequence[Case]) -> Results:
    """OpenMath, read by the package openmath."""
    results: Results = []
    for case in cases:
        text = source(case, "openmath")
        results.append(["not expressible"] * len(case.points))
        if text is not None:
            tree = read_by_openmath(text)
            results[-1] = [meaning(tree, point) for point in case.points]
    return results


def excel_let(cases: Sequence[Case]) -> Results:
    """A formula for each point, in IronCalc: the sizes are in it."""
    import ironcalc

    book = ironcalc.create("cases", "en", "UTC")
    statements = [*_statements(cases, "excel-let")]
    for row, (_, text) in enumerate(statements, 1):
        if text is not None:
            (formula,) = (line for line in text.splitlines() if line.startswith("="))
            book.set_user_input(0, row, 1, formula)
    book.evaluate()
    results: Results = [[] for _ in cases]
    for row, (number, text) in enumerate(statements, 1):
        results[number].append("not expressible" if text is None else _in_cell(book, row))
    return results


def excel_lambda(cases: Sequence[Case]) -> Results:
    """A name for each case, in IronCalc, and a cell that calls it for each point."""
    import ironcalc

    book = ironcalc.create("cases", "en", "UTC")
    rows: list[tuple[int, str]] = []
    results: Results = []
    for number, case in enumerate(cases):
        text = source(case, "excel-lambda")
        results.append(["not expressible"] * len(case.points) if text is None else [])
        if text is not None:
            comment, _, definition = text.partition("*/\n")
            name, _, function = " ".join(definition.split()).removesuffix(";").partition(" = ")
            assert comment.startswith("/**")
            book.new_defined_name(name, None, f"={function}")
            rows += [
                (number, f"={name}({', '.join(str(size) for _, size in at)})") for at in arguments(case, ExcelLambda())
            ]
    for row, (_, call) in enumerate(rows, 1):
        book.set_user_input(0, row, 1, call)
    book.evaluate()
    for row, (number, _) in enumerate(rows, 1):
        results[number].append(_in_cell(book, row))
    return results


def _in_cell(book: Any, row: int) -> int | str:
    value = book.get_cell_value(0, row, 1)
    if not isinstance(value, float):
        return str(value)
    assert value.is_integer(), value
    return int(value)


def spreadsheet(files: Sequence[Path], output: Path) -> None:
    """Has LibreOffice compute workbooks, and write them again."""
    office = tool("soffice", "libreoffice")
    profile = f"-env:UserInstallation=file://{output}/profile"
    run([office, profile, "--headless", "--convert-to", "xlsx", "--outdir", output, *files])
