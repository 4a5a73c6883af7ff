"""The values of dims and arguments, and the refusal where one is needed and unknown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from paramcalc.core import algebra
from paramcalc.core.algebra import Undecided, Unknown
from paramcalc.core.errors import ParamcalcError, Path, quoted, refuse
from paramcalc.core.expression import ABSENT, Environment, Expression, bounded
from paramcalc.spec import Value


def value_of(value: Value, environment: Environment) -> Any:
    """Return the value of a dim or an argument: expressions evaluated, also those in a list."""
    if isinstance(value, Expression):
        return value.evaluate(environment)
    if isinstance(value, (tuple, list)):
        return bounded(tuple(value_of(item, environment) for item in value))
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        return float(value)
    return value if isinstance(value, bool) or value is ABSENT else bounded(algebra.as_number(value))


def check_conditions(conditions: Iterable[Expression], environment: Environment, path: Path = ()) -> None:
    """Refuse values that do not meet conditions: `unmet-condition`; of symbols they are assumed.

    Raises `wrong-type` for what is no condition; `path` is that of the conditions.
    """
    for place, condition in enumerate(conditions):
        here = (*path, place)
        try:
            value = condition.evaluate(environment)
            if not (isinstance(value, bool) or algebra.is_symbol(value) or algebra.is_array(value)):
                raise refuse("wrong-type", f"takes conditions, and {quoted(condition.text)} is {quoted(value)}")
        except ParamcalcError as error:
            raise error.within(*here) from None
        except Undecided as undecided:
            if algebra.is_symbol(undecided.value):
                # whoever evaluates with symbols fixes the dims on which it depends, and no others
                raise
            arrays = [name for name in condition.names if algebra.is_array(environment.values.get(name))]
            if not arrays or not algebra.is_array(undecided.value):
                raise undecided_problem(undecided).within(*here) from None
            _check_rows(condition, arrays, environment, here)
            continue
        _check_condition(condition, value, environment, here)


def _check_rows(condition: Expression, names: Sequence[str], environment: Environment, path: Path) -> None:
    """Check a condition at each row of the arrays of these names, rows that are alike once."""
    for number, row in algebra.distinct_rows([environment.values[name] for name in names]):
        values = {**environment.values, **dict(zip(names, row, strict=True))}
        try:
            check_conditions([condition], Environment(values), path[:-1])
        except ParamcalcError as error:
            raise ParamcalcError(
                replace(problem, message=f"{problem.message}, in row {number}", path=path) for problem in error.problems
            ) from None


def _check_condition(condition: Expression, value: Any, environment: Environment, path: Path) -> None:
    if algebra.is_symbol(value) and not (value.is_Boolean and not value.free_symbols):
        algebra.require(value)
        return
    if algebra.is_array(value) and not value.all():
        first = int((~value.astype(bool)).argmax())
        raise refuse("unmet-condition", f"{quoted(condition.text)} does not hold in row {first}", path=path)
    if not algebra.is_array(value) and not algebra.truth(value):
        known = {name: environment.values[name] for name in sorted(condition.names) if name in environment.values}
        stated = ", ".join(f"{name} = {shown(each)}" for name, each in known.items())
        raise refuse(
            "unmet-condition",
            f"{quoted(condition.text)} does not hold" + (f" at {stated}" if stated else ""),
            path=path,
        )


def shown(value: Any) -> str:
    """Return the value of a dim as messages show it."""
    if isinstance(value, tuple):
        return "[" + ", ".join(map(shown, value)) + "]"
    return quoted(value) if not isinstance(value, str) else f"{value!r}"


def same_values(left: Any, right: Any) -> bool:
    """Return whether two values are the same: numbers, symbols, lists, texts."""
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(same_values, left, right))
    numbers = algebra.is_number(left) and algebra.is_number(right)
    return algebra.same(left, right) if numbers else bool(left == right)


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
    return ", ".join(f"'{name}'" for name in dims), f"give it a value: --set {first}=…, or dims={{'{first}': …}}"
