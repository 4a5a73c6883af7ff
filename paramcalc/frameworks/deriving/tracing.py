"""Whole numbers that remember how they were worked out, for one run of a constructor.

What they collect are candidates: the expressions that the constructor worked out, and the comparisons that it made.
Nothing rests on them; what is stated of a constructor is found and proved by running it on plain numbers.
`int(x)`, `math.isqrt`, `range` and a framework's own code take the plain number out of them unseen.
"""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from paramcalc.frameworks.deriving import expressions as ex
from paramcalc.frameworks.deriving.expressions import Environment, Expr

#: How many expressions and comparisons are kept of a run, and how large the former are at most.
_MOST_EXPRESSIONS, _MOST_CONDITIONS, _LARGEST_EXPRESSION = 3_000, 1_000, 40
#: A plain number that has left as `int(x)` is known again if it is larger than this.
_TELLING = 16
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


class Condition(NamedTuple):
    """A comparison that holds at the values that were given, and the line that made it."""

    op: str
    left: Expr
    right: Expr
    place: str = ""

    @property
    def expr(self) -> Expr:
        """The comparison as an expression."""
        return ex.made(self.op, self.left, self.right)

    @property
    def names(self) -> frozenset[str]:
        """The dims in it."""
        return self.left.names | self.right.names

    @property
    def is_equality(self) -> bool:
        """Whether it says that two sizes are equal, as a divisibility does."""
        return self.op == "=="

    def holds(self, environment: Environment) -> bool:
        """Whether it holds; where it cannot be worked out, nothing speaks against it."""
        try:
            # what is asked most often: the comparison is not made an expression first
            return bool(ex.OPERATIONS[self.op](self.left.evaluate(environment), self.right.evaluate(environment)))
        except (ArithmeticError, ValueError, IndexError, TypeError):
            return True

    def at(self, values: Environment) -> Condition:
        """Return the condition with numbers in place of some dims."""
        return self._replace(left=ex.substituted(self.left, values), right=ex.substituted(self.right, values))

    def opposite(self) -> Condition:
        """Return the condition that holds where this one does not."""
        return self._replace(op=_OPPOSITE[self.op])

    def __str__(self) -> str:
        return str(self.expr)


@dataclass
class Log:
    """What one run has worked out and compared."""

    #: the expressions in the order in which they came up
    expressions: dict[Expr, None] = field(default_factory=dict)
    conditions: dict[tuple[str, Expr, Expr], Condition] = field(default_factory=dict)
    #: what has left as a plain number
    left: dict[int, Expr] = field(default_factory=dict)
    #: the doubles that stand in the code: `0.1 * width` forgets, since Python asks the double alone
    doubles: tuple[float, ...] = ()
    #: the whole numbers that stand in the code that was run, where no argument leaves it unseen; and what was worked
    #: out of dims that are fixed
    written: frozenset[int] = frozenset()

    def note(self, expr: Expr) -> None:
        """Keep an expression."""
        if len(self.expressions) < _MOST_EXPRESSIONS and expr.names and expr.size < _LARGEST_EXPRESSION:
            self.expressions.setdefault(expr)

    def at(self, values: Environment) -> Log:
        """Return what was worked out and compared with numbers in place of some dims."""
        left = {key: ex.substituted(expr, values) for key, expr in self.left.items()}
        fixed = [expr.value(values) for expr in self.expressions if expr.names <= values.keys()]
        known = {value for value in fixed if value is not None}
        found = Log(left=left, doubles=self.doubles, written=self.written | known)
        for expr in self.expressions:
            found.note(ex.substituted(expr, values))
        for each in self.conditions.values():
            condition = each.at(values)
            if condition.names:
                found.conditions[condition.op, condition.left, condition.right] = condition
        return found

    def compare(self, op: str, left: Expr, right: Expr, outcome: bool) -> None:
        """Keep a comparison, as it came out."""
        if not left.names | right.names or left == right or len(self.conditions) >= _MOST_CONDITIONS:
            return
        op = op if outcome else _OPPOSITE[op]
        left, right = _as_remainder(left, right)
        if left.op == "%" and left.of[1] == ex.number(1):
            return
        if (op, left, right) not in self.conditions:
            self.conditions[op, left, right] = Condition(op, left, right, _place())


def _as_remainder(left: Expr, right: Expr) -> tuple[Expr, Expr]:
    """Write (a // b) · b = a as a % b = 0."""
    for product, other in ((left, right), (right, left)):
        if product.op == "*":
            for quotient, divisor in (product.of, product.of[::-1]):
                if quotient.op == "//" and quotient.of == (other, divisor):
                    return ex.made("%", other, divisor), ex.number(0)
    return left, right


_logs: list[Log] = []


@contextmanager
def logging() -> Iterator[Log]:
    """Collect what the numbers that remember work out."""
    _logs.append(Log())
    try:
        yield _logs[-1]
    finally:
        _logs.pop()


#: Whose lines are not the user's own.
FOREIGN = (str(Path(__file__).parent), f"{'/'}torch{'/'}", f"{'/'}keras{'/'}", f"{'/'}transformers{'/'}")


def _place() -> str:
    """Return the file and the line of the innermost code that is the user's own."""
    frame: Any = sys._getframe(2)
    while frame is not None and any(part in frame.f_code.co_filename for part in FOREIGN):
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}" if frame is not None else ""


class TracedInt(int):
    """A whole number that knows the expression that it is the value of."""

    expr: Expr
    __hash__ = int.__hash__

    def __deepcopy__(self, memo: Any) -> TracedInt:
        return self

    def __copy__(self) -> TracedInt:
        return self

    def __reduce__(self) -> Any:
        return int, (_plain(self),)

    def __int__(self) -> int:
        return _leaving(_plain(self), self.expr)

    def __index__(self) -> int:
        return _leaving(_plain(self), self.expr)

    def __str__(self) -> str:
        return str(_leaving(_plain(self), self.expr))

    __repr__ = __str__

    def __format__(self, form: str) -> str:
        return format(_leaving(_plain(self), self.expr), form)

    def __neg__(self) -> Any:
        return traced(-_plain(self), ex.minus(ex.number(0), self.expr))

    def __pos__(self) -> TracedInt:
        return self

    def __round__(self, digits: Any = None) -> TracedInt:
        return self

    def __floor__(self) -> TracedInt:
        return self

    def __ceil__(self) -> TracedInt:
        return self

    def __trunc__(self) -> TracedInt:
        return self

    def __bool__(self) -> bool:
        return _compared("!=", self.expr, ex.number(0), _plain(self) != 0)


class TracedFloat(float):
    """A double that is a quotient of two expressions, or an expression scaled by a double."""

    dividend: Expr
    divisor: Expr
    #: a double that is no short fraction, if it is scaled by one
    factor: float | None
    __hash__ = float.__hash__

    def __deepcopy__(self, memo: Any) -> TracedFloat:
        return self

    def __copy__(self) -> TracedFloat:
        return self

    def __reduce__(self) -> Any:
        return float, (_plain(self),)

    def __int__(self) -> int:
        return _plain(self.__trunc__())  # type: ignore[no-any-return]

    def __trunc__(self) -> Any:
        return self._rounded(math.trunc, "scaled")

    def __floor__(self) -> Any:
        return self._rounded(math.floor, "scaled")

    def __ceil__(self) -> Any:
        return self._rounded(math.ceil, "scaled_up")

    def __round__(self, digits: Any = None) -> Any:
        return round(_plain(self), digits) if digits is not None else self._rounded(round, "scaled_near")

    def _rounded(self, rounding: Callable[[float], int], function: str) -> Any:
        value = rounding(_plain(self))
        if self.factor is not None:
            expr = ex.made(function, self.dividend, self.factor)
        elif ex.is_number(self.divisor) and self.divisor.of[0] == 1:
            expr = self.dividend
        elif function == "scaled":
            expr = ex.over(self.dividend, self.divisor)
        elif function == "scaled_up":
            expr = ex.made("ceil", self.dividend, self.divisor)
        else:
            two = ex.number(2)
            expr = ex.over(ex.plus(ex.times(two, self.dividend), self.divisor), ex.times(two, self.divisor))
        _leaving(value, expr)
        return traced(value, expr)


def traced(value: int, expr: Expr) -> int:
    """Return a whole number that remembers the expression."""
    if ex.is_number(expr):
        return value
    if _logs:
        _logs[-1].note(expr)
    found = TracedInt(value)
    found.expr = expr
    return found


def _traced_float(value: float, dividend: Expr, divisor: Expr, factor: float | None = None) -> TracedFloat:
    found = TracedFloat(value)
    found.dividend, found.divisor, found.factor = dividend, divisor, factor
    return found


def _plain(value: Any) -> Any:
    """Return a number without what it remembers."""
    if isinstance(value, TracedInt):
        return int.__add__(value, 0)
    return float.__add__(value, 0.0) if isinstance(value, TracedFloat) else value


def _leaving(value: int, expr: Expr) -> int:
    """Keep what leaves as a plain number."""
    if _logs:
        _logs[-1].left.setdefault(value, expr)
    return value


def _compared(op: str, left: Expr, right: Expr, outcome: bool) -> bool:
    if _logs:
        _logs[-1].compare(op, left, right, outcome)
    return outcome


def _expr(value: Any) -> Expr:
    """Return the expression of a whole number."""
    if isinstance(value, TracedInt):
        return value.expr
    plain = int(value)
    if _logs and plain > _TELLING and plain in _logs[-1].left:
        return _logs[-1].left[plain]
    return ex.number(plain)


#: A double is taken as a fraction if its denominator is a power of two that people write.
_MOST_DENOMINATOR = 64


def _fraction(value: Any) -> tuple[Expr, Expr] | None:
    """Return a number as a quotient of two expressions, where it is exactly that."""
    if isinstance(value, TracedFloat):
        return (value.dividend, value.divisor) if value.factor is None else None
    if isinstance(value, int):
        return _expr(value), ex.number(1)
    if not math.isfinite(value):
        return None
    top, bottom = value.as_integer_ratio()
    return (ex.number(top), ex.number(bottom)) if bottom <= _MOST_DENOMINATOR else None


def _result(op: str, left: Any, right: Any) -> Any:
    """Return what an operation gives, with its expression where that is known."""
    value = _NUMBERS[op](_plain(left), _plain(right))
    if isinstance(value, complex) or not math.isfinite(value):
        return value
    if isinstance(left, int) and isinstance(right, int):
        if op == "/":
            return _traced_float(value, _expr(left), _expr(right))
        return traced(value, _ARITHMETIC[op](_expr(left), _expr(right))) if isinstance(value, int) else value
    first, second = _fraction(left), _fraction(right)
    if first is None or second is None:
        return _scaled(op, value, left, right)
    (a, b), (c, d) = first, second
    if op == "//":
        return _traced_float(value, ex.over(ex.times(a, d), ex.times(b, c)), ex.number(1))
    if op == "*":
        return _traced_float(value, ex.times(a, c), ex.times(b, d))
    if op == "/":
        return _traced_float(value, ex.times(a, d), ex.times(b, c))
    if op in ("+", "-"):
        sum_of = _ARITHMETIC[op]
        if b == d:
            return _traced_float(value, sum_of(a, c), b)
        return _traced_float(value, sum_of(ex.times(a, d), ex.times(c, b)), ex.times(b, d))
    return value


def _scaled(op: str, value: float, left: Any, right: Any) -> Any:
    """Return a whole number times a double that is no short fraction; anything else is lost."""
    for size, factor in ((left, right), (right, left)):
        whole = _whole(size)
        if op == "*" and whole is not None and type(factor) is float:
            return _traced_float(value, whole, ex.number(1), factor)
    return value


def _whole(value: Any) -> Expr | None:
    """Return the expression of a number that is whole, if it remembers one."""
    if isinstance(value, TracedFloat):
        return value.dividend if value.factor is None and value.divisor == ex.number(1) else None
    return _expr(value) if isinstance(value, TracedInt) else None


#: What a whole number is compared with in place of a fraction.
_BESIDE = {"<": "scaled_up", ">=": "scaled_up", ">": "scaled", "<=": "scaled"}


def _compared_scaled(op: str, left: Any, right: Any, outcome: bool) -> None:
    """Keep a comparison of a whole number with one that is scaled by a double."""
    mirrored = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
    for each, other, name in ((left, right, op), (right, left, mirrored.get(op, op))):
        whole = _whole(each) if not isinstance(each, int) else _expr(each)
        scaled = isinstance(other, TracedFloat) and other.factor is not None and other.divisor == ex.number(1)
        if name in _BESIDE and whole is not None and scaled:
            _compared(name, whole, ex.made(_BESIDE[name], other.dividend, other.factor), outcome)


_NUMBERS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "/": operator.truediv,
    "%": operator.mod,
    "**": operator.pow,
    "<<": operator.lshift,
    ">>": operator.rshift,
}
_ARITHMETIC: dict[str, Callable[[Expr, Expr], Expr]] = {
    "+": ex.plus,
    "-": ex.minus,
    "*": ex.times,
    "//": ex.over,
    "%": lambda left, right: ex.made("%", left, right),
    "**": ex.raised,
    "<<": lambda left, right: ex.times(left, ex.raised(ex.number(2), right)),
    ">>": lambda left, right: ex.over(left, ex.raised(ex.number(2), right)),
}


def _operation(op: str, reflected: bool) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        if not isinstance(other, (int, float)):
            return NotImplemented
        return _result(op, other, self) if reflected else _result(op, self, other)

    return method


def _comparison(op: str) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        if not isinstance(other, (int, float)):
            return NotImplemented
        outcome = ex.COMPARISONS[op](_plain(self), _plain(other))
        first, second = _fraction(self), _fraction(other)
        if first is None or second is None:
            _compared_scaled(op, self, other, outcome)
            return outcome
        (a, b), (c, d) = first, second
        return _compared(op, ex.times(a, d), ex.times(c, b), outcome)

    return method


_METHODS = {"+": "add", "-": "sub", "*": "mul", "//": "floordiv", "/": "truediv", "%": "mod", "**": "pow"}
_TESTS = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_SHIFTS = {"<<": "lshift", ">>": "rshift"}
for _class, _methods in ((TracedInt, {**_METHODS, **_SHIFTS}), (TracedFloat, _METHODS)):
    for _op, _name in _methods.items():
        setattr(_class, f"__{_name}__", _operation(_op, reflected=False))
        setattr(_class, f"__r{_name}__", _operation(_op, reflected=True))
    for _op, _name in _TESTS.items():
        setattr(_class, f"__{_name}__", _comparison(_op))
