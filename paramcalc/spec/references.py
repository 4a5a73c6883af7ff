"""References to nodes by name or path, whose copies may be said by expressions: `down[depth - 1].conv`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from paramcalc.core.errors import ParamcalcError, quoted, refuse
from paramcalc.core.expression import Environment, Expression

#: A name, or a number: a copy, a child of that name, or an output.
_SEGMENT = re.compile(r"[^\W\d][\w-]*|0|[1-9]\d*")


class Reference(str):
    """A reference as the spec writes it, with the expressions in its brackets."""

    #: the text before each pair of brackets, the expression in it, and the text behind the last
    parts: tuple[str | Expression, ...]

    @property
    def names(self) -> frozenset[str]:
        """The dims, arguments and counters that its expressions mention."""
        return frozenset().union(*(part.names for part in self.parts if isinstance(part, Expression)))

    @property
    def first(self) -> str:
        """The name of the first node on its path."""
        return re.split(r"[.\[]", self, maxsplit=1)[0]

    def path(self, environment: Environment) -> str:
        """Return the path with the number of each copy: `down.2.conv`. Raises `no-such-copy`, `wrong-type`."""
        if len(self.parts) == 1:
            return str(self)
        return "".join(part if isinstance(part, str) else _copy(part, environment, self) for part in self.parts)


def _copy(expression: Expression, environment: Environment, reference: str) -> str:
    number = expression.evaluate(environment)
    if type(number) is not int:
        raise refuse("wrong-type", f"the number of a copy is a whole number, not {quoted(number)}: {quoted(reference)}")
    if number < 0:
        path = f"{reference.partition('[')[0]}.{number}"
        raise refuse("no-such-copy", f"{quoted(reference)} names {quoted(path)}, and copies are numbered from 0")
    return f".{number}"


def read_reference(value: Any) -> Reference:
    """Read the name of a node, or a path. Raises `wrong-type`, `invalid-expression`."""
    if type(value) is int and value >= 0:
        value = str(value)
    if isinstance(value, Reference):
        return value
    if not isinstance(value, str):
        raise _no_reference(value)
    reference = Reference(value)
    reference.parts = tuple(_parts(value))
    plain = "".join(part if isinstance(part, str) else ".0" for part in reference.parts)
    if not all(map(_SEGMENT.fullmatch, plain.split("."))):
        raise _no_reference(value)
    return reference


def _parts(text: str) -> Iterator[str | Expression]:
    """Yield the texts outside of brackets and the expressions inside."""
    start, depth = 0, 0
    for place, char in enumerate(text):
        if char == "[":
            if depth == 0:
                yield text[start:place]
                start = place + 1
            depth += 1
        elif char == "]":
            depth -= 1
            if depth == 0:
                yield Expression.parse(text[start:place])
                start = place + 1
            if depth < 0:
                raise _no_reference(text)
    if depth:
        raise _no_reference(text)
    yield text[start:]


def _no_reference(value: Any) -> ParamcalcError:
    message = f'takes the name of a node, or a path as in body.3.mlp or "body[n - 1].mlp", not {quoted(value)}'
    return refuse("wrong-type", message)


def read_references(value: Any) -> tuple[Reference, ...]:
    """Read one reference, or a list of them. Raises `wrong-type`."""
    if isinstance(value, str) or type(value) is int:
        return (read_reference(value),)
    if not isinstance(value, (list, tuple)) or not value:
        raise refuse("wrong-type", f"takes a list of the names of nodes, not {quoted(value)}")
    return tuple(read_reference(item) for item in value)
