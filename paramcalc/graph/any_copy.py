"""Copies of a node that are evaluated once for all, by a symbol for their number."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import sympy

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Undecided
from paramcalc.core.errors import ParamcalcError
from paramcalc.graph.scope import Copy
from paramcalc.graph.tree import Tree
from paramcalc.graph.walk import Walk


class AnyCopy:
    """The copy of any number from `first` to `last` while it is evaluated."""

    def __init__(self, walk: Walk, content: Callable[[Copy], Tree], first: int, last: Number) -> None:
        self.walk = walk
        self.content = content
        self.first = first
        self.last = last
        #: the symbol for the number of the copy
        self.number = sympy.Dummy("i", integer=True, nonnegative=True, positive=True if first > 0 else None)

    def tree(self, copy: Copy) -> Tree | None:
        """Return the tree of a copy in whose values the symbol is; None, and all as before, where it does not hold.

        A condition that is linear in the number holds for all where it holds for the first and the last.
        Raises `Undecided` where something else than the number decides.
        """
        walk = self.walk
        problems, trail, steps = dict(walk.problems), len(walk.trail), walk.budget.steps
        remarks = len(walk.remarks)
        walk.trail.append(copy.label)
        try:
            with algebra.assuming() as conditions:
                tree = self.content(copy) if walk.choose(copy) else None
            is_whole = tree is not None and len(walk.problems) == len(problems)
            if is_whole and self._hold(conditions) and self._are_made_alike(conditions.choices):
                return tree
        except ParamcalcError:
            pass
        except Undecided as undecided:
            if not algebra.depends(undecided.value, self.number):
                raise
        finally:
            # the copies that are evaluated by themselves remark on the same
            del walk.remarks[remarks:], walk.trail[trail:]
        walk.problems, walk.budget.steps = problems, steps
        return None

    def _are_made_alike(self, choices: Iterable[tuple[str, Number, Number]]) -> bool:
        """Return whether choices are the same for every number; what they are on other symbols is chosen."""
        for relation, left, right in choices:
            if not self._depends(left, right):
                algebra.choose(relation, left, right)
            elif not self._hold([(relation, left, right)]):
                return False
            else:
                for difference in filter(algebra.is_symbol, self._at_ends(sympy.expand(left - right))):
                    algebra.choose(relation, difference, 0)
        return True

    def _hold(self, conditions: Iterable[tuple[str, Number, Number]]) -> bool:
        """Return whether conditions hold for every number; what they are on other symbols is assumed."""
        for relation, left, right in conditions:
            if not self._depends(left, right):
                algebra.assume(relation, left, right)
                continue
            is_linear = relation == "≥" and self._never_falls_below_zero(sympy.expand(left - right))
            if not is_linear and not self._is_sure(relation, left, right):
                return False
        return True

    def _never_falls_below_zero(self, value: Any) -> bool:
        """Return whether a value that is linear in the number is at least 0 for the first and the last of them."""
        return (
            value.is_polynomial(self.number)
            and sympy.degree(value, self.number) <= 1
            and all(algebra.at_least(end, 0) for end in self._at_ends(value))
        )

    def _is_sure(self, relation: str, left: Number, right: Number) -> bool:
        """Return whether a condition holds since powers of whole numbers, such as 2**(depth - i), are whole."""
        left, right = self._with_whole_powers(left), self._with_whole_powers(right)
        if relation == "divides":
            return bool((right / left).is_integer)
        above = left - right + 1
        return bool(relation == "≥" and above.is_integer and above.is_positive)

    def _with_whole_powers(self, value: Number) -> Any:
        """Return a value with a symbol in place of each power of a whole number, by an exponent of at least 0."""
        value = sympy.sympify(value)
        powers = [
            each
            for each in value.atoms(sympy.Pow)
            if each.base.is_integer and each.base.is_positive and self._is_exponent(each.exp)
        ]
        return value.xreplace({each: sympy.Dummy(integer=True, positive=True) for each in powers})

    def _is_exponent(self, value: Any) -> bool:
        """Return whether a value that depends on the number is an exponent of at least 0 for every number."""
        try:
            return self._depends(value, 0) and self._never_falls_below_zero(sympy.expand(value))
        except Undecided:
            # at the sizes at hand it is not
            return False

    def _depends(self, left: Number, right: Number) -> bool:
        return algebra.depends(left, self.number) or algebra.depends(right, self.number)

    def _at_ends(self, difference: Any) -> list[Number]:
        """Return a difference for the first and the last number."""
        return [algebra.substituted(difference, self.number, sympy.sympify(end)) for end in (self.first, self.last)]
