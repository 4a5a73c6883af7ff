"""The value of an expression as a language reads it: a small reader of its own, that shares nothing with ours.

It knows how strongly each operator binds, how a language divides, and what its functions give; no more than
exported expressions need.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

_TOKEN = re.compile(
    r"""\s*("[^"]+"|'[^']*'|[A-Za-z_]\w*|\d+|\*\*|//|\.\*|\.\^|<=|>=|<>|~=|!==?|===?|=|[-+*/%^(),?:<>])"""
)


def truncated(dividend: int, divisor: int) -> int:
    """Return the quotient as C has it, rounded towards 0."""
    return int(Fraction(dividend, divisor))


def signed_rest(dividend: int, divisor: int) -> int:
    """Return the remainder as C and SQL have it, with the sign of the dividend."""
    return dividend - divisor * truncated(dividend, divisor)


def floored(dividend: int, divisor: int) -> int:
    """Return the quotient, rounded down."""
    return math.floor(Fraction(dividend, divisor))


def floor_rest(dividend: int, divisor: int) -> int:
    """Return the remainder of a division that is rounded down, with the sign of the divisor."""
    return dividend - divisor * floored(dividend, divisor)


def rounded(value: Any) -> int:
    """Return a whole number as a cast has it; a fraction would be rounded, and is refused here."""
    assert Fraction(value).denominator == 1, value
    return int(value)


@dataclass(frozen=True)
class Grammar:
    """How a language reads an expression."""

    #: its operators of the rank of a product beside that of the product itself
    operators: Mapping[str, Callable[[int, int], Any]] = field(default_factory=dict)
    #: the functions that it has, by name
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    times: str = "*"
    #: its operator for powers, if it has one, and whether a^b^c is a^(b^c)
    power: str = ""
    to_the_right: bool = True
    #: what -a^b is: `minus` last, as in mathematics; `minus` first, as in spreadsheets; or no expression at all
    minus: str = "last"
    #: what a whole number ends in
    suffix: str = ""
    #: its signs for what is equal, and what is not
    equals: str = "=="
    differs: str = "!="


_C: dict[str, Any] = {"/": truncated, "%": signed_rest}
_SQL: dict[str, Any] = {"CAST": rounded, "MOD": signed_rest, "GREATEST": max, "LEAST": min}
_MATLAB = {
    "idivide": lambda dividend, divisor, how: {"floor": floored}[how](dividend, divisor),
    "mod": floor_rest,
    "max": max,
    "min": min,
}
_GO: dict[str, Any] = {
    "number": int,
    "sum": lambda *terms: sum(terms),
    "product": lambda *factors: math.prod(factors),
    "power": pow,
    "quotient": truncated,
    "floor": floored,
    "remainder": floor_rest,
    "largest": max,
    "smallest": min,
    "compare": lambda left, right: (left > right) - (left < right),
}
_JULIA = {"div": truncated, "fld": floored, "mod": floor_rest, "max": max, "min": min}

_EXCEL = Grammar(
    {"/": Fraction},
    {"MOD": floor_rest, "MAX": max, "MIN": min},
    power="^",
    to_the_right=False,
    minus="first",
    equals="=",
    differs="<>",
)
_JAVASCRIPT = Grammar(_C, power="**", minus="refused", suffix="n", equals="===", differs="!==")

GRAMMARS = {
    "c": Grammar(_C, {"whole_power": pow}),
    "rust": Grammar(_C, {"whole_power": pow, "max": max, "min": min}),
    "go": Grammar(functions=_GO),
    "javascript": _JAVASCRIPT,
    "typescript": _JAVASCRIPT,
    "julia": Grammar(functions=_JULIA, power="^"),
    "matlab": Grammar(functions=_MATLAB, times=".*", power=".^", to_the_right=False, differs="~="),
    "sql": Grammar({"/": Fraction}, _SQL, equals="=", differs="<>"),
    # its / is in floating point
    "duckdb": Grammar({"//": truncated}, _SQL, equals="=", differs="<>"),
    "sqlite": Grammar(_C, {"MAX": max, "MIN": min}, equals="=", differs="<>"),
    "excel": _EXCEL,
    "excel-let": _EXCEL,
    "excel-lambda": _EXCEL,
}


def evaluate(text: str, grammar: Grammar, sizes: Mapping[str, int]) -> Any:
    """Return the value of an expression at these sizes. A text that the language cannot read fails."""
    # what a cast gives: the numbers here have any size
    text = re.sub(r" AS (DECIMAL\(38, 0\)|HUGEINT)\)", ")", text)
    reader = _Reader(text, grammar, sizes)
    value = reader.choice()
    assert reader.token is None, f"{reader.token} is left of {text}"
    return value


class _Reader:
    """Reads an expression from left to right, one method a rank of operators."""

    def __init__(self, text: str, grammar: Grammar, sizes: Mapping[str, int]) -> None:
        self.grammar, self.sizes = grammar, sizes
        if grammar.suffix:
            assert not re.search(rf"(?<!\w)\d+(?!\d|{grammar.suffix})", text), f"a number without its suffix in {text}"
            text = re.sub(rf"(?<!\w)(\d+){grammar.suffix}\b", r"\1", text)
        self.tokens = _TOKEN.findall(text)
        assert "".join(self.tokens) == re.sub(r"\s", "", text), text

    @property
    def token(self) -> str | None:
        return self.tokens[0] if self.tokens else None

    def taken(self, *tokens: str) -> str:
        """Take the next token if it is one of these."""
        return self.tokens.pop(0) if self.token in tokens else ""

    def expect(self, token: str) -> None:
        assert self.taken(token), f"{token} expected before {self.tokens}"

    def choice(self) -> Any:
        condition = self.comparison()
        if not self.taken("?"):
            return condition
        assert isinstance(condition, bool)
        first = self.choice()
        self.expect(":")
        second = self.choice()
        return first if condition else second

    def comparison(self) -> Any:
        left = self.sum()
        equals, differs = self.grammar.equals, self.grammar.differs
        operator = self.taken("<", ">", "<=", ">=", equals, differs)
        if not operator:
            return left
        right = self.sum()
        orders = {"<": left < right, ">": left > right, "<=": left <= right, ">=": left >= right}
        return {**orders, equals: left == right, differs: left != right}[operator]

    def sum(self) -> Any:
        value = self.product()
        while operator := self.taken("+", "-"):
            other = self.product()
            value = value + other if operator == "+" else value - other
        return value

    def product(self) -> Any:
        value = self.signed()
        # of two numbers, MATLAB takes either sign
        while operator := self.taken("*", self.grammar.times, *self.grammar.operators):
            other = self.signed()
            value = (
                self.grammar.operators[operator](value, other) if operator in self.grammar.operators else value * other
            )
        return value

    def signed(self) -> Any:
        if not self.taken("-"):
            return self.raised(self.operand())
        if self.grammar.minus == "first":
            return self.raised(-self.operand())
        operand = self.operand()
        assert self.grammar.minus == "last" or self.token != self.grammar.power, "a minus before a power"
        return -self.raised(operand)

    def raised(self, base: Any) -> Any:
        while self.grammar.power and self.taken(self.grammar.power):
            exponent = self.operand()
            base = base ** (self.raised(exponent) if self.grammar.to_the_right else exponent)
        return base

    def operand(self) -> Any:
        if self.taken("("):
            value = self.choice()
            self.expect(")")
            return value
        token = self.tokens.pop(0)
        if token.isdigit():
            return int(token)
        if token.startswith("'"):
            return token.strip("'")
        if not self.taken("("):
            return self.sizes[token.strip('"')]
        operands = [self.choice()]
        while self.taken(","):
            operands.append(self.choice())
        self.expect(")")
        return self.grammar.functions[token](*operands)
