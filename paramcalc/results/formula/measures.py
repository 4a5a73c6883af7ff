"""What a form says at its own sizes: its leading term, and how it moves with each dim."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import sympy

from paramcalc.core import notation
from paramcalc.core.errors import ParamcalcError

if TYPE_CHECKING:
    from paramcalc.results.formula.form import Formula

#: How far above a size the next one is looked for at which the form holds.
_FARTHEST = 1_000


class Leading(NamedTuple):
    """The leading terms of a form, and their share of the total at the form's own sizes.

    The share is exact; None where a dim is unknown. It is more than 1 where the other terms are negative.
    """

    expr: Any
    share: Fraction | None


class Elasticity(NamedTuple):
    """How the number of parameters moves with one dim, the others as they are.

    `elasticity` is (size / parameters) · (∂ parameters / ∂ size): the per cent by which the parameters
    grow for one per cent more of the dim. It is an exact `Fraction`; where the dim is an exponent, a SymPy number with
    logarithms; None where the form rounds or chooses by the dim, and has no slope. `following` is the next size at
    which the form holds, and `increase` what it adds; None where there is none near.
    """

    dim: str
    size: int
    elasticity: Any
    following: int | None
    increase: int | None


def leading(form: Formula) -> Leading:
    """Return the terms that grow fastest when all symbols grow together, one as large as the other.

    A term grows by its total degree, 3 for depth·width²; one with a symbol in an exponent, faster than
    all without. All terms that grow alike are kept.
    """
    terms = sympy.Add.make_args(sympy.expand(form.expr))
    growths = list(map(_growth, terms))
    fastest = max(growths)
    expr = sympy.Add(*(term for term, growth in zip(terms, growths, strict=True) if growth == fastest))
    return Leading(expr, form.share(expr))


def _growth(expr: Any) -> tuple[Any, ...]:
    """Return how fast an expression grows in one size for all symbols, to be compared.

    The degree of the exponents, what they are applied to, and the degree of the rest.
    """
    if expr.is_Add:
        return max(map(_growth, expr.args))
    if isinstance(expr, notation.STEPS):
        return _growth_of_step(expr)
    size = sympy.Symbol("size", positive=True)
    degree: Any = 0
    exponents: dict[int, Any] = {}
    for factor in sympy.Mul.make_args(expr):
        base, exponent = factor.as_base_exp()
        if exponent.free_symbols:
            poly = sympy.Poly(exponent.xreplace(dict.fromkeys(exponent.free_symbols, size)), size)
            exponents[poly.degree()] = exponents.get(poly.degree(), 1) * base ** poly.LC()
        elif base.free_symbols:
            degree += exponent * (1 if base.is_Symbol else _growth(base)[-1])
    steepest = max(exponents, default=0)
    return steepest, exponents.get(steepest, 1), degree


def _growth_of_step(expr: Any) -> tuple[Any, ...]:
    """Return how fast something grows that rounds or chooses: as what is rounded, or what is chosen in the end."""
    growths = list(map(_growth, expr.args))
    if isinstance(expr, (sympy.Min, sympy.Mod)):
        # a remainder is below both its dividend and its divisor
        return min(growths)
    return max(growths) if isinstance(expr, sympy.Max) else growths[0]


def elasticities(form: Formula) -> tuple[Elasticity, ...]:
    """Return how the form moves with each of its symbols that has a size, the largest first.

    Raises `ParamcalcError`: `free-dim`.
    """
    total = form()
    rows = []
    for name, size in form.values.items():
        symbol = form.symbols[name]
        following = _following(form, name)
        increase = None if following is None else form(**dict.fromkeys(_equal_dims(form, name), following)) - total
        rows.append(Elasticity(name, size, _elasticity(form, symbol, size, total), following, increase))
    return tuple(sorted(rows, key=lambda row: (row.elasticity is None, -abs(row.elasticity or 0))))


def _elasticity(form: Formula, symbol: Any, size: int, total: int) -> Any:
    """Return the elasticity of a form in a symbol; None where the form rounds or chooses by it."""
    if any(step.has(symbol) for step in form.expr.atoms(*notation.STEPS)):
        return None
    return form.exactly(sympy.diff(form.expr, symbol)) * size / total if total else Fraction(0)


def _equal_dims(form: Formula, name: str) -> set[str]:
    """Return a dim and those that must be equal to it, which move together."""
    equal = [
        {left.name, right.name}
        for relation, left, right in form.relations
        if relation == "=" and left.is_Symbol and right.is_Symbol
    ]
    return {name}.union(*(pair for pair in equal if name in pair))


def _following(form: Formula, name: str) -> int | None:
    """Return the next size of a dim at which the form holds."""
    size = form.values[name]
    names = _equal_dims(form, name)
    for candidate in range(size + 1, size + min(size, _FARTHEST) + 1):
        try:
            form.check({**form.values, **dict.fromkeys(names, candidate)})
        except ParamcalcError:
            continue
        return candidate
    return None
