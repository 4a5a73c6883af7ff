"""The values of expressions at many places, each expression worked out once from its parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from paramcalc.core.errors import ParamcalcError
from paramcalc.frameworks.deriving.expressions import OPERATIONS, Environment, Expr

#: What an operation raises where it has no value.
_UNDEFINED = (ArithmeticError, ValueError, IndexError, TypeError, ParamcalcError)


class Column(NamedTuple):
    """The values of an expression, place by place: None where it has none."""

    values: list[Any]
    #: whether it has a value at every place
    is_whole: bool


class Columns:
    """The values of expressions at some places."""

    def __init__(self, environments: Sequence[Environment]) -> None:
        self.environments = environments
        self._found: dict[Expr, Column] = {}

    def of(self, expr: Expr) -> Column:
        """Return the values of an expression."""
        found = self._found.get(expr)
        if found is None:
            found = self._found[expr] = self._worked_out(expr)
        return found

    def _worked_out(self, expr: Expr) -> Column:
        if expr.op == "name":
            return Column([environment[expr.of[0]] for environment in self.environments], True)
        if expr.op == "number":
            return self._constant(expr.of[0])
        parts = [self.of(each) if isinstance(each, Expr) else self._constant(each) for each in expr.of]
        operation = OPERATIONS[expr.op]
        if all(part.is_whole for part in parts):
            try:
                return Column([*map(operation, *(part.values for part in parts))], True)
            except _UNDEFINED:
                pass
        return Column([_value(operation, row) for row in zip(*(part.values for part in parts), strict=True)], False)

    def _constant(self, value: Any) -> Column:
        return Column([value] * len(self.environments), True)


def _value(operation: Callable[..., Any], operands: tuple[Any, ...]) -> Any:
    """Return what an operation gives; None where an operand is unknown, or it has no value."""
    if None in operands:
        return None
    try:
        return operation(*operands)
    except _UNDEFINED:
        return None
