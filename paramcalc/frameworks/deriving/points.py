"""The values of dims at which a constructor is run: small, all moved, with divisibilities kept; and wild ones."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from random import Random
from typing import Any

from paramcalc.frameworks.deriving import expressions as ex
from paramcalc.frameworks.deriving.arguments import Values
from paramcalc.frameworks.deriving.expressions import Expr
from paramcalc.frameworks.deriving.tracing import Condition

_PRIMES = (5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53)
#: A dim of at most this value may be a number of copies, until it is known what it changes.
_SMALL = 64
#: No size is drawn beyond this, where numbers take no memory, and no number of copies beyond that.
_LARGEST, _MOST_COPIES = 20_000, 7
_TRIALS = 60
#: How often all lists are lengthened alike.
_TOGETHER = 0.5
#: Of how many copies there are thrice as many at a point.
_TALLEST = 16
#: As large as how many dims that are fixed all others are made.
_LEVELS = 4
#: How many times as many copies there are then at most.
_FEW_TIMES = 4


@dataclass
class Points:
    """Draws values of dims. `values` are those that were given."""

    values: Values
    free: tuple[str, ...]
    #: conditions that every point meets
    kept: list[Condition] = field(default_factory=list)
    #: whether lists may have other lengths
    lengths_vary: bool = True
    #: dims that decide how many parts there are, once that is known
    counting: frozenset[str] | None = None
    #: whether dims that divide one another do so at small points too: where nothing is known of what is asserted
    keeps_divisors: bool = False
    #: no size is drawn beyond this
    largest: int = _LARGEST
    random: Random = field(default_factory=lambda: Random(0))

    def small(self) -> Values | None:
        """Draw a point with few copies and small sizes, in which dims that divide one another still do."""
        return self._drawn(lambda name, value: self._small(name, value), self._divisible())

    def near(self) -> Values | None:
        """Draw a point around the values that were given."""
        return self._drawn(lambda name, value: self._near(name, value), self._divisible())

    def wild(self) -> Values | None:
        """Draw a point of any size."""
        return self._drawn(lambda name, value: self._wild(name, value), ())

    def extreme(self) -> Iterator[Values]:
        """Yield points with one copy, and with many: one dim that counts them at 1, or at thrice its value.

        The others are small, where they can be.
        """
        for name in sorted(self.counting or ()):
            value = self.values[name]
            if name not in self.free or isinstance(value, list):
                continue
            for number in (1, 3 * value) if value <= _TALLEST else (1,):
                # others that are small may not meet what is asked of them
                points = (draw() for draw in (self.small, self.small, self.near, self.wild, self.wild))
                found = (self.repaired({**point, name: number}, (), locked=(name,)) for point in points if point)
                yield from islice(filter(None, found), 1)

    def apart(self) -> Iterator[Values]:
        """Yield points at which some dims are far larger than the others: of every two each once; then all, and none.

        What takes the smaller or the larger of two sizes is so seen to take either. These are few points, as the
        numbers of two dims differ in a binary digit. What is bounded is at its bounds where it cannot be so far apart.
        """
        bounded = {name for each in self.kept if not each.is_equality for name in each.names}
        for digit in range((len(self.free) - 1).bit_length() + 1):
            for side in (0, 1):
                large = {name for place, name in enumerate(self.free) if place >> digit & 1 == side}
                found = (self._drawn(partial(self._far, large, some), ()) for some in ((), bounded))
                yield from islice(filter(None, found), 1)

    def level(self) -> Iterator[Values]:
        """Yield points at which all dims that are free are as large as one that is fixed."""
        sizes = {value for name, value in self.values.items() if name not in self.free and not isinstance(value, list)}
        for size in sorted(sizes)[:_LEVELS]:
            point = self._drawn(partial(self._of_size, size), ())
            if point is not None:
                yield point

    def moved(self, point: Values, name: str) -> Iterator[Values]:
        """Yield a point with one dim moved: alone, where the conditions allow it, else with what they need."""
        value = point[name]
        changes: list[Any]
        if isinstance(value, list):
            changes = [[each + (place == moved) for place, each in enumerate(value)] for moved in range(len(value))]
            changes += [[each * 2 for each in value]]
        else:
            changes = [value * 2, value * 3, value + 1, value + 2, value // 2, value // 3, value - 1, 1]
        moved = [{**point, name: new} for new in changes if isinstance(new, list) or new > 0]
        alone = [each for each in moved if all(condition.holds(each) for condition in self.kept)]
        for each in [*alone, *(each for each in moved if each not in alone)]:
            found = self.repaired(each, locked=(name,), pairs=())
            if found is not None and found != point:
                yield found

    def violating(self, condition: Condition, kept: Sequence[Condition]) -> Iterator[Values]:
        """Yield points at which a condition does not hold, and the others do."""
        others = [each for each in kept if each != condition]
        numbers = [each.of[0] for each in condition.expr.parts() if each.op == "number"]
        names = [name for name in sorted(condition.names) if name in self.free]
        for trial in range(2 * _TRIALS):
            point = self._of_style(trial)
            name = self.random.choice(names) if trial % 2 and names else None
            if name is not None and not isinstance(point[name], list):
                if trial % 4 == 1 and numbers:
                    size = max(1, self.random.choice(numbers) + self.random.choice((-1, 0, 1, 2)))
                    point = {**point, name: size} if self._allowed(name, size) else point
                elif not condition.is_equality:
                    point = self._doubled(point, name, condition)
            if condition.holds(point):
                continue
            found = self.repaired(point, pairs=(), conditions=others)
            if found is not None and not condition.holds(found):
                yield found

    def _doubled(self, point: Values, name: str, condition: Condition) -> Values:
        """Double a dim until a condition no longer holds: what it is compared with may be many times as large."""
        while condition.holds(point) and self._allowed(name, 2 * point[name]):
            point = {**point, name: 2 * point[name]}
        return point

    def _of_style(self, trial: int) -> Values:
        draw = (self._small, self._wild, self._near)[trial % 3]
        return {
            name: self._value(name, value, draw) if name in self.free else value for name, value in self.values.items()
        }

    def _allowed(self, name: str, size: int) -> bool:
        return size <= (_MOST_COPIES if self._counts(name) and self.values[name] <= _MOST_COPIES else self.largest)

    # --- one dim

    def _counts(self, name: str) -> bool:
        """Whether a dim may be a number of copies."""
        if self.counting is not None:
            return name in self.counting and not self._never_few(name)
        value = self.values[name]
        return bool((max(value) if isinstance(value, list) else value) <= _SMALL)

    def is_size(self, name: str) -> bool:
        """Whether a dim is no list, and no number of copies."""
        return not isinstance(self.values[name], list) and not self._counts(name)

    def is_large(self, name: str) -> bool:
        """Whether a dim is no list, and larger than a number of copies mostly is."""
        value = self.values[name]
        return not isinstance(value, list) and value > _SMALL

    def _never_few(self, name: str) -> bool:
        """Whether a dim is large, and no few copies are allowed: a size that decides whether there is a part."""
        value = self.values[name]
        return (
            not isinstance(value, list)
            and value > _TALLEST
            and any(
                each.names == {name} and not any(each.holds({name: few}) for few in (1, _MOST_COPIES))
                for each in self.kept
            )
        )

    def _value(self, name: str, value: object, draw: object) -> object:
        if not isinstance(value, list):
            return draw(name, value)  # type: ignore[operator]
        length = len(value)
        if self.lengths_vary:
            # lists of one length are taken together, and half of the time all are
            together = Random(f"{self._seed}").random() < _TOGETHER
            length = max(1, length + Random(f"{self._seed}{length * (not together)}").choice((0, 1, -1, 2, 5)))
        return [draw(name, each) for each in (value * (1 + length // len(value)))[:length]]  # type: ignore[operator]

    def _small(self, name: str, value: int) -> int:
        if self.counting is None:
            return self.random.randint(3, 7) if value <= _SMALL else self._prime()
        return self.random.randint(1, 6) if self._counts(name) else self._prime()

    @property
    def _keeps_numbers(self) -> bool:
        """Whether a model keeps its numbers, so that a product of five sizes, as in a convolution, must be small."""
        return self.largest < _LARGEST

    def _prime(self) -> int:
        if self._keeps_numbers:
            return self.random.choice(_PRIMES[:6])
        return self.random.choice(_PRIMES) * self.random.choice((1, 1, 2, 3, 4))

    def _near(self, name: str, value: int) -> int:
        if self._counts(name):
            return max(1, min(value, _MOST_COPIES) + self.random.choice((0, 1, 2, -1, -2)))
        around = (value, 2 * value, 3 * value, value + 1, value + 8, value // 2, value - 1)
        return max(1, min(self.random.choice(around), max(value, self.largest)))

    def _wild(self, name: str, value: int) -> int:
        if self._counts(name):
            return self.random.randint(1, _MOST_COPIES)
        kind = self.random.random()
        if kind < 0.4:
            size = int(math.exp(self.random.uniform(0, math.log(min(max(16, 2 * value), self.largest)))))
        else:
            size = self.random.randint(1, self._most(value, 4 if kind < 0.7 else 12))
        return max(1, size // 8 * 8 if self.random.random() < 0.3 else size)

    def _far(self, large: Collection[str], bounded: Collection[str], name: str, value: int) -> int:
        if name in bounded:
            bounds = self._bounds(name)
            return bounds[name in large] if bounds is not None else self._wild(name, value)
        # of a list some are far larger than the others
        is_one = isinstance(self.values[name], list) and self.random.random() < _TOGETHER
        if name not in large or is_one:
            return self.random.randint(1, 3)
        most = _MOST_COPIES if self._counts(name) else self._most(value, 12)
        return self.random.randint(most // 2, most)

    def _bounds(self, name: str) -> tuple[int, int] | None:
        """Return the least and the largest size that conditions of a dim alone allow, of a few; None without any."""
        own = [each for each in self.kept if each.names == {name} and not each.is_equality]
        value = self.values[name]
        if not own or isinstance(value, list):
            return None
        numbers = [part.of[0] for each in own for part in each.expr.parts() if part.op == "number"]
        near = [number + shift for number in numbers for shift in (-1, 0, 1)]
        sizes = [size for size in (*range(1, _SMALL + 1), *near, self._most(value, 12)) if size > 0]
        allowed = [size for size in sizes if all(each.holds({name: size}) for each in own)]
        return (min(allowed), max(allowed)) if allowed else None

    def _of_size(self, size: int, name: str, value: int) -> int:
        is_too_much = size > self.largest or (self._counts(name) and size > _FEW_TIMES * value)
        return self._wild(name, value) if is_too_much else size

    def _most(self, value: int, times: int) -> int:
        return min(max(16, (4 if self._keeps_numbers else times) * value), self.largest)

    # --- whole points

    def _divisible(self) -> tuple[tuple[str, str], ...]:
        """Return the pairs of dims of which one divides the other as they were given."""
        if not self.keeps_divisors:
            return ()
        sizes = {name: self.values[name] for name in self.free if not isinstance(self.values[name], list)}
        return tuple(
            (large, small)
            for large in sizes
            for small in sizes
            if sizes[large] > max(_SMALL, sizes[small]) and sizes[small] > 1 and sizes[large] % sizes[small] == 0
        )

    def _drawn(self, draw: object, pairs: Sequence[tuple[str, str]]) -> Values | None:
        for trial in range(_TRIALS):
            self._seed = self.random.random()
            point = {
                name: self._value(name, value, draw) if name in self.free else value
                for name, value in self.values.items()
            }
            # of a divisibility that nothing asserts, most points have it and some do not
            found = self.repaired(point, pairs=pairs if trial < _TRIALS // 2 else ())
            if found is not None:
                return found
        return None

    _seed: float = 0.0

    def repaired(
        self,
        point: Values,
        pairs: Sequence[tuple[str, str]],
        locked: Collection[str] = (),
        conditions: Sequence[Condition] | None = None,
    ) -> Values | None:
        """Return a point that meets the conditions, made of one that may not; None where none is found."""
        conditions = self.kept if conditions is None else conditions
        point = {name: list(value) if isinstance(value, list) else value for name, value in point.items()}
        movable = {name for name in self.free if name not in locked}
        for _ in range(6):
            changed = False
            for large, small in pairs:
                if point[large] % point[small] and large in movable:
                    point[large] = math.lcm(point[large], point[small])
                    changed = True
            for condition in conditions:
                if condition.is_equality and not condition.holds(point):
                    changed |= _mend(condition, point, movable)
            if not changed:
                break
        fits = all(condition.holds(point) for condition in conditions) and not any(
            point[large] % point[small] for large, small in pairs
        )
        return point if fits and all(map(self._is_bounded, point.values())) else None

    def _is_bounded(self, value: Any) -> bool:
        sizes = value if isinstance(value, list) else [value]
        return all(1 <= size <= 10 * self.largest for size in sizes)


def _mend(condition: Condition, point: Values, movable: Collection[str]) -> bool:
    """Move a dim so that an equality holds; return whether one was moved."""
    for left, right in ((condition.left, condition.right), (condition.right, condition.left)):
        if left.op == "%" and right == ex.number(0):
            divisor = left.of[1].value(point)
            if divisor and _multiply(left.of[0], abs(divisor), point, movable):
                return True
        if left.op == "*":
            quotient = next((each for each in left.of if each.op == "//" and each.of[0] == right), None)
            if quotient is not None:
                divisor = quotient.of[1].value(point)
                if divisor and _multiply(right, abs(divisor), point, movable):
                    return True
        if left.op in ("name", "item"):
            value = right.value(point)
            if value is not None and value > 0 and not left.names & right.names and _set(left, value, point, movable):
                return True
    return False


def _multiply(expr: Expr, divisor: int, point: Values, movable: Collection[str]) -> bool:
    """Make a dim of an expression such that the divisor divides the expression."""
    value = expr.value(point)
    if value is None or value % divisor == 0:
        return False
    for each in expr.parts():
        if each.op in ("name", "item") and (own := each.value(point)) is not None:
            before = point[each.of[0] if each.op == "name" else each.of[0].of[0]]
            before = list(before) if isinstance(before, list) else before
            if not _set(each, own * divisor // math.gcd(value, divisor), point, movable):
                continue
            new = expr.value(point)
            if new is not None and new % divisor == 0:
                return True
            point[each.of[0] if each.op == "name" else each.of[0].of[0]] = before
    return False


def _set(atom: Expr, value: int, point: Values, movable: Collection[str]) -> bool:
    name = atom.of[0] if atom.op == "name" else atom.of[0].of[0]
    if name not in movable or value > 10 * _LARGEST:
        return False
    if atom.op == "name":
        point[name] = value
        return True
    place = atom.of[1].value(point)
    if place is None or not 0 <= place < len(point[name]):
        return False
    point[name][place] = value
    return True
