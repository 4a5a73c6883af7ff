"""Sizes scaled by doubles, as frameworks do it: the one product is rounded as the hardware rounds it.

`int(100 * 0.29)` is 28, since the double next to 0.29 is a little less than 0.29, and the double next to the
product is 28.999999999999996. A size that doubles do not hold exactly is refused. Nothing else in paramcalc
computes with fractions that are not exact.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Undecided, Unknown
from paramcalc.core.errors import quoted, refuse

#: How the product becomes a whole number: towards zero, up, to the nearest with halves to the even number.
ROUNDINGS: dict[str, Callable[[float], int]] = {"scaled": math.trunc, "scaled_up": math.ceil, "scaled_near": round}
#: The largest size up to which doubles tell each whole number from the next.
LARGEST = 2**53


def scaled(size: Number, factor: Number, rounding: str) -> Number:
    """Return a size times a double, rounded by one of `ROUNDINGS`.

    Raises `invalid-value` for a size or a product beyond `LARGEST`; `Undecided` for a factor that is a symbol.
    """
    if isinstance(size, Unknown) or isinstance(factor, Unknown):
        return size * factor if isinstance(size, Unknown) else factor * size
    if algebra.is_symbol(factor) or algebra.is_array(factor):
        raise Undecided(factor)
    if algebra.is_array(size):
        return sys.modules["numpy"].frompyfunc(lambda each: scaled(each, factor, rounding), 1, 1)(size)
    if algebra.is_symbol(size) and not size.is_Integer:
        return _in_symbols(size, _double(factor), rounding)
    return _product(int(size), _double(factor), rounding)


def _double(factor: Any) -> float:
    """Return a factor as a double; a whole number is one as far as doubles hold it."""
    if type(factor) is float or abs(factor) <= LARGEST:
        return float(factor)
    raise refuse("invalid-value", f"{quoted(factor)} is beyond 2^53, and no double holds it exactly")


def _product(size: int, factor: float, rounding: str) -> int:
    if abs(size) > LARGEST:
        raise refuse("invalid-value", f"{quoted(size)} is beyond 2^53, and no double holds it exactly")
    product = size * factor
    if not abs(product) <= LARGEST:
        raise refuse("invalid-value", f"{size} times {factor!r} is beyond 2^53")
    return ROUNDINGS[rounding](product)


def _in_symbols(size: Any, factor: float, rounding: str) -> Any:
    from paramcalc.core.symbols import Scaled

    return Scaled.of(size, factor, rounding)
