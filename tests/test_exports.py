"""Exports as text: safe names and comments, refusals, the schema of JSON, files; Python and NumPy are run here."""

import json
import math
import re
import sys
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache, partial
from itertools import cycle
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import sympy
from sympy import ceiling, floor

import paramcalc as pc
from paramcalc.core import registry
from paramcalc.core.symbols import Scaled
from paramcalc.exports.languages import LANGUAGES
from paramcalc.exports.languages.julia import Julia
from paramcalc.exports.languages.program import Check, program
from paramcalc.results.formula import symbol
from tests.arithmetic import GRAMMARS, evaluate, rounded
from tests.helpers import ROOT, run
from tests.sweeps.forms import evaluated
from tests.targets.dictionaries import meaning
from tests.targets.readers import in_libsbml, read_by_libsbml, read_by_openmath

GPT2 = pc.formula(pc.load(ROOT / "specs" / "gpt2.yaml"))

#: A spec whose name would end a comment, a string, a line or a cell of any target.
HOSTILE = "*/ /* \"\"\" ''' --> \n\r\u2028=cmd()|'/c'!A1 \\ \u202e ]]> <script> ${x} $(x) %d {0} ?? `x` #{x}"


def function(form: pc.Formula, target: str) -> Any:
    """The exported function of Python or NumPy."""
    names: dict[str, Any] = {}
    exec(compile(form.to(target), target, "exec"), names)
    (name,) = [name for name in names if name.endswith("parameters")]
    return names[name]


# --- Python and NumPy ------------------------------------------------------------------


def test_numpy_takes_arrays_and_refuses_to_overflow() -> None:
    total = function(GPT2, "numpy")
    widths = np.array([12, 768, 12000])
    assert total(width=widths).tolist() == [GPT2(width=width) for width in (12, 768, 12000)]
    # 12 · 12 · w² + … reaches 2**63 between these two
    assert total(width=252_000_000 // 12 * 12).dtype == np.int64
    for large in (12 * 10**9, np.array([12, 12 * 10**9]), 12 * 10**30, np.uint64(2**64 - 4)):
        with pytest.raises(OverflowError):
            total(width=large)
    with pytest.raises(TypeError, match="an array of integers"):
        total(width=768.0)
    with pytest.raises(ValueError, match="heads divides width"):
        total(width=np.array([768, 769]))
    with pytest.raises(ValueError, match="at least 1"):
        total(depth=0)


def test_python_refuses_what_the_form_does_not_hold_for() -> None:
    total = function(GPT2, "python")
    assert total(width=12 * 10**30) == GPT2(width=12 * 10**30)
    for sizes, error, message in (
        ({"width": 768.0}, TypeError, "width is an int, not 768.0"),
        ({"width": True}, TypeError, "width is an int, not True"),
        ({"depth": 0}, ValueError, "depth is at least 1, not 0"),
        ({"width": 769}, ValueError, "the form holds where heads divides width"),
    ):
        with pytest.raises(error, match=re.escape(message)):
            total(**sizes)


def test_a_free_dim_is_a_parameter_without_a_default() -> None:
    form = pc.formula(
        pc.loads("paramcalc: 1\ndims: {n: null}\nlayers:\n  - Input: {shape: [n]}\n  - Dense: {units: 2}")
    )
    assert function(form, "python")(n=10) == 22
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'n'"):
        function(form, "python")()
    assert "CAST(NULL AS" in form.to("sql")


def test_the_flags_of_a_kind_are_1_or_0() -> None:
    total = function(pc.formula(pc.Dense), "python")
    assert (total(n=3, u=4, use_bias=0), total(n=3, u=4, use_bias=1)) == (12, 16)
    with pytest.raises(ValueError, match="use_bias ≤ 1"):
        total(n=3, u=4, use_bias=2)


# --- The value of what is written ------------------------------------------------------

A, B, C, D, E, H, K = SYMBOLS = [symbol(name) for name in "abcdehk"]
#: Sizes, among them such that differences are below zero and divisions leave a rest.
POINTS = [
    {"a": 420, "b": 7, "c": 3, "d": 5, "e": 4, "h": 6, "k": 7},
    {"a": 42, "b": 200_000, "c": 1, "d": 11, "e": 3, "h": 1, "k": 1},
    {"a": 1320, "b": 1, "c": 9, "d": 2, "e": 7, "h": 20, "k": 2},
    {"a": 5, "b": 8, "c": 2, "d": 3, "e": 4, "h": 3, "k": 2},
]
#: Expressions, and the number that each is, in Python's own operators.
WRITTEN: dict[str, tuple[Any, Callable[..., int]]] = {
    "a product as a divisor": (A / (H * K) + B, lambda a, b, h, k, **_: exact(a + b * h * k, h * k)),
    "a sum as a divisor": (A / (H + K), lambda a, h, k, **_: exact(a, h + k)),
    "a power as a divisor": (A * B / K**2, lambda a, b, k, **_: exact(a * b, k**2)),
    "a sum over a product": ((A - B) / (H * C**2), lambda a, b, c, h, **_: exact(a - b, h * c**2)),
    "two quotients": (A / H + A / K, lambda a, h, k, **_: exact(a * k + a * h, h * k)),
    "a minus before a power": (B - A**2, lambda a, b, **_: b - a**2),
    "a minus in front of a power": (-(A**2), lambda a, **_: -(a**2)),
    "a minus in front of a product": (-A * B**2 * C, lambda a, b, c, **_: -a * b**2 * c),
    "differences": (A - (B - C) * (D - E), lambda a, b, c, d, e, **_: a - (b - c) * (d - e)),
    "a difference to a power": ((A - B) ** 3, lambda a, b, **_: (a - b) ** 3),
    "a product to a power": (3 * (A + B) ** 2 * (C - D), lambda a, b, c, d, **_: 3 * (a + b) ** 2 * (c - d)),
    "a quotient rounded down": (floor((A - B) * (C - D) / E), lambda a, b, c, d, e, **_: (a - b) * (c - d) // e),
    "several rounded down": (
        2 * floor(A / K) - C * floor((B - A) / (H + E)),
        lambda a, b, c, e, h, k, **_: 2 * (a // k) - c * ((b - a) // (h + e)),
    ),
    "a quotient rounded up": (ceiling((A - B) / (C * K)), lambda a, b, c, k, **_: -((b - a) // (c * k))),
    "a remainder": (A + D * sympy.Mod(B - A, H + E), lambda a, b, d, e, h, **_: a + d * ((b - a) % (h + e))),
    "a remainder of a product": (sympy.Mod(B * C, E * K), lambda b, c, e, k, **_: b * c % (e * k)),
    "the largest": (A * sympy.Max(B - A, C, D * E) - E, lambda a, b, c, d, e, **_: a * max(b - a, c, d * e) - e),
    "the smallest": (2 - sympy.Min(A, B - C**2, D), lambda a, b, c, d, **_: 2 - min(a, b - c**2, d)),
    "a quotient within": (floor(A / floor(B / C + 1)) * K, lambda a, b, c, k, **_: a // (b // c + 1) * k),
}
#: Of these, what has a symbol in an exponent: some languages have no exact power.
POWERS: dict[str, tuple[Any, Callable[..., int]]] = {
    "an exponent": (A * 2**C, lambda a, c, **_: a * 2**c),
    "a difference as an exponent": (B * 3 ** (D + C - 1), lambda b, c, d, **_: b * 3 ** (d + c - 1)),
    "a sum to a symbol": (B - (A + E) ** C, lambda a, b, c, e, **_: b - (a + e) ** c),
    "a power to a power": (2 ** (C**2) * D, lambda c, d, **_: 2**c**2 * d),
}


def exact(dividend: int, divisor: int) -> int | None:
    return dividend // divisor if dividend % divisor == 0 else None


def form_of(expr: Any) -> pc.Formula:
    """A form of an expression, with nothing assumed."""
    symbols = {each.name: each for each in SYMBOLS if each in expr.free_symbols}
    return replace(GPT2, name="", expr=expr, symbols=symbols, values={}, meanings={}, relations=())


def computing(target: str, form: pc.Formula) -> Callable[[dict[str, int]], int]:
    """The number that a language makes of a form: run where this process can, else read by the tests' own reader."""
    if target in ("python", "numpy"):
        total = function(form, target)
        return lambda sizes: int(total(**sizes))
    if target == "json":
        tree = json.loads(form.to("json"))["expression"]
        return lambda sizes: int(evaluated(tree, sizes))
    if target == "content-mathml":
        return partial(in_libsbml, read_by_libsbml(form.to("content-mathml")))
    if target == "openmath":
        return partial(meaning, read_by_openmath(form.to("openmath")))
    language = registry.language(target)()
    made = program(form, language)
    text, grammar = language.whole(made.result), GRAMMARS[target]
    return lambda sizes: rounded(evaluate(text, grammar, {size.name: sizes[size.dim] for size in made.sizes}))


#: How many cases it takes until each language has been written.
TURNS = 4


@pytest.mark.parametrize(("case", "turn"), [*zip([*WRITTEN, *POWERS], cycle(range(TURNS)), strict=False)])
def test_what_is_written_has_the_value_of_the_form(case: str, turn: int) -> None:
    """Each case in some languages; the sweeps write it in all."""
    check_written(case, [*LANGUAGES][turn::TURNS])


def check_written(case: str, targets: Iterable[str]) -> None:
    expr, known = {**WRITTEN, **POWERS}[case]
    form = form_of(expr)
    points = [point for point in POINTS if known(**point) is not None]
    assert points
    for target in targets:
        if case in POWERS and target in ("sql", "duckdb", "sqlite"):
            with pytest.raises(pc.ParamcalcError, match="has no exact expression for the power"):
                form.to(target)
            continue
        compute = computing(target, form)
        # beyond 64 bits NumPy refuses, and libSBML has doubles
        for point in points[-1:] if target in ("numpy", "content-mathml") and case in POWERS else points:
            assert compute({name: point[name] for name in form.symbols}) == known(**point), (target, point)


def test_conditions_with_fractions_are_over_whole_numbers() -> None:
    relations = (("≥", A / H + B / K, C), ("≥", D, A * B / H))
    (*_, first, second) = program(replace(form_of(A * B * C * D * H * K), relations=relations), Julia()).checks
    julia = {"a": 6, "b": 8, "c": 5, "d": 9, "h": 3, "k": 4}
    for check, sizes, truth in ((first, {"c": 4}, True), (first, {"c": 5}, False), (second, {"d": 16}, True)):
        assert evaluate(Julia().holds(check), GRAMMARS["julia"], {**julia, **sizes}) is truth
    assert "div(" in Julia().holds(first)


def test_a_form_without_sizes_is_a_number_in_every_language() -> None:
    form = form_of(sympy.Integer(12345))
    assert "parameters\t=12345" in form.to("excel")
    assert "return 12345" in form.to("python")
    assert "return 12345n;" in form.to("javascript")
    assert "*parameters = 12345;" in form.to("c")
    assert 'SELECT CAST(12345 AS DECIMAL(38, 0)) AS "parameters";' in form.to("sql")
    assert "parameters = int64(12345);" in form.to("matlab")


def test_a_power_is_a_product_where_the_language_has_no_exact_one() -> None:
    for target, known in {
        "c": "(a*a*a)",
        "rust": "(a*a*a)",
        "matlab": "(a.*a.*a)",
        "sql": '("a"*"a"*"a")',
        "sqlite": '("a"*"a"*"a")',
        "julia": "a^3",
    }.items():
        assert registry.language(target)().whole(A**3) == known


def test_a_quotient_of_sql_is_a_whole_number_again() -> None:
    # a database that divides in floating point is found out by the product
    sql = form_of(A * B / H).to("sql")
    assert 'CAST((("a"*"b") / "h") AS DECIMAL(38, 0))' in sql
    assert '(CAST((("a"*"b") / "h") AS DECIMAL(38, 0)) * "h") = "a"*"b"' in " ".join(sql.split())
    assert '(("a"*"b") // "h")' in form_of(A * B / H).to("duckdb")


def test_each_quotient_of_sql_gives_its_dividend_back() -> None:
    # DuckDB divides decimals in floating point: beyond 2**53 it would round another whole number down
    sql = " ".join(form_of(A * floor(B / C) + D).to("sql").split())
    rest = 'MOD(MOD("b", "c") + "c", "c")'
    assert f'(CAST((("b" - {rest}) / "c") AS DECIMAL(38, 0)) * "c") = "b" - {rest}' in sql
    assert " * " not in form_of(A * floor(B / C) + D).to("duckdb")


def test_numbers_on_the_way_are_bounded_by_sums_of_products() -> None:
    # the dividend and the divisor of a quotient are computed, and never both in one number
    made = program(form_of((A - 2) * (B + C) / (H + K)), registry.language("julia")())
    a, b, c, h, k = (size.symbol for size in made.sizes)
    assert [sympy.expand(each) for each in made.bounds] == [sympy.expand((a + 2) * (b + c)), h + k]
    # a size that no sum has, and a number of more than 31 bits, are bounds as well
    made = program(form_of(B * 2**40), registry.language("julia")())
    assert program(form_of(A), registry.language("julia")()).bounds == (A,)
    assert set(program(form_of(A + 0 * B), registry.language("julia")()).bounds) == {A}
    assert made.bounds == (2**40 * B,)


@pytest.mark.parametrize("target", GRAMMARS)
def test_the_conditions_that_are_written_hold_and_fail_as_those_of_the_form(target: str) -> None:
    language = registry.language(target)()
    relations = (("divides", H + K, A * B), ("=", A * B, C + D), ("≥", A - B, C * D))
    made = program(replace(form_of(A * B * C * D / (H - K)), relations=relations), language)
    *_, divides, equal, least = made.checks
    names = {size.dim: size.name for size in made.sizes}

    def truths(check: Check, **sizes: int) -> tuple[bool, bool]:
        given = {names[dim]: size for dim, size in sizes.items()}
        return tuple(evaluate(text, GRAMMARS[target], given) for text in (language.holds(check), language.fails(check)))

    assert truths(divides, a=6, b=5, h=7, k=8) == (True, False)
    assert truths(divides, a=6, b=6, h=7, k=8) == (False, True)
    assert truths(equal, a=2, b=3, c=1, d=5) == (True, False)
    assert truths(equal, a=2, b=3, c=1, d=4) == (False, True)
    assert truths(least, a=9, b=3, c=2, d=3) == (True, False)
    assert truths(least, a=8, b=3, c=2, d=3) == (False, True)
    # what is divided by is not 0, where its sign is not known
    not_zero = made.checks[0]
    assert not_zero.words == f"h - {names['k']} is not 0"
    assert truths(not_zero, h=3, k=2) == (True, False)
    assert truths(not_zero, h=3, k=3) == (False, True)
    # and each of them stands in what is exported
    source = "".join(language.source(made).split())
    for check in made.checks:
        assert any("".join(text.split()) in source for text in (language.holds(check), language.fails(check))), check


# --- What a reader is told -------------------------------------------------------------


@pytest.mark.parametrize("target", LANGUAGES)
def test_every_export_has_the_formula_its_sizes_and_its_value(target: str) -> None:
    text = GPT2.to(target)
    assert "gpt2" in text
    assert "heads divides width" in text
    assert "50,257" in text or "50257" in text
    assert "124,439,808" in text or "124439808" in text


@pytest.mark.parametrize("target", LANGUAGES)
def test_every_export_says_what_a_size_stands_for_and_what_is_fixed(target: str) -> None:
    text = "paramcalc: 1\ndims: {n: 5, widths: [3, 1000]}\nlayers:\n  - Input: {shape: [n]}\n"
    form = pc.formula(
        pc.loads(text + "  - {Dense: {units: 'widths[i]', use_bias: 'widths[i] > 5'}, times: 2, index: i}")
    )
    written = replace(form, meanings={"n": "features of a token"}).to(target)
    assert "features of a token" in written
    assert "widths" in written
    assert target == "json" or "Fixed, since the layers themselves depend on it: widths = [3, 1000]." in written


def test_a_cell_says_what_a_size_stands_for_or_is_not_there() -> None:
    form = form_of(A * C)
    rows = dict(
        line.split("\t", 1) for line in replace(form, meanings={"a": "rows"}).to("excel").splitlines() if "\t" in line
    )
    # C is a name that a spreadsheet has for itself
    assert (rows["a"], rows["c_"]) == ("\t(rows)", "\t(the dim 'c')")
    assert form_of(A).to("excel").splitlines()[3] == "a\t"


def test_a_spreadsheet_says_how_far_it_is_exact() -> None:
    assert "Exact up to 10^15" in GPT2.to("excel")
    assert "<= 1000000000000000" in GPT2.to("excel")


@cache
def llama2() -> pc.Formula:
    return pc.formula(pc.load(ROOT / "specs" / "llama2_7b.yaml"))


@pytest.mark.parametrize("target", ["excel", "excel-let", "excel-lambda"])
def test_a_formula_of_several_lines_is_told_in_full(target: str) -> None:
    form = llama2()
    told = "3·inner·width + 2·width) + width·(2·vocabulary + 1)"
    assert told in " ".join(line.strip(" *") for line in form.to(target).splitlines())


def test_a_formula_of_a_spreadsheet_is_no_longer_than_one_may_be() -> None:
    # 8,192 characters with the sign before it
    for target, start in (("excel", ""), ("excel-let", "LET("), ("excel-lambda", "LAMBDA(")):
        writer = registry.language(target)()
        assert writer.short(start + "1" * (8191 - len(start))).startswith(start)
        with pytest.raises(pc.ParamcalcError, match="a formula of more than 8,192 characters"):
            writer.short("1" * 8192)
    wide = sympy.Add(*(A ** (2 * power) for power in range(1, 700)))
    for target in ("excel", "excel-let", "excel-lambda"):
        with pytest.raises(pc.ParamcalcError, match="a formula of more than 8,192 characters"):
            form_of(wide).to(target)


def test_many_sizes_are_converted_in_one_statement() -> None:
    # a line of source is broken within brackets alone
    dims = ", ".join(f"a_rather_long_name_{number}: {number + 3}" for number in range(9))
    layers = "\n".join(f"  - Dense: {{units: a_rather_long_name_{number}}}" for number in range(9))
    form = pc.formula(pc.loads(f"paramcalc: 1\ndims: {{{dims}}}\nlayers:\n  - Input: {{shape: [2]}}\n{layers}\n"))
    assert function(form, "numpy")() == function(form, "python")() == form()
    lines = form.to("julia").splitlines()
    assert not any(line.strip().startswith("=") for line in lines)


#: A width times the double next to 0.29, which is a little less: 28.999… of 100, and so 28.
SCALED = replace(GPT2, expr=Scaled.of(GPT2.symbols["width"], 0.29, "scaled"))


def test_a_product_of_a_double_is_that_of_the_hardware() -> None:
    widths = [1, 7, 100, 768, 4096, 10**15]
    assert int(100 * 0.29) == 28
    for rounding, whole_of in (("scaled", math.floor), ("scaled_up", math.ceil), ("scaled_near", round)):
        form = replace(SCALED, expr=Scaled.of(GPT2.symbols["width"], 0.29, rounding), relations=())
        known = [whole_of(width * 0.29) for width in widths]
        assert [form(width=width) for width in widths] == known
        assert form(width=np.array(widths)).tolist() == known
        assert [function(form, "python")(width=width) for width in widths] == known
        assert function(form, "numpy")(width=np.array(widths)).tolist() == known
        for target in ("python", "numpy"):
            with pytest.raises(ValueError, match="width ≤ 9,007,199,254,740,992"):
                function(form, target)(width=2**53 + 1)


def test_a_language_without_that_double_refuses_by_name() -> None:
    for target, language in (
        ("sql", "SQL"),
        ("excel", "a spreadsheet"),
        ("content-mathml", "content MathML"),
        ("openmath", "OpenMath"),
    ):
        with pytest.raises(pc.ParamcalcError) as caught:
            SCALED.to(target)  # type: ignore[arg-type]
        assert caught.value.code == "not-expressible"
        assert f"{language} has no exact expression for scaled(width, 0.29)" in str(caught.value)


def test_exact_quotients_come_last() -> None:
    form = pc.formula(pc.load(ROOT / "specs" / "llama2_7b.yaml"))
    assert form.to("python").rstrip(")\n ").endswith("// heads")
    assert form.to("javascript").count(" / heads") == 1


# --- Names and injection ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "dims"),
    [
        ("python", ("match", "name", "ValueError")),
        ("numpy", ("np", "sizes", "ValueError")),
        ("javascript", ("new", "name", "arguments")),
        ("c", ("int", "linux", "parameters")),
        ("typescript", ("bigint", "sizes", "enum")),
        ("rust", ("fn", "_", "fits")),
        ("go", ("func", "big", "number")),
        ("julia", ("end", "big", "mod")),
        ("matlab", ("end", "least", "_x")),
        ("excel", ("c1", "R", "true_")),
        ("excel-let", ("c1", "let", "true_")),
        ("excel-lambda", ("c1", "größe", "let")),
    ],
)
def test_a_name_that_the_target_has_for_itself_is_changed_and_said(target: str, dims: tuple[str, ...]) -> None:
    layers = [pc.Input(shape=(dims[0],)), *(pc.Dense(units=name) for name in dims[1:])]
    text = pc.formula(pc.Spec(layers=layers, dims=dict.fromkeys(dims, 3))).to(target)
    assert f"the dim '{dims[0]}'" in text
    assert f"the dim '{dims[1]}'" in text


def test_names_of_matlab_begin_with_a_letter_and_fit_in_63_characters() -> None:
    dims = {"_x": 3, "y" * 70: 4, "_x" + "y" * 70: 5}
    form = pc.formula(pc.Spec(layers=[pc.Input(shape=("_x",)), *(pc.Dense(units=name) for name in dims)], dims=dims))
    made = program(form, registry.language("matlab")())
    assert made.names[0] == "x_x"
    assert len(set(made.names)) == 3
    assert all(name[0].isalpha() and len(name) <= 63 for name in made.names)


def test_a_name_that_needs_no_change_keeps_its_own() -> None:
    # of two names that are one to Python, which reads them in NFKC, the second is as Python has it
    assert registry.language("python")().safe_names(["ﬁ", "fi", "for"], used=["for_"]) == {
        "fi": "fi",
        "ﬁ": "fi_",
        "for": "for__",
    }


@pytest.mark.parametrize(
    ("target", "name", "written"),
    [
        ("python", "__debug__", "__debug___"),
        ("numpy", "__debug__", "__debug___"),
        ("c", "__int128", "n__int128"),
        ("c", "_Bool", "n_Bool"),
        ("c", "__FILE__", "n__FILE__"),
        ("c", "NULL", "NULL_"),
        ("c", "EOF", "EOF_"),
        ("c", "INT_MAX", "INT_MAX_"),
        ("c", "errno", "errno_"),
        ("c", "stdin", "stdin_"),
        ("c", "N", "N"),
        ("c", "_x", "_x"),
        ("javascript", "__proto__", "__proto___"),
        ("javascript", "constructor", "constructor_"),
    ],
)
def test_a_word_that_a_language_keeps_for_itself_is_no_name(target: Any, name: str, written: str) -> None:
    assert registry.language(target)().safe_names([name]) == {name: written}
    form = pc.formula(pc.Spec([pc.Input(shape=(2,)), pc.Dense(units=name)], dims={name: 3}))
    assert re.search(rf"(?<!\w){written}(?!\w)", form.to(target))
    assert name == written or not re.search(rf"(?<!\w){name}\b *[,)=:}}]", form.to(target))


#: How each target checks that a size is large enough.
LEAST = {
    "python": '("depth", depth, 1)',
    "numpy": "zip(sizes, [1, 1, 1, 1, 1])",
    "javascript": '["depth", depth, 1n]',
    "c": "if (depth < 1)",
    "typescript": '["depth", depth, 1n]',
    "rust": '("depth", depth, 1)',
    "go": '{"depth", depth, 1},',
    "julia": 'depth >= 1 || throw(ArgumentError("depth is at least 1"))',
    "matlab": "least = [1, 1, 1, 1, 1];",
    "sql": '"depth" >= 1',
    "duckdb": '"depth" >= 1',
    "sqlite": '"depth" >= 1',
    "excel": "depth >= 1, INT(depth) = depth",
    "excel-let": "depth >= 1, INT(depth) = depth",
    "excel-lambda": "depth >= 1,",
    "json": '"name": "depth", "value": 12, "minimum": 1',
    "content-mathml": '<apply><geq/><ci>depth</ci><cn type="integer">1</cn></apply>',
    "openmath": '<OMA><OMS cd="relation1" name="geq"/><OMV name="depth"/><OMI>1</OMI></OMA>',
}


@pytest.mark.parametrize("target", LANGUAGES)
def test_every_export_checks_each_size(target: str) -> None:
    assert LEAST[target] in GPT2.to(target)


def test_names_that_differ_by_case_are_two_in_sql() -> None:
    text = pc.formula(pc.Spec(layers=[pc.Input(shape=("n",)), pc.Dense(units="N")], dims={"n": 3, "N": 4})).to("sql")
    assert '"n"' in text
    assert '"N_"' in text


@pytest.mark.parametrize("target", LANGUAGES)
def test_a_name_of_a_spec_ends_no_comment(target: str) -> None:
    form = replace(GPT2, name=HOSTILE)
    text = form.to(target)
    if target == "json":
        assert json.loads(text)["name"] == HOSTILE
        return
    assert all(char.isprintable() or char in "\n\t" for char in text)
    lines = text.splitlines()
    (line,) = [line for line in lines if "script" in line]
    assert not line.startswith(("=", "+", "@", "\t"))
    if target in ("python", "numpy"):
        assert function(form, target)() == 124439808
    elif target in ("content-mathml", "openmath"):
        comment, _, rest = text.partition("-->\n")
        assert line in comment
        assert ElementTree.canonicalize(text) == ElementTree.canonicalize(rest)
    elif target in ("c", "javascript", "typescript", "excel-lambda"):
        assert "*/" not in line
        assert line.startswith(" * ")
    elif target not in ("excel", "excel-let"):
        assert line.lstrip().startswith({"julia": "#", "matlab": "%", "rust": "//", "go": "//"}.get(target, "--"))


# --- JSON ------------------------------------------------------------------------------


def test_numbers_that_readers_of_json_would_round_are_strings() -> None:
    text = f"paramcalc: 1\ndims: {{n: {2**53}}}\nlayers:\n  - Input: {{shape: [n]}}\n  - Dense: {{units: {2**53 - 1}}}"
    document = json.loads(pc.formula(pc.loads(text)).to("json"))
    assert document["symbols"][0]["value"] == {"num": str(2**53)}
    assert document["expression"] == ["Add", ["Multiply", 2**53 - 1, "n"], 2**53 - 1]


def test_the_conditions_of_the_tree_hold_as_those_of_the_form() -> None:
    relations = (("divides", H, A * B), ("=", A * B, C + D), ("≥", A - B, C * D))
    form = replace(form_of(A * B * C * D * H), relations=relations)
    divides, equal, least = (each["holds"] for each in json.loads(form.to("json"))["conditions"])
    sizes = {"a": 9, "b": 3, "c": 2, "d": 3, "h": 9}
    assert [evaluated(divides, {**sizes, "h": h}) for h in (9, 27, 5)] == [True, True, False]
    assert [evaluated(equal, {**sizes, "c": c}) for c in (24, 25, 51)] == [True, False, False]
    assert [evaluated(least, {**sizes, "a": a}) for a in (9, 8, 20)] == [True, False, True]


# --- What is refused -------------------------------------------------------------------

DOUBLING = (
    "paramcalc: 1\ndims: {depth: 5, width: 24}\nlayers:\n  - Input: {shape: [width]}\n"
    "  - {Dense: {units: width * 2 ** i, use_bias: false}, times: depth, index: i}"
)


@pytest.mark.parametrize(
    ("text", "target", "message"),
    [
        (DOUBLING, "sql", "SQL has no exact expression for the power 4**depth"),
        (
            "paramcalc: 1\nlayers:\n  - Input: {shape: [3]}\n  - Weights: {tensors: {a: [100000000000000000000]}}",
            "excel",
            "a number above 10^15",
        ),
        (
            "paramcalc: 1\nlayers:\n  - Input: {shape: [3]}\n  - Weights: {tensors: {a: [100000000000000000000]}}",
            "matlab",
            "a number of more than 62 bits",
        ),
        (
            "paramcalc: 1\nlayers:\n  - Input: {shape: [3]}\n  - Weights: {tensors: {a: ['10 ** 39']}}",
            "c",
            "a number of more than 128 bits",
        ),
        (
            "paramcalc: 1\nlayers:\n  - Input: {shape: [3]}\n  - Weights: {tensors: {a: ['10 ** 39']}}",
            "sql",
            "a number of more than 38 digits",
        ),
    ],
)
def test_what_a_target_cannot_say_exactly_is_refused(text: str, target: str, message: str) -> None:
    form = pc.formula(pc.loads(text), keep=None if "dims" in text else [])
    with pytest.raises(pc.ParamcalcError) as caught:
        form.to(target)
    assert caught.value.code == "not-expressible"
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("target", "beyond"),
    [
        ("sql", 10**38),
        ("duckdb", 10**38),
        ("sqlite", 2**63),
        ("c", 2**127),
        ("rust", 2**127),
        ("matlab", 2**62),
        ("excel", 10**15 + 1),
        ("excel-let", 10**15 + 1),
        ("excel-lambda", 10**15 + 1),
    ],
)
def test_the_largest_number_that_a_target_has_is_written(target: str, beyond: int) -> None:
    language = registry.language(target)()
    assert "/" not in language.literal(beyond - 1)
    for number in (beyond, -beyond):
        with pytest.raises(pc.ParamcalcError, match="has no exact expression for a number"):
            language.literal(number)


@pytest.mark.parametrize(
    "number", [2**31 - 1, 2**31, 2**53 - 1, 2**53, 2**61 + 12345, 2**63 - 1, 2**63, 2**126 + 67890]
)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_literal_of_many_digits_is_that_number(number: int, sign: int) -> None:
    literal = registry.language("c")().literal(sign * number)
    parts = re.fullmatch(r"(-?)\(\(__int128\)(\d+)u << 64 \| (\d+)u\)", literal)
    if parts is None:
        assert literal == f"{sign * number}" + ("LL" if number >= 2**31 else "")
        assert number < 2**63
    else:
        minus, high, low = parts.groups()
        assert (-1 if minus else 1) * (int(high) << 64 | int(low)) == sign * number
    if number < 2**62:
        literal = registry.language("matlab")().literal(sign * number)
        parts = re.fullmatch(r"(-?)\(int64\((\d+)\)\*2147483648 \+ (\d+)\)", literal)
        if parts is None:
            assert literal == str(sign * number)
            assert number < 2**53
        else:
            minus, high, low = parts.groups()
            assert (-1 if minus else 1) * (int(high) * 2**31 + int(low)) == sign * number


def test_an_operation_without_a_rule_is_refused_and_never_guessed() -> None:
    for target in LANGUAGES:
        with pytest.raises(pc.ParamcalcError) as caught:
            replace(GPT2, expr=abs(GPT2.symbols["width"] - sympy.Integer(5))).to(target)
        assert caught.value.code == "not-expressible", target


def test_an_unknown_target_is_refused() -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        GPT2.to("cobol")
    assert str(caught.value).startswith("error[unknown-target]: there is no target 'cobol'")


# --- The command line ------------------------------------------------------------------


SPEC = str(ROOT / "specs" / "gpt2.yaml")


def test_output_goes_to_a_file_in_the_place_of_one_of_that_name(tmp_path: Path) -> None:
    target = tmp_path / "gpt2.py"
    target.write_text("something else")
    done = run("formula", SPEC, "--to", "python", "-o", str(target))
    assert (done.exit_code, done.output) == (0, "")
    assert target.read_text(encoding="utf-8") == GPT2.to("python") + "\n"


def test_a_workbook_needs_a_file(tmp_path: Path) -> None:
    done = run("formula", SPEC, "--to", "xlsx")
    assert done.exit_code == 2
    assert "error[missing-key]: a workbook is written to a file\n    say which: --output FILE" in done.stderr
    assert run("formula", SPEC, "--to", "xlsx", "-o", str(tmp_path / "a.xlsx")).exit_code == 0
    assert zipfile.is_zipfile(tmp_path / "a.xlsx")


def test_the_spec_is_never_overwritten(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(Path(SPEC).read_text())
    done = run("formula", str(spec), "--to", "json", "-o", f"{tmp_path}/./spec.yaml")
    assert done.exit_code == 2
    assert "is the spec itself" in done.stderr
    assert spec.read_text() == Path(SPEC).read_text()


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    done = run("formula", SPEC, "--to", "json", "-o", str(tmp_path / "no" / "where.json"))
    assert done.exit_code == 2
    assert "error[unwritable-file]" in done.stderr
    assert "No such file or directory" in done.stderr


def test_a_workbook_without_its_package_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    done = run("formula", SPEC, "--to", "xlsx", "-o", str(tmp_path / "a.xlsx"))
    assert done.exit_code == 2
    assert "error[missing-package]: a workbook needs the package XlsxWriter" in done.stderr
    assert "paramcalc[xlsx]" in done.stderr
    assert not (tmp_path / "a.xlsx").exists()


# --- Workbooks -------------------------------------------------------------------------


def test_no_text_of_a_spec_becomes_a_formula(tmp_path: Path) -> None:
    import openpyxl

    # names of layers cannot begin so: the form is that of a spec
    form = replace(GPT2, name="=1+1", meanings={"width": "=cmd()"})
    form.to_xlsx(tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    formulas = {str(cell.value) for sheet in book for row in sheet for cell in row if cell.data_type == "f"}
    assert formulas
    assert not formulas & {"=1+1", "=cmd()"}


def test_a_workbook_has_a_row_for_each_layer_and_a_chart(tmp_path: Path) -> None:
    import openpyxl

    GPT2.to_xlsx(tmp_path / "a.xlsx")
    rows = [row[0].value for row in openpyxl.load_workbook(tmp_path / "a.xlsx")["Layers"].iter_rows(min_row=5)]
    assert rows[: len(GPT2.parts) + 1] == [*(part.name for part in GPT2.parts), "total"]
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        assert "xl/charts/chart1.xml" in archive.namelist()


def test_a_workbook_says_what_fixes_a_dim(tmp_path: Path) -> None:
    import openpyxl

    layers = "  - Input: {shape: [n]}\n  - {Dense: {units: 3}, when: r == none}"
    form = pc.formula(pc.loads(f"paramcalc: 1\ndims: {{n: 8, r: none}}\nlayers:\n{layers}"))
    form.to_xlsx(tmp_path / "a.xlsx")
    rows = list(openpyxl.load_workbook(tmp_path / "a.xlsx")["Sizes"].iter_rows(values_only=True))
    assert rows[-2:] == [("fixed", "value", "needed by"), ("r", "none", "dense: r == none")]


def test_a_workbook_has_its_total_beside_its_sizes_with_what_they_stand_for(tmp_path: Path) -> None:
    import openpyxl

    replace(GPT2, meanings={"width": "features of a token"}).to_xlsx(tmp_path / "a.xlsx")
    sizes = openpyxl.load_workbook(tmp_path / "a.xlsx", data_only=True)["Sizes"]
    rows = [[cell.value for cell in row][:3] for row in sizes.iter_rows(min_row=4, max_row=11)]
    assert rows[0] == ["parameters in total", 124439808, None]
    assert rows[2] == ["size", "value", "stands for"]
    assert rows[5] == ["width", 768, "features of a token"]
    # without any, there is no column for it
    replace(GPT2, meanings={}).to_xlsx(tmp_path / "b.xlsx")
    assert openpyxl.load_workbook(tmp_path / "b.xlsx")["Sizes"]["C6"].value is None


def test_the_chart_of_a_workbook_shows_the_largest_layers_first(tmp_path: Path) -> None:
    import openpyxl

    GPT2.to_xlsx(tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx", data_only=True)
    bars = [tuple(cell.value for cell in row[1:3]) for row in book["Sorted"].iter_rows(min_row=2)]
    assert bars == [(part.name, part.value) for part in GPT2.by("layer")]
    places = [row[0].value for row in book["Sorted"].iter_rows(min_row=2)]
    assert sorted(places) == [*range(1, len(bars) + 1)]
    assert book["Sorted"].sheet_state == "hidden"
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        chart = archive.read("xl/charts/chart1.xml").decode()
    assert "Sorted!$B$2" in chart
    assert '<c:plotVisOnly val="1"/>' not in chart


def test_the_chart_of_many_layers_shows_some_of_them(tmp_path: Path) -> None:
    import openpyxl

    dense = "".join(f"  - Dense: {{units: {units}}}\n" for units in range(1, 41))
    pc.formula(pc.loads(f"paramcalc: 1\nlayers:\n  - Input: {{shape: [3]}}\n{dense}"), keep=[]).to_xlsx(
        tmp_path / "a.xlsx"
    )
    rows = [*openpyxl.load_workbook(tmp_path / "a.xlsx", data_only=True)["Sorted"].iter_rows(min_row=2)]
    assert len([row for row in rows if row[0].value is not None]) == 40
    # the last one has 39·40 weights and 40 biases
    assert [row[2].value for row in rows if row[2].value is not None][:2] == [40 * 40, 39 * 39]
    assert len([row for row in rows if row[2].value is not None]) == 30


def test_the_dots_of_a_dim_are_underscores_where_a_name_has_none() -> None:
    spec = pc.loads(
        "paramcalc: 1\ndims: {text.width: 6, text_width: 5}\nlayers:\n  - Input: {shape: [text_width]}\n"
        "  - Dense: {units: text.width, use_bias: false}\n"
    )
    form = pc.formula(spec)
    # the name that needs no change keeps its own
    assert function(form, "python")(text_width=4, text_width_=7) == 4 * 7
    assert form(**{"text.width": 7, "text_width": 4}) == 4 * 7
    assert "the dim 'text.width'" in form.to("javascript")
