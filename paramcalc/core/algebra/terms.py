"""How long a size in symbols is: a power of a sum may have more terms than anybody reads, or waits for."""

from __future__ import annotations

import math
from typing import Any

from paramcalc.core.algebra.sizes import Number, Undecided, is_symbol

#: What would have more terms than this, multiplied out, is never multiplied out, and is no size in symbols.
MOST_TERMS = 200


def terms_of(expr: Any) -> int:
    """Return how many terms an expression in symbols has at the most once it is multiplied out."""
    if expr.is_Add:
        return sum(map(terms_of, expr.args))
    if expr.is_Mul:
        return math.prod(map(terms_of, expr.args))
    if expr.is_Pow and expr.exp.is_Integer and expr.exp > 0:
        terms, exponent = terms_of(expr.base), int(expr.exp)
        return math.comb(terms + exponent - 1, exponent) if terms > 1 else 1
    return 1


def short(size: Number) -> Number:
    """Return a size. Raises `Undecided` for one in symbols that has too many terms, so that its dims get values."""
    if is_symbol(size) and terms_of(size) > MOST_TERMS:
        raise Undecided(size)
    return size
