"""Whole numbers scaled by doubles, as frameworks do it: the one product is rounded as the hardware rounds it.

`int(100 * 0.29)` is 28, since the double next to 0.29 is a little less than 0.29, and the double next to the
product is 28.999999999999996. A number that doubles do not hold exactly is refused. Nothing else in paramcalc
computes with fractions that are not exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from paramcalc.core.errors import quoted, refuse

#: How the product becomes a whole number: towards zero, up, to the nearest with halves to the even number.
ROUNDINGS: dict[str, Callable[[float], int]] = {"scaled": math.trunc, "scaled_up": math.ceil, "scaled_near": round}
#: The largest number up to which doubles tell each whole number from the next.
LARGEST = 2**53


def product(size: int, factor: float, rounding: str) -> int:
    """Return a whole number times a double, rounded by one of `ROUNDINGS`.

    Raises `invalid-value` for a number or a product beyond `LARGEST`.
    """
    if abs(size) > LARGEST:
        raise refuse("invalid-value", f"{quoted(size)} is beyond 2^53, and no double holds it exactly")
    result = size * factor
    if not abs(result) <= LARGEST:
        raise refuse("invalid-value", f"{size} times {factor!r} is beyond 2^53")
    return ROUNDINGS[rounding](result)


def double(number: float) -> float:
    """Return a number as a double. Raises `invalid-value` for a whole number that doubles do not hold exactly."""
    if type(number) is int and abs(number) > LARGEST:
        raise refuse("invalid-value", f"{quoted(number)} is beyond 2^53, and no double holds it exactly")
    return float(number)
