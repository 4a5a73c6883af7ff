"""How many copies of a layer or a node there are, and how a size grows from one to the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from paramcalc.core.algebra.arithmetic import ratio
from paramcalc.core.algebra.comparison import same
from paramcalc.core.algebra.sizes import Number, Undecided, Unknown, is_array, is_symbol, single, sympy_module
from paramcalc.core.errors import LIMITS, ParamcalcError, refuse


class Allowance:
    """How many copies of nodes, and of layers within layers, may still be evaluated."""

    def __init__(self, copies: int = LIMITS.copies) -> None:
        self.copies = copies


_allowance: ContextVar[Allowance | None] = ContextVar("allowance", default=None)


@contextmanager
def allowing(allowance: Allowance) -> Iterator[None]:
    """Take the copies of layers within layers from this allowance, as long as it holds."""
    token = _allowance.set(allowance)
    try:
        yield
    finally:
        _allowance.reset(token)


def number_of_copies(value: Number) -> int:
    """Return the one whole number that a size is, where it says how many layers there are.

    Raises `Undecided` for a symbol, an unknown length, and an array of numbers that differ, `limit` for too many.
    """
    if isinstance(value, Unknown) or (is_symbol(value) and not value.is_Integer):
        raise Undecided(value)
    number = int(single(value) if is_array(value) else value)
    if number > LIMITS.copies:
        raise _too_many_copies(number)
    return number


def copies_and_times(number: Number) -> Iterable[tuple[int, Number]]:
    """Return the copies that `copies` does, each with how many copies it stands for: itself alone.

    Of a symbol there are two: the first, and the second for all others, which must be as it is.
    """
    if is_symbol(number) and not number.is_Integer:
        return (0, 1), (1, number - 1)
    return ((place, 1) for place in copies(number))


def copies(number: Number) -> range:
    """Return the range of the copies of a number, from 0. They are taken from the allowance of the whole model.

    Raises what `number_of_copies` does, and `limit` where too few are left.
    """
    count, allowance = number_of_copies(number), _allowance.get()
    if allowance is not None:
        if count > allowance.copies:
            raise _too_many_copies(count)
        allowance.copies -= count
    return range(count)


def _too_many_copies(number: int) -> ParamcalcError:
    return refuse("limit", f"{number:,} copies of a layer: a model has {LIMITS.copies:,} at the most, all together")


# --- Copies that grow ------------------------------------------------------------------


def by_steps(size: Number, following: Number, number: Number) -> Number:
    """Return the size at a number, of a row that goes on from 1 by equal steps."""
    return size if same(size, following) else size + (number - 1) * (following - size)


def by_factors(size: Number, following: Number, number: Number) -> Number:
    """Return the size at a number, of a row that goes on from 1 by equal factors."""
    if same(size, following):
        return size
    sympy = sympy_module()
    # 2**(depth - 2) / 2**(depth - 1) is a half, and 2**depth of that to the i is 2**(depth - i)
    factor = sympy.powsimp(ratio(sympy.sympify(following), size))
    return sympy.powsimp(size * factor ** (number - 1))


def substituted(size: Number, number: Number, value: Number) -> Number:
    """Return a size with a value in the place of a symbol."""
    return size.xreplace({number: value}) if is_symbol(size) else size
