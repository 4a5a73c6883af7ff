"""A spec as what the search takes: one closed form, or several where no one form holds for all sizes.

A form may fix a dim, since it decides which layers there are; then each size of it has a form of its own. And a form
may take one way at a condition; the sizes at which it would be the other have another form. A piece without dims is
counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from typing import Any, NamedTuple

import sympy

from paramcalc.core.errors import LIMITS, ParamcalcError, refuse
from paramcalc.core.expression import Expression
from paramcalc.results.formula import Formula, symbol
from paramcalc.results.formula.conditions import Condition as Relation
from paramcalc.results.formula.conditions import holds, meets, symbols_of
from paramcalc.results.formula.whole import Quotient, value_at, whole
from paramcalc.results.solving.conditions import Condition
from paramcalc.results.solving.domains import Domain
from paramcalc.results.solving.goals import Goal
from paramcalc.results.solving.monotony import direction, sign
from paramcalc.results.solving.narrowing import (
    Sample,
    condition_of,
    congruent,
    monotone_parts,
    slope_of,
    tightened,
    told,
)
from paramcalc.results.solving.search import Search, Total
from paramcalc.results.solving.where import Where
from paramcalc.spec import Framework, Spec, Value

#: Where a network is refused at its own sizes, so many others are tried.
_MOST_TRIED = 500
#: What a network is refused for where a size is not known, and may be taken once it is.
_OF_UNKNOWN_SIZES = frozenset(["free-dim", "not-one-value"])


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


@dataclass
class Pieces:
    """The pieces of a problem, and the conditions under which it is not known what there is."""

    found: list[Piece]
    unsearched: list[str]


def pieces_of(problem: Problem) -> Pieces:
    """Return the pieces of a problem. Raises `idle-dim`, `limit`, and what a network is refused for at all sizes."""
    maker = _Maker(problem)
    return Pieces(list(maker.of(problem.domains, {}, ())), maker.unsearched)


class _Maker:
    """Makes the pieces of a problem.

    A form is made at sizes that the network takes. What it takes for granted is of two sorts: where a demand is not
    met, the network is refused; where a choice is not, it is another one, with a form of its own. So each choice is
    denied in its turn, and a form made at sizes at which it does not hold.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        #: how many sizes are taken one by one
        self.counted = 0
        #: how many forms there are
        self.forms = 0
        self.unsearched: list[str] = []
        #: the dims whose first size, at which they were fixed, was taken apart
        self.parted: set[str] = set()

    def of(self, domains: Mapping[str, Domain], fixed: dict[str, int], chosen: tuple[Relation, ...]) -> Iterator[Piece]:
        """Yield the pieces of sizes of these dims, the others fixed, that meet what is `chosen`."""
        low = next((name for name, domain in domains.items() if domain.first < 1), None)
        if low is not None:
            # a symbol stands for sizes of at least 1
            below = domains[low].within(domains[low].first, 0)
            yield from self._split(low, domains, fixed, chosen, below)
            return
        here = _at(chosen, fixed)
        tight = None if here is None else tightened(domains, here)
        if here is None or tight is None:
            return
        domains = tight
        only = next((name for name, domain in domains.items() if domain.length == 1), None)
        if here and only is not None:
            yield from self._split(only, domains, fixed, here, domains[only])
            return
        if not domains:
            yield from self._counted(fixed)
            return
        forms = self._forms(domains, fixed, here)
        if forms is None:
            return
        for name in domains:
            if any(name in form.fixed for form in forms):
                yield from self._split(name, domains, fixed, chosen, self._apart(name, domains[name], forms))
                return
        relations = tuple(dict.fromkeys(relation for form in forms for relation in form.relations))
        theirs = {symbol(name) for name in domains}
        choices = tuple(
            choice
            for choice in dict.fromkeys(choice for form in forms for choice in form.choices)
            if symbols_of(choice) <= theirs and choice not in here
        )
        yield from self._searched(domains, fixed, forms, (*relations, *here, *choices))
        for place, choice in enumerate(choices):
            yield from self.of(domains, fixed, (*here, *choices[:place], _denied(choice)))

    def _apart(self, name: str, domain: Domain, forms: Sequence[Formula]) -> Domain | None:
        """Return the sizes of a fixed dim that are taken one by one: the first, if a form may hold for the rest."""
        first = domain.within(domain.first, domain.first)
        if name in self.parted or any(form.fixed.get(name, domain.first) != domain.first for form in forms):
            return domain
        self.parted.add(name)
        return first

    # --- Forms

    def _forms(
        self, domains: Mapping[str, Domain], fixed: dict[str, int], chosen: tuple[Relation, ...]
    ) -> list[Formula] | None:
        """Return the form of each goal, made at sizes that the network takes; None where it takes none."""
        given = {**self.problem.given, **fixed}
        is_first = not self.forms
        own = self._own(domains, given, chosen)
        forms = None if own is None else self._at_sizes(own, domains, given)
        if own is None and not chosen:
            forms = self._open(domains, given)
        if forms is None:
            sizes = self._accepted(domains, fixed, chosen)
            forms = None if sizes is None else self._at_sizes(sizes, domains, given)
        if forms is not None and is_first:
            self._refuse_idle(domains, forms)
        return forms

    def _at_sizes(
        self, sizes: Mapping[str, int | None], domains: Mapping[str, Domain], given: Mapping[str, Value]
    ) -> list[Formula]:
        """Return the form of each goal, made at these sizes."""
        spec = replace(self.problem.spec, dims={**self.problem.spec.dims, **sizes})
        forms = [goal.form(spec, self.problem.convention, domains, given) for goal in self.problem.goals]
        self.forms += 1
        return forms

    def _own(
        self, domains: Mapping[str, Domain], given: Mapping[str, Value], chosen: Sequence[Relation]
    ) -> dict[str, int] | None:
        """Return the spec's own sizes of these dims, if the network takes them, and they meet what is chosen."""
        own = {name: self.problem.spec.dims[name] for name in domains}
        sizes = {name: size for name, size in own.items() if type(size) is int and size >= 1}
        if len(sizes) < len(own) or not _all_hold(chosen, sizes):
            return None
        if any(sizes[name] < domains[name].first for name in self.parted & domains.keys()):
            return None
        return sizes if self._refusal({**given, **sizes}) is None else None

    def _open(self, domains: Mapping[str, Domain], given: Mapping[str, Value]) -> list[Formula] | None:
        """Return forms that are made at no sizes: they hold for all, if there are such."""
        with suppress(ParamcalcError):
            return self._at_sizes(dict.fromkeys(domains), domains, given)
        return None

    def _refuse_idle(self, domains: Mapping[str, Domain], forms: Sequence[Formula]) -> None:
        """Refuse dims that no goal depends on: `idle-dim`."""
        goals = self.problem.goals
        for name in domains:
            if not any(_depends(form, goal.expr(form), name) for form, goal in zip(forms, goals, strict=True)):
                what = " and ".join(goal.words for goal in goals)
                many = "do" if len(goals) > 1 else "does"
                hint = "leave it out; a condition may still name it"
                raise refuse("idle-dim", f"{what} {many} not depend on '{name}'", hint)

    def _accepted(
        self, domains: Mapping[str, Domain], fixed: Mapping[str, int], chosen: Sequence[Relation]
    ) -> dict[str, int] | None:
        """Return sizes that the network takes, which are not its own; None where there are none, or none is found.

        Raises what the network is refused for, where it is refused from the start.
        """
        given = {**self.problem.given, **fixed}
        refusal = self._refusal({**given, **dict.fromkeys(domains)})
        is_refused = refusal is not None and not {each.code for each in refusal.problems} & _OF_UNKNOWN_SIZES
        sample = Sample(domains, chosen)
        for sizes in islice(() if is_refused else sample, _MOST_TRIED):
            refusal = self._refusal({**given, **sizes})
            if refusal is None:
                return sizes
        if not self.forms and not fixed and refusal is not None:
            raise self._refusal(given) or refusal
        if not (is_refused or sample.is_whole):
            stated = [f"{name} = {size:,}" for name, size in fixed.items()]
            self.unsearched.append(", ".join([*stated, *map(told, chosen)]))
        return None

    def _refusal(self, dims: Mapping[str, Any]) -> ParamcalcError | None:
        """Return what the network is refused for at these dims; None where it is not."""
        try:
            for goal in self.problem.goals:
                goal.count(self.problem.spec, self.problem.convention, dims)
        except ParamcalcError as error:
            return error
        return None

    # --- Pieces

    def _split(
        self,
        name: str,
        domains: Mapping[str, Domain],
        fixed: dict[str, int],
        chosen: tuple[Relation, ...],
        sizes: Domain | None,
    ) -> Iterator[Piece]:
        """Yield the pieces of each of the first sizes of a dim, and of the rest."""
        assert sizes is not None
        self._refuse_many(name, sizes)
        domain, others = domains[name], {other: each for other, each in domains.items() if other != name}
        for place in range(sizes.length):
            yield from self.of(others, {**fixed, name: sizes.at(place)}, chosen)
        rest = domain.within(sizes.last + 1, domain.last)
        if rest is not None:
            yield from self.of({**domains, name: rest}, fixed, chosen)

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
        narrowed = congruent(domains, (*relations, *asked))
        if narrowed is None:
            return
        assumed = tuple(text for form in forms for text in form.conditions)
        exprs = [goal.expr(form) for form, goal in zip(forms, self.problem.goals, strict=True)]
        for part in monotone_parts(narrowed, exprs):
            least = {name: domain.first for name, domain in part.items()}
            all_conditions = [*(condition_of(relation, least) for relation in relations), *conditions]
            yield Piece(fixed, Search(part, all_conditions, [_total(expr, part) for expr in exprs]), assumed)

    def _where(self, given: Mapping[str, Value], least: Mapping[str, int]) -> list[Condition] | None:
        """Return the caller's conditions on these dims; None where one of them holds nowhere."""
        found = list(Where(self.problem.spec, self.problem.where, given).conditions(least))
        for condition in found:
            if not condition.names and not condition.kept({}, 1).all():
                return None
        return [condition for condition in found if condition.names]


def _denied(relation: Relation) -> Relation:
    """Return the relation that holds where another does not."""
    kind, left, right = relation
    if kind == "≥":
        return "≥", right, left + 1
    if kind == "≠" and isinstance(left, sympy.Mod) and right == 0:
        return "divides", left.args[1], left.args[0]
    return "=" if kind == "≠" else "≠", left, right


def _at(relations: Sequence[Relation], fixed: Mapping[str, int]) -> tuple[Relation, ...] | None:
    """Return relations with the sizes that are fixed put in, those that hold left out; None where one does not hold."""
    sizes = {symbol(name): sympy.Integer(size) for name, size in fixed.items()}
    found = []
    for kind, left, right in relations:
        put = kind, left.xreplace(sizes), right.xreplace(sizes)
        if symbols_of(put):
            found.append(put)
        elif not holds(kind, int(put[1]), int(put[2])):
            return None
    return tuple(found)


def _all_hold(relations: Sequence[Relation], sizes: Mapping[str, Any]) -> bool:
    try:
        return all(meets(*relation, sizes) for relation in relations)
    except ParamcalcError:
        # at these sizes a quotient in it is no whole number
        return False


def _depends(form: Formula, expr: Any, name: str) -> bool:
    """Return whether a total depends on a dim: in its form, or since the dim decides which layers there are."""
    each = symbol(name)
    bound = any(relation[0] == "=" and each in symbols_of(relation) for relation in form.relations)
    return each in expr.free_symbols or name in form.fixed or bound


def _total(expr: Any, domains: Mapping[str, Domain]) -> Total:
    """Return a total with the directions that are proved.

    A polynomial in one dim moves one way between two places where it turns: its ends say which.
    """
    numerator, denominator = _quotient(expr)
    least = {name: domain.first for name, domain in domains.items()}
    if denominator != 1 and sign(denominator - 1, least) != 1:
        return Total(numerator, denominator, dict.fromkeys(least))
    directions = {each.name: direction(expr, each, least) for each in expr.free_symbols}
    (name, domain), *others = domains.items()
    if not others and None in directions.values() and slope_of(expr, symbol(name)) is not None:
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
