"""Whether points are enough to tell an expression from others: all that it rounds and chooses comes out in every way.

`round_up(width, 8)` and the nearest multiple of 8 agree at half of all widths, `min(width, 96)` and `width` at all up
to 96. So a quotient is to be seen with no rest, with a small one and with a large one, of few and of many; a choice is
to be seen to take either side, far from the other and near it, by a multiple of 8 and another number; each time where
the whole depends on it. A dim is to be seen as what it may be rounded to unseen, a multiple of 8, and beside it.
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
#: Two sizes are near one another that differ by no more than the larger one divided by this.
_NEAR = 4
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

    def ways(self, environment: Environment) -> Iterator[str]:
        """Yield in which ways it comes out; none where it has no value."""
        op, of = self.expr.op, self.expr.of
        if op == "if":
            # of a condition, its number
            truth = ex.made("if", of[0], ex.number(1), ex.number(0)).value(environment)
            yield from () if truth is None else ("holds",) if truth else ("fails",)
            return
        left, right = (each.value(environment) for each in of)
        if left is None or right is None:
            return
        if op in _QUOTIENTS:
            yield from _rest(left, right)
            return
        if left == right:
            return
        side = "left" if (left < right) == (op == "min") else "right"
        taken = left if side == "left" else right
        yield f"{side}, {'near' if _NEAR * abs(left - right) <= max(left, right) else 'far'}"
        yield f"{side}, {'a multiple' if taken % _ROUNDED == 0 else 'any'}"

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


def _rest(dividend: int, divisor: int) -> Iterator[str]:
    """Yield what a quotient leaves."""
    if divisor > 1 and dividend >= 0:
        rest = dividend % divisor
        size = "none" if rest == 0 else "small" if 2 * rest < divisor else "large"
        yield f"{size}, of {'many' if dividend >= _MANY * divisor else 'few'}"


#: All the ways in which a quotient comes out.
_RESTS = {way for dividend in range((_MANY + 1) * _ROUNDED) for way in _rest(dividend, _ROUNDED)}


class Covering:
    """What expressions in `dims` round and choose, and how much of that has been seen; of `sizes`, what they leave."""

    def __init__(self, expressions: Iterable[Expr], dims: Iterable[str], sizes: Iterable[str]) -> None:
        self.sizes = [*map(ex.name, sizes)]
        self.parts: dict[Expr, Part] = {}
        for whole in dict.fromkeys(expressions):
            for part in whole.parts():
                if part.op in ("if", "min", "max", *_QUOTIENTS) and part not in self.parts:
                    self.parts[part] = Part(part, _replaced(whole, part))
        names = {name for part in self.parts.values() for name in part.around.names | part.expr.names}
        self.counters = names - {*dims, _CHANGED}
        self.seen: set[Way] = set()

    @property
    def is_complete(self) -> bool:
        """Whether there is nothing more to be seen, as far as that is known: of sizes alone."""
        return not self.parts and len(self.seen) == len(_RESTS) * len(self.sizes)

    def news(self, values: Mapping[str, Any]) -> set[Way]:
        """Return the ways in which parts come out at a point, and have not been seen to."""
        return {*self._of_sizes(values), *self._of_parts(values)} - self.seen

    def _of_sizes(self, values: Mapping[str, Any]) -> Iterator[Way]:
        for name in self.sizes:
            size = name.value(values)
            for way in _rest(size, _ROUNDED) if size is not None else ():
                yield name, way

    def _of_parts(self, values: Mapping[str, Any]) -> Iterator[Way]:
        for copy in _COPIES if self.counters else _COPIES[:1]:
            environment = {**values, **dict.fromkeys(self.counters, copy)}
            for part in self.parts.values():
                new = [(part.expr, way) for way in part.ways(environment) if (part.expr, way) not in self.seen]
                if new and part.matters(environment):
                    yield from new


def _replaced(expr: Expr, part: Expr) -> Expr:
    """Return an expression with a name in place of a part."""
    if expr == part:
        return ex.name(_CHANGED)
    if not any(isinstance(each, Expr) for each in expr.of):
        return expr
    return ex.made(expr.op, *(_replaced(each, part) if isinstance(each, Expr) else each for each in expr.of))
