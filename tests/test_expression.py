"""The expression language: what it computes, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from paramcalc import LIMITS, ParamcalcError
from paramcalc.core.expression import FUNCTIONS, Budget, Environment, Expression
from paramcalc.core.expression.parts import deciding_parts

DIMS = {"n": 7, "width": 768, "heads": 12, "zero": 0, "flag": True, "depths": (3, 4, 23, 3), "grid": ((1, 2), (3, 4))}


def value(text: str, input: tuple[int, ...] | None = None, channel_axis: int = -1) -> Any:
    return Expression.parse(text).evaluate(Environment(DIMS, input, channel_axis))


def code(text: str) -> str:
    with pytest.raises(ParamcalcError) as caught:
        value(text)
    assert str(caught.value)
    return caught.value.code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4 * width", 3072),
        ("width / heads", 64),
        ("width // 100", 7),
        ("-7 // 2", -4),
        ("-7 % 3", 2),
        ("7 % -3", -2),
        ("2 ** 10", 1024),
        ("-2 ** 2", -4),
        ("2 ** 3 ** 2", 512),
        ("0 ** 0", 1),
        ("+n", 7),
        ("- - n", 7),
        ("1 + 2 * 3 - 4", 3),
        ("(1 + 2) * 3", 9),
        ("12 / 4 / 3", 1),
        ("1_000", 1000),
        ("0x10", 16),
        ("true", True),
        ("not flag", False),
        ("flag and n == 7", True),
        ("zero == 0 or 1 / zero == 0", True),  # what comes after is not looked at
        ("zero != 0 and 1 / zero == 0", False),
        ("1 if flag else 1 / zero", 1),
        ("1 if n > 7 else 2 if n == 7 else 3", 2),
        ("1 < n < 10", True),
        ("1 < n < 5", False),
        ("1 < n != 8 >= 3", True),
        ("flag == true", True),
        ("flag != true", False),
        ("[1, n, 2 * n]", (1, 7, 14)),
        ("[]", ()),
        ("[1] + [2, 3]", (1, 2, 3)),
        ("[1, 2] * 2", (1, 2, 1, 2)),
        ("[1] * 0", ()),
        ("[1] * -3", ()),
        ("depths == [3, 4, 23, 3]", True),
        ("depths != [3, 4]", True),
        ("depths[0] + depths[-1]", 6),
        ("depths[n - 5]", 23),
        ("grid[1][0]", 3),
        ("[5, 6][0]", 5),
        ("len(depths)", 4),
        ("sum(depths)", 33),
        ("sum([])", 0),
        ("min(3, n)", 3),
        ("max(3, n, 5)", 7),
        ("min(depths)", 3),
        ("max(depths)", 23),
        ("max(-1)", -1),
        ("ceil(7 / 2)", 4),
        ("floor(7 / 2)", 3),
        ("ceil(-7 / 2)", -3),
        ("floor(-7 / 2)", -4),
        ("ceil(8 / 2)", 4),
        ("ceil(n / 2 / 2)", 2),
        ("floor(1 / 3 + 1 / 3 + 1 / 3)", 1),
        ("floor((3 / 2) ** 2)", 2),
        ("floor(2 * width / 3 * 4)", 2048),
        ("ceil(5)", 5),
        ("log2(1)", 0),
        ("log2(8)", 3),
        ("log2(n)", 2),
        ("log2(2 ** 80 - 1)", 79),
        ("round_up(10, 8)", 16),
        ("round_up(16, 8)", 16),
        ("round_up(floor(8 * width / 3), 256)", 2048),
        ("  n  ", 7),
        ("n\n", 7),
    ],
)
def test_what_it_computes(text: str, expected: object) -> None:
    result = value(text)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("size(1)", 8), ("size(2)", 6), ("size(3)", 3), ("size(-1)", 3), ("size(-3)", 8), ("channels()", 3)],
)
def test_sizes_of_the_input(text: str, expected: int) -> None:
    assert value(text, (8, 6, 3)) == expected


def test_channels_first() -> None:
    assert value("channels()", (3, 8, 6), channel_axis=1) == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # what a number is divided by is said, and what is left over never dropped
        ("7 / 2", "inexact-division"),
        ("1 / 3 * 3", "inexact-division"),
        ("ceil(7 / 2) + 7 / 2", "inexact-division"),
        ("n / zero", "division-by-zero"),
        ("n // zero", "division-by-zero"),
        ("n % zero", "division-by-zero"),
        ("floor(n / zero)", "division-by-zero"),
        ("round_up(n, zero)", "division-by-zero"),
        ("log2(zero)", "invalid-value"),
        ("2 ** -1", "invalid-value"),
        ("floor(2 ** (1 / 2))", "invalid-value"),
        ("depths[4]", "invalid-value"),
        ("depths[-5]", "invalid-value"),
        ("depths[true]", "invalid-value"),
        ("[][0]", "invalid-value"),
        ("min([])", "invalid-value"),
        ("max(zero if flag else n, [])", "wrong-type"),
        ("size(1)", "missing-input"),
        ("channels()", "missing-input"),
        # truths are no numbers, and numbers no truths
        ("flag + 1", "wrong-type"),
        ("n and flag", "wrong-type"),
        ("not n", "wrong-type"),
        ("1 if n else 2", "wrong-type"),
        ("flag < 2", "wrong-type"),
        ("flag == 1", "wrong-type"),
        ("n == [7]", "wrong-type"),
        ("depths < [9]", "wrong-type"),
        ("-flag", "wrong-type"),
        ("-depths", "wrong-type"),
        ("depths - [3]", "wrong-type"),
        ("depths + 1", "wrong-type"),
        ("3 * depths", "wrong-type"),
        ("depths * depths", "wrong-type"),
        ("n[0]", "wrong-type"),
        ("len(n)", "wrong-type"),
        ("sum(grid)", "wrong-type"),
        ("sum(n)", "wrong-type"),
        ("ceil(flag)", "wrong-type"),
        ("no_dim", "unknown-dim"),
        ("True", "invalid-expression"),
        ("None", "invalid-expression"),
    ],
)
def test_what_has_no_value(text: str, expected: str) -> None:
    assert code(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "+",
            "1 +",
            "1 2",
            "n n",
            "4x",
            "(1",
            "1)",
            "[1",
            "1,",
            "1, 2",
            "()",
            "(1, 2)",
            "n =",
            "n = 3",
            "n; n",
        ),
        *("(1).real", "n[0].real", "(1).bit_length()", "depths.append(3)", "__import__('os')", "open('x')", "abs(n)"),
        *(
            "lambda: 1",
            "lambda n: n",
            "[n for n in depths]",
            "{1, 2}",
            "{n: 1}",
            "{}",
            "(n for n in depths)",
            "yield n",
        ),
        *("f'{n}'", "b'text'", "2j", "...", "(n := 3)", "await n", "depths[0:4:2]", "depths[::1]"),
        *("depths[0, 1]", "*depths", "[*depths]", "min(*depths)", "min(depths, key=n)", "max(**depths)"),
        *("n @ n", "n << 1", "n >> 1", "n & 1", "n | 1", "n ^ 1", "~n", "n is n", "n is not n"),
        *(
            "n if flag",
            "if flag: n",
            "import os",
            "n # a remark",
            "n\nn",
            "min",
            "size",
            "min + 1",
            "size()",
            "size(1, 2)",
        ),
        *(
            "channels(1)",
            "min()",
            "len()",
            "len(1, 2)",
            "ceil(1, 2)",
            "round_up(1)",
            "min(3)(4)",
            "(min)(3",
            "n()",
            "a && b",
        ),
        *("010", "1__0", "0b2", "\0", "n\0", "\ud800", "𝟙 +", "٣", "“n”", "n–1", "$n", "n!", "n?", "`n`"),
    ],
)
def test_what_is_no_expression(text: str) -> None:
    assert code(text) == "invalid-expression"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "9 ** 9 ** 9",
            "9 ** 9 ** 9 ** 9",
            "10 ** 100",
            "-(10 ** 100)",
            "10 ** 99 * 10",
            "2 ** (10 ** 99)",
            "(10 ** 50) ** 2",
        ),
        *("floor((3 / 2) ** 10 ** 9)", "floor((10 ** 99 / 7) * (10 ** 99 / 11))", "9" * 101, "1" + "0" * 450),
        *("[1] * 1001", "[1] * 10 ** 9", "([1] * 999 + [1]) + [1]", "[[1] * 500] * 2", "[[1] * 99] * 11"),
        *("1" + " + 1" * 1000, "n" * 4001),
    ],
)
def test_what_is_too_large(text: str) -> None:
    assert code(text) == "limit"


@pytest.mark.parametrize(
    "text", ["10 ** 99", "(-1) ** (10 ** 99)", "1 ** 10 ** 99", "0 ** 10 ** 99", "[1] * 1000", "[[1] * 90] * 10"]
)
def test_what_is_just_not_too_large(text: str) -> None:
    value(text)


@pytest.mark.parametrize(
    "text",
    ["(" * 60 + "n" + ")" * 60, "-" * 80 + "n", "ceil(" * 60 + "n" + ")" * 60, "n if flag else " * 30 + "n"],
)
def test_deep_nesting(text: str) -> None:
    assert value(text) == 7


@pytest.mark.parametrize(
    "text", ["(" * 240 + "n" + ")" * 240, "[" * 240 + "n" + "]" * 240, "-" * 490 + "n", "not " * 124 + "flag"]
)
def test_nesting_that_is_too_deep_is_refused_or_computed(text: str) -> None:
    try:
        value(text)
    except ParamcalcError as error:
        assert error.code in ("invalid-expression", "limit", "wrong-type")  # noqa: PT017


@pytest.mark.parametrize(("text", "holds"), [("n == [7]", False), ("[7] != n", True), ("[n] == [7]", True)])
def test_the_expressions_of_a_table_compare_a_number_with_a_list(text: str, holds: bool) -> None:
    assert Expression.parse(text, words=True).evaluate(Environment({"n": 7})) is holds


def test_lists_within_one_another() -> None:
    inner: Any = ()
    for _ in range(LIMITS.nesting - 2):
        inner = (inner,)
    assert Expression.parse("[x] == [x]").evaluate(Environment({"x": inner})) is True
    with pytest.raises(ParamcalcError) as caught:
        Expression.parse("[[[x]]]").evaluate(Environment({"x": inner}))
    assert caught.value.code == "limit"


def test_the_steps_of_all_expressions_together() -> None:
    budget = Budget(steps=100)
    environment = Environment({"d": (1,) * 20}, budget=budget)
    for text in ("1 + 1", "sum(d)", "d == d"):
        Expression.parse(text).evaluate(environment)
    with pytest.raises(ParamcalcError) as caught:
        Expression.parse("len(d + d + d)").evaluate(environment)
    assert caught.value.code == "limit"


def test_names_that_are_mentioned() -> None:
    assert Expression.parse("min(a, b[c]) if d else [e, size(1), true]").names == {*"abcde"}


def test_two_of_one_text_are_equal() -> None:
    assert Expression.parse("a + 1") == Expression.parse("a + 1")
    assert Expression.parse("a + 1") != Expression.parse("1 + a")
    assert repr(Expression.parse(" a + 1 ")) == " a + 1 "


def test_more_expressions_than_are_kept() -> None:
    expressions = [Expression.parse(f"n + {number}") for number in range(1_000)]
    assert [each.evaluate(Environment(DIMS)) for each in expressions] == [7 + number for number in range(1_000)]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_name_of_a_function_is_not_a_dim(name: str) -> None:
    assert code(f"1 + {name}") == "invalid-expression"


@pytest.mark.parametrize(
    ("shape", "hint"),
    [
        ((4, 5), "the axes are 1 to 2, or -1 to -2 from the end; 0 is the batch"),
        ((4,), "the axis is 1, or -1 from the end; 0 is the batch"),
        ((), ""),
    ],
)
@pytest.mark.parametrize("axis", ["0", "3", "-3", "true"])
def test_an_axis_that_is_not_there_is_told_from_those_that_are(axis: str, shape: tuple[int, ...], hint: str) -> None:
    with pytest.raises(ParamcalcError) as caught:
        Expression.parse(f"size({axis})").evaluate(Environment({}, shape))
    assert (caught.value.code, caught.value.problems[0].hint) == ("invalid-value", hint)


def test_a_table_may_name_a_field_that_is_called_as_a_function_is() -> None:
    expression = Expression.parse("size == 2", words=True)
    assert expression.names == {"size"}
    assert expression.evaluate(Environment({"size": 2})) is True


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("4 if i < 3 else 8", ("i < 3",)),
        ("'a' if kinds[i] == 'full' and n > 2 else 'b'", ("kinds[i]",)),
        ("n * (2 if i % 2 == 0 else 3) + len(kinds)", ("i % 2 == 0",)),
        ("2 * i + 1", ("2 * i + 1",)),
        ("i if n > 3 else 2", ("i if n > 3 else 2",)),
        ("max(i, 2) > n or (i in marks)", ("max(i, 2) > n", "i in marks")),
        ("sizes[i:][0]", ("sizes[i:]",)),
        ("n + 1", ()),
    ],
)
def test_what_a_name_decides_of_an_expression_are_its_comparisons(text: str, parts: tuple[str, ...]) -> None:
    assert deciding_parts(text, "i") == parts
