"""Whether sizes are equal, and which is larger; what is assumed of symbols for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from paramcalc.core.algebra.sizes import Number, Shape, Undecided, Unknown, is_array, is_symbol, sympy_module, truth
from paramcalc.core.algebra.terms import MOST_TERMS, short, terms_of


class _Collected(list[Any]):
    """What is assumed, and what is done with each new assumption."""

    settle: Callable[[str, Number, Number], None] | None = None
    differ: Callable[[Number, Number], bool] | None = None
    decide: Callable[[Number], bool | None] | None = None

    def __init__(self, around: _Collected | None) -> None:
        super().__init__()
        #: what is assumed around it
        self.around = around
        #: of what is assumed, and of what is taken for granted beside it, what decides which layers and sizes there
        #: are: where it does not hold, a network is not refused, but another one
        self.choices: list[Any] = []


_conditions: ContextVar[_Collected | None] = ContextVar("conditions", default=None)


@contextmanager
def assuming(
    settle: Callable[[str, Number, Number], None] | None = None,
    differ: Callable[[Number, Number], bool] | None = None,
    decide: Callable[[Number], bool | None] | None = None,
) -> Iterator[_Collected]:
    """Collect what symbolic arithmetic assumes, as (relation, left, right); its `choices` are a list of their own.

    `settle` is given each as it is made, and may refuse it: then it raises where the assumption was needed.
    `differ` says of two sizes in symbols whether it may be assumed that they are not equal, where that is asked.
    `decide` is given each comparison of symbols, and returns its truth if it knows it, here and in all within.
    """
    collected = _Collected(_conditions.get())
    collected.settle, collected.differ, collected.decide = settle, differ, decide
    token = _conditions.set(collected)
    try:
        yield collected
    finally:
        _conditions.reset(token)


def assume(relation: str, left: Number, right: Number) -> None:
    """Record what a symbolic evaluation assumes: "=", "≠", "≥" or "divides"."""
    collected = _conditions.get()
    if collected is not None and (relation, left, right) not in collected:
        if collected.settle is not None:
            collected.settle(relation, left, right)
        collected.append((relation, left, right))


def choose(relation: str, left: Number, right: Number) -> None:
    """Record what a symbolic evaluation takes for granted where, without it, there is another network, and no error."""
    collected = _conditions.get()
    if collected is not None and (relation, left, right) not in collected.choices:
        if collected.settle is not None:
            collected.settle(relation, left, right)
        collected.choices.append((relation, left, right))


def mentions(conditions: Iterable[tuple[str, Number, Number]], number: Number) -> bool:
    """Return whether what is assumed depends on a symbol."""
    return any(is_symbol(side) and side.has(number) for _, left, right in conditions for side in (left, right))


@contextmanager
def trying() -> Iterator[Callable[[], None]]:
    """Assume what is needed within it only if it succeeds: if what it gives is called."""
    collected, succeeded = _conditions.get(), []
    before = None if collected is None else (len(collected), len(collected.choices))
    try:
        yield lambda: succeeded.append(True)
    finally:
        if collected is not None and before is not None and not succeeded:
            del collected[before[0] :], collected.choices[before[1] :]


@contextmanager
def asked_from(bound: int, size: Number) -> Iterator[None]:
    """Say that what is assumed within it is needed only where a size reaches a bound.

    If something is, that the size reaches it is chosen: below, there is another network, and no error.
    """
    collected = _conditions.get()
    before = 0 if collected is None else len(collected)
    yield
    if collected is not None and len(collected) > before:
        _choose_at_least(size, bound)


def equal(left: Number, right: Number) -> bool:
    """Return whether two sizes agree. An unknown length agrees with anything.

    Of two symbolic sizes that are not the same, it is assumed, and recorded, that they are.
    """
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return True
    if is_symbol(left) or is_symbol(right):
        difference = short(left - right).expand()
        if difference.is_Integer or difference.is_nonzero:
            return bool(difference == 0)
        assume("=", left, right)
        return True
    if is_array(left) or is_array(right):
        return bool((left == right).all())
    return bool(left == right)


def equal_shapes(left: Shape, right: Shape) -> bool:
    """Return whether two shapes have the same axes, each as `equal` has it."""
    return len(left) == len(right) and all(map(equal, left, right))


#: A difference of more terms than this is not simplified: sizes that are told apart in vain are right all the same.
_MOST_SIMPLIFIED = 20


def same(left: Number, right: Number) -> bool:
    """Return whether two sizes are identical: nothing is assumed, and no unknown length is guessed."""
    if is_array(left) or is_array(right):
        return bool((left == right).all())
    if is_symbol(left) or is_symbol(right):
        difference = left - right
        if terms_of(difference) > MOST_TERMS:
            return False
        difference = difference.expand()
        if difference == 0 or difference.is_polynomial():
            # multiplied out, it is 0 or it is not
            return bool(difference == 0)
        sympy = sympy_module()
        # `simplify` is slow, and takes minutes for sizes that were rounded again and again
        simple = terms_of(difference) <= _MOST_SIMPLIFIED and not difference.has(sympy.Function, sympy.Max, sympy.Min)
        return bool(simple and difference.simplify() == 0)
    return bool(left == right)


def same_shapes(left: Shape, right: Shape) -> bool:
    """Return whether two shapes have the same axes, each as `same` has it."""
    return len(left) == len(right) and all(map(same, left, right))


def at_least(value: Number, bound: int) -> bool:
    """Return whether a size reaches a bound. An unknown length does; of a symbol it is assumed."""
    if type(value) is int:
        return value >= bound
    if isinstance(value, Unknown):
        return True
    if is_symbol(value):
        if value.is_Integer:
            return int(value) >= bound
        # a size is whole, if only since what makes it so was assumed
        if not (bound == 1 and value.is_positive) and not (value - bound).is_nonnegative:
            assume("≥", value, bound)
        return True
    return bool((value >= bound).all()) if is_array(value) else bool(value >= bound)


def chosen_at_least(value: Number, bound: int) -> bool:
    """Return what `at_least` does, for a bound below which there is another network, and no error."""
    _choose_at_least(value, bound)
    return at_least(value, bound)


def _choose_at_least(value: Number, bound: int) -> None:
    if is_symbol(value) and not (value - bound).is_nonnegative:
        choose("≥", value, bound)


def compare(operator: str, left: Number, right: Number) -> Number:
    """Return the comparison of two sizes: a truth, or a condition that depends on symbols.

    Of sizes in symbols it may be assumed, and is recorded, that they are not equal.
    Raises `Undecided` for an unknown length, and for arrays of which it holds in part.
    """
    if is_symbol(left) or is_symbol(right):
        sympy = sympy_module()
        relation = sympy.Rel(left, right, operator)
        if not relation.is_Relational:
            return bool(relation)
        decided = _decided(relation)
        if decided is not None:
            return decided
        if operator in ("==", "!=") and _may_differ(*relation.args):
            assume("≠", *relation.args)
            choose("≠", *relation.args)
            return operator == "!="
        return relation
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        raise Undecided(left if isinstance(left, Unknown) else right)
    result = _COMPARISONS[operator](left, right)
    return truth(result) if is_array(result) else result


def _decided(relation: Number) -> bool | None:
    """Return the truth of a comparison of symbols, where something around knows it."""
    collected = _conditions.get()
    while collected is not None:
        found = collected.decide(relation) if collected.decide is not None else None
        if found is not None:
            return found
        collected = collected.around
    return None


def _may_differ(left: Number, right: Number) -> bool:
    collected = _conditions.get()
    return collected is not None and collected.differ is not None and collected.differ(left, right)


_COMPARISONS: dict[str, Any] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def require(condition: Number) -> None:
    """Assume a condition in symbols. Raises `Undecided` for one that is no relation between two sizes.

    Of whole numbers, `a > b` is `a ≥ b + 1`.
    """
    if condition.is_Relational:
        left, right = condition.args
        sign = condition.rel_op
        if sign == "==" and right == 0 and type(left).__name__ == "Mod":
            assume("divides", left.args[1], left.args[0])
        elif sign in ("==", "!="):
            assume("=" if sign == "==" else "≠", left, right)
        else:
            larger, smaller = (left, right) if sign[0] == ">" else (right, left)
            assume("≥", larger, smaller if sign[1:] else smaller + 1)
    elif getattr(condition, "func", None) is sympy_module().And:
        for each in condition.args:
            require(each)
    else:
        raise Undecided(condition)
