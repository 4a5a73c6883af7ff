"""Whole numbers, doubles, truths and texts that remember how they were worked out."""

from __future__ import annotations

import builtins
import math
import operator
from collections.abc import Callable
from functools import partial

# by this name, since `logarithm` stands in its place in a run
from math import log2
from typing import Any

from paramcalc.families.generator.doubles import MIRRORED, Form, Logarithm, Part, Product, Sum, fraction_of, halves_of
from paramcalc.families.generator.recording import LOST, ask, current
from paramcalc.families.generator.remembering import KINDS, Remembering, expression, plain

_NUMBERS = (int, float)


def whole(value: int, text: str) -> Any:
    """Return a whole number with its expression."""
    found = Whole(value)
    found.expression = f"{LOST}{value}" if LOST in text else text
    return found


def lost(value: Any) -> Any:
    """Return a number whose expression is not known."""
    if isinstance(value, bool) or not isinstance(value, _NUMBERS):
        return value
    return whole(value, f"{LOST}{value}") if isinstance(value, int) else double(value)


def double(value: float, ratio: tuple[str, str] | None = None, form: Form | None = None) -> Any:
    """Return a double: a quotient of two whole numbers, or what is known of a whole number times a double."""
    found = Double(value)
    found.expression = f"{LOST}{value}"
    found.ratio, found.form = ratio, form
    return found


def sources(*values: Any) -> frozenset[str]:
    """Return the fields that doubles among values are made of."""
    return frozenset().union(*(each.sources for each in values if isinstance(each, Double)))


def constant(value: float) -> Any:
    """Return a double that the code itself has: Python multiplies a plain one without asking the other number."""
    top, bottom = value.as_integer_ratio() if math.isfinite(value) else (0, 0)
    is_short = 0 < top <= 1024 and bottom <= 64
    found = double(value, ratio=(str(top), str(bottom)) if is_short else None)
    found.expression = repr(value)
    return found


def is_constant(value: Any) -> bool:
    """Whether a value is a double that the code itself has."""
    return isinstance(value, float) and expression(value) == repr(plain(value))


def logarithm(value: Any) -> Any:
    """Return the logarithm of a number to the base 2, which remembers what is left of it where it is cut off."""
    found = log2(plain(value))
    top, bottom = (expression(value), "1") if isinstance(value, Whole) else getattr(value, "ratio", None) or (LOST, "1")
    if LOST in top or LOST in bottom or found < 0:
        return lost(found) if hasattr(value, "expression") else found
    # that of a quotient lies between the same whole numbers as that of the quotient without its fraction
    return double(found, form=Logarithm(top if bottom == "1" else f"{top} // {bottom}"))


class _Number(Remembering):
    """What whole numbers, doubles and truths have in common."""

    def __bool__(self) -> bool:
        value = plain(self)
        return ask(f"({self.expression} != 0)", value != 0)


class Whole(_Number, int):
    """A whole number."""

    __hash__ = int.__hash__

    def plain(self) -> int:
        """Return the number without what it remembers."""
        return int.__int__(self)

    def __neg__(self) -> Any:
        return whole(-plain(self), f"(-{self.expression})")

    def __abs__(self) -> Any:
        return lost(abs(plain(self)))

    def __round__(self, digits: Any = None) -> Any:
        return self

    def __floor__(self) -> Any:
        return self

    def __ceil__(self) -> Any:
        return self

    def __trunc__(self) -> Any:
        return self

    def __int__(self) -> Any:
        return int.__int__(self)

    def __index__(self) -> int:
        return int.__int__(self)


_ROUNDINGS: dict[str, Callable[[float], int]] = {
    "scaled": math.trunc,
    "scaled_up": math.ceil,
    "scaled_near": builtins.round,
}


class Double(_Number, float):
    """A double."""

    ratio: tuple[str, str] | None = None
    form: Form | None = None
    #: the fields that are doubles and that it is made of
    sources: frozenset[str] = frozenset()
    __hash__ = float.__hash__

    def plain(self) -> float:
        """Return the double without what it remembers."""
        return float.__float__(self)

    def rounded(self, sort: str) -> Any:
        """Return it as a whole number, cut off, rounded up or to the nearest."""
        value = int(_ROUNDINGS[sort](plain(self)))
        if isinstance(self.form, Product):
            return whole(value, self.form.rounded(sort))
        if isinstance(self.form, Sum) and sort == "scaled":
            ask(self.form.assumed(), self.form.is_assumed())
            return whole(value, self.form.truncated())
        if self.ratio is not None and sort != "scaled_near":
            top, bottom = self.ratio
            if bottom == "1":
                return whole(value, top)
            return whole(value, f"({top} // {bottom})" if sort == "scaled" else f"ceil({top} / {bottom})")
        if isinstance(self.form, Logarithm) and sort == "scaled":
            return whole(value, f"log2({self.form.of})")
        recorder = current()
        if recorder is not None:
            recorder.lost |= self.sources
        return lost(value)

    def __floor__(self) -> Any:
        return self.rounded("scaled")

    def __trunc__(self) -> Any:
        return self.rounded("scaled")

    def __ceil__(self) -> Any:
        return self.rounded("scaled_up")

    def __round__(self, digits: Any = None) -> Any:
        return self.rounded("scaled_near") if digits is None else double(builtins.round(plain(self), digits))

    def __neg__(self) -> Any:
        return double(-plain(self))


class Truth(_Number, int):
    """A truth: a number, since no class may stand on `bool`."""

    __hash__ = int.__hash__

    def plain(self) -> bool:
        """Return the truth without what it remembers."""
        return int.__int__(self) != 0

    def __bool__(self) -> bool:
        return ask(self.expression, int.__int__(self) != 0)

    def __repr__(self) -> str:
        return repr(int.__int__(self) != 0)


class Text(Remembering, str):
    """A text."""

    __hash__ = str.__hash__

    def plain(self) -> str:
        """Return the text without what it remembers."""
        return str.__str__(self)

    def startswith(self, *given: Any) -> bool:
        """Ask how it begins: the language has no word for it."""
        return ask(f"{LOST}startswith({self.expression})", str.startswith(self, *given))

    def endswith(self, *given: Any) -> bool:
        """Ask how it ends: the language has no word for it."""
        return ask(f"{LOST}endswith({self.expression})", str.endswith(self, *given))

    def __contains__(self, part: Any) -> bool:
        return ask(f"{LOST}part({self.expression}, {part!r})", str.__contains__(self, part))


_OPERATIONS: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "add": ("+", operator.add),
    "sub": ("-", operator.sub),
    "mul": ("*", operator.mul),
    "floordiv": ("//", operator.floordiv),
    "truediv": ("/", operator.truediv),
    "mod": ("%", operator.mod),
    "pow": ("**", operator.pow),
}
_COMPARISONS: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "eq": ("==", operator.eq),
    "ne": ("!=", operator.ne),
    "lt": ("<", operator.lt),
    "le": ("<=", operator.le),
    "gt": (">", operator.gt),
    "ge": (">=", operator.ge),
}


def _result(sign: str, value: Any, left: Any, right: Any) -> Any:
    """Return what an operation gives, with its expression where the language has one."""
    if isinstance(value, complex):
        return value
    first, second = expression(left), expression(right)
    if isinstance(left, int) and isinstance(right, int):
        if sign == "/":
            return double(value, ratio=(first, second)) if value >= 0 else double(value)
        if isinstance(value, int):
            return whole(value, f"({first} {sign} {second})")
        return double(value)
    if sign == "*" and value >= 0:
        return _product(value, left, right)
    # a difference may be negative elsewhere, and is then rounded the other way
    if sign == "+" and value >= 0:
        return _sum(value, left, right)
    if sign == "/" and isinstance(left, Double) and left.ratio is not None and isinstance(right, int) and value >= 0:
        # rounding the quotient of sizes twice passes no whole number
        return double(value, ratio=(left.ratio[0], f"({left.ratio[1]} * {second})"))
    return double(value)


def _product(value: float, left: Any, right: Any) -> Any:
    """Return a product of numbers of which one is a double."""
    for size, factor in ((left, right), (right, left)):
        if isinstance(size, int) and isinstance(factor, float):
            if isinstance(factor, Double) and factor.ratio is not None:
                top, bottom = factor.ratio
                product = expression(size) if top == "1" else f"({expression(size)} * {top})"
                return double(value, ratio=(product, bottom))
            known = LOST not in expression(factor)
            form = Product(expression(size), expression(factor)) if known else None
            return double(value, ratio=_exact_product(size, factor), form=form)
        if isinstance(size, Double) and isinstance(size.form, Product) and is_constant(factor):
            fraction = fraction_of(plain(factor))
            return double(value, form=None if fraction is None else Part(size.form, plain(size), fraction))
    return double(value)


def _sum(value: float, left: Any, right: Any) -> Any:
    """Return a sum of numbers of which one is a double."""
    first, second = _in_parts(left), _in_parts(right)
    if first is not None and second is not None:
        unit = max(first[1], second[1])
        one, other = (text if parts == unit else f"({unit} * {text})" for text, parts in (first, second))
        return double(value, ratio=(f"({one} + {other})", str(unit)))
    for product, added in ((left, second), (right, first)):
        if isinstance(product, Double) and isinstance(product.form, Product) and added is not None:
            return double(value, form=Sum(product.form, plain(product), *added))
    return double(value)


def _in_parts(value: Any) -> tuple[str, int] | None:
    """Return a number as a number of wholes, or of halves, with how many of them make 1; None for another."""
    if isinstance(value, int):
        return expression(value), 1
    if isinstance(value, Double) and value.ratio is not None and value.ratio[1] in ("1", "2"):
        return value.ratio[0], int(value.ratio[1])
    halves = halves_of(plain(value)) if is_constant(value) else None
    if halves is None:
        return None
    return (str(halves // 2), 1) if halves % 2 == 0 else (str(halves), 2)


def _exact_product(size: Any, factor: float) -> tuple[str, str] | None:
    """Return a size times a constant that is a short binary fraction, such as 0.75, as a quotient."""
    top, bottom = plain(factor).as_integer_ratio()
    if isinstance(factor, Double) or bottom > 64 or top > 1024:
        return None
    return f"({top} * {expression(size)})", str(bottom)


def _operation(sign: str, apply: Callable[[Any, Any], Any], reflected: bool) -> Any:
    def method(self: Any, other: Any) -> Any:
        if not isinstance(other, _NUMBERS):
            return NotImplemented
        left, right = (other, self) if reflected else (self, other)
        found = _result(sign, apply(plain(left), plain(right)), left, right)
        if isinstance(found, Double):
            found.sources = sources(left, right)
        return found

    return method


def _comparison(sign: str, apply: Callable[[Any, Any], bool]) -> Any:
    def method(self: Any, other: Any) -> Any:
        if not isinstance(other, (*_NUMBERS, str)):
            return NotImplemented if sign not in ("==", "!=") else sign == "!="
        outcome = apply(plain(self), plain(other))
        if isinstance(self, str) and sign not in ("==", "!="):
            # the order of texts matters to none that sorts them
            return outcome
        return ask(_compared(sign, self, other), outcome)

    return method


def _compared(sign: str, left: Any, right: Any) -> str:
    """Return how numbers compare as an expression, and record what that assumes."""
    if isinstance(right, Double) and not isinstance(left, float):
        return _compared(MIRRORED[sign], right, left)
    if isinstance(left, Double) and isinstance(right, int):
        other, sign_of_other = expression(right), MIRRORED[sign]
        if isinstance(left.form, Product):
            return left.form.compared(sign_of_other, other)
        if isinstance(left.form, Part) and sign not in ("==", "!="):
            ask(left.form.assumed(other), left.form.is_assumed(plain(right)))
            return left.form.compared(sign_of_other, other)
        if left.ratio is not None and LOST not in "".join(left.ratio):
            return f"({left.ratio[0]} {sign} {left.ratio[1]} * {other})"
    return f"({expression(left)} {sign} {expression(right)})"


for _class in (Whole, Double):
    for _name, (_sign, _apply) in _OPERATIONS.items():
        setattr(_class, f"__{_name}__", _operation(_sign, _apply, reflected=False))
        setattr(_class, f"__r{_name}__", _operation(_sign, _apply, reflected=True))
for _each in (Whole, Double, Truth, Text):
    for _name, (_sign, _compare) in _COMPARISONS.items():
        setattr(_each, f"__{_name}__", _comparison(_sign, _compare))


def _named(cls: type[Any], value: Any, text: str) -> Any:
    found = cls(value)
    found.expression = text
    return found


def _double_named(value: float, text: str) -> Any:
    found = _named(Double, value, text)
    found.sources = frozenset({text})
    return found


KINDS.update({bool: partial(_named, Truth), int: partial(_named, Whole), str: partial(_named, Text)})
KINDS[float] = _double_named
