"""What Pydantic refuses, in our words and codes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from paramcalc.core.errors import LIMITS, ParamcalcError, Problem, listed, quoted, suggest
from paramcalc.core.registry import field_for
from paramcalc.layers.base.fields import named

if TYPE_CHECKING:
    from paramcalc.layers.base.declaration import Layer

#: How alike a field must be to be meant.
_LIKENESS = 0.7


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
        meaning = str(cls.model_fields[cls.spelled_fields()[name]].description).removeprefix(f"{name}: ")
        return Problem("missing-key", f"{kind_name} needs '{name}' ({meaning})", _example(cls), at_key=True)
    if detail["type"] == "extra_forbidden":
        message = f"{kind_name} has no field {quoted(name)}"
        return Problem("unknown-field", message, _field_hint(cls, str(name)), path, at_key=True)
    if detail["type"] == "literal_error":
        expected = detail["ctx"]["expected"].replace("None", "null")
        message = f"'{name}' of {kind_name} is {expected}, not {quoted(detail['input'])}"
        return Problem("invalid-value", message, "", path)
    return Problem("wrong-type", f"'{name}' of {kind_name} takes text, not {named(detail['input'])}", "", path)


def _example(cls: type[Layer]) -> str:
    """Show a layer of the type with the fields that must be given, as its example has them."""
    if cls.example is None:
        return ""
    fields = {
        outside: cls.example.fields[outside]
        for outside, name in cls.spelled_fields().items()
        if cls.model_fields[name].is_required() and outside in cls.example.fields
    }
    return f"as in {cls.__name__}: {_flow(fields)}" if fields else ""


def _flow(value: Any) -> str:
    """Write a value in braces and brackets, as YAML has it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return f"'{value}'" if isinstance(value, str) and re.search("[,:{}[]", value) else str(value)


#: The keys of a node, by what they are, which people write among the fields.
_BESIDE = (
    "name", "inputs", "trainable", "times", "when", "residual", "dtype", "tie", "index", "share", "parallel", "active",
    "merge", "carry", "next", "else", "tensors", "connections", "of", "recompute",
)  # fmt: skip


def _field_hint(cls: type[Layer], name: str) -> str:
    """Say what to write for a field that the layer type does not have."""
    fields = cls.spelled_fields()
    if name in _BESIDE:
        kind_name = cls.__name__
        return (
            f"'{name}' stands beside the layer type, on a line of its own below '- {kind_name}: …';"
            f" in Python, Node({kind_name}(…), {name}=…)"
        )
    found = field_for(cls.__name__, name) or suggest(name, fields, _LIKENESS)
    return found or listed("its fields", fields) or "it has no fields"
