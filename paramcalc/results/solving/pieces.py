"""A spec as what the search takes: one closed form, or several where no one form holds for all sizes.

A form may fix a dim, since it decides which layers there are; then each size of it has a form of its own. And it may
hold only from some size on, or not at one; those sizes are taken one by one. A piece without dims is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice, product
from typing import Any, NamedTuple

import sympy

from paramcalc.core import notation
from paramcalc.core.errors import LIMITS, ParamcalcError, refuse
from paramcalc.core.expression import Expression
from paramcalc.results.formula import Formula, symbol
from paramcalc.results.formula.conditions import Condition as Relation
from paramcalc.results.formula.conditions import symbols_of
from paramcalc.results.formula.whole import Quotient, value_at, whole
from paramcalc.results.solving.conditions import Condition, of_relation, remainder_of
from paramcalc.results.solving.domains import Domain, of_sizes
from paramcalc.results.solving.goals import Goal
from paramcalc.results.solving.monotony import direction, sign
from paramcalc.results.solving.search import Search, Total
from paramcalc.results.solving.where import Where
from paramcalc.spec import Framework, Spec, Value


#: Where a network is refused at its own sizes, so many others are tried.
_MOST_TRIED = 500


@dataclass(frozen=True)
class Problem:
    """What is asked: goals to be reached by sizes of dims, under conditions."""

    spec: Spec
    convention: Framework
    #: the dims given beside the spec
    given: Mapping[str, Value]
    goals: Sequence[Goal]
    domains: Mapping[str, Domain]
    where: Sequence[Expression]


class Piece(NamedTuple):
    """Sizes that one closed form holds for: those of some dims fixed, the others to be searched."""

    fixed: dict[str, int]
    search: Search
    #: what the form takes for granted, in words
    assumed: tuple[str, ...]


def pieces_of(problem: Problem) -> Iterator[Piece]:
    """Yield the pieces of a problem. Raises `idle-dim`, `limit`, and what a form is refused for."""
    pieces = _Pieces(problem)
    pieces.refuse_idle()
    yield from pieces.of(problem.domains, {}, ())


class _Pieces:
    """Makes the pieces of a problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        #: how many sizes are taken one by one
        self.counted = 0
        #: the forms in all dims
        self.first: list[Formula] = []

    # --- Forms

    def refuse_idle(self) -> None:
        """Refuse dims that no goal depends on: `idle-dim`."""
        goals, self.first = self.problem.goals, self._forms(self.problem.domains, {})
        for name in self.problem.domains:
            if not any(_depends(form, goal.expr(form), name) for form, goal in zip(self.first, goals, strict=True)):
                what = " and ".join(goal.words for goal in goals)
                many = "do" if len(goals) > 1 else "does"
                raise refuse(
                    "idle-dim", f"{what} {many} not depend on '{name}'", "leave it out; a condition may still name it"
                )

    def _forms(self, domains: Mapping[str, Domain], fixed: Mapping[str, int]) -> list[Formula]:
        """Return the form of each goal in these dims, at the spec's own sizes.

        Where the network is refused at these, or they are not meant for the dims that are given, at sizes that are left
        open, or at the first found that it takes.
        """
        spec, given = self.problem.spec, {**self.problem.given, **fixed}
        try:
            return self._forms_at(spec, domains, given)
        except ParamcalcError as error:
            refused = error
        for sizes in (dict.fromkeys(domains), self._accepted(domains, given)):
            if sizes is not None:
                with suppress(ParamcalcError):
                    return self._forms_at(replace(spec, dims={**spec.dims, **sizes}), domains, given)
        raise refused

    def _forms_at(self, spec: Spec, names: Iterable[str], given: Mapping[str, Value]) -> list[Formula]:
        convention = self.problem.convention
        return [goal.form(spec, convention, names, given) for goal in self.problem.goals]

    def _accepted(self, domains: Mapping[str, Domain], given: Mapping[str, Value]) -> dict[str, int] | None:
        """Return sizes that the network is not refused at, if there are such among the first of each dim."""
        first = max(int(_MOST_TRIED ** (1 / max(len(domains), 1))), 2)
        places = (range(min(domain.length, first)) for domain in domains.values())
        for chosen in islice(product(*places), _MOST_TRIED):
            sizes = {name: domain.at(place) for (name, domain), place in zip(domains.items(), chosen, strict=True)}
            with suppress(ParamcalcError):
                for goal in self.problem.goals:
                    goal.count(self.problem.spec, self.problem.convention, {**given, **sizes})
                return sizes
        return None

    # --- Pieces

    def of(
        self, domains: Mapping[str, Domain], fixed: dict[str, int], excluded: tuple[Relation, ...]
    ) -> Iterator[Piece]:
        """Yield the pieces of sizes of these dims, the others fixed; those that are `excluded` are in other pieces."""
        low = next((name for name, domain in domains.items() if domain.first < 1), None)
        if low is not None:
            # a symbol stands for sizes of at least 1
            yield from self._split(low, domains, fixed, excluded, domains[low].within(domains[low].first, 0))
            return
        if not domains:
            yield from self._counted(fixed)
            return
        try:
            is_whole = domains.keys() == self.problem.domains.keys()
            forms = self.first if is_whole else self._forms(domains, fixed)
        except ParamcalcError as error:
            if not fixed or {each.code for each in error.problems} & {"free-dim", "limit"}:
                raise
            # the sizes that are fixed are refused
            return
        for name in domains:
            if any(name in form.fixed for form in forms):
                yield from self._split(name, domains, fixed, excluded, domains[name])
                return
        relations = list(dict.fromkeys(relation for form in forms for relation in form.relations))
        for relation in relations:
            exceptional = _exceptional(relation, domains, excluded)
            if exceptional is not None:
                name, sizes = exceptional
                yield from self._split(name, domains, fixed, excluded, sizes)
                return
        theirs = {symbol(name) for name in domains}
        still_excluded = [relation for relation in excluded if symbols_of(relation) <= theirs]
        yield from self._searched(domains, fixed, forms, (*relations, *still_excluded))

    def _split(
        self,
        name: str,
        domains: Mapping[str, Domain],
        fixed: dict[str, int],
        excluded: tuple[Relation, ...],
        sizes: Domain | None,
    ) -> Iterator[Piece]:
        """Yield a piece for each of these sizes of a dim, and those of its other sizes."""
        assert sizes is not None
        self._refuse_many(name, sizes)
        domain, others = domains[name], {other: each for other, each in domains.items() if other != name}
        for place in range(sizes.length):
            size = sizes.at(place)
            if not any(relation == _other_than(name, size) for relation in excluded):
                yield from self.of(others, {**fixed, name: size}, excluded)
        if domain.below(sizes.last + 1) == sizes.length:
            rest = domain.within(sizes.last + 1, domain.last)
            if rest is not None:
                yield from self.of({**domains, name: rest}, fixed, excluded)
        else:
            without = (_other_than(name, sizes.at(place)) for place in range(sizes.length))
            yield from self.of(domains, fixed, (*excluded, *without))

    def _refuse_many(self, name: str, sizes: Domain) -> None:
        self.counted += min(sizes.length, LIMITS.counted_sizes + 1)
        if self.counted > LIMITS.counted_sizes:
            raise refuse(
                "limit",
                f"no closed form holds for all sizes of '{name}', which are tried one by one;"
                f" {LIMITS.counted_sizes:,} are the most",
                f"give a range, as in {name}=1:64",
            )

    def _counted(self, fixed: dict[str, int]) -> Iterator[Piece]:
        """Yield the piece of one size of each dim, if the network is not refused at these, and they meet all."""
        problem = self.problem
        given = {**problem.given, **fixed}
        try:
            totals = [goal.count(problem.spec, problem.convention, given) for goal in problem.goals]
        except ParamcalcError:
            return
        conditions = self._where(given, {})
        if conditions is not None:
            constants = [Total(sympy.Integer(total), sympy.Integer(1), {}) for total in totals]
            yield Piece(fixed, Search({}, conditions, constants), ())

    def _searched(
        self,
        domains: Mapping[str, Domain],
        fixed: dict[str, int],
        forms: Sequence[Formula],
        relations: Sequence[Relation],
    ) -> Iterator[Piece]:
        """Yield the piece of sizes that one form holds for; of one dim, those between which the total turns around."""
        least = {name: domain.first for name, domain in domains.items()}
        conditions = self._where({**self.problem.given, **fixed}, least)
        if conditions is None:
            return
        asked = [each.relation for each in conditions if each.relation is not None]
        narrowed = _narrowed(domains, (*relations, *asked))
        if narrowed is None:
            return
        assumed = tuple(text for form in forms for text in form.conditions)
        exprs = [goal.expr(form) for form, goal in zip(forms, self.problem.goals, strict=True)]
        for part in _monotone_parts(narrowed, exprs):
            least = {name: domain.first for name, domain in part.items()}
            all_conditions = [*(_of(relation, least) for relation in relations), *conditions]
            yield Piece(fixed, Search(part, all_conditions, [_total(expr, part) for expr in exprs]), assumed)

    def _where(self, given: Mapping[str, Value], least: Mapping[str, int]) -> list[Condition] | None:
        """Return the caller's conditions on these dims; None where one of them holds nowhere."""
        found = list(Where(self.problem.spec, self.problem.where, given).conditions(least))
        for condition in found:
            if not condition.names and not condition.kept({}, 1).all():
                return None
        return [condition for condition in found if condition.names]


def _other_than(name: str, size: int) -> Relation:
    return "≠", symbol(name), sympy.Integer(size)


def _of(relation: Relation, least: Mapping[str, int]) -> Condition:
    left, right = map(notation.text, relation[1:])
    return of_relation(relation, least, f"{left} {relation[0]} {right}")


def _depends(form: Formula, expr: Any, name: str) -> bool:
    """Return whether a total depends on a dim: in its form, or since the dim decides which layers there are."""
    each = symbol(name)
    bound = any(relation[0] == "=" and each in symbols_of(relation) for relation in form.relations)
    return each in expr.free_symbols or name in form.fixed or bound


def _total(expr: Any, domains: Mapping[str, Domain]) -> Total:
    """Return a total with the directions that are proved; between two places where one of one dim turns, by its ends."""
    numerator, denominator = _quotient(expr)
    least = {name: domain.first for name, domain in domains.items()}
    if denominator != 1 and sign(denominator - 1, least) != 1:
        return Total(numerator, denominator, dict.fromkeys(least))
    directions = {each.name: direction(expr, each, least) for each in expr.free_symbols}
    if len(domains) == 1 and None in directions.values() and not expr.atoms(*notation.STEPS):
        ((name, domain),) = domains.items()
        first, last = (
            Fraction(*(value_at(side, {name: size}) for side in (numerator, denominator)))
            for size in (domain.first, domain.last)
        )
        directions = {name: 1 if last >= first else -1}
    return Total(numerator, denominator, directions)


def _quotient(expr: Any) -> tuple[Any, Any]:
    """Return an expression as a quotient of two over whole numbers, the divisor positive."""
    number = whole(expr)
    return number.args if isinstance(number, Quotient) else (number, sympy.Integer(1))


def _narrowed(domains: Mapping[str, Domain], relations: Sequence[Relation]) -> dict[str, Domain] | None:
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


#: A form that holds from some size on: fewer sizes than this before it are taken one by one.
_MOST_EXCEPTIONS = 64


def _exceptional(
    relation: Relation, domains: Mapping[str, Domain], excluded: Sequence[Relation]
) -> tuple[str, Domain] | None:
    """Return a dim, and its few sizes that a form does not hold at though the network may have them."""
    kind, left, right = relation
    symbols = symbols_of(relation)
    if kind not in ("≥", "≠") or len(symbols) != 1:
        return None
    (size,) = symbols
    domain, difference = domains[size.name], sympy.sympify(left - right)
    if kind == "≠":
        roots = sympy.Poly(difference, size).ground_roots() if difference.is_polynomial() else ()
        sizes = [int(root) for root in roots if root.is_Integer and domain.within(int(root), int(root)) is not None]
        sizes = [each for each in sizes if ("≠", size, sympy.Integer(each)) not in excluded]
        found = of_sizes(sizes)
        return None if found is None else (size.name, found)
    if left != size or not sympy.sympify(right).is_Integer:
        return None
    before = domain.within(domain.first, int(right) - 1)
    return None if before is None or before.length > _MOST_EXCEPTIONS else (size.name, before)


def _monotone_parts(domains: Mapping[str, Domain], exprs: Sequence[Any]) -> Iterator[dict[str, Domain]]:
    """Yield the parts of one dim between which a polynomial in it turns around; several dims, and others, as they are."""
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
    if expr.atoms(*notation.STEPS):
        return set()
    numerator, denominator = sympy.fraction(sympy.together(expr))
    slope = sympy.diff(numerator, size) * denominator - numerator * sympy.diff(denominator, size)
    poly = sympy.Poly(slope, size) if slope.is_polynomial() and slope.free_symbols else None
    if poly is None or poly.degree() < 1:
        return set()
    turns = set()
    for (low, high), _ in poly.intervals(eps=sympy.Rational(1, 2)):
        turns |= {int(sympy.floor(low)) - 1, int(sympy.floor(low)), int(sympy.ceiling(high))}
    return turns
