"""Whether points are enough to tell an expression from others: all that it rounds and chooses comes out in every way.

`round_up(width, 8)` and the nearest multiple of 8 agree at half of all widths, `min(width, 96)` and `width` at all up
to 96. So a quotient is to be seen with no rest, with a small one and with a large one, of few and of many; a choice is
to be seen to take either side, by a multiple of 8 and another number; each time where the whole depends on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from paramcalc.frameworks.deriving import expressions as ex
from paramcalc.frameworks.deriving.expressions import Environment, Expr

#: A part of an expression, and in which way it comes out.
Way: TypeAlias = tuple[Expr, str]

_QUOTIENTS = ("//", "ceil", "round_up", "%")
#: From how many times the divisor on a quotient is one of many.
_MANY = 4
#: To a multiple of what sizes are often rounded, unseen.
_ROUNDED = 8
#: By how much a part is changed, to see whether the whole depends on it: more than what is around it rounds away.
_CHANGES = (1, 8, 64)
#: The copies in which expressions are looked at.
_COPIES = (0, 1, 2)
#: No name of a dim has a space.
_CHANGED = "the part"


@dataclass(frozen=True)
class Part:
    """A part of an expression that rounds or chooses; the whole is kept with a name in its place."""

    expr: Expr
    around: Expr

    def way(self, environment: Environment) -> Way | None:
        """Return in which way it comes out; None where it has no value."""
        op, of = self.expr.op, self.expr.of
        if op == "if":
            # of a condition, its number
            truth = ex.made("if", of[0], ex.number(1), ex.number(0)).value(environment)
            return (self.expr, "holds" if truth else "fails") if truth is not None else None
        left, right = (each.value(environment) for each in of)
        if left is None or right is None:
            return None
        if op not in _QUOTIENTS:
            side = "left" if (left < right) == (op == "min") else "right"
            kind = "a multiple" if self.expr.evaluate(environment) % _ROUNDED == 0 else "any"
            return None if left == right else (self.expr, f"{side}, {kind}")
        if right <= 1 or left < 0:
            return None
        rest = left % right
        size = "none" if rest == 0 else "small" if 2 * rest < right else "large"
        return self.expr, f"{size}, of {'many' if left >= _MANY * right else 'few'}"

    def matters(self, environment: Environment) -> bool:
        """Whether the whole depends on it: both more and less of it change the whole."""
        value = self.expr.value(environment)
        if value is None:
            return False
        whole = self.around.value({**environment, _CHANGED: value})
        return whole is not None and any(
            all(self._differs(environment, value + change, whole) for change in (by, -by)) for by in _CHANGES
        )

    def _differs(self, environment: Environment, value: int, whole: int) -> bool:
        other = self.around.value({**environment, _CHANGED: value})
        return other is not None and other != whole


class Covering:
    """What expressions round and choose, and how much of that has been seen."""

    def __init__(self, expressions: Iterable[Expr], dims: Iterable[str]) -> None:
        self.parts: dict[Expr, Part] = {}
        for whole in dict.fromkeys(expressions):
            for part in whole.parts():
                if part.op in ("if", "min", "max", *_QUOTIENTS) and part not in self.parts:
                    self.parts[part] = Part(part, _replaced(whole, part))
        names = {name for part in self.parts.values() for name in part.around.names | part.expr.names}
        self.counters = names - {*dims, _CHANGED}
        self.seen: set[Way] = set()

    def news(self, values: Mapping[str, Any]) -> set[Way]:
        """Return the ways in which parts come out at a point, and have not been seen to."""
        return {*self._news(values)}

    def _news(self, values: Mapping[str, Any]) -> Iterator[Way]:
        for copy in _COPIES if self.counters else _COPIES[:1]:
            environment = {**values, **dict.fromkeys(self.counters, copy)}
            for part in self.parts.values():
                way = part.way(environment)
                if way is not None and way not in self.seen and part.matters(environment):
                    yield way


def _replaced(expr: Expr, part: Expr) -> Expr:
    """Return an expression with a name in place of a part."""
    if expr == part:
        return ex.name(_CHANGED)
    if not any(isinstance(each, Expr) for each in expr.of):
        return expr
    return ex.made(expr.op, *(_replaced(each, part) if isinstance(each, Expr) else each for each in expr.of))
