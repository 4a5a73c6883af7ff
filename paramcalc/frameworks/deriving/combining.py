"""Short combinations of known expressions that have given values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isqrt

import numpy as np

from paramcalc.frameworks.deriving import expressions as ex
from paramcalc.frameworks.deriving.expressions import Expr
from paramcalc.frameworks.deriving.observing import Vector
from paramcalc.frameworks.deriving.table import Matrix, Table

#: How large an expression is at most that is multiplied by a power, and how many are.
_SHORTEST, _POWERS = 3, 40
#: How often a bound must be met.
_SEVERAL = 3


def combined(table: Table, values: Vector) -> Expr | None:
    """Return the shortest expression with these values that is known, or made of two or three that are."""
    found = table.known(values)
    if found is not None:
        return found
    probed = np.array([values[place] for place in table.places], np.int64)
    for search in (_shifted, _multiple, _of_two, _bounded, _power, _of_three, _scaled, _squared, _odd):
        for shortest in sorted({*search(table, probed, values)}, key=lambda each: (each.size, str(each))):
            if table.fits(shortest, values):
                return shortest
    return None


def _shifted(table: Table, values: Matrix, _: Vector) -> Iterator[Expr]:
    """Yield e ± c."""
    shifts = [shift for size in range(1, 5) for shift in (size, -size)]
    for row, found in table.with_values(values - np.array(shifts)[:, None]):
        yield ex.plus(found, ex.number(shifts[row]))


def _multiple(table: Table, values: Matrix, _: Vector) -> Iterator[Expr]:
    """Yield c·e."""
    factors = [factor for factor in range(2, 65) if not (values % factor).any()]
    if factors:
        for row, found in table.with_values(values // np.array(factors)[:, None]):
            yield ex.times(ex.number(factors[row]), found)


def _of_two(table: Table, values: Matrix, _: Vector) -> Iterator[Expr]:
    """Yield what two known expressions, or one and a number, give by one operation."""
    if not table.first:
        return
    yield from _sums(table, values)
    yield from _products(table, values)
    for divisor in (2, 3, 4, 8):
        yield from (ex.over(expr, ex.number(divisor)) for expr in _where(table, table.matrix // divisor == values))
        rounded = -(-table.matrix // divisor) == values
        yield from (ex.made("ceil", expr, ex.number(divisor)) for expr in _where(table, rounded))
    for multiple in (4, 8, 16, 32, 64, 128, 256):
        rounded = -(-table.matrix // multiple) * multiple == values
        yield from (ex.made("round_up", expr, ex.number(multiple)) for expr in _where(table, rounded))
    yield from _with_atoms(table, values)


def _where(table: Table, is_alike: Matrix) -> Iterator[Expr]:
    """Yield the expressions that others are combined with for which something holds at all of the few places."""
    for row in np.flatnonzero(is_alike.all(1)).tolist():
        yield table.first[row]


def _sums(table: Table, values: Matrix) -> Iterator[Expr]:
    for row, found in table.with_values(values - table.matrix):
        yield ex.plus(table.first[row], found)
    for row, found in table.with_values(table.matrix - values):
        yield ex.minus(table.first[row], found)
    for factor in (2, 3, 4, 5, 6, 8):
        for row, found in table.with_values(values - factor * table.matrix):
            yield ex.plus(ex.times(ex.number(factor), table.first[row]), found)


def _products(table: Table, values: Matrix) -> Iterator[Expr]:
    defined = np.flatnonzero((table.matrix != 0).all(1))
    divisors = table.matrix[defined]
    rows = np.flatnonzero((values % divisors == 0).all(1))
    if len(rows):
        for row, found in table.with_values(values // divisors[rows]):
            yield ex.times(table.first[defined[rows[row]]], found)
    if values.all():
        rows = np.flatnonzero((table.matrix % values == 0).all(1))
        if len(rows):
            for row, found in table.with_values(table.matrix[rows] // values):
                yield ex.over(table.first[rows[row]], found)


_BINARY: tuple[tuple[Callable[[Matrix, Matrix], Matrix], Callable[[Expr, Expr], Expr], bool], ...] = (
    (lambda left, right: -(-left // right) * right, lambda left, right: ex.made("round_up", left, right), True),
    (lambda left, right: left // right, ex.over, True),
    (np.minimum, lambda left, right: ex.made("min", left, right), False),
    (np.maximum, lambda left, right: ex.made("max", left, right), False),
)


def _with_atoms(table: Table, values: Matrix) -> Iterator[Expr]:
    for atom, others in table.atom_values:
        for operation, combine, divides in _BINARY:
            if divides and not (others > 0).all():
                continue
            for expr in _where(table, operation(table.matrix, others) == values):
                if expr != atom:
                    yield combine(expr, atom)


def _bounded(table: Table, values: Matrix, whole: Vector) -> Iterator[Expr]:
    """Yield what a known expression and a number are the smaller or the larger of."""
    if not table.first:
        return
    least, most = min(whole), max(whole)
    # a bound that was met once or twice is none; but for 1, which people write
    for expr in _where(table, np.maximum(table.matrix, least) == values):
        if least == 1 or _met(table, whole, expr, least) >= _SEVERAL:
            yield ex.made("max", expr, ex.number(least))
    for expr in _where(table, np.minimum(table.matrix, most) == values):
        if _met(table, whole, expr, most) >= _SEVERAL:
            yield ex.made("min", expr, ex.number(most))


def _met(table: Table, whole: Vector, expr: Expr, bound: int) -> int:
    """Return at how many values beyond a bound it is the bound that is seen."""
    return len({other for own, other in zip(whole, table.at(expr), strict=True) if own == bound != other})


def _power(table: Table, values: Matrix, whole: Vector) -> Iterator[Expr]:
    """Yield e·q^f."""
    one = [1] * len(values)
    for theirs, expr in [(one, ex.number(1)), *zip(table.first_values, table.first, strict=True)][: _POWERS + 1]:
        if expr.size > _SHORTEST:
            continue
        for ratio in (2, 3, 4):
            if None in map(_logarithm, values.tolist(), theirs, [ratio] * len(theirs)):
                continue
            others = [0 if other is None else other for other in table.at(expr)]
            exponents = [_logarithm(own, other, ratio) for own, other in zip(whole, others, strict=True)]
            known = tuple(each for each in exponents if each is not None)
            found = combined(table, known) if len(known) == len(exponents) else None
            if found is not None and found.names:
                yield ex.times(expr, ex.raised(ex.number(ratio), found))


def _logarithm(value: int, other: int, ratio: int) -> int | None:
    """Return to which power of the ratio a number is larger than another; None where it is to none."""
    if not other or value % other:
        return None
    quotient, exponent = value // other, 0
    while quotient > 1 and quotient % ratio == 0:
        quotient, exponent = quotient // ratio, exponent + 1
    return exponent if quotient == 1 else None


def _of_three(table: Table, values: Matrix, _: Vector) -> Iterator[Expr]:
    """Yield the sum of a dim and of two expressions that are known."""
    if not table.first:
        return
    for atom, others in table.atom_values:
        for row, found in table.with_values(values - others - table.matrix):
            yield ex.plus(ex.plus(table.first[row], found), atom)


def _scaled(table: Table, values: Matrix, whole: Vector) -> Iterator[Expr]:
    """Yield a dim that is scaled by a double of the code; at least so much."""
    least, own = min(whole), values.tolist()
    for expr, found in table.scaled:
        if found == own:
            yield expr
        elif least == 1 and own == [max(each, least) for each in found]:
            yield ex.made("max", expr, ex.number(least))


def _squared(table: Table, values: Matrix, whole: Vector) -> Iterator[Expr]:
    """Yield e²."""
    if min(whole) < 0 or max(whole) < 2 or any(isqrt(each) ** 2 != each for each in whole):
        return
    found = combined(table, tuple(map(isqrt, whole)))
    if found is not None:
        yield ex.raised(found, ex.number(2))


def _odd(table: Table, values: Matrix, whole: Vector) -> Iterator[Expr]:
    """Yield 2·e − 1: a window of so many positions is so many steps wide in both directions."""
    if min(whole) < 1 or not all(each % 2 for each in whole):
        return
    found = combined(table, tuple((each + 1) // 2 for each in whole))
    if found is not None:
        yield ex.minus(ex.times(ex.number(2), found), ex.number(1))
