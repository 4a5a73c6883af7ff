"""How the values of a spec's keys are read: dims, names, references, ties."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeAlias, get_args

from paramcalc.core import algebra
from paramcalc.core.errors import ParamcalcError, Problem, listed, quoted, refuse, suggest
from paramcalc.core.expression import ABSENT, Expression, bounded, check_name
from paramcalc.layers.base.fields import read_integer

#: What a dim or an argument may be: a size, a truth, a list, an expression; None where it is unknown.
Value: TypeAlias = Any
#: What it may be given as.
GivenValue: TypeAlias = "int | str | Expression | Sequence[GivenValue] | None"

#: The frameworks, each with a convention and a layout.
Framework: TypeAlias = Literal["keras", "torch"]
FRAMEWORKS: tuple[Framework, ...] = get_args(Framework)
#: The version of the format.
VERSION = 1


def unknown_convention(name: object) -> ParamcalcError:
    """Return the refusal of a framework that is none of ours."""
    hint = suggest(name, FRAMEWORKS) or listed("the conventions", FRAMEWORKS)
    return refuse("unknown-convention", f"there is no convention {quoted(name)}", hint)


def names_in(value: Value) -> frozenset[str]:
    """Return the dims, arguments and counters that a value mentions."""
    if isinstance(value, Expression):
        return value.names
    if isinstance(value, tuple):
        return frozenset().union(*map(names_in, value))
    return frozenset()


def is_none(stated: Value) -> bool:
    """Return whether a spec states a dim as `none`, absent."""
    return stated is ABSENT or (isinstance(stated, Expression) and stated.text == "none")


def read_value(value: Any) -> Value:
    """Read the value of a dim or an argument. Raises `wrong-type`, `limit`, `invalid-expression`."""
    if value is None or value is ABSENT or isinstance(value, (bool, Expression)):
        return value
    if isinstance(value, str):
        return Expression.parse(value)
    if isinstance(value, (list, tuple)):
        if any(item is None for item in value):
            raise refuse("wrong-type", "takes a list without empty elements")
        return bounded(tuple(read_value(item) for item in value))
    if isinstance(value, (float, dict)):
        what = f"the fraction {value}" if isinstance(value, float) else "a mapping"
        raise refuse("wrong-type", f"takes a whole number, true or false, a list or an expression, not {what}")
    return bounded(algebra.as_number(value))


def of_key(key: str, error: ParamcalcError) -> ParamcalcError:
    """Return the refusal of a key's value, with the key as the subject of its message."""
    return ParamcalcError(
        replace(problem, message=f"'{key}' {problem.message}") if not problem.path and takes else problem
        for problem in error.problems
        for takes in [problem.message.startswith(("takes ", "must "))]
    ).within(key)


def read_values(
    values: Any, what: str, read: Callable[[Any], Any] = read_value, dotted: bool = False
) -> dict[str, Any]:
    """Read values by their names, each by `read`; with `dotted`, names may have dots.

    Raises `wrong-type`, `invalid-name`, `duplicate-name`, and what each value is refused for.
    """
    if not isinstance(values, Mapping):
        raise refuse("wrong-type", f"takes a mapping of names to values, not {quoted(values)}")
    problems: list[Problem] = []
    result: dict[str, Any] = {}
    for written, value in values.items():
        name = written
        try:
            name = check_name(written, what, dotted)
            if name in result:
                raise refuse(
                    "duplicate-name", f"two of these names are the same in Unicode: {quoted(name)}", "rename one"
                )
        except ParamcalcError as error:
            problems += [Problem(p.code, p.message, p.hint, (written,), True) for p in error.problems]
        try:
            result[name] = read(value)
        except ParamcalcError as error:
            problems += of_key(written, error).problems
            result[name] = None
    if problems:
        raise ParamcalcError(problems)
    return result


def read_block_name(value: Any) -> str:
    """Read the name of a block. Raises `invalid-name`."""
    if not isinstance(value, str) or not re.fullmatch(r"[^\W\d][\w-]*", value):
        hint = "a name begins with a letter or _, and goes on with letters, digits, _ and -"
        raise refuse("invalid-name", f"{quoted(value)} cannot name a block", hint)
    return read_name(value)


def read_name(value: Any) -> str:
    """Read the name of a node. Raises `invalid-name`."""
    if type(value) is int and value >= 0:
        return str(value)
    if not isinstance(value, str) or not re.fullmatch(r"[^\W\d][\w-]*|0|[1-9]\d*|\.", value) or len(value) > 200:
        raise refuse(
            "invalid-name",
            f"{quoted(value)} cannot name a node",
            "a name begins with a letter or _, and goes on with letters, digits, _ and -; or it is a number",
        )
    return value


def read_times(value: Any) -> Value:
    """Read a number of copies, or the expression of one. Raises `wrong-type`, `invalid-value`."""
    number = read_integer(value)
    if isinstance(number, Expression) or algebra.at_least(number, 0):
        return bounded(number)
    raise refuse("invalid-value", f"must be at least 0, not {quoted(value)}")


def read_counter(value: Any) -> str:
    """Read the name of a counter. Raises `invalid-name`."""
    return check_name(value, "a counter")


def read_arguments(value: Any) -> dict[str, Value]:
    """Read the arguments of a call. Raises `wrong-type` also for one that is given nothing."""
    values = read_values(value, "an argument")
    for name, given in values.items():
        if given is None:
            raise refuse("wrong-type", f"the argument '{name}' is given nothing", path=(name,))
    return values


def read_conditions(value: Any) -> tuple[Expression, ...]:
    """Read a list of conditions. Raises `wrong-type`, `invalid-expression`."""
    if not isinstance(value, (list, tuple)):
        raise refuse("wrong-type", f"takes a list of conditions, not {quoted(value)}")
    conditions = []
    for place, item in enumerate(value):
        if not isinstance(item, (str, Expression)):
            raise refuse(
                "wrong-type", f"takes a condition such as width % heads == 0, not {quoted(item)}", path=(place,)
            )
        try:
            conditions.append(Expression.parse(item) if isinstance(item, str) else item)
        except ParamcalcError as error:
            raise error.within(place) from None
    return tuple(conditions)


#: What may not be known of a network that was read from a model, and what each stands for.
MAY_BE_UNKNOWN = {
    "buffers": "its buffers, which are left out",
    "active": "to how many of its experts a token is sent",
    "flow": "how all of its layers are connected",
    "values": "what is computed between its layers",
}


def read_unknown(value: Any) -> tuple[str, ...]:
    """Read the list of what is not known of a network. Raises `wrong-type`, `invalid-value`."""
    if not isinstance(value, (list, tuple)):
        raise refuse("wrong-type", f"'unknown' is a list of texts, not {quoted(value)}", "as in unknown: [buffers]")
    for each in value:
        if not isinstance(each, str) or each not in MAY_BE_UNKNOWN:
            raise refuse("invalid-value", f"'unknown' may hold {', '.join(MAY_BE_UNKNOWN)}, not {quoted(each)}")
    return tuple(dict.fromkeys(value))
