"""Which way an expression moves with one of its sizes, proved; and how large its parts get.

A polynomial, or a quotient of two, is differentiated; with each size written as its least value and a number that is
not negative, it does not fall where no coefficient of the derivative is negative. What rounds or chooses is taken apart
by rules: the larger of two that do not fall does not fall, nor does what is rounded of one, nor a sum or a product.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sympy
from sympy.functions.elementary.integers import ceiling, floor

from paramcalc.core import notation
from paramcalc.core.algebra import MOST_TERMS, terms_of
from paramcalc.core.symbols import Scaled
from paramcalc.results.formula.whole import DoubleProduct, FloorQuotient, Quotient, Remainder

#: The sizes that an expression has, by the least value of each.
Least = Mapping[str, int]


def direction(expr: Any, size: Any, least: Least) -> int | None:
    """Return 1 where an expression does not fall as a size grows, -1 where it does not rise, 0 where it stays.

    None where nothing is proved. All sizes are at least as large as `least` says.
    """
    if size not in expr.free_symbols:
        return 0
    if expr.is_Symbol:
        return 1
    if not expr.atoms(*notation.STEPS) and not _has_exponent(expr):
        return _of_quotient(expr, size, least)
    rule = _RULES.get(expr.func)
    return None if rule is None else rule(expr, size, least)


def _has_exponent(expr: Any) -> bool:
    """Return whether a size is in an exponent."""
    return any(power.exp.free_symbols for power in expr.atoms(sympy.Pow))


def _of_quotient(expr: Any, size: Any, least: Least) -> int | None:
    """Return the direction of a polynomial, or of a quotient of two that is written in one way or another."""
    if terms_of(expr) > MOST_TERMS:
        return None
    numerator, denominator = sympy.fraction(sympy.together(expr))
    if sign(denominator - 1, least) != 1:
        return None
    # the square of the denominator is positive
    slope = sympy.diff(numerator, size) * denominator - numerator * sympy.diff(denominator, size)
    return sign(slope, least)


def sign(expr: Any, least: Least) -> int | None:
    """Return 1 for a polynomial that is nowhere negative, -1 for one nowhere positive, None for others."""
    expr = sympy.expand(expr)
    more = {each: least.get(each.name, 1) + sympy.Dummy("more", nonnegative=True) for each in expr.free_symbols}
    shifted = sympy.expand(expr.xreplace(more))
    coefficients = shifted.as_coefficients_dict().values()
    if all(each >= 0 for each in coefficients):
        return 1
    return -1 if all(each <= 0 for each in coefficients) else None


def _is_not_negative(expr: Any, least: Least) -> bool:
    """Return whether an expression is proved not to be negative."""
    if expr.is_Number:
        return bool(expr >= 0)
    if expr.is_Symbol:
        return least.get(expr.name, 1) >= 0
    if isinstance(expr, sympy.Mod):
        return bool(expr.args[1].is_positive)
    if isinstance(expr, Scaled):
        return bool(expr.factor >= 0) and _is_not_negative(expr.args[0], least)
    parts = [_is_not_negative(each, least) for each in expr.args]
    if isinstance(expr, sympy.Max):
        return any(parts)
    if expr.is_Pow:
        return parts[0]
    plain = not expr.atoms(*notation.STEPS) and bool(expr.is_polynomial())
    return all(parts) or (plain and sign(expr, least) == 1)


def _same(directions: Iterable[int | None]) -> int | None:
    """Return the one direction of several; None where they go both ways, or one is not known."""
    moving = set(directions) - {0}
    return next(iter(moving), 0) if len(moving) < 2 else None


def _of_sum(expr: Any, size: Any, least: Least) -> int | None:
    plain = [term for term in expr.args if not term.atoms(*notation.STEPS) and not _has_exponent(term)]
    others = [term for term in expr.args if term not in plain]
    return _same([direction(sympy.Add(*plain), size, least), *(direction(term, size, least) for term in others)])


def _of_product(expr: Any, size: Any, least: Least) -> int | None:
    number, factors = expr.as_coeff_mul()
    if not all(_is_not_negative(factor, least) for factor in factors):
        return None
    found = _same(direction(factor, size, least) for factor in factors)
    return found if found is None or number >= 0 else -found


def _of_power(expr: Any, size: Any, least: Least) -> int | None:
    base, exponent = expr.as_base_exp()
    if not exponent.free_symbols:
        found = direction(base, size, least) if _is_not_negative(base, least) else None
        return found if found is None or exponent >= 0 else -found
    # of a base of at least 1
    if not (_is_not_negative(base - 1, least) and _is_not_negative(exponent, least)):
        return None
    return _same([direction(base, size, least), direction(exponent, size, least)])


def _of_scaled(expr: Any, size: Any, least: Least) -> int | None:
    found = direction(expr.args[0], size, least)
    return found if found is None or expr.factor >= 0 else -found


def _of_all(expr: Any, size: Any, least: Least) -> int | None:
    return _same(direction(each, size, least) for each in expr.args)


_RULES: dict[Any, Any] = {
    sympy.Add: _of_sum,
    sympy.Mul: _of_product,
    sympy.Pow: _of_power,
    floor: _of_all,
    ceiling: _of_all,
    sympy.Max: _of_all,
    sympy.Min: _of_all,
    Scaled: _of_scaled,
}


# --- Magnitude -------------------------------------------------------------------------

#: What is larger than anything that NumPy's whole numbers hold.
UNBOUNDED = 2**10_000


def magnitude(expr: Any, largest: Mapping[str, int]) -> int:
    """Return a number that no part of an expression over whole numbers exceeds, whatever its sign.

    `largest` is that of each of its sizes. What is computed on the way is part of it.
    """
    if expr.is_Integer:
        return abs(int(expr))
    if expr.is_Symbol:
        return largest[expr.name]
    found: int = _MAGNITUDES[expr.func]([magnitude(each, largest) for each in expr.args])
    return found


def _of_factors(parts: list[int]) -> int:
    result = 1
    for part in parts:
        result *= max(part, 1)
    return min(result, UNBOUNDED)


def _power_magnitude(parts: list[int]) -> int:
    base, exponent = parts
    return UNBOUNDED if max(base, 2).bit_length() * exponent > 10_000 else max(base, 1) ** max(exponent, 1)


#: What the result of each operation, and whatever is computed on the way to it, does not exceed.
_MAGNITUDES: dict[Any, Any] = {
    sympy.Add: lambda parts: min(sum(parts), UNBOUNDED),
    sympy.Mul: _of_factors,
    sympy.Pow: _power_magnitude,
    sympy.Max: max,
    sympy.Min: max,
    Quotient: max,
    FloorQuotient: max,
    Remainder: max,
    # it is computed by Python's numbers, one at a time
    DoubleProduct: lambda parts: UNBOUNDED,
}
