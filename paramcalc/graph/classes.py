"""Copies that differ by what their number decides, evaluated once for each class of numbers that decide alike.

Of a condition on the number `i` of `n` copies there are, as classes: for `i == c` it and the others, for `i < k` the
first `k` and the `n - k` behind them, and for `i % m` those of each remainder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from math import gcd
from typing import Any, NamedTuple

import sympy

from paramcalc.core import algebra
from paramcalc.core.algebra import Number
from paramcalc.graph.any_copy import AnyCopy
from paramcalc.graph.folding import alike, depends_on, range_label
from paramcalc.graph.scope import Copy
from paramcalc.graph.tree import Branch, Tree
from paramcalc.graph.walk import Walk

#: More classes than these are no closed form for a reader.
_MOST_CLASSES = 32


class Numbers(NamedTuple):
    """The numbers of some copies, each by the same step behind the one before."""

    first: Number
    count: Number
    step: int = 1

    def at(self, place: Number) -> Number:
        """Return the number at a place, counted from 0."""
        return _plain(self.first + self.step * place)

    @property
    def last(self) -> Number:
        """The last of them."""
        return self.at(self.count - 1)

    def part(self, start: Number, end: Number) -> Numbers:
        """Return those from one place to before another."""
        return Numbers(self.at(start), _plain(end - start), self.step)


@dataclass
class Class:
    """Copies whose numbers decide alike: their tree by a symbol for the place among them, and the copy that stands."""

    numbers: Numbers
    tree: Tree
    copy: Copy
    #: the symbol, where the tree depends on it
    place: Number | None
    #: whether others stand between them
    scattered: bool = False

    def can_be_named(self, times: Number) -> bool:
        """Return whether a path with a number may go into the copies, whose numbers are then set."""
        first, last = self.numbers.first, self.numbers.last
        self.copy.number, self.copy.last = first, last
        is_known = type(first) is int and (type(last) is int or algebra.same(last, times - 1))
        return is_known and not self.scattered and self.numbers.step == 1

    def as_copies(self) -> Tree:
        """Return the tree of all of them."""
        tree, (first, count, _) = self.tree, self.numbers
        if self.place is None:
            tree.times = count
        else:
            tree.label = ""
            output = self.copy.flow.shape if self.copy.flow else ()
            tree = Branch("", [tree], output, role="copies", counter=(self.place, 0, count - 1))
        tree.number, tree.label = first, range_label(first, count)
        return tree


class Classes:
    """The classes of the copies of a node, of which there are a symbol's number, while they are evaluated.

    `copy` makes the copy of a number, which is a symbol or made of one, and `content` its tree.
    """

    def __init__(self, walk: Walk, content: Callable[[Copy], Tree], copy: Callable[[Number], Copy]) -> None:
        self.walk = walk
        self.content = content
        self.copy = copy
        self.left = _MOST_CLASSES

    def of(self, times: Number) -> list[Class] | None:
        """Return the classes of this many copies, in order of their first; None where they are not known."""
        return self._classes(Numbers(0, times))

    def _classes(self, numbers: Numbers) -> list[Class] | None:
        if numbers.count == 0:
            return []
        self.left -= 1
        if self.left < 0:
            return None
        any_copy = AnyCopy(self.walk, self.content, 0, numbers.count - 1)
        place = any_copy.number if numbers.count != 1 else 0
        copy = self.copy(numbers.at(place))
        with algebra.asked_from(1, numbers.count):
            tree = any_copy.tree(copy)
        if tree is not None:
            return [Class(numbers, tree, copy, place if depends_on(tree, place) else None)]
        parts = _parts(numbers, place, any_copy.undecided)
        found: list[Class] = []
        for part in parts or ():
            classes = self._classes(part)
            if classes is None:
                return None
            found += classes
        if parts is not None and parts[0].step != numbers.step:
            return self._united(found, numbers)
        return found if parts else None

    def _united(self, classes: Iterable[Class], numbers: Numbers) -> list[Class]:
        """Return classes of numbers that alternate, those that are alike as one."""
        groups: list[list[Class]] = []
        for each in classes:
            group = next((group for group in groups if self._are_alike(group[0], each)), None)
            groups.append([each]) if group is None else group.append(each)
        if len(groups) == 1:
            return [replace(groups[0][0], numbers=numbers)]
        # of the largest group it is told by what the others leave
        largest = max(groups, key=len)
        counts = {id(group): _plain(sum(each.numbers.count for each in group)) for group in groups}
        if len(largest) > 1:
            others = sum(counts[id(group)] for group in groups if group is not largest)
            counts[id(largest)] = _plain(numbers.count - others)
        return [
            replace(group[0], numbers=group[0].numbers._replace(count=counts[id(group)]), scattered=True)
            for group in groups
        ]

    def _are_alike(self, one: Class, other: Class) -> bool:
        return one.place is None and other.place is None and alike(one.tree, other.tree, self.walk.by_layers)


def _parts(numbers: Numbers, place: Any, condition: Any) -> list[Numbers] | None:
    """Return the parts of some copies in each of which a condition on their place is decided; None for no such one."""
    if not algebra.is_symbol(condition):
        return None
    for each in sympy.preorder_traversal(condition):
        if isinstance(each, sympy.Mod) and each.has(place):
            return _by_remainder(numbers, place, *each.args)
    for each in sympy.preorder_traversal(condition):
        if each.is_Relational and each.has(place):
            return _by_bound(numbers, place, each)
    return None


def _by_remainder(numbers: Numbers, place: Any, dividend: Any, divisor: Any) -> list[Numbers] | None:
    """Return the copies for each remainder."""
    slope = _slope(dividend, place)
    if slope is None or divisor.has(place):
        return None
    if not divisor.is_Integer:
        # as many classes as it says
        raise algebra.Undecided(divisor)
    period = int(divisor) // gcd(int(divisor), int(slope))
    if not 1 < period <= _MOST_CLASSES:
        return None
    return [
        Numbers(numbers.at(start), _number_of(numbers.count, start, period), numbers.step * period)
        for start in range(period)
    ]


def _number_of(count: Number, start: int, period: int) -> Number:
    """Return how many of some places are a multiple of a period behind a start."""
    if start == 0:
        return _plain(algebra.ceil_divide(sympy.sympify(count), period))
    return _plain(algebra.floor_divide(sympy.sympify(count) + (period - 1 - start), period))


def _by_bound(numbers: Numbers, place: Any, relation: Any) -> list[Numbers] | None:
    """Return the copies below where a comparison changes, at it, and above."""
    difference = relation.lhs - relation.rhs
    slope = _slope(difference, place)
    if slope is None or abs(slope) != 1:
        return None
    zero = sympy.expand(-slope * (difference - slope * place))
    # whether the truth at 0 is the one below it, too
    goes_on = relation.rel_op in (("<=", ">") if slope > 0 else (">=", "<"))
    cuts = [zero, zero + 1] if relation.rel_op in ("==", "!=") else [zero + 1 if goes_on else zero]
    for cut in cuts:
        for larger, smaller in ((cut, 0), (numbers.count, cut)):
            if not (sympy.sympify(larger) - smaller).is_nonnegative:
                algebra.assume("≥", larger, smaller)
                algebra.choose("≥", larger, smaller)
    edges = [0, *map(_plain, cuts), numbers.count]
    return [numbers.part(start, end) for start, end in pairwise(edges)]


def _slope(value: Any, place: Any) -> Any:
    """Return the whole number by which a value grows from one place to the next; None if there is no such one."""
    value = sympy.expand(value)
    if not value.is_polynomial(place) or sympy.degree(value, place) != 1:
        return None
    slope = value.coeff(place, 1)
    return slope if slope.is_Integer else None


def _plain(size: Number) -> Number:
    """Return a size as Python's number, if it is one."""
    return algebra.constant(sympy.expand(size))
