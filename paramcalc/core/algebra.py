"""Arithmetic over whole numbers, arrays of them, symbols, and sizes that are not known.

A size is one of

    int                     a number, of any magnitude
    numpy.ndarray           many numbers at once; of Python ints (dtype object), so none wraps
    sympy.Expr              a symbol, or what became of one
    Unknown                 a length that is left free: `tokens: null`

`+ - *` mean the same for all four. Whatever differs between them stands here, and
no other module asks which of the four it holds. NumPy and SymPy are not imported here:
a value of theirs exists only where its module is loaded already.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from fractions import Fraction
from typing import Any, TypeAlias

from paramcalc.core.errors import LIMITS, ParamcalcError, quoted, refuse

#: A size: see the head of this module. `Any`, because one piece of code serves all four.
Number: TypeAlias = Any
#: The sizes of a tensor's axes. Those of a layer's input and output leave the batch out.
Shape: TypeAlias = tuple[Number, ...]


class Undecided(Exception):
    """A single truth was asked of a size that has none: a symbol, an array, a free length."""

    def __init__(self, value: Number) -> None:
        self.value = value
        super().__init__(value)

    @property
    def names(self) -> frozenset[str]:
        """The symbols or free dims that the truth depends on; none for an array."""
        if isinstance(self.value, Unknown):
            return self.value.sources
        return frozenset(symbol.name for symbol in getattr(self.value, "free_symbols", ()))


class Unknown:
    """A size that is not known: a free dim by its name, or what follows from such (no name)."""

    __slots__ = ("name", "sources")

    def __init__(self, name: str | None = None, sources: frozenset[str] = frozenset()) -> None:
        self.name = name
        #: the dims that it follows from; none where it is a length that is null
        self.sources = sources if name is None else frozenset([name])

    def _derive(self, other: Number) -> Unknown:
        return Unknown(None, self.sources | getattr(other, "sources", frozenset()))

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _derive
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = _derive

    def __neg__(self) -> Unknown:
        return self._derive(0)

    def _undecided(self, other: Number = None) -> bool:
        raise Undecided(self)

    __lt__ = __le__ = __gt__ = __ge__ = _undecided

    def __bool__(self) -> bool:
        raise Undecided(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unknown) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return self.name or "None"


_conditions: ContextVar[list[Any] | None] = ContextVar("conditions", default=None)


@contextmanager
def assuming() -> Iterator[list[Any]]:
    """Collect what symbolic arithmetic takes for granted, as (relation, left, right)."""
    collected: list[Any] = []
    token = _conditions.set(collected)
    try:
        yield collected
    finally:
        _conditions.reset(token)


def assume(relation: str, left: Number, right: Number) -> None:
    """Record what a symbolic evaluation takes for granted: "=", "≥" or "divides"."""
    collected = _conditions.get()
    if collected is not None and (relation, left, right) not in collected:
        collected.append((relation, left, right))


def is_symbol(value: Number) -> bool:
    """Whether a size is a symbol or made of symbols."""
    sympy = sys.modules.get("sympy")
    return sympy is not None and isinstance(value, sympy.Basic)


def is_array(value: Number) -> bool:
    """Whether a size is an array of sizes."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray)


def is_number(value: Number) -> bool:
    """Whether a value is a size at all. Truth values and floats are not."""
    return type(value) in (int, Fraction) or isinstance(value, Unknown) or is_symbol(value) or is_array(value)


def as_number(value: Number) -> Number:
    """A size given from outside: arrays and NumPy's integers as exact Python ints.

    Raises `wrong-type` for anything that is not a whole number.
    """
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, (numpy.ndarray, numpy.integer)):
        if isinstance(value, numpy.integer):
            return int(value)
        if value.dtype.kind in "iu":
            return value.astype(object)
        if value.dtype == object and all(type(item) is int for item in value.flat):
            return value
    elif is_number(value):
        return value
    raise refuse("wrong-type", f"a size is a whole number, or an array of such, not {quoted(value)}")


def magnitude(value: Number) -> int:
    """How large a number is, or the largest of an array, without its sign; 0 for what is no number.

    Of a fraction it is the larger of its two parts.
    """
    if is_array(value):
        return max(map(magnitude, value.flat), default=0)
    if type(value) is int:
        return abs(value)
    return max(abs(value.numerator), value.denominator) if type(value) is Fraction else 0


def product(sizes: Iterable[Number]) -> Number:
    """The product of sizes; 1 for none of them."""
    result: Number = 1
    for size in sizes:
        result = result * size
    return result


def truth(value: Number) -> bool:
    """The one truth of a condition.

    Raises `Undecided` where the condition depends on a symbol, an array or a free length.
    """
    if value is True or value is False:
        return value
    if is_symbol(value):
        if value.is_Boolean and not value.free_symbols:
            return bool(value)
        raise Undecided(value)
    if is_array(value):
        if value.size and (value == value.flat[0]).all():
            return bool(value.flat[0])
        raise Undecided(value)
    return bool(value)


def as_factor(condition: Number) -> Number:
    """A condition as it enters arithmetic: 1 where it holds, 0 where not; a symbol stands for either.

    Raises `Undecided` for a comparison of symbols: no polynomial has it as a factor.
    """
    return condition if is_symbol(condition) and not condition.is_Relational else int(truth(condition))


class Allowance:
    """How many copies of nodes, and of layers within layers, may still be evaluated."""

    def __init__(self, copies: int = LIMITS.copies) -> None:
        self.copies = copies


_allowance: ContextVar[Allowance | None] = ContextVar("allowance", default=None)


@contextmanager
def allowing(allowance: Allowance) -> Iterator[None]:
    """Take the copies of layers within layers from this allowance, as long as it holds."""
    token = _allowance.set(allowance)
    try:
        yield
    finally:
        _allowance.reset(token)


def number_of_copies(value: Number) -> int:
    """The one whole number that a size is, where it says how many layers there are.

    Raises `Undecided` for a symbol, a free length, and an array of numbers that differ, `limit` for too many.
    """
    if isinstance(value, Unknown) or (is_symbol(value) and not value.is_Integer):
        raise Undecided(value)
    if is_array(value):
        if not value.size or (value != value.flat[0]).any():
            raise Undecided(value)
        value = value.flat[0]
    number = int(value)
    if number > LIMITS.copies:
        raise _too_many_copies(number)
    return number


def copies(number: Number) -> range:
    """The numbers of so many copies, from 0. They are taken from the allowance of the whole model.

    Raises what `number_of_copies` does, and `limit` where too few are left.
    """
    count, allowance = number_of_copies(number), _allowance.get()
    if allowance is not None:
        if count > allowance.copies:
            raise _too_many_copies(count)
        allowance.copies -= count
    return range(count)


def _too_many_copies(number: int) -> ParamcalcError:
    return refuse("limit", f"{number:,} copies of a layer: a model has {LIMITS.copies:,} at the most, all together")


def equal(left: Number, right: Number) -> bool:
    """Whether two sizes agree. A free length agrees with anything.

    Of two symbolic sizes that are not the same, it is assumed, and recorded, that they are.
    """
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return True
    if is_symbol(left) or is_symbol(right):
        difference = (left - right).expand()
        if difference.is_Integer or difference.is_nonzero:
            return bool(difference == 0)
        assume("=", left, right)
        return True
    if is_array(left) or is_array(right):
        return bool((left == right).all())
    return bool(left == right)


def equal_shapes(left: Shape, right: Shape) -> bool:
    """Whether two shapes have the same axes, each as `equal` has it."""
    return len(left) == len(right) and all(map(equal, left, right))


def same(left: Number, right: Number) -> bool:
    """Whether two sizes are identical: nothing is assumed, and no free length is guessed."""
    if is_array(left) or is_array(right):
        return bool((left == right).all())
    if is_symbol(left) or is_symbol(right):
        difference = (left - right).expand()
        # a polynomial multiplied out is 0 or it is not; `simplify` is slow, and loads much of SymPy
        return bool(difference == 0 or (not difference.is_polynomial() and difference.simplify() == 0))
    return bool(left == right)


def at_least(value: Number, bound: int) -> bool:
    """Whether a size reaches a bound. A free length does; of a symbol it is assumed."""
    if type(value) is int:
        return value >= bound
    if isinstance(value, Unknown):
        return True
    if is_symbol(value):
        if value.is_Integer:
            return int(value) >= bound
        whole = bound == 1 and value.is_positive and value.is_integer
        if not whole and not (value - bound).is_nonnegative:
            assume("≥", value, bound)
        return True
    return bool((value >= bound).all()) if is_array(value) else bool(value >= bound)


def divide(dividend: Number, divisor: Number, rule: str = "") -> Number:
    """The exact quotient; `rule` says in a message why it must be one.

    Raises `inexact-division` where a remainder is left, `division-by-zero`.
    """
    if isinstance(dividend, Unknown) or isinstance(divisor, Unknown):
        return dividend // divisor
    if is_symbol(dividend) or is_symbol(divisor):
        quotient = dividend / divisor
        if not quotient.is_integer:
            assume("divides", divisor, dividend)
        return quotient
    _refuse_zero(dividend, divisor, "/")
    remainder = dividend % divisor
    if bool((remainder != 0).any()) if is_array(remainder) else remainder != 0:
        raise refuse(
            "inexact-division",
            f"{quoted(dividend)} / {quoted(divisor)} leaves a remainder" + (f": {rule}" if rule else ""),
            hint="" if rule else "'//' rounds down, where that is meant",
        )
    return dividend // divisor


def floor_divide(dividend: Number, divisor: Number) -> Number:
    """The quotient, rounded down. Raises `division-by-zero`."""
    if _in_symbols(dividend, divisor):
        return _sympy().floor(_sympy().sympify(dividend) / divisor)
    _refuse_zero(dividend, divisor, "//")
    return dividend // divisor


def ratio(dividend: Number, divisor: Number) -> Number:
    """The quotient as a fraction, for `floor_divide` or `ceil_divide` to round."""
    if isinstance(dividend, Unknown) or isinstance(divisor, Unknown):
        return dividend // divisor
    if is_symbol(dividend) or is_symbol(divisor):
        return dividend / divisor
    _refuse_zero(dividend, divisor, "/")
    return dividend * (Fraction(1) / divisor)


def ceil_divide(dividend: Number, divisor: Number) -> Number:
    """The quotient, rounded up. Raises `division-by-zero`."""
    if _in_symbols(dividend, divisor):
        return _sympy().ceiling(_sympy().sympify(dividend) / divisor)
    return -floor_divide(-dividend, divisor)


def scaled(size: Number, factor: Number) -> Number:
    """A size times a factor, rounded down, as PyTorch does it.

    It multiplies in floating point, where 0.29 of 100 is 28.999…, and so 28. So the product is rounded
    as that one is, to 53 bits, before it is rounded down. Raises `Undecided` for a symbol, unless
    the factor is one that floating point has exactly.
    """
    if type(factor) is not Fraction:
        return size * factor
    if is_array(size):
        return sys.modules["numpy"].frompyfunc(lambda each: scaled(each, factor), 1, 1)(size)
    exact = Fraction(float(factor)) == factor
    if type(size) is int and not exact and size < _EXACT_IN_FLOATS:
        return int(float(size * Fraction(float(factor))))
    if is_symbol(size) and not exact:
        raise Undecided(size)
    return floor_divide(size * factor.numerator, factor.denominator)


#: Up to here, floating point tells each whole number from the next.
_EXACT_IN_FLOATS = 2**53


def power_of_two(value: Number) -> Number:
    """The smallest power of two that a size does not exceed. Raises `Undecided` for a symbol."""
    if is_symbol(value):
        raise Undecided(value)
    if is_array(value):
        return sys.modules["numpy"].frompyfunc(power_of_two, 1, 1)(value)
    return value + 0 if isinstance(value, Unknown) else 1 << (value - 1).bit_length()


def modulo(dividend: Number, divisor: Number) -> Number:
    """The remainder. Raises `division-by-zero`."""
    if _in_symbols(dividend, divisor):
        return _sympy().Mod(dividend, divisor)
    _refuse_zero(dividend, divisor, "%")
    return dividend % divisor


def largest(values: Iterable[Number]) -> Number:
    """The largest of one or more sizes."""
    return _extreme(list(values), "Max", "maximum", max)


def smallest(values: Iterable[Number]) -> Number:
    """The smallest of one or more sizes."""
    return _extreme(list(values), "Min", "minimum", min)


def lesser(left: Number, right: Number) -> Number:
    """The smaller of two sizes; what depends on a free length is one itself."""
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return left + right
    return smallest([left, right])


def _extreme(values: list[Number], of_symbols: str, of_arrays: str, of_numbers: Any) -> Number:
    for value in values:
        if isinstance(value, Unknown):
            raise Undecided(value)
    if any(is_symbol(value) for value in values):
        return getattr(_sympy(), of_symbols)(*values)
    if any(is_array(value) for value in values):
        pairwise = getattr(sys.modules["numpy"], of_arrays)
        result = values[0]
        for value in values[1:]:
            result = pairwise(result, value)
        return result
    return of_numbers(values)


def broadcast(left: Number, right: Number) -> Number:
    """The size of an axis that two tensors share in an element-wise operation.

    Raises `shape-mismatch` unless they agree or one of them is 1.
    """
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return _of_unknown(left, right)
    if type(left) is int and left == 1:
        return right
    if (type(right) is int and right == 1) or equal(left, right):
        return left
    raise refuse("shape-mismatch", f"sizes {quoted(left)} and {quoted(right)} of the same axis differ")


def broadcast_shapes(shapes: Iterable[Shape]) -> Shape:
    """The shape of an element-wise operation; a shape with fewer axes lacks the leading ones.

    Raises `shape-mismatch`, as `broadcast` does.
    """
    shapes = list(shapes)
    rank = max(map(len, shapes))
    output, *others = ((1,) * (rank - len(shape)) + shape for shape in shapes)
    for shape in others:
        output = tuple(broadcast(left, right) for left, right in zip(output, shape, strict=True))
    return output


def _of_unknown(left: Number, right: Number) -> Number:
    if isinstance(left, Unknown) and isinstance(right, Unknown):
        return left if left == right else left + right
    known, unknown = (right, left) if isinstance(left, Unknown) else (left, right)
    return unknown if type(known) is int and known == 1 else known


def counter() -> Number:
    """A symbol of its own for the number of a copy, from 1."""
    return _sympy().Dummy("i", integer=True, positive=True)


def by_steps(size: Number, following: Number, number: Number) -> Number:
    """The size at a number, of a row that goes on from 1 by equal steps."""
    return size if same(size, following) else size + (number - 1) * (following - size)


def by_factors(size: Number, following: Number, number: Number) -> Number:
    """The size at a number, of a row that goes on from 1 by equal factors."""
    return size if same(size, following) else size * ratio(_sympy().sympify(following), size) ** (number - 1)


def substituted(size: Number, number: Number, value: Number) -> Number:
    """A size with a value in the place of a symbol."""
    return size.xreplace({number: value}) if is_symbol(size) else size


def mentions(conditions: Iterable[tuple[str, Number, Number]], number: Number) -> bool:
    """Whether what was taken for granted depends on a symbol."""
    return any(is_symbol(side) and side.has(number) for _, left, right in conditions for side in (left, right))


def compare(operator: str, left: Number, right: Number) -> Number:
    """The comparison of two sizes: a truth, or a condition that depends on symbols.

    Raises `Undecided` for a free length, and for arrays of which it holds in part.
    """
    if is_symbol(left) or is_symbol(right):
        return _sympy().Rel(left, right, operator)
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        raise Undecided(left if isinstance(left, Unknown) else right)
    result = _COMPARISONS[operator](left, right)
    return truth(result) if is_array(result) else result


_COMPARISONS: dict[str, Any] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def needed(value: Number) -> Number:
    """A size that must be known. Raises `free-dim` where it is not."""
    if isinstance(value, Unknown):
        raise Undecided(value)
    return value


def _in_symbols(*sizes: Number) -> bool:
    """Whether there is a symbol among these; what depends on a free length is not in symbols."""
    return any(map(is_symbol, sizes)) and not any(isinstance(size, Unknown) for size in sizes)


def _refuse_zero(dividend: Number, divisor: Number, operator: str) -> None:
    if bool((divisor == 0).any()) if is_array(divisor) else divisor == 0:
        raise refuse("division-by-zero", f"{quoted(dividend)} {operator} 0 has no value")


def _sympy() -> Any:
    return sys.modules["sympy"]
