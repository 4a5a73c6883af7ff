"""What relations leave of the sizes of dims, and parts of them in which a total moves one way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sympy

from paramcalc.core import notation
from paramcalc.results.formula import symbol
from paramcalc.results.formula.conditions import Condition as Relation
from paramcalc.results.formula.conditions import symbols_of
from paramcalc.results.solving.conditions import Condition, each_row, of_relation, remainder_of
from paramcalc.results.solving.domains import Domain
from paramcalc.results.solving.monotony import direction
from paramcalc.results.solving.search import Search, Window

#: Of each dim, so many sizes are tried in a sample.
_FEW = 40


def told(relation: Relation) -> str:
    """Return a relation in words."""
    left, right = map(notation.text, relation[1:])
    return f"{left} {relation[0]} {right}"


def condition_of(relation: Relation, least: Mapping[str, int]) -> Condition:
    """Return what a relation asks of sizes; `least` has the least of each."""
    return of_relation(relation, least, told(relation))


def congruent(domains: Mapping[str, Domain], relations: Sequence[Relation]) -> dict[str, Domain] | None:
    """Return the sizes that leave the remainders that relations ask for; None where a dim has none."""
    narrowed = dict(domains)
    for relation in relations:
        found = remainder_of(relation)
        if found is not None:
            name, remainder, modulus = found
            kept = narrowed[name].congruent(remainder, modulus) if modulus else None
            if kept is None:
                return None
            narrowed[name] = kept
    return narrowed


def tightened(domains: Mapping[str, Domain], relations: Sequence[Relation]) -> dict[str, Domain] | None:
    """Return the sizes that relations leave of each dim; None where a dim has none."""
    narrowed = congruent(domains, relations) if relations else dict(domains)
    if narrowed is None or not relations:
        return narrowed
    least = {name: domain.first for name, domain in narrowed.items()}
    return Search(narrowed, [condition_of(relation, least) for relation in relations], []).tightened()


class Sample:
    """Sizes that meet some relations, one after the other, the first few of each dim."""

    def __init__(self, domains: Mapping[str, Domain], relations: Sequence[Relation]) -> None:
        self.domains = congruent(domains, relations)
        self.relations = relations
        #: whether these are all that there are, once all have been given
        self.is_whole = True

    def __iter__(self) -> Iterator[dict[str, int]]:
        if self.domains is None:
            return
        named = {each.name for relation in self.relations for each in symbols_of(relation)}
        # where nothing meets the relations, the other dims need not be looked at
        domains = dict(sorted(self.domains.items(), key=lambda item: item[0] not in named))
        least = {name: domain.first for name, domain in domains.items()}
        search = Search(domains, [condition_of(relation, least) for relation in self.relations], [])
        for table, _ in search.points(Window([]), first_few=_FEW):
            yield from each_row(table.sizes, table.rows)
        self.is_whole = not search.is_cut


def monotone_parts(domains: Mapping[str, Domain], exprs: Sequence[Any]) -> Iterator[dict[str, Domain]]:
    """Yield the parts of a dim between which a polynomial in it turns around; several dims stay as they are."""
    turns: set[int] = set()
    for name, domain in domains.items() if len(domains) == 1 else ():
        for expr in exprs:
            if direction(expr, symbol(name), {name: domain.first}) is None:
                turns |= _turns(expr, symbol(name))
    if not turns:
        yield dict(domains)
        return
    ((name, domain),) = domains.items()
    first = domain.first
    for turn in (*sorted(turns), domain.last):
        part = domain.within(first, turn)
        if part is not None:
            yield {name: part}
            first = turn + 1


def _turns(expr: Any, size: Any) -> set[int]:
    """Return whole numbers near which the derivative of a polynomial, or a quotient of two, changes its sign."""
    slope = slope_of(expr, size)
    turns = set()
    for (low, high), _ in () if slope is None else slope.intervals(eps=sympy.Rational(1, 2)):
        turns |= {int(sympy.floor(low)) - 1, int(sympy.floor(low)), int(sympy.ceiling(high))}
    return turns


def slope_of(expr: Any, size: Any) -> Any:
    """Return the numerator of the derivative of a polynomial, or of a quotient of two; None of anything else."""
    if expr.atoms(*notation.STEPS):
        return None
    numerator, denominator = sympy.fraction(sympy.together(expr))
    if not (numerator.is_polynomial(size) and denominator.is_polynomial(size)):
        return None
    slope = sympy.diff(numerator, size) * denominator - numerator * sympy.diff(denominator, size)
    return sympy.Poly(slope, size)
