"""Expressions in the dims of a constructor: made, evaluated over whole numbers, written in the language of specs."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from paramcalc.core.doubles import product
from paramcalc.core.errors import ParamcalcError

#: The values of dims, and of counters, by their names: whole numbers, or lists of them.
Environment: TypeAlias = Mapping[str, Any]

#: What no expression that people write is larger than, so that a power does not run away.
_LARGEST = 10**15


@dataclass(frozen=True, eq=True)
class Expr:
    """An operation and what it is of: expressions, or for a number, a name and a list's element what it is."""

    op: str
    of: tuple[Any, ...]
    #: how many operations and names it has: the shorter one is the better explanation
    size: int = field(compare=False)
    #: the dims and counters in it
    names: frozenset[str] = field(compare=False)

    @cached_property
    def key(self) -> int:
        """A number that is the same for the same expression."""
        return hash((self.op, self.of))

    def __hash__(self) -> int:
        return self.key

    def evaluate(self, environment: Environment) -> Any:
        """Return its value. Raises `ArithmeticError`, `ValueError`, `IndexError` where it has none."""
        return self.function(environment)

    @cached_property
    def function(self) -> Callable[[Environment], Any]:
        """The function of an environment that it is: made once, since it is called at many."""
        what = self.of[0]
        if self.op == "number":
            return lambda environment: what
        if self.op == "name":
            return lambda environment: environment[what]
        operation = OPERATIONS[self.op]
        parts = [each.function if isinstance(each, Expr) else number(each).function for each in self.of]
        if len(parts) == 2:
            left, right = parts
            return lambda environment: operation(left(environment), right(environment))
        return lambda environment: operation(*[part(environment) for part in parts])

    def value(self, environment: Environment) -> int | None:
        """Return its value, or None where it has none or is no whole number."""
        try:
            found = self.evaluate(environment)
        except (ArithmeticError, ValueError, IndexError, TypeError, ParamcalcError):
            return None
        return found if type(found) is int else None

    def parts(self) -> Iterator[Expr]:
        """Yield it, and all expressions in it."""
        yield self
        for each in self.of:
            if isinstance(each, Expr):
                yield from each.parts()

    def __str__(self) -> str:
        return _written(self, 0)


def number(value: Any) -> Expr:
    """Return a whole number as an expression."""
    return Expr("number", (value,), 1, frozenset())


def name(text: str) -> Expr:
    """Return a dim, or a counter."""
    return Expr("name", (text,), 1, frozenset((text,)))


def made(op: str, *of: Any) -> Expr:
    """Return an operation as it stands. A float among what it is of is the factor of `scaled`."""
    inner = [each for each in of if isinstance(each, Expr)]
    return Expr(op, of, 1 + sum(each.size for each in inner), frozenset().union(*(each.names for each in inner)))


def _product(left: int, right: int) -> int:
    found = left * right
    if abs(found) > _LARGEST:
        raise OverflowError
    return found


def _power(base: int, exponent: int) -> int:
    if not 0 <= exponent < 64:
        raise ValueError
    found: int = base**exponent
    if abs(found) > _LARGEST:
        raise OverflowError
    return found


def _quotient(dividend: int, divisor: int) -> int:
    if dividend % divisor:
        raise ValueError
    return dividend // divisor


def _item(values: Any, place: int) -> Any:
    if not 0 <= place < len(values):
        raise IndexError
    return values[place]


def _ceil(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
OPERATIONS: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": _product,
    "//": operator.floordiv,
    "/": _quotient,
    "%": operator.mod,
    "**": _power,
    "min": min,
    "max": max,
    "ceil": _ceil,
    "round_up": lambda value, multiple: _ceil(value, multiple) * multiple,
    "item": _item,
    "from_end": lambda values, place: _item(values, len(values) - place),
    "len": len,
    "sum": sum,
    "sum_before": lambda values, place: sum(values[:place]),
    "scaled": lambda size, factor: product(size, factor, "scaled"),
    "scaled_up": lambda size, factor: product(size, factor, "scaled_up"),
    "scaled_near": lambda size, factor: product(size, factor, "scaled_near"),
    "if": lambda condition, value, other: value if condition else other,
    **COMPARISONS,
}
_RANKS = {"if": 0, "+": 2, "-": 2, "*": 3, "//": 3, "/": 3, "%": 3, "**": 5}
_RANKS |= dict.fromkeys(COMPARISONS, 1)
#: What binds as a whole.
_ATOM = 9


def _written(expr: Expr, rank: int) -> str:
    """Write an expression within one that binds at a rank."""
    text, own = _text(expr), _RANKS.get(expr.op, _ATOM)
    if expr.op == "number" and expr.of[0] < 0:
        own = 2
    return f"({text})" if own < rank else text


def _text(expr: Expr) -> str:
    op, of = expr.op, expr.of
    if op in ("number", "name"):
        return str(of[0])
    if op == "item":
        return f"{_written(of[0], _ATOM)}[{_written(of[1], 0)}]"
    if op == "from_end":
        return f"{_written(of[0], _ATOM)}[-{of[1]}]"
    if op == "sum_before":
        return f"sum({of[0]}[:{_written(of[1], 0)}])"
    if op == "ceil":
        return f"ceil({_written(of[0], 3)} / {_written(of[1], 4)})"
    if op == "if":
        return f"{_written(of[1], 1)} if {_written(of[0], 1)} else {_written(of[2], 1)}"
    if op in _RANKS:
        own = _RANKS[op]
        left, right = (own + 1, own) if op == "**" else (own, own + 1)
        return f"{_written(of[0], left)} {op} {_written(of[1], right)}"
    return f"{op}({', '.join(repr(each) if isinstance(each, float) else str(each) for each in of)})"


# --- Arithmetic that keeps an expression short ------------------------------------------


def plus(left: Expr, right: Expr) -> Expr:
    """Return a sum."""
    a, b = _number(left), _number(right)
    if a is not None and b is not None:
        return number(a + b)
    if a is not None:
        return plus(right, left)
    if b is not None:
        if b < 0:
            return minus(left, number(-b))
        if b == 0:
            return left
        if left.op in ("+", "-") and (last := _number(left.of[1])) is not None:
            return plus(left.of[0], number(b + last if left.op == "+" else b - last))
    if left == right:
        return times(number(2), left)
    return made("+", left, right)


def minus(left: Expr, right: Expr) -> Expr:
    """Return a difference."""
    a, b = _number(left), _number(right)
    if a is not None and b is not None:
        return number(a - b)
    if b == 0:
        return left
    if b is not None and b < 0:
        return plus(left, number(-b))
    if left == right:
        return number(0)
    if b is not None and left.op in ("+", "-") and (last := _number(left.of[1])) is not None:
        return plus(left.of[0], number(last - b if left.op == "+" else -last - b))
    return made("-", left, right)


def times(left: Expr, right: Expr) -> Expr:
    """Return a product; that of a quotient rounded up with its divisor is `round_up`."""
    a, b = _number(left), _number(right)
    if a is not None and b is not None:
        return number(a * b)
    if b is not None:
        return times(right, left)
    if a == 1:
        return right
    if a == 0:
        return number(0)
    if a is not None and right.op == "*" and (first := _number(right.of[0])) is not None:
        return times(number(a * first), right.of[1])
    for quotient, divisor in ((left, right), (right, left)):
        if quotient.op == "//" and quotient.of[1] == divisor:
            rounded = _rounded_up(quotient.of[0], divisor)
            if rounded is not None:
                return made("round_up", rounded, divisor)
    if left == right:
        return made("**", left, number(2))
    return made("*", left, right)


def over(left: Expr, right: Expr) -> Expr:
    """Return a quotient rounded down."""
    a, b = _number(left), _number(right)
    if b == 1:
        return left
    if a is not None and b:
        return number(a // b)
    return made("//", left, right)


def raised(base: Expr, exponent: Expr) -> Expr:
    """Return a power."""
    if _number(exponent) == 1:
        return base
    a, b = _number(base), _number(exponent)
    if a is not None and b is not None and 0 <= b < 64:
        return number(a**b)
    return made("**", base, exponent)


def _rounded_up(dividend: Expr, divisor: Expr) -> Expr | None:
    """Return x where a dividend is x + divisor - 1, however it is written."""
    size = _number(divisor)
    if size is not None:
        last = _number(dividend.of[1]) if dividend.op == "+" else None
        found: Expr | None = dividend.of[0] if last == size - 1 else None
        return found
    if dividend.op == "-" and _number(dividend.of[1]) == 1 and dividend.of[0].op == "+":
        left, right = dividend.of[0].of
        return left if right == divisor else right if left == divisor else None
    return None


def _number(expr: Expr) -> int | None:
    found: int | None = expr.of[0] if expr.op == "number" else None
    return found


def is_number(expr: Expr) -> bool:
    """Whether an expression is a mere number."""
    return expr.op == "number"


_SHORTENING = {"+": plus, "-": minus, "*": times, "//": over, "**": raised}


def substituted(expr: Expr, values: Environment) -> Expr:
    """Return an expression with numbers in place of some names; one of a list stands where its elements do."""
    if expr.names.isdisjoint(values):
        return expr
    if expr.names <= values.keys() and (value := expr.value(values)) is not None:
        return number(value)
    if expr.op == "name":
        return expr
    parts = [substituted(each, values) if isinstance(each, Expr) else each for each in expr.of]
    shortening = _SHORTENING.get(expr.op)
    return shortening(*parts) if shortening is not None else made(expr.op, *parts)
