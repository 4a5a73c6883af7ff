"""What the operators and functions of the expression language do with values: sizes, truths, lists, texts."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from paramcalc.core import algebra, doubles
from paramcalc.core.algebra import Number
from paramcalc.core.errors import LIMITS, quoted, refuse
from paramcalc.core.expression.environment import ABSENT, TOO_LARGE, Environment, too_large, too_long


def as_number(value: Any) -> Number:
    """Return a value that is a size. Raises `wrong-type`."""
    if algebra.is_number(value):
        return value
    if value is ABSENT:
        raise refuse("absent-value", "a value that is none takes no part in arithmetic", "compare it with none first")
    if type(value) is float:
        hint = "a double is compared as it stands, or is the factor of scaled(size, factor); no more is done with one"
        raise refuse("wrong-type", f"{_shown(value)} is a double, and sizes are whole numbers", hint)
    raise refuse("wrong-type", f"{_shown(value)} is not a number")


def as_truth(value: Any) -> bool:
    """Return the truth that a value is. Raises `wrong-type`; `Undecided` where it depends on a symbol."""
    if isinstance(value, bool) or algebra.is_symbol(value) or algebra.is_array(value):
        return algebra.truth(value)
    raise refuse("wrong-type", f"{_shown(value)} is neither true nor false", "compare it: n > 0")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"a list of {len(value)}" if isinstance(value, tuple) else quoted(value)


# --- Operators -------------------------------------------------------------------------


def _add(left: Any, right: Any) -> Any:
    if isinstance(left, tuple) and isinstance(right, tuple):
        return left + right
    return as_number(left) + as_number(right)


def joined(left: Any, right: Any) -> Any:
    """Return two texts as one, for the tables of the conventions; of anything else, the sum."""
    return left + right if isinstance(left, str) and isinstance(right, str) else _add(left, right)


def _multiply(left: Any, right: Any) -> Any:
    if isinstance(left, tuple) and type(right) is int:
        if len(left) * right > LIMITS.list_length:
            raise too_long()
        return left * right
    if isinstance(left, tuple) and algebra.is_symbol(right):
        raise algebra.Undecided(right)
    return algebra.short(as_number(left) * as_number(right))


def power(base: Any, exponent: Any) -> Any:
    """Return a power of a whole number. Raises `invalid-value`, and `limit` before a number of too many digits."""
    base, exponent = as_number(base), as_number(exponent)
    if not algebra.at_least(exponent, 0):
        raise refuse("invalid-value", f"the exponent {quoted(exponent)} is negative")
    magnitude = algebra.magnitude(base)
    # refused before it is computed
    if magnitude > 1 and algebra.magnitude(exponent) * (magnitude.bit_length() - 1) > TOO_LARGE.bit_length():
        raise too_large()
    if type(exponent) is Fraction:
        raise refuse("invalid-value", f"the exponent {exponent} is not a whole number")
    return algebra.short(base**exponent)


def ratio(dividend: Any, divisor: Any) -> Number:
    """Return the quotient as a fraction, where `ceil` or `floor` round what comes of it."""
    return algebra.ratio(as_number(dividend), as_number(divisor))


#: What each operator between two values does.
BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: _add,
    ast.Sub: lambda left, right: as_number(left) - as_number(right),
    ast.Mult: _multiply,
    ast.Div: lambda left, right: algebra.divide(as_number(left), as_number(right)),
    ast.FloorDiv: lambda left, right: algebra.floor_divide(as_number(left), as_number(right)),
    ast.Mod: lambda left, right: algebra.modulo(as_number(left), as_number(right)),
    ast.Pow: power,
}


def negated(value: Any) -> Any:
    """Return a number with the other sign."""
    return -as_number(value)


def denied(value: Any) -> bool:
    """Return whether a truth is false."""
    return not as_truth(value)


#: What each operator before one value does; `+` leaves it as it is.
UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {ast.USub: negated, ast.Not: denied}

#: The sign of each comparison.
COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}


def compared(symbols: Sequence[str], values: Sequence[Any], words: bool) -> Any:
    """Return whether each value stands to the next as the symbol between them says, as in 0 < n <= 8."""
    triples = zip(symbols, values, values[1:], strict=False)
    results = [_relation(symbol, left, right, words) for symbol, left, right in triples]
    return results[0] if len(results) == 1 else all(as_truth(result) for result in results)


def _relation(symbol: str, left: Any, right: Any, words: bool) -> Any:
    if symbol in ("in", "not in"):
        return contains(right, left) == (symbol == "in")
    alike = type(left) is type(right) and isinstance(left, (bool, tuple))
    worded = any(side is None or side is ABSENT or isinstance(side, str) for side in (left, right))
    # a field of a layer may be one number or several: a table asks which
    one_is_list = words and isinstance(left, tuple) is not isinstance(right, tuple)
    if symbol in ("==", "!=") and (alike or worded or one_is_list):
        return _equal(left, right) == (symbol == "==")
    if type(left) is float or type(right) is float:
        return algebra.compare(symbol, _exact(left), _exact(right))
    return algebra.compare(symbol, as_number(left), as_number(right))


def _exact(value: Any) -> Any:
    """Return what a double stands for, exactly; a number as it is."""
    return Fraction(value) if type(value) is float else as_number(value)


def item(sequence: Any, index: Any) -> Any:
    """Return an element of a list. Raises `wrong-type`, `invalid-value`; `Undecided` for an index without a value."""
    if not isinstance(sequence, tuple):
        raise refuse("wrong-type", f"{_shown(sequence)} is not a list")
    if algebra.is_symbol(index) or algebra.is_array(index) or isinstance(index, algebra.Unknown):
        raise algebra.Undecided(index)
    if type(index) is not int or not -len(sequence) <= index < len(sequence):
        raise refuse(
            "invalid-value",
            f"a list of {len(sequence)} has no element [{_shown(index)}]",
            f"the elements are [0] to [{len(sequence) - 1}]" if sequence else "",
        )
    return sequence[index]


def part(sequence: Any, start: Any, stop: Any) -> Any:
    """Return the elements of a list from one place to another. Raises `wrong-type`; `Undecided` as `item` does."""
    as_list(sequence)
    for bound in (start, stop):
        if algebra.is_symbol(bound) or algebra.is_array(bound) or isinstance(bound, algebra.Unknown):
            raise algebra.Undecided(bound)
        if bound is not None and type(bound) is not int:
            raise refuse("wrong-type", f"{_shown(bound)} is no place in a list")
    return sequence[start:stop]


def as_list(value: Any) -> tuple[Any, ...]:
    """Return a value that is a list. Raises `wrong-type`."""
    if isinstance(value, tuple):
        return value
    raise refuse("wrong-type", f"{_shown(value)} is not a list")


def contains(values: Any, wanted: Any) -> bool:
    """Return whether a list has an element. Raises `wrong-type`; `Undecided` where a symbol decides."""
    return any(_equal(value, wanted) for value in as_list(values))


def _equal(value: Any, wanted: Any) -> bool:
    """Return whether two values are equal, lists by their elements; a number is no text, and never equal to one."""
    if isinstance(value, tuple) and isinstance(wanted, tuple):
        return len(value) == len(wanted) and all(map(_equal, value, wanted))
    if any(isinstance(side, (str, tuple, bool)) or side is None or side is ABSENT for side in (value, wanted)):
        return type(value) is type(wanted) and value == wanted
    return as_truth(_relation("==", value, wanted, False))


# --- Functions -------------------------------------------------------------------------


def _items(*values: Any) -> list[Number]:
    items = list(values[0]) if len(values) == 1 and isinstance(values[0], tuple) else list(values)
    if not items:
        raise refuse("invalid-value", "min() and max() of an empty list")
    return [as_number(item) for item in items]


def _length(environment: Environment, values: Any) -> int:
    return len(as_list(values))


def _position(environment: Environment, wanted: Any, values: Any) -> int:
    for place, value in enumerate(as_list(values)):
        if _equal(value, wanted):
            return place
    raise refuse("invalid-value", f"{_shown(wanted)} is not in the list")


def _sum(environment: Environment, values: Any) -> Number:
    return sum((as_number(value) for value in as_list(values)), start=0)


def _log2(environment: Environment, value: Any) -> int:
    number = as_number(value)
    if algebra.is_symbol(number) or algebra.is_array(number) or isinstance(number, algebra.Unknown):
        raise algebra.Undecided(number)
    if not algebra.at_least(number, 1):
        raise refuse("invalid-value", f"the logarithm of {quoted(number)}, which is less than 1")
    return int(number).bit_length() - 1


def _scaled(rounding: str) -> Callable[..., Number]:
    """Return the function that scales a size by a double and rounds it so."""

    def scale(environment: Environment, size: Any, factor: Any) -> Number:
        factor = factor if type(factor) is float else as_number(factor)
        return algebra.scaled_by_double(as_number(size), factor, rounding)

    return scale


def _round_up(environment: Environment, value: Any, multiple: Any) -> Number:
    return algebra.ceil_divide(as_number(value), as_number(multiple)) * multiple


#: Each function of the language: the fewest and the most values it takes, and what it does.
FUNCTIONS: dict[str, tuple[int, int | None, Callable[..., Any]]] = {
    "size": (1, 2, lambda environment, axis, node=None: environment.size(axis, node)),
    "channels": (0, 0, lambda environment: environment.size(environment.channel_axis)),
    "min": (1, None, lambda environment, *values: algebra.smallest(_items(*values))),
    "max": (1, None, lambda environment, *values: algebra.largest(_items(*values))),
    "ceil": (1, 1, lambda environment, value: algebra.ceil_divide(as_number(value), 1)),
    "floor": (1, 1, lambda environment, value: algebra.floor_divide(as_number(value), 1)),
    **{rounding: (2, 2, _scaled(rounding)) for rounding in doubles.ROUNDINGS},
    "len": (1, 1, _length),
    "log2": (1, 1, _log2),
    "position": (2, 2, _position),
    "sum": (1, 1, _sum),
    "round_up": (2, 2, _round_up),
}
#: The functions that round, so that `/` within them may leave a fraction.
ROUNDING = frozenset(["ceil", "floor"])
