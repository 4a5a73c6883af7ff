"""Products, quotients, and the larger of sizes: what differs between numbers, arrays, symbols and unknown lengths."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from paramcalc.core import doubles
from paramcalc.core.algebra.comparison import assume, choose, equal, same
from paramcalc.core.algebra.sizes import (
    Number,
    Shape,
    Undecided,
    Unknown,
    in_symbols,
    is_array,
    is_symbol,
    sympy_module,
)
from paramcalc.core.errors import quoted, refuse


def product(sizes: Iterable[Number]) -> Number:
    """Return the product of sizes; 1 for none of them."""
    result: Number = 1
    for size in sizes:
        result = result * size
    return result


# --- Division --------------------------------------------------------------------------


def divide(dividend: Number, divisor: Number, rule: str = "") -> Number:
    """Return the exact quotient; `rule` says in a message why it must be one.

    Raises `inexact-division` where a remainder is left, `division-by-zero`.
    """
    if isinstance(dividend, Unknown) or isinstance(divisor, Unknown):
        return dividend // divisor
    if is_symbol(dividend) or is_symbol(divisor):
        if divisor == 1:
            return dividend
        _assume_not_zero(divisor)
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
    """Return the quotient, rounded down. Raises `division-by-zero`."""
    if in_symbols(dividend, divisor):
        _assume_not_zero(divisor)
        floor = sympy_module().floor
        return floor(_not_rounded_before(dividend, divisor, floor) / divisor)
    _refuse_zero(dividend, divisor, "//")
    return dividend // divisor


def ceil_divide(dividend: Number, divisor: Number) -> Number:
    """Return the quotient, rounded up. Raises `division-by-zero`."""
    if in_symbols(dividend, divisor):
        _assume_not_zero(divisor)
        ceiling = sympy_module().ceiling
        return ceiling(_not_rounded_before(dividend, divisor, ceiling) / divisor)
    if isinstance(dividend, Unknown):
        return floor_divide(dividend, divisor)
    return -floor_divide(-dividend, divisor)


def _not_rounded_before(dividend: Number, divisor: Number, rounding: Any) -> Number:
    """Return a dividend that is rounded afterwards without the same rounding before: ⌊(⌊x⌋ + m)/n⌋ is ⌊(x + m)/n⌋."""
    sympy = sympy_module()
    number, rest = sympy.sympify(dividend).as_coeff_Add()
    divisor = sympy.sympify(divisor)
    if isinstance(rest, rounding) and number.is_Integer and divisor.is_integer and divisor.is_positive:
        return rest.args[0] + number
    return sympy.sympify(dividend)


def ratio(dividend: Number, divisor: Number) -> Number:
    """Return the quotient as a fraction, for `floor_divide` or `ceil_divide` to round."""
    if isinstance(dividend, Unknown) or isinstance(divisor, Unknown):
        return dividend // divisor
    if is_symbol(dividend) or is_symbol(divisor):
        _assume_not_zero(divisor)
        return dividend / divisor
    _refuse_zero(dividend, divisor, "/")
    return dividend * (Fraction(1) / divisor)


def modulo(dividend: Number, divisor: Number) -> Number:
    """Return the remainder. Raises `division-by-zero`."""
    if in_symbols(dividend, divisor):
        _assume_not_zero(divisor)
        return sympy_module().Mod(dividend, divisor)
    _refuse_zero(dividend, divisor, "%")
    return dividend % divisor


def _refuse_zero(dividend: Number, divisor: Number, operator: str) -> None:
    if bool((divisor == 0).any()) if is_array(divisor) else divisor == 0:
        raise refuse("division-by-zero", f"{quoted(dividend)} {operator} 0 has no value")


def _assume_not_zero(divisor: Number) -> None:
    """Assume of a divisor in symbols that it is not 0; a number that is 0 has no quotient in symbols either."""
    if is_symbol(divisor) and not divisor.is_nonzero:
        assume("≠", divisor, 0)


#: Up to here, floating point tells each whole number from the next.
_EXACT_IN_FLOATS = 2**53


def scaled(size: Number, factor: Number) -> Number:
    """Return a size times a factor, rounded down, as PyTorch does it.

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


def scaled_by_double(size: Number, factor: Number, rounding: str) -> Number:
    """Return a size times a double, rounded by one of `doubles.ROUNDINGS`.

    Raises `invalid-value` for a size that doubles do not hold exactly; `Undecided` for a factor that is a symbol.
    """
    if isinstance(size, Unknown) or isinstance(factor, Unknown):
        return size * factor if isinstance(size, Unknown) else factor * size
    if is_symbol(factor) or is_array(factor):
        raise Undecided(factor)
    if is_array(size):
        return sys.modules["numpy"].frompyfunc(lambda each: scaled_by_double(each, factor, rounding), 1, 1)(size)
    if is_symbol(size) and not size.is_Integer:
        # only where there are symbols
        from paramcalc.core.symbols import Scaled

        return Scaled.of(size, doubles.double(factor), rounding)
    return doubles.product(int(size), doubles.double(factor), rounding)


def power_of_two(value: Number) -> Number:
    """Return the smallest power of two that a size does not exceed. Raises `Undecided` for a symbol."""
    if is_symbol(value):
        raise Undecided(value)
    if is_array(value):
        return sys.modules["numpy"].frompyfunc(power_of_two, 1, 1)(value)
    return value + 0 if isinstance(value, Unknown) else 1 << (value - 1).bit_length()


# --- The larger of two -----------------------------------------------------------------


def largest(values: Iterable[Number]) -> Number:
    """Return the largest of one or more sizes."""
    return _extreme(list(values), "Max", "maximum", max)


def smallest(values: Iterable[Number]) -> Number:
    """Return the smallest of one or more sizes."""
    return _extreme(list(values), "Min", "minimum", min)


def lesser(left: Number, right: Number) -> Number:
    """Return the smaller of two sizes; what depends on an unknown length is one itself."""
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return left + right
    return smallest([left, right])


def _extreme(values: list[Number], of_symbols: str, of_arrays: str, of_numbers: Any) -> Number:
    for value in values:
        if isinstance(value, Unknown):
            raise Undecided(value)
    if any(is_symbol(value) for value in values):
        return getattr(sympy_module(), of_symbols)(*values)
    if any(is_array(value) for value in values):
        pairwise = getattr(sys.modules["numpy"], of_arrays)
        result = values[0]
        for value in values[1:]:
            result = pairwise(result, value)
        return result
    return of_numbers(values)


# --- Broadcasting ----------------------------------------------------------------------


def broadcast(left: Number, right: Number) -> Number:
    """Return the size of an axis that two tensors share in an element-wise operation.

    Raises `shape-mismatch` unless they agree or one of them is 1.
    """
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return _of_unknown(left, right)
    if _is_one(left):
        return right
    if _is_one(right) or same(left, right):
        return left
    for size in (left, right):
        if is_symbol(size):
            # a size that is 1 is repeated
            choose("≠", size, 1)
    if equal(left, right):
        return left
    raise refuse("shape-mismatch", f"sizes {quoted(left)} and {quoted(right)} of the same axis differ")


def broadcast_shapes(shapes: Iterable[Shape]) -> Shape:
    """Return the shape of an element-wise operation; a shape with fewer axes lacks the leading ones.

    Raises `shape-mismatch`, as `broadcast` does.
    """
    shapes = list(shapes)
    rank = max(map(len, shapes))
    output, *others = ((1,) * (rank - len(shape)) + shape for shape in shapes)
    for shape in others:
        output = tuple(broadcast(left, right) for left, right in zip(output, shape, strict=True))
    return output


def _is_one(size: Number) -> bool:
    """Return whether a size is 1, also as what is left of symbols that cancel."""
    return not is_array(size) and bool(size == 1)


def _of_unknown(left: Number, right: Number) -> Number:
    if isinstance(left, Unknown) and isinstance(right, Unknown):
        return left if left == right else left + right
    known, unknown = (right, left) if isinstance(left, Unknown) else (left, right)
    return unknown if _is_one(known) else known
