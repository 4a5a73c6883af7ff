"""References to nodes by name or path, whose copies may be said by expressions: `down[depth - 1].conv`."""

from __future__ import annotations

import re
from typing import Any

from paramcalc.core.algebra import is_symbol
from paramcalc.core.errors import quoted, refuse
from paramcalc.core.expression import Environment, Expression
from paramcalc.core.expression.paths import copy_of, no_path, split_path


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
        return "".join(
            part if isinstance(part, str) else copy_of(part.evaluate(environment), self) for part in self.parts
        )

    def of_any_copy(self, environment: Environment) -> tuple[str, Any, str] | None:
        """Return the path of a node, the number of its copy, and the path in that, if that number is a symbol.

        None for any other reference. Raises what `path` does.
        """
        values = [part if isinstance(part, str) else part.evaluate(environment) for part in self.parts]
        places = [place for place, value in enumerate(values) if is_symbol(value)]
        if len(places) != 1:
            return None
        (place,) = places
        before, after = (
            "".join(each if isinstance(each, str) else copy_of(each, self) for each in some)
            for some in (values[:place], values[place + 1 :])
        )
        return before, values[place], after.lstrip(".")


def read_reference(value: Any) -> Reference:
    """Read the name of a node, or a path. Raises `wrong-type`, `invalid-expression`."""
    if type(value) is int and value >= 0:
        value = str(value)
    if isinstance(value, Reference):
        return value
    if not isinstance(value, str):
        raise no_path(value)
    reference = Reference(value)
    pieces = enumerate(split_path(value))
    reference.parts = tuple(Expression.parse(piece) if place % 2 else piece for place, piece in pieces)
    return reference


def read_references(value: Any) -> tuple[Reference, ...]:
    """Read one reference, or a list of them. Raises `wrong-type`."""
    if isinstance(value, str) or type(value) is int:
        return (read_reference(value),)
    if not isinstance(value, (list, tuple)) or not value:
        raise refuse("wrong-type", f"takes a list of the names of nodes, not {quoted(value)}")
    return tuple(read_reference(item) for item in value)
