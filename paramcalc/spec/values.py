"""How the values of a spec's keys are read: dims, names, references, ties."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeAlias, get_args

from paramcalc.core import algebra
from paramcalc.core.errors import ParamcalcError, Problem, listed, quoted, refuse, suggest
from paramcalc.core.expression import Expression, bounded, check_name
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


def read_value(value: Any) -> Value:
    """Read the value of a dim or an argument. Raises `wrong-type`, `limit`, `invalid-expression`."""
    if value is None or isinstance(value, (bool, Expression)):
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


def read_values(values: Any, what: str) -> dict[str, Value]:
    """Values by their names. Raises `wrong-type`, `invalid-name`, and what each value is refused for."""
    if not isinstance(values, Mapping):
        raise refuse("wrong-type", f"takes a mapping of names to values, not {quoted(values)}")
    problems: list[Problem] = []
    result: dict[str, Value] = {}
    for name, value in values.items():
        try:
            check_name(name, what)
        except ParamcalcError as error:
            problems += [Problem(p.code, p.message, p.hint, (name,), True) for p in error.problems]
        try:
            result[name] = read_value(value)
        except ParamcalcError as error:
            problems += of_key(name, error).problems
            result[name] = None
    if problems:
        raise ParamcalcError(problems)
    return result


def read_name(value: Any) -> str:
    """Read the name of a node. Raises `invalid-name`."""
    if not isinstance(value, str) or not re.fullmatch(r"[^\W\d][\w-]*", value) or len(value) > 200:
        raise refuse(
            "invalid-name",
            f"{quoted(value)} cannot name a node",
            "a name begins with a letter or _, and goes on with letters, digits, _ and -",
        )
    if value == "input":
        raise refuse("invalid-name", "'input' cannot name a node: it stands for the input of the group")
    return value


def read_reference(value: Any) -> str:
    """Read the name of a node, or a path. Raises `wrong-type`."""
    if not isinstance(value, str) or not re.fullmatch(r"[^\W\d][\w-]*(\.[\w-]+)*", value):
        raise refuse("wrong-type", f"takes the name of a node, or a path as in body.3.mlp, not {quoted(value)}")
    return value


def read_references(value: Any) -> tuple[str, ...]:
    """One reference, or a list of them. Raises `wrong-type`."""
    if isinstance(value, str):
        return (read_reference(value),)
    if not isinstance(value, (list, tuple)) or not value:
        raise refuse("wrong-type", f"takes a list of the names of nodes, not {quoted(value)}")
    return tuple(read_reference(item) for item in value)


def read_times(value: Any) -> Value:
    """Read a number of copies, or the expression of one. Raises `wrong-type`, `invalid-value`."""
    number = read_integer(value)
    if isinstance(number, Expression) or algebra.at_least(number, 0):
        return bounded(number)
    raise refuse("invalid-value", f"must be at least 0, not {quoted(value)}")


def read_counter(value: Any) -> str:
    """Read the name of a counter. Raises `invalid-name`."""
    return check_name(value, "a counter")


def read_ties(value: Any) -> dict[str, str]:
    """Tensors of a layer, each with the path of the one it is tied to. Raises `wrong-type`."""
    if not isinstance(value, Mapping) or not value:
        raise refuse("wrong-type", f"takes a mapping of this layer's tensors to others, not {quoted(value)}")
    for name, target in value.items():
        if not isinstance(name, str) or not isinstance(target, str) or "." not in target:
            raise refuse(
                "wrong-type",
                f"a tensor is tied to one of an earlier node, not to {quoted(target)}",
                "as in kernel: embed.embeddings",
                (name,),
            )
        try:
            read_reference(target)
        except ParamcalcError as error:
            raise of_key(name, error) from None
    return dict(value)


def read_arguments(value: Any) -> dict[str, Value]:
    """Read the arguments of a call. Raises `wrong-type` also for one that is given nothing."""
    values = read_values(value, "an argument")
    for name, given in values.items():
        if given is None:
            raise refuse("wrong-type", f"the argument '{name}' is given nothing", path=(name,))
    return values
