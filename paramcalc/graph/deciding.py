"""What the number of a copy decides: the values of the expressions in a node that mention its counter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from paramcalc.core.algebra import Undecided
from paramcalc.core.errors import ParamcalcError
from paramcalc.core.expression import ABSENT, Environment, Expression
from paramcalc.core.expression.parts import deciding_parts
from paramcalc.spec import Node

#: What can be compared as it stands; a list holds such values.
_PLAIN = (int, bool, str, float, Fraction, type(None), type(ABSENT))


class Deciding:
    """The expressions in a node that mention the counter of its copies.

    Copies that are given the same are alike where the values of all these are.
    """

    def __init__(self, node: Node, counter: str, values: Mapping[str, Any]) -> None:
        self.counter = counter
        self.values = values
        known = {*values, counter}
        self.expressions = _once(each for each in node.all_expressions() if counter in each.names)
        #: the parts of them by which they differ from number to number: fewer, and quicker to evaluate
        self.parts = _once(
            Expression.parse(part, each.words, each.exact)
            for each in self.expressions
            for part in deciding_parts(each.text, counter)
        )
        self._found: dict[int, tuple[Any, ...] | None] = {}
        self._found_by_parts: dict[tuple[Any, ...], tuple[Any, ...] | None] = {}
        #: whether their values are all that a number decides
        self.are_all = not _has_other_uses(node, counter) and all(each.names <= known for each in self.expressions)

    def by(self, number: int) -> tuple[Any, ...] | None:
        """Return what a number decides; None where it is more than values that can be compared."""
        if not self.are_all:
            return None
        if number not in self._found:
            self._found[number] = self._worked_out(number)
        return self._found[number]

    def _worked_out(self, number: int) -> tuple[Any, ...] | None:
        parts = self._values(self.parts, number)
        if parts is None:
            # what has no value may stand behind a condition
            return self._values(self.expressions, number)
        if parts not in self._found_by_parts:
            self._found_by_parts[parts] = self._values(self.expressions, number)
        return self._found_by_parts[parts]

    def _values(self, expressions: tuple[Expression, ...], number: int) -> tuple[Any, ...] | None:
        environment = Environment({**self.values, self.counter: number})
        try:
            found = tuple(each.evaluate(environment) for each in expressions)
        except (ParamcalcError, Undecided):
            # it may never be asked, or be asked where more is known
            return None
        return _tagged(found) if _is_plain(found) else None


def _once(expressions: Iterable[Expression]) -> tuple[Expression, ...]:
    """Return each of some expressions once."""
    return tuple({(each.text, each.words, each.exact): each for each in expressions}.values())


def _tagged(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return values with their types, since 1 and true are equal in Python."""
    return tuple(_tagged(each) if isinstance(each, tuple) else (type(each), each) for each in values)


def _is_plain(value: Any) -> bool:
    return all(map(_is_plain, value)) if isinstance(value, tuple) else isinstance(value, _PLAIN)


def _has_other_uses(node: Node, counter: str) -> bool:
    """Return whether a path of a reference mentions the counter, or a node within has a counter of the same name."""
    for _, side in node.sides:
        if any(counter in reference.names for _, reference in side.references()):
            return True
        for child in side.layers or ():
            if (child.is_repeated and child.index == counter) or _has_other_uses(child, counter):
                return True
    return False
