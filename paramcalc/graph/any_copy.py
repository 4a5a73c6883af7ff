"""Copies of a node that are evaluated once for all, by a symbol for their number."""

from __future__ import annotations

from collections.abc import Callable, Iterable

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
            if is_whole and self._hold(conditions) and self._are_of_others(conditions.choices):
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

    def _are_of_others(self, choices: Iterable[tuple[str, Number, Number]]) -> bool:
        """Return whether choices are made by other symbols alone; then they are the whole network's."""
        for relation, left, right in choices:
            if algebra.depends(left, self.number) or algebra.depends(right, self.number):
                return False
            algebra.choose(relation, left, right)
        return True

    def _hold(self, conditions: Iterable[tuple[str, Number, Number]]) -> bool:
        """Return whether conditions hold for every number; what they are on other symbols is assumed."""
        for relation, left, right in conditions:
            if not (algebra.depends(left, self.number) or algebra.depends(right, self.number)):
                algebra.assume(relation, left, right)
                continue
            difference = sympy.expand(left - right)
            if (
                relation != "≥"
                or not difference.is_polynomial(self.number)
                or sympy.degree(difference, self.number) > 1
            ):
                return False
            for end in (self.first, self.last):
                if not algebra.at_least(algebra.substituted(difference, self.number, sympy.sympify(end)), 0):
                    return False
        return True
