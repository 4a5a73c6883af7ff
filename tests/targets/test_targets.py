"""Every export, executed in its own target, gives the integers of the form, or refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
import pytest
import sympy
from openpyxl.workbook.defined_name import DefinedName

import paramcalc as pc
from paramcalc.core.doubles import ROUNDINGS
from paramcalc.core.notation import STEPS
from paramcalc.core.registry import LANGUAGES
from paramcalc.core.symbols import Scaled
from paramcalc.exports.languages.excel import EXACT, Excel
from paramcalc.exports.workbook import workbook
from tests.targets import engines
from tests.targets.cases import SPECS, Case, cases, vector_cases

pytestmark = pytest.mark.target


class Engine(NamedTuple):
    """What runs a language, and what it must be able to give."""

    language: str
    run: Callable[[Sequence[Case]], engines.Results]
    #: numbers on the way below this are taken
    capacity: float
    #: how the refusal of sizes begins at which the form does not hold
    unmet: tuple[str, ...]
    #: the roundings of a double's product that the language cannot write
    unwritten: frozenset[str] = frozenset()
    #: how it refuses a size below the least, where that is not as it refuses a condition
    too_small: str = ""


ALL = frozenset(ROUNDINGS)
TOO_SMALL = r"\w+ is at least 1"
ANY = float("inf")
ENGINES = {
    "python": Engine("python", engines.python, ANY, ("ValueError",)),
    "numpy": Engine("numpy", engines.numpy, 2.0**63, ("ValueError",)),
    "javascript": Engine("javascript", engines.javascript, ANY, ("RangeError",)),
    "typescript": Engine("typescript", engines.typescript, ANY, ("RangeError",)),
    "c": Engine("c", engines.c, 2.0**125, ("the form holds where",), too_small=TOO_SMALL),
    "rust": Engine("rust", engines.rust, 2.0**125, ("the form holds where",), too_small=TOO_SMALL),
    "go": Engine("go", engines.go, ANY, ("the form holds where",), too_small=TOO_SMALL),
    "julia": Engine("julia", engines.julia, ANY, ("ArgumentError",)),
    # rounding to the nearest sends halves away from 0
    "octave": Engine(
        "matlab", engines.octave, 2.0**61, ("paramcalc:condition",), frozenset({"scaled_near"}), "paramcalc:size"
    ),
    "duckdb": Engine("duckdb", partial(engines.duckdb, target="duckdb"), 2.0**127, ("NULL",)),
    "sqlite": Engine("sqlite", engines.sqlite, 9.1e18, ("NULL",)),
    # the standard does not say how exact its doubles are
    "sql in DuckDB": Engine("sql", partial(engines.duckdb, target="sql"), 2.0**53, ("NULL",), ALL),
    "sql in PostgreSQL": Engine("sql", engines.postgresql, 10.0**38, ("NULL",), ALL),
    "excel-let": Engine("excel-let", engines.excel_let, EXACT, ("#N/A",), ALL),
    "excel-lambda": Engine("excel-lambda", engines.excel_lambda, EXACT, ("#N/A",), ALL),
    "json": Engine("json", engines.json_tree, ANY, ("no value",)),
    "content-mathml": Engine("content-mathml", engines.libsbml, 2.0**53, ("no value",), ALL),
    "openmath": Engine("openmath", engines.openmath, ANY, ("no value",), ALL),
}


@pytest.mark.parametrize("target", ENGINES)
def test_the_target_gives_the_same_integers_or_refuses(target: str) -> None:
    assert _agreeing(target, cases()) > 250


@pytest.mark.parametrize("target", ENGINES)
def test_the_target_passes_the_conformance_vectors(target: str) -> None:
    assert _agreeing(target, vector_cases()) > 500


def _agreeing(target: str, given_cases: tuple[Case, ...]) -> int:
    """How many numbers a target gives, each the known one; all others must be refused, and for a reason."""
    engine = ENGINES[target]
    results = engine.run(given_cases)
    given = 0
    for case, outcomes in zip(given_cases, results, strict=True):
        assert len(outcomes) == len(case.points), case.form.name
        for point, value, outcome in zip(case.points, case.values, outcomes, strict=True):
            place = f"{target}, {case.form.expr} at {point}: {outcome}"
            if isinstance(outcome, int):
                given += 1
                assert outcome == value, place
                continue
            fits = case.bound(point) < engine.capacity
            if 0 in point.values() and outcome != "not expressible":
                assert not fits or re.match(engine.too_small or "|".join(engine.unmet), outcome), place
            elif value is None:
                assert not fits or outcome.startswith(engine.unmet) or _no_words(case, engine, outcome), place
            else:
                assert not fits or _no_words(case, engine, outcome), place
    return given


def _no_words(case: Case, engine: Engine, outcome: str) -> bool:
    """Whether a form is refused for a symbol in an exponent, or for a rounding that the target has not exactly."""
    raised = any(not each.exp.is_Integer for each in case.form.expr.atoms(sympy.Pow))
    roundings = {each.rounding for each in case.form.expr.atoms(Scaled)}
    return outcome == "not expressible" and (raised or bool(roundings & engine.unwritten))


def test_every_language_is_run_by_an_engine() -> None:
    # a language that has none here is no language of ours; the cells of a spreadsheet have a test of their own
    assert {engine.language for engine in ENGINES.values()} | {"excel"} == set(LANGUAGES)


def test_javascript_takes_numbers_that_are_exact() -> None:
    form = pc.formula(pc.load(next(path for path in SPECS if path.stem == "gpt2")))
    taken, wrong = ("768n", "768", "7.68e2"), ("768.5", "'768'", "true", "2 ** 53", "NaN", "null")
    small = ("0", "-768n", "9007199254740992n")
    calls = [
        f"try {{ console.log(gpt2_parameters({{width: {size}, heads: 12}})); }} catch (e) {{ console.log(e.name); }}"
        for size in (*taken, *wrong, *small)
    ]
    module = "\n".join([form.to("javascript"), *calls])
    printed = engines.run([engines.tool("node", "nodejs"), "--input-type=module", "-"], given=module).split()
    # 12 does not divide the last of them
    assert printed == ["124439808n"] * len(taken) + ["TypeError"] * len(wrong) + ["RangeError"] * len(small)


@pytest.mark.parametrize("target", ["c", "rust", "octave", "sqlite", "excel-let"])
def test_a_number_that_no_double_holds_is_refused_where_it_is_times_0(target: str) -> None:
    form = pc.formula(pc.Dense)
    flag, width = form.symbols["use_bias"], form.symbols["n"]
    expr, symbols = flag * width**9 + width**2, {"use_bias": flag, "n": width}
    form = replace(form, name="", expr=expr, symbols=symbols, values={}, meanings={}, relations=())
    points = [{"use_bias": 1, "n": 2**5}, {"use_bias": 0, "n": 2**120}]
    ((small, large),) = ENGINES[target].run([Case(form, tuple(points), (2**45 + 2**10, 2**240))])
    assert small == 2**45 + 2**10
    assert isinstance(large, str)


def test_large_numbers_are_among_the_cases() -> None:
    values = [value for case in cases() for value in case.values if value is not None]
    assert sum(value > 2**63 for value in values) > 50
    assert sum(2**53 < value < 2**63 for value in values) > 5
    assert sum(value is None for case in cases() for value in case.values) > 20


# --- Spreadsheets ----------------------------------------------------------------------


@cache
def some() -> list[Case]:
    """Fewer cases, since a spreadsheet takes its time: all specs, and some of the others."""
    return [case for place, case in enumerate(cases()) if case.form.is_of_spec and (place < 7 or place % 11 == 0)]


def _with_steps() -> list[Case]:
    """The forms with divisions that are rounded, remainders, the largest of several: no spec has one."""
    return [case for case in cases() if case.form.expr.has(*STEPS)]


def _pasted(book: openpyxl.Workbook, text: str, sizes: dict[str, int], total: str) -> tuple[str, str]:
    """The rows of an export on a sheet of their own, with other sizes; the place of the formula."""
    sheet = book.create_sheet()
    place = ""
    for row, line in enumerate(text.splitlines(), 1):
        for column, content in enumerate(line.split("\t"), 1):
            sheet.cell(row, column, content)
        name = line.split("\t")[0]
        if name in sizes and "\t" in line:
            sheet.cell(row, 2, sizes[name])
            sheet.defined_names[name] = DefinedName(name, attr_text=f"'{sheet.title}'!$B${row}")
        if name == total and "\t" in line:
            place = f"B{row}"
    return sheet.title, place


def _some_vectors() -> list[Case]:
    """The shortest of the conformance vectors: each is a sheet."""
    return sorted(vector_cases(), key=lambda case: len(case.points))[:6]


@pytest.mark.parametrize("given_cases", [lambda: [*some(), *_with_steps()], _some_vectors], ids=["cases", "vectors"])
def test_the_cell_gives_the_same_integers_or_na(given_cases: Callable[[], list[Case]], tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    places: list[tuple[Case, dict[str, int], int | None, str, str]] = []
    for case in given_cases():
        text = engines.source(case, "excel")
        if text is not None:
            for place in range(len(case.points)):
                sizes = dict(list(engines.arguments(case, Excel()))[place])
                pasted = _pasted(book, text, sizes, case.form.measure.name)
                places.append((case, case.points[place], case.values[place], *pasted))
    book.save(tmp_path / "cells.xlsx")
    (tmp_path / "out").mkdir()
    engines.spreadsheet([tmp_path / "cells.xlsx"], tmp_path / "out")
    computed = openpyxl.load_workbook(tmp_path / "out" / "cells.xlsx", data_only=True)
    given = 0
    for case, point, value, sheet, place in places:
        cell = computed[sheet][place].value
        if cell == "#N/A":
            assert value is None or case.bound(point) > EXACT, (case.form.expr, point)
        else:
            assert cell == value, (case.form.expr, point)
            given += 1
    assert given > 30


def _edited(form: pc.Formula, sizes: dict[str, int], path: Path) -> None:
    """A workbook in which a user has changed the sizes."""
    path.write_bytes(workbook(form))
    book = openpyxl.load_workbook(path)
    for name, size in sizes.items():
        sheet, cell = book.defined_names[name].attr_text.split("!")
        book[sheet][cell.replace("$", "")] = size
    book.save(path)


def _total(path: Path) -> Any:
    book = openpyxl.load_workbook(path, data_only=True)
    sheet, cell = book.defined_names["total"].attr_text.split("!")
    rows = [row[1].value for row in book["Layers"].iter_rows(min_row=5) if row[3].value is not None]
    total = book[sheet.strip("$'")][cell.replace("$", "")].value
    assert total == "#N/A" or total == sum(rows)
    # the total beside the sizes, and the rows of the chart
    assert book["Sizes"]["B4"].value == total
    bars = [row[2].value for row in book["Sorted"].iter_rows(min_row=2) if row[2].value is not None]
    assert bars == (["#N/A"] * len(bars) if total == "#N/A" else sorted(rows, reverse=True)[: len(bars)])
    return total


def test_changing_a_cell_of_a_workbook_changes_the_counts(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    expected: dict[str, tuple[Case, dict[str, int], int | None]] = {}
    for number, case in enumerate(some()):
        if max(case.form.values.values(), default=0) > EXACT:
            # a cell would show another number
            with pytest.raises(pc.ParamcalcError, match="not-expressible"):
                workbook(case.form)
            continue
        for place in (1, -1):
            sizes = dict(list(engines.arguments(case, Excel()))[place])
            path = tmp_path / f"{number}_{place}.xlsx"
            if engines.source(case, "excel") is not None:
                _edited(case.form, sizes, path)
                expected[path.name] = (case, case.points[place], case.values[place])
    engines.spreadsheet([tmp_path / name for name in expected], tmp_path / "out")
    given = 0
    for name, (case, point, value) in expected.items():
        total = _total(tmp_path / "out" / name)
        if total == "#N/A":
            assert value is None or case.bound(point) > EXACT / 4, (case.form.expr, point)
        else:
            assert total == value, (case.form.expr, point)
            given += 1
    assert given > 15


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_workbook_opens_with_the_numbers_of_the_spec(path: Path, tmp_path: Path) -> None:
    spec = pc.load(path)
    form = pc.formula(spec)
    form.to_xlsx(tmp_path / "book.xlsx")
    # as it is written, before any spreadsheet computes it
    assert _total(tmp_path / "book.xlsx") == pc.count(spec).total
