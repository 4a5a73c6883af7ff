"""Random expressions have the value that Python gives them, or are refused."""

import math
import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paramcalc import LIMITS, ParamcalcError
from paramcalc.core.expression import Environment, Expression
from tests.test_expression import DIMS, value

pytestmark = pytest.mark.sweep

_OPERATORS: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
}
_COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Known:
    """A text of the language, and its value as it was computed beside it; None where it has none."""

    def __init__(self, text: str, result: Any) -> None:
        self.text = text
        self.result = result

    def __repr__(self) -> str:
        return f"{self.text} → {self.result}"


def _applied(symbol: str, left: Known, right: Known) -> Known:
    text = f"({left.text} {symbol} {right.text})"
    if left.result is None or right.result is None or (symbol in ("//", "%") and right.result == 0):
        return Known(text, None)
    return Known(text, _OPERATORS[symbol](left.result, right.result))


def _divided(quotient: Known, divisor: Known) -> Known:
    """An exact division, made of a product."""
    text = f"(({quotient.text} * {divisor.text}) / {divisor.text})"
    known = quotient.result is not None and divisor.result
    return Known(text, quotient.result if known else None)


def _rounded(name: str, left: Known, right: Known) -> Known:
    text = f"{name}({left.text} / {right.text})"
    if left.result is None or not right.result:
        return Known(text, None)
    return Known(text, getattr(math, name)(Fraction(left.result, right.result)))


def _called(name: str, values: list[Known]) -> Known:
    text = f"{name}({', '.join(each.text for each in values)})"
    results = [each.result for each in values]
    return Known(text, None if None in results else {"min": min, "max": max}[name](results))


def _chosen(symbols: list[str], compared: list[Known], chosen: Known, otherwise: Known) -> Known:
    comparison = compared[0].text
    for symbol, each in zip(symbols, compared[1:], strict=True):
        comparison += f" {symbol} {each.text}"
    text = f"({chosen.text} if {comparison} else {otherwise.text})"
    results = [each.result for each in compared]
    if None in results:
        return Known(text, None)
    holds = all(
        _COMPARISONS[symbol](left, right) for symbol, left, right in zip(symbols, results, results[1:], strict=False)
    )
    return Known(text, (chosen if holds else otherwise).result)


def _picked(values: list[Known], index: int) -> Known:
    text = f"[{', '.join(each.text for each in values)}][{index}]"
    if any(each.result is None for each in values):
        return Known(text, None)
    return Known(text, values[index].result)


_atoms = st.one_of(
    st.integers(0, 10**6).map(lambda number: Known(str(number), number)),
    st.sampled_from(["n", "width", "heads", "zero"]).map(lambda name: Known(name, DIMS[name])),
)


def _larger(parts: st.SearchStrategy[Known]) -> st.SearchStrategy[Known]:
    three = st.lists(parts, min_size=3, max_size=3)
    return st.one_of(
        st.builds(_applied, st.sampled_from([*_OPERATORS]), parts, parts),
        st.builds(lambda part: Known(f"(-{part.text})", None if part.result is None else -part.result), parts),
        st.builds(_divided, parts, parts),
        st.builds(_rounded, st.sampled_from(["ceil", "floor"]), parts, parts),
        st.builds(_called, st.sampled_from(["min", "max"]), st.lists(parts, min_size=1, max_size=3)),
        st.builds(_chosen, st.lists(st.sampled_from([*_COMPARISONS]), min_size=2, max_size=2), three, parts, parts),
        st.builds(_picked, three, st.integers(-3, 2)),
    )


@given(st.recursive(_atoms, _larger, max_leaves=12))
def test_agreement_with_python(known: Known) -> None:
    expression = Expression.parse(known.text) if len(known.text) <= LIMITS.expression else None
    if expression is None:
        return
    if known.result is None:
        with pytest.raises(ParamcalcError) as caught:
            expression.evaluate(Environment(DIMS))
        assert caught.value.code in ("division-by-zero", "limit")
    elif abs(known.result) < 10**40:
        try:
            result = expression.evaluate(Environment(DIMS))
        except ParamcalcError as error:
            # a part of it that is large, and divided or compared away
            assert error.code == "limit"  # noqa: PT017
        else:
            assert (result, type(result)) == (known.result, int)


@given(st.integers(-(10**30), 10**30), st.integers(-(10**6), 10**6).filter(bool))
def test_a_division_is_exact_or_refused(dividend: int, divisor: int) -> None:
    expression = Expression.parse("a / b")
    environment = Environment({"a": dividend, "b": divisor})
    if dividend % divisor == 0:
        assert expression.evaluate(environment) * divisor == dividend
    else:
        with pytest.raises(ParamcalcError) as caught:
            expression.evaluate(environment)
        assert caught.value.code == "inexact-division"


@given(st.text(alphabet="nabs01()[]+-*/%<>=!., ifelsnotrue_'\"{}:\\@#\n\t\0é", max_size=40))
def test_any_text_has_a_value_or_is_refused(text: str) -> None:
    try:
        value(text)
    except ParamcalcError as error:
        assert str(error)  # noqa: PT017
