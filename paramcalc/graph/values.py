"""The values of dims and arguments, and the refusal where one is needed and unknown."""

from __future__ import annotations

from typing import Any

from paramcalc.core import algebra
from paramcalc.core.algebra import Undecided, Unknown
from paramcalc.core.errors import ParamcalcError, quoted, refuse
from paramcalc.core.expression import Environment, Expression, bounded
from paramcalc.spec import Value


def value_of(value: Value, environment: Environment) -> Any:
    """Return the value of a dim or an argument: expressions evaluated, also those in a list."""
    if isinstance(value, Expression):
        return value.evaluate(environment)
    if isinstance(value, (tuple, list)):
        return bounded(tuple(value_of(item, environment) for item in value))
    return value if isinstance(value, bool) else bounded(algebra.as_number(value))


def undecided_problem(undecided: Undecided) -> ParamcalcError:
    """Return the refusal where one value is needed, and it is unknown, or there are many."""
    if isinstance(undecided.value, Unknown):
        names, hint = unknown_dims(undecided.names)
        return refuse("free-dim", f"the value of {names} is needed here", hint)
    return refuse("not-one-value", "a condition, a list or a counter depends on a dim that is an array")


def unknown_dims(names: frozenset[str]) -> tuple[str, str]:
    """Return unknown dims as messages name them, and the way out; without names, it is a length that is null."""
    if not names:
        return "a length that is null", "write a number or the name of a dim in its place"
    dims = sorted(names)
    first = quoted(dims[0])[1:-1]
    return ", ".join(f"'{name}'" for name in dims), f"give it one: --set {first}=…, or dims={{'{first}': …}}"
