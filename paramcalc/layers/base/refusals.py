"""What Pydantic refuses, in our words and codes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from paramcalc.core.errors import LIMITS, ParamcalcError, Problem, listed, quoted, suggest
from paramcalc.layers.base.fields import named

if TYPE_CHECKING:
    from paramcalc.layers.base.declaration import Layer


def translated(error: ValidationError, cls: type[Layer]) -> ParamcalcError:
    """Give Pydantic's refusals in our words and codes."""
    details = error.errors(include_url=False)[: LIMITS.problems + 1]
    return ParamcalcError(problem for detail in details for problem in _problems(detail, cls))


def _problems(detail: Any, cls: type[Layer]) -> Iterator[Problem]:
    if detail["type"] != "paramcalc":
        yield _problem(detail, cls)
        return
    name = detail["loc"][0]
    for problem in detail["ctx"]["problems"]:
        message = problem.message
        # a problem of a layer within the layer says whose it is
        if not any(isinstance(part, str) for part in problem.path):
            joint = " " if message.startswith(("takes ", "must ")) else ": "
            message = f"'{name}' of {cls.__name__}{joint}{message}"
        yield replace(problem, message=message, path=(name, *problem.path))


def _problem(detail: Any, cls: type[Layer]) -> Problem:
    path = detail["loc"][:1]
    name, kind_name = path[0], cls.__name__
    if detail["type"] == "missing":
        meaning = cls.model_fields[cls.spelled_fields()[name]].description
        return Problem("missing-key", f"{kind_name} needs '{name}': {meaning}", at_key=True)
    if detail["type"] == "extra_forbidden":
        hint = suggest(name, cls.spelled_fields()) or _fields_hint(cls)
        return Problem("unknown-field", f"{kind_name} has no field {quoted(name)}", hint, path, at_key=True)
    if detail["type"] == "literal_error":
        expected = detail["ctx"]["expected"].replace("None", "null")
        message = f"'{name}' of {kind_name} is {expected}, not {quoted(detail['input'])}"
        return Problem("invalid-value", message, "", path)
    return Problem("wrong-type", f"'{name}' of {kind_name} takes text, not {named(detail['input'])}", "", path)


def _fields_hint(cls: type[Layer]) -> str:
    return listed("its fields", cls.spelled_fields()) or "it has no fields"
