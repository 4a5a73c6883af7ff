"""What sizes must meet: of whole tables of them at once, where a condition is a relation; else one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy
import sympy

from paramcalc.core import algebra
from paramcalc.core.errors import ParamcalcError
from paramcalc.results.formula.conditions import Condition as Relation
from paramcalc.results.formula.whole import Quotient, value_at, whole
from paramcalc.results.solving.monotony import Least, direction, magnitude, sign

#: The sizes of dims: arrays of one length, and single ones that hold for all rows.
Sizes = Mapping[str, Any]
#: What NumPy's whole numbers hold, with a bit to spare.
_SAFE = 2**62


def values(expr: Any, sizes: Sizes) -> Any:
    """Return the exact value of an expression over whole numbers at each row; as Python's numbers where it is large.

    Raises what an expression is refused for at any of the rows.
    """
    named = {each.name: sizes[each.name] for each in expr.free_symbols}
    if any(_is_narrow(size) for size in named.values()):
        largest = {name: _largest(size) for name, size in named.items()}
        if magnitude(expr, largest) >= _SAFE:
            named = {name: size.astype(object) if _is_narrow(size) else size for name, size in named.items()}
    return value_at(expr, named)


def _is_narrow(size: Any) -> bool:
    return algebra.is_array(size) and size.dtype != object


def _largest(size: Any) -> int:
    if not algebra.is_array(size):
        return abs(int(size))
    return max(abs(int(size.max())), abs(int(size.min()))) if size.size else 0


def truths(test: Callable[[Sizes], Any], sizes: Sizes, rows: int) -> Any:
    """Return of each row whether a test holds; not where the expressions in it have no value."""
    try:
        return numpy.broadcast_to(numpy.asarray(test(sizes), dtype=bool), (rows,))
    except ParamcalcError:
        return numpy.fromiter((_holds(test, row) for row in each_row(sizes, rows)), dtype=bool, count=rows)


def _holds(test: Callable[[Sizes], Any], row: Sizes) -> bool:
    try:
        return bool(test(row))
    except ParamcalcError:
        return False


def each_row(sizes: Sizes, rows: int) -> Iterator[dict[str, int]]:
    """Yield the rows of a table one by one, as Python's numbers."""
    lists = {name: size.tolist() if algebra.is_array(size) else [size] * rows for name, size in sizes.items()}
    for row in zip(*lists.values(), strict=True):
        yield dict(zip(lists, row, strict=True))
    if not lists:
        yield from ({} for _ in range(rows))


class Inequality:
    """That a quotient of two expressions, the divisor positive, is at least a bound, or at most.

    `directions` says of each size whether a larger one helps it to hold (1), hinders it (-1), has no part in it (0), or
    that this is not known (None).
    """

    def __init__(
        self, numerator: Any, denominator: Any, directions: Mapping[str, int | None], bound: int, is_least: bool
    ) -> None:
        self.numerator, self.denominator = numerator, denominator
        self.bound = bound
        self.is_least = is_least
        self.names = frozenset(each.name for each in numerator.free_symbols | denominator.free_symbols)
        self.directions = {name: found if found is None or is_least else -found for name, found in directions.items()}

    def holds(self, sizes: Sizes) -> Any:
        """Return whether it holds, at each row."""
        bound = values(self.denominator * self.bound, sizes)
        value = values(self.numerator, sizes)
        return value >= bound if self.is_least else value <= bound


@dataclass(frozen=True)
class Condition:
    """What sizes must meet, and the inequalities that follow from it."""

    #: as a reader has it
    text: str
    #: the dims that it depends on
    names: frozenset[str]
    test: Callable[[Sizes], Any]
    inequalities: tuple[Inequality, ...] = ()
    #: the relation that it is; None for one that is tested row by row, by Python's numbers
    relation: Relation | None = None

    @property
    def is_single(self) -> bool:
        """Whether rows are tested one by one."""
        return self.relation is None

    def kept(self, sizes: Sizes, rows: int) -> Any:
        """Return of each row whether it meets the condition."""
        if self.is_single:
            return numpy.fromiter((_holds(self.test, row) for row in each_row(sizes, rows)), dtype=bool, count=rows)
        return truths(self.test, sizes, rows)


def of_relation(relation: Relation, least: Least, text: str) -> Condition:
    """Return what a relation of a form, or of the caller's, asks of sizes."""
    kind, left, right = relation[0], *map(sympy.sympify, relation[1:])
    names = frozenset(each.name for each in left.free_symbols | right.free_symbols)
    if kind == "divides":
        divisor, dividend = whole(left), whole(right)
        inequalities: tuple[Inequality, ...] = ()
        if _is_positive(left, least) and _is_positive(right, least):
            inequalities = tuple(_at_least(right - left, least))
        return Condition(text, names, lambda sizes: _divides(divisor, dividend, sizes), inequalities, relation)
    difference, denominator = sympy.fraction(sympy.together(left - right))
    number = whole(difference)
    if kind == "≠":
        return Condition(text, names, lambda sizes: values(number, sizes) != 0, (), relation)
    if kind == "=":
        both = (*_at_least(difference, least), *_at_least(-difference, least))
        return Condition(text, names, lambda sizes: values(number, sizes) == 0, both, relation)
    if not _is_positive(denominator, least):
        product = whole(difference * denominator)
        return Condition(text, names, lambda sizes: values(product, sizes) >= 0, (), relation)
    positive = tuple(_at_least(difference, least))
    return Condition(text, names, lambda sizes: values(number, sizes) >= 0, positive, relation)


def _divides(divisor: Any, dividend: Any, sizes: Sizes) -> Any:
    by = numpy.asarray(values(divisor, sizes))
    return (by != 0) & (values(dividend, sizes) % numpy.where(by == 0, 1, by) == 0)


def _is_positive(expr: Any, least: Least) -> bool:
    return bool(expr.is_positive) or (bool(expr.is_polynomial()) and sign(expr - 1, least) == 1)


def _at_least(difference: Any, least: Least) -> Iterator[Inequality]:
    """Yield that a difference is not negative, where it is a sum over whole numbers."""
    number = whole(difference)
    if not isinstance(number, Quotient):
        directions = {each.name: direction(difference, each, least) for each in difference.free_symbols}
        yield Inequality(number, sympy.Integer(1), directions, 0, True)


def remainder_of(relation: Relation) -> tuple[str, int, int] | None:
    """Return a dim, and the remainder and modulus that a relation asks of it; None where it says something else.

    That a number divides factor·size + rest, of one size.
    """
    kind, left, right = relation[0], *map(sympy.sympify, relation[1:])
    if kind != "divides" or not left.is_Integer or left < 1 or len(right.free_symbols) != 1:
        return None
    (size,) = right.free_symbols
    if not right.is_polynomial() or sympy.degree(right, size) != 1:
        return None
    factor, rest = right.expand().coeff(size), right.expand().coeff(size, 0)
    if not (factor.is_Integer and rest.is_Integer):
        return None
    common = int(sympy.gcd(factor, left))
    if int(rest) % common:
        return size.name, -1, 0
    modulus = int(left) // common
    if modulus == 1:
        return None
    return size.name, -(int(rest) // common) * pow(int(factor) // common, -1, modulus) % modulus, modulus


def all_kept(conditions: Iterable[Condition], sizes: Sizes, rows: int) -> Any:
    """Return of each row whether it meets all conditions; those that are tested one by one come last."""
    kept = numpy.ones(rows, dtype=bool)
    for condition in sorted(conditions, key=lambda each: each.is_single):
        places = numpy.flatnonzero(kept)
        if not places.size:
            break
        chosen = {name: size[places] if algebra.is_array(size) else size for name, size in sizes.items()}
        kept[places] = condition.kept(chosen, places.size)
    return kept
