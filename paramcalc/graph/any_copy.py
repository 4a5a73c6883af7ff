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

#: What each sign of the difference of two sizes tells of a comparison, as SymPy has both.
_SIGNS: dict[str, dict[str, bool]] = {
    "<": {"is_negative": True, "is_nonnegative": False},
    ">": {"is_positive": True, "is_nonpositive": False},
    "<=": {"is_nonpositive": True, "is_positive": False},
    ">=": {"is_nonnegative": True, "is_negative": False},
    "==": {"is_negative": False, "is_positive": False},
    "!=": {"is_negative": True, "is_positive": True},
}
#: The signs that a difference has everywhere, if it has them where it is the largest.
_FROM_ABOVE = ("is_negative", "is_nonpositive")


class AnyCopy:
    """The copy of any number from `first` to `last` while it is evaluated."""

    def __init__(self, walk: Walk, content: Callable[[Copy], Tree], first: int, last: Number) -> None:
        self.walk = walk
        self.content = content
        self.first = first
        self.last = last
        #: the symbol for the number of the copy
        self.number = sympy.Dummy("i", integer=True, nonnegative=True, positive=True if first > 0 else None)
        #: the condition on the number that holds for some copies alone, if that is why there is no tree
        self.undecided: Any = None

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
            with algebra.assuming(decide=self._decided) as conditions:
                tree = self.content(copy) if walk.choose(copy) else None
            is_whole = tree is not None and len(walk.problems) == len(problems)
            with algebra.trying() as succeed:
                if is_whole and self._holds_for_all(conditions) and self._are_made_alike(conditions.choices):
                    succeed()
                    return tree
        except ParamcalcError:
            pass
        except Undecided as undecided:
            if not algebra.depends(undecided.value, self.number):
                raise
            self.undecided = undecided.value
        finally:
            # the copies that are evaluated by themselves remark on the same
            del walk.remarks[remarks:], walk.trail[trail:]
        walk.problems, walk.budget.steps = problems, steps
        return None

    def _decided(self, relation: Any) -> bool | None:
        """Return the truth of a comparison that is linear in the number, where the first and the last copy tell it."""
        if not algebra.depends(relation, self.number) or not relation.is_Relational:
            return None
        difference = sympy.expand(relation.lhs - relation.rhs)
        if not difference.is_polynomial(self.number) or sympy.degree(difference, self.number) > 1:
            return None
        ends = [sympy.sympify(end) for end in self._at_ends(difference)]
        slope = difference.coeff(self.number, 1)
        if not (slope.is_nonnegative or slope.is_nonpositive):
            return None
        smallest, largest = ends if slope.is_nonnegative else reversed(ends)
        for sign, truth in _SIGNS[relation.rel_op].items():
            if getattr(largest if sign in _FROM_ABOVE else smallest, sign):
                return truth
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

    def _holds_for_all(self, conditions: Iterable[tuple[str, Number, Number]]) -> bool:
        """Return whether conditions hold for every number, as far as the sizes at hand allow it."""
        try:
            return self._hold(conditions)
        except Undecided:
            return False

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
        left, right = self._with_whole_powers(self.whole(left)), self._with_whole_powers(self.whole(right))
        if relation == "divides":
            return bool((right / left).is_integer)
        above = left - right + 1
        return bool(relation == "≥" and above.is_integer and above.is_positive)

    def whole(self, size: Number) -> Number:
        """Return a size without the rounding of what is whole for every number."""
        if not algebra.depends(size, self.number):
            return size
        return size.replace(
            lambda each: isinstance(each, (sympy.floor, sympy.ceiling)),
            lambda each: each.args[0] if self._with_whole_powers(each.args[0]).is_integer else each,
        )

    def _with_whole_powers(self, value: Number) -> Any:
        """Return a value with a symbol in place of each power of a whole number, by an exponent of at least 0."""
        value = sympy.sympify(value)
        if value.is_Mul or value.is_Pow:
            value = self._with_whole_power(value)
        return value.func(*map(self._with_whole_powers, value.args)) if value.args else value

    def _with_whole_power(self, term: Any) -> Any:
        """Return a product with a symbol for the power in it; 128*2**(1 - i) is 2**(8 - i)."""
        coefficient, rest = term.as_coeff_Mul()
        factors = sympy.Mul.make_args(rest)
        for factor in factors:
            base, exponent = factor.as_base_exp()
            if not (base.is_Integer and base > 1 and self._depends(exponent, 0)):
                continue
            more = sympy.multiplicity(base, coefficient)
            if self._is_exponent(exponent + more):
                others = (each for each in factors if each is not factor)
                return sympy.Mul(coefficient / base**more, sympy.Dummy(integer=True, positive=True), *others)
        return term

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
