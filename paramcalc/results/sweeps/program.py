"""Whole-number arithmetic as a list of steps: built once, proved not to overflow, run over arrays by NumPy.

A step is an operation of steps before it; the same operation of the same steps is one step. What is known of the
sizes, the least and the largest of each, decides steps beforehand: a condition that always holds is none. The same
bounds prove that no number on the way is beyond 64 bits; otherwise the steps run over Python's whole numbers.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from typing import Any, NamedTuple, TypeAlias

from paramcalc.core import doubles
from paramcalc.core.errors import refuse

#: The place of a step in its list.
Place: TypeAlias = int
#: The least and the largest value of a step; of a truth, 0 and 1.
Bounds: TypeAlias = tuple[int, int]

#: What every number on the way must lie between for arrays of 64 bits.
_LEAST, _LARGEST = -(2**63) + 1, 2**63 - 1
#: A number of more bits than this is computed nowhere.
_MOST_BITS = 4096


class Step(NamedTuple):
    """An operation: its name, the steps that it takes, and a value of its own: a number, a name, a rounding."""

    name: str
    operands: tuple[Place, ...] = ()
    value: Any = None


class Operation(NamedTuple):
    """What an operation does with whole numbers, with arrays, and with bounds."""

    number: Callable[..., Any]
    #: the name of NumPy's function
    ufunc: str
    bounds: Callable[..., Bounds]
    #: how long it takes, where a sum takes 1
    cost: int = 1
    is_truth: bool = False


def _corners(function: Callable[[int, int], int]) -> Callable[[Bounds, Bounds], Bounds]:
    """Return the bounds of a function that is monotone in each of two operands."""

    def bounds(left: Bounds, right: Bounds) -> Bounds:
        values = [function(a, b) for a in left for b in right]
        return min(values), max(values)

    return bounds


def _of_quotient(left: Bounds, right: Bounds) -> Bounds:
    if right[0] <= 0 <= right[1]:
        largest = max(map(abs, left))
        return -largest, largest
    return _corners(operator.floordiv)(left, right)


def _of_remainder(left: Bounds, right: Bounds) -> Bounds:
    if right[0] > 0:
        return left if left[0] >= 0 and left[1] < right[0] else (0, right[1] - 1)
    largest = max(map(abs, right))
    return -largest, largest


def _of_power(base: Bounds, exponent: Bounds) -> Bounds:
    if exponent[1] * max(abs(each) for each in base).bit_length() > _MOST_BITS:
        raise refuse("limit", "a power in the formula has more than 1,000 digits somewhere in the sweep")
    values = [b ** max(e, 0) for b in base for e in exponent]
    if base[0] < 0:
        return -max(map(abs, values)), max(map(abs, values))
    return min(values), max(values)


def _decided(no: bool, yes: bool) -> Bounds:
    """Return the bounds of a truth that is known not to hold, or to hold, or neither."""
    return (1, 1) if yes else (0, 0) if no else (0, 1)


#: The operations of two operands, but for the choice, which has three.
OPERATIONS: dict[str, Operation] = {
    "add": Operation(operator.add, "add", lambda a, b: (a[0] + b[0], a[1] + b[1])),
    "subtract": Operation(operator.sub, "subtract", lambda a, b: (a[0] - b[1], a[1] - b[0])),
    "multiply": Operation(operator.mul, "multiply", _corners(operator.mul)),
    "power": Operation(operator.pow, "power", _of_power, 8),
    "largest": Operation(max, "maximum", lambda a, b: (max(a[0], b[0]), max(a[1], b[1]))),
    "smallest": Operation(min, "minimum", lambda a, b: (min(a[0], b[0]), min(a[1], b[1]))),
    "quotient": Operation(operator.floordiv, "floor_divide", _of_quotient, 6),
    "remainder": Operation(operator.mod, "remainder", _of_remainder, 8),
    "equal": Operation(
        operator.eq,
        "equal",
        lambda a, b: _decided(a[1] < b[0] or b[1] < a[0], a[0] == a[1] == b[0] == b[1]),
        is_truth=True,
    ),
    "at_most": Operation(operator.le, "less_equal", lambda a, b: _decided(a[0] > b[1], a[1] <= b[0]), is_truth=True),
    "both": Operation(
        lambda a, b: bool(a and b),
        "logical_and",
        lambda a, b: _decided(a == (0, 0) or b == (0, 0), a == b == (1, 1)),
        is_truth=True,
    ),
    "either": Operation(
        lambda a, b: bool(a or b),
        "logical_or",
        lambda a, b: _decided(a == b == (0, 0), a == (1, 1) or b == (1, 1)),
        is_truth=True,
    ),
}
_COMMUTE = ("add", "multiply", "largest", "smallest", "equal", "both", "either")


class Program:
    """Steps, each of those before it; `dims` are columns, `numbers` are known."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._places: dict[Step, Place] = {}

    def _place(self, step: Step) -> Place:
        if step not in self._places:
            self._places[step] = len(self.steps)
            self.steps.append(step)
        return self._places[step]

    def number(self, value: int) -> Place:
        """Return the step of a known number, or of a truth: 1 or 0."""
        return self._place(Step("number", value=int(value)))

    def dim(self, name: str) -> Place:
        """Return the step of a column."""
        return self._place(Step("dim", value=name))

    def look_up(self, key: Any) -> Place:
        """Return the step of a column that is worked out point by point, beside the program."""
        return self._place(Step("dim", value=key))

    def known(self, place: Place) -> int | None:
        """Return the number that a step is; None where it is no known one."""
        step = self.steps[place]
        return step.value if step.name == "number" else None

    def of(self, name: str, left: Place, right: Place) -> Place:
        """Return the step of an operation; of known numbers, its value."""
        a, b = self.known(left), self.known(right)
        if a is not None and b is not None and not (name in ("quotient", "remainder") and b == 0):
            return self.number(OPERATIONS[name].number(a, b))
        simple = self._simpler(name, left, right, a, b)
        if simple is not None:
            return simple
        if name in _COMMUTE and left > right:
            left, right = right, left
        return self._place(Step(name, (left, right)))

    def _simpler(self, name: str, left: Place, right: Place, a: int | None, b: int | None) -> Place | None:
        """Return a step that is there already, where an operation with a known number does nothing."""
        if name == "add" and 0 in (a, b):
            return right if a == 0 else left
        if name == "multiply" and (0 in (a, b) or 1 in (a, b)):
            return self.number(0) if 0 in (a, b) else right if a == 1 else left
        if name in ("subtract", "quotient") and b == (name == "quotient"):
            return left
        if name == "remainder" and b is not None and b > 0:
            # by a known number NumPy divides several times as fast as it gives remainders
            return self.of("subtract", left, self.of("multiply", self.of("quotient", left, right), right))
        if name == "equal" and 0 in (a, b):
            return self._is_zero(self.steps[right if a == 0 else left])
        if name in ("both", "either") and (a is not None or b is not None):
            truth, other = (a, right) if a is not None else (b, left)
            return other if truth == (name == "both") else self.number(int(name == "either"))
        if left == right and name in ("both", "either", "largest", "smallest"):
            return left
        return self.number(1) if left == right and name in ("equal", "at_most") else None

    def _is_zero(self, step: Step) -> Place | None:
        """Return the step that says where a step is 0, where it is a difference: of a remainder, whether it divides."""
        if step.name != "subtract":
            return None
        size, product = step.operands
        factors = self.steps[product].operands if self.steps[product].name == "multiply" else ()
        for number, quotient in (factors, factors[::-1]) if factors else ():
            if self.steps[quotient] == Step("quotient", (size, number)) and self.known(number):
                return self.divides(abs(self.steps[number].value), size)
        return self.of("equal", size, product)

    def divides(self, divisor: int, place: Place) -> Place:
        """Return the step that says where a known number divides a step."""
        number = self.known(place)
        return self._place(Step("divides", (place,), divisor)) if number is None else self.number(number % divisor == 0)

    def all_of(self, name: str, operands: Iterable[Place]) -> Place:
        """Return the step of an operation of one or more operands."""
        return reduce(lambda left, right: self.of(name, left, right), operands)

    def power(self, base: Place, exponent: Place) -> Place:
        """Return the step of a power: products, where the exponent is small."""
        number = self.known(exponent)
        if number is None or not 0 <= number <= 64:
            return self.of("power", base, exponent)
        result, square = self.number(1), base
        while number:
            result = self.of("multiply", result, square) if number % 2 else result
            number //= 2
            square = self.of("multiply", square, square) if number else square
        return result

    def negation(self, truth: Place) -> Place:
        """Return the step of a truth that holds where another does not."""
        step = self.steps[truth]
        if step.name == "number":
            return self.number(1 - step.value)
        return step.operands[0] if step.name == "not" else self._place(Step("not", (truth,)))

    def choice(self, truth: Place, chosen: Place, otherwise: Place) -> Place:
        """Return the step that is one of two, by a truth."""
        known = self.known(truth)
        if known is not None or chosen == otherwise:
            return otherwise if known == 0 else chosen
        return self._place(Step("choice", (truth, chosen, otherwise)))

    def divisor(self, place: Place) -> Place:
        """Return what may be divided by: a number, and 1 in its place where it is 0, where nothing comes of it."""
        return self.choice(self.of("equal", place, self.number(0)), self.number(1), place)

    def scaled(self, place: Place, factor: float, rounding: str) -> Place:
        """Return the step of a product of a double; it must be known that it is within 2^53."""
        return self._place(Step("scaled", (place,), (factor, rounding)))

    # --- what is known of the steps

    def bounds(self, sizes: Mapping[Any, Bounds]) -> list[Bounds]:
        """Return the bounds of every step where each column is within bounds; those of a look-up are not known."""
        found: list[Bounds] = []
        for step in self.steps:
            found.append(self._bounds_of(step, [found[place] for place in step.operands], sizes))
        return found

    def _bounds_of(self, step: Step, operands: Sequence[Bounds], sizes: Mapping[Any, Bounds]) -> Bounds:
        if step.name == "number":
            return step.value, step.value
        if step.name == "dim":
            return sizes[step.value]
        if step.name == "not":
            return 1 - operands[0][1], 1 - operands[0][0]
        if step.name == "divides":
            (least, largest), divisor = operands[0], step.value
            return _decided(least > 0 and largest < divisor, least == largest == 0)
        if step.name == "choice":
            truth, chosen, otherwise = operands
            if truth[0] == truth[1]:
                return chosen if truth[0] else otherwise
            left = self.steps[step.operands[0]]
            # a divisor in whose place 1 stands is positive
            guards = left.name == "equal" and step.operands[2] in left.operands and chosen == (1, 1)
            least = 1 if guards and otherwise[0] == 0 else otherwise[0]
            return min(chosen[0], least), max(chosen[1], otherwise[1])
        if step.name == "scaled":
            factor, rounding = step.value
            ends = [
                _scaled(min(max(each, -doubles.LARGEST), doubles.LARGEST), factor, rounding) for each in operands[0]
            ]
            return min(ends), max(ends)
        bounds = OPERATIONS[step.name].bounds(*operands)
        if max(map(abs, bounds)).bit_length() > _MOST_BITS:
            raise refuse("limit", "a number in the formula has more than 1,000 digits somewhere in the sweep")
        return bounds

    def decided(self, outputs: Sequence[Place], sizes: Mapping[Any, Bounds]) -> tuple[Program, tuple[Place, ...]]:
        """Return the steps that outputs need, those decided by the bounds of columns made numbers."""
        bounds = self.bounds(sizes)
        result = Program()
        places: dict[Place, Place] = {}
        for place in self.needed(outputs, bounds):
            step = self.steps[place]
            least, largest = bounds[place]
            if least == largest:
                places[place] = result.number(least)
            else:
                places[place] = result._again(step, [places[each] for each in step.operands])
        return result, tuple(places[each] for each in outputs)

    def needed(self, outputs: Iterable[Place], bounds: Sequence[Bounds] | None = None) -> list[Place]:
        """Return the steps that outputs need, in order; nothing is needed for one that its bounds make a number."""
        needed: set[Place] = set()
        waiting = [*outputs]
        while waiting:
            place = waiting.pop()
            if place not in needed:
                needed.add(place)
                if bounds is None or bounds[place][0] != bounds[place][1]:
                    waiting += self.steps[place].operands
        return sorted(needed)

    def _again(self, step: Step, operands: Sequence[Place]) -> Place:
        """Return the same step in this program, on its own operands."""
        if step.name in OPERATIONS:
            return self.of(step.name, *operands)
        if step.name == "choice":
            return self.choice(*operands)
        if step.name == "divides":
            return self.divides(step.value, *operands)
        return self.negation(*operands) if step.name == "not" else self._place(step._replace(operands=tuple(operands)))

    def fits(self, sizes: Mapping[Any, Bounds]) -> bool:
        """Return whether no step is beyond 64 bits."""
        return all(least >= _LEAST and largest <= _LARGEST for least, largest in self.bounds(sizes))

    def is_truth(self, place: Place) -> bool:
        """Return whether a step is a truth."""
        step = self.steps[place]
        return step.name in ("not", "divides") or (step.name in OPERATIONS and OPERATIONS[step.name].is_truth)


def fits(bounds: Bounds) -> bool:
    """Return whether 64 bits hold a number of these bounds."""
    return bounds[0] >= _LEAST and bounds[1] <= _LARGEST


def _scaled(size: int, factor: float, rounding: str) -> int:
    return doubles.ROUNDINGS[rounding](size * factor)
