"""What a form says at its own sizes: its leading term, and how it moves with each dim."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import sympy

from paramcalc.core import notation
from paramcalc.core.errors import ParamcalcError
from paramcalc.results.formula.conditions import Condition, meets, symbols_of
from paramcalc.results.formula.symbols import symbol
from paramcalc.results.formula.terms import wholly_expanded

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
    terms = sympy.Add.make_args(wholly_expanded(form.expr))
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
    moving = Moving(form.values)
    rounded = set().union(*(step.free_symbols for step in form.expr.atoms(*notation.STEPS)))
    relations, equals = _relations(form), _equals(form)
    rows = []
    for name, size in form.values.items():
        each, together = form.symbols[name], equals.get(name, {name})
        slope = None if each in rounded else moving.slope(form.expr, each)
        elasticity = None if slope is None else _exact(slope * size / total) if total else Fraction(0)
        following = _following(form, name, together, [one for dim in together for one in relations.get(dim, ())])
        if following is None:
            increase = None
        elif len(together) > 1:
            increase = form(**dict.fromkeys(together, following)) - total
        else:
            increase = int(moving.increase(form.expr, each, following))
        rows.append(Elasticity(name, size, elasticity, following, increase))
    return tuple(sorted(rows, key=lambda row: (row.elasticity is None, -abs(row.elasticity or 0))))


def _exact(value: Any) -> Any:
    """Return a number as a `Fraction`; as SymPy has it, where it is no quotient of whole numbers."""
    return Fraction(int(value.p), int(value.q)) if value.is_Rational else value


def _relations(form: Formula) -> dict[str, list[Condition]]:
    """Return what the form assumes of each dim."""
    found: dict[str, list[Condition]] = {}
    for relation in form.relations:
        for each in symbols_of(relation):
            found.setdefault(each.name, []).append(relation)
    return found


def _equals(form: Formula) -> dict[str, set[str]]:
    """Return the dims that must be equal to others, each with itself and those: they move together."""
    found: dict[str, set[str]] = {}
    for relation, left, right in form.relations:
        if relation == "=" and left.is_Symbol and right.is_Symbol:
            for one in (left.name, right.name):
                found.setdefault(one, set()).update((left.name, right.name))
    return found


def _following(form: Formula, name: str, together: Iterable[str], relations: Iterable[Condition]) -> int | None:
    """Return the next size of a dim, and of those that move with it, at which the form holds."""
    size = form.values[name]
    for candidate in range(size + 1, size + min(size, _FARTHEST) + 1):
        sizes = {**form.values, **dict.fromkeys(together, candidate)}
        try:
            if all(meets(*relation, sizes) for relation in relations):
                return candidate
        except ParamcalcError:
            continue
    return None


class Moving:
    """Expressions at some sizes, and how they move with one of them.

    Of a sum, the terms alone are looked at that have the size in them: all sizes together take no longer than one.
    """

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.sizes = {symbol(name): sympy.Integer(size) for name, size in sizes.items()}
        self._values: dict[Any, Any] = {}
        self._terms: dict[Any, dict[Any, list[Any]]] = {}

    def value(self, expr: Any) -> Any:
        """Return the exact value of an expression."""
        if expr not in self._values:
            inner = expr.is_Add or expr.is_Mul
            self._values[expr] = expr.func(*map(self.value, expr.args)) if inner else expr.xreplace(self.sizes)
        return self._values[expr]

    def slope(self, expr: Any, size: Any) -> Any:
        """Return the derivative in one of the sizes."""
        if expr.is_Add:
            return sympy.Add(*(self.slope(term, size) for term in self._with(expr, size)))
        if expr.is_Mul:
            slopes = [(place, self.slope(factor, size)) for place, factor in enumerate(expr.args)]
            return sympy.Add(*(slope * self._others(expr, place) for place, slope in slopes if slope != 0))
        return sympy.diff(expr, size).xreplace(self.sizes)

    def increase(self, expr: Any, size: Any, following: int) -> Any:
        """Return what an expression grows by where one of the sizes is another."""
        if expr.is_Add:
            return sympy.Add(*(self.increase(term, size, following) for term in self._with(expr, size)))
        return self._moved(expr, size, following) - self.value(expr)

    def _moved(self, expr: Any, size: Any, following: int) -> Any:
        """Return the value of an expression where one of the sizes is another."""
        if expr.is_Add:
            return self.value(expr) + self.increase(expr, size, following)
        if expr.is_Mul:
            return sympy.Mul(*(self._moved(factor, size, following) for factor in expr.args))
        return expr.xreplace({**self.sizes, size: sympy.Integer(following)}) if expr.has(size) else self.value(expr)

    def _others(self, product: Any, place: int) -> Any:
        """Return the value of a product without one of its factors."""
        return sympy.Mul(*(self.value(factor) for other, factor in enumerate(product.args) if other != place))

    def _with(self, total: Any, size: Any) -> list[Any]:
        """Return the terms of a sum that have a size in them."""
        if total not in self._terms:
            terms = self._terms[total] = {}
            for term in total.args:
                for each in term.free_symbols:
                    terms.setdefault(each, []).append(term)
        return self._terms[total].get(size, [])
