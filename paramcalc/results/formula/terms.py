"""Multiplying out, within bounds: a power of a sum may have more terms than anybody reads, or waits for."""

from __future__ import annotations

from typing import Any

import sympy

from paramcalc.core.algebra import MOST_TERMS, terms_of
from paramcalc.core.errors import LIMITS, refuse


def has_sum(term: Any) -> bool:
    """Return whether a term is a product, or a power, with a sum in it."""
    return any((factor.base if factor.is_Pow else factor).is_Add for factor in sympy.Mul.make_args(term))


def expanded(expr: Any) -> Any:
    """Multiply an expression out, each of its terms that does not get too long; what has no product costs nothing."""
    terms = sympy.Add.make_args(expr)
    if not any(map(has_sum, terms)):
        return expr
    if terms_of(expr) <= MOST_TERMS:
        return sympy.expand(expr)
    return sympy.Add(*(sympy.expand(term) if terms_of(term) <= MOST_TERMS else term for term in terms))


def wholly_expanded(expr: Any) -> Any:
    """Multiply an expression out. Raises `limit` for one that gets too long."""
    terms = terms_of(expr)
    if terms > LIMITS.terms:
        raise refuse(
            "limit",
            f"multiplied out, the form has up to {terms:,} terms; {LIMITS.terms:,} are the most",
            "keep fewer dims as symbols, with keep= or --keep",
        )
    return sympy.expand(expr)
