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


def powers_united(expr: Any) -> Any:
    """Write powers of one number in a product as one power: 8**depth / 2**(depth - 1) as 2*4**depth."""
    if not any(map(_is_power_of_number, expr.atoms(sympy.Pow))):
        return expr
    expr = sympy.expand_power_exp(expr.replace(_is_power_of_number, _of_root))
    return expr.replace(_is_power_of_number, _of_exponent)


def _is_power_of_number(expr: Any) -> bool:
    return bool(expr.is_Pow and expr.base.is_Integer and expr.base > 1 and expr.exp.free_symbols)


def _of_root(power: Any) -> Any:
    """Return 8**depth as 2**(3*depth)."""
    root, times = sympy.perfect_power(power.base) or (power.base, 1)
    return sympy.Pow(root, times * power.exp)


def _of_exponent(power: Any) -> Any:
    """Return 2**(3*depth) as 8**depth."""
    times, exponent = power.exp.as_coeff_Mul()
    return sympy.Pow(power.base**times, exponent) if times.is_Integer and times > 1 else power


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
