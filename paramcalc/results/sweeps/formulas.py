"""Closed forms as steps: each sum in the order in which the least is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import sympy

from paramcalc.core.algebra import MOST_TERMS, terms_of
from paramcalc.results.formula.conditions import Condition
from paramcalc.results.formula.whole import DoubleProduct, FloorQuotient, Quotient, Remainder, whole
from paramcalc.results.sweeps.machine import Axes, Layout
from paramcalc.results.sweeps.program import Place, Program

#: A form of more sizes than this is not tried in every order of Horner's scheme.
_MOST_ORDERS = 4


class Steps:
    """Writes expressions in the symbols of a form as steps of a program."""

    def __init__(self, program: Program, layout: Layout) -> None:
        self.program = program
        self.layout = layout
        #: what must hold for the steps to give the value of the expression: no divisor is 0, doubles hold their sizes
        self.conditions: list[Place] = []
        self._found: dict[Any, Place] = {}
        self._axes: dict[Place, Axes] = {}

    def value(self, expr: Any) -> Place:
        """Return the step of a whole-number expression."""
        if expr not in self._found:
            self._found[expr] = self._made(expr)
        return self._found[expr]

    def _made(self, expr: Any) -> Place:
        if expr.is_Integer:
            return self.program.number(int(expr))
        if expr.is_Symbol:
            return self.program.dim(expr.name)
        operands = [self.value(each) for each in expr.args]
        if expr.is_Add:
            return self._sum(operands)
        if expr.is_Pow:
            return self.program.power(*operands)
        if isinstance(expr, DoubleProduct):
            return self._scaled(expr, operands[0])
        if expr.func in _DIVISIONS:
            self.conditions.append(self._is_not_zero(operands[1]))
            return self.program.of(_DIVISIONS[expr.func], operands[0], self.program.divisor(operands[1]))
        return self._combined(_COMBINED[expr.func], operands)

    def _sum(self, operands: Sequence[Place]) -> Place:
        """Return the sum of steps; what is taken away is subtracted last."""
        taken = [(place, self._negative(place)) for place in operands]
        added = [place for place, negative in taken if negative is None]
        removed = [negative for _, negative in taken if negative is not None]
        if not removed:
            return self._combined("add", added)
        total = self._combined("add", added) if added else self.program.number(0)
        return self.program.of("subtract", total, self._combined("add", removed))

    def _negative(self, place: Place) -> Place | None:
        """Return what a step is the negative of; None where it is not known to be one."""
        number = self.program.known(place)
        if number is not None:
            return self.program.number(-number) if number < 0 else None
        step = self.program.steps[place]
        factor = self.program.known(step.operands[0]) if step.name == "multiply" else None
        if factor is None or factor >= 0:
            return None
        return self.program.of("multiply", self.program.number(-factor), step.operands[1])

    def _combined(self, name: str, operands: Sequence[Place]) -> Place:
        """Return the step of an operation of several steps, those first that extend along the fewest points."""
        left = sorted(operands, key=lambda place: (self._size(place), place))
        while len(left) > 1:
            pairs = [(self._size(a, b), i, j) for j, b in enumerate(left) for i, a in enumerate(left[:j])]
            _, i, j = min(pairs)
            second, first = left.pop(j), left.pop(i)
            left.insert(0, self.program.of(name, first, second))
        return left[0]

    def _size(self, *places: Place) -> int:
        return self.layout.size(frozenset[int]().union(*(self._axes_of(each) for each in places)))

    def _axes_of(self, place: Place) -> Axes:
        if place not in self._axes:
            step = self.program.steps[place]
            own = self.layout.axes[step.value] if step.name == "dim" else frozenset[int]()
            self._axes[place] = own.union(*(self._axes_of(each) for each in step.operands))
        return self._axes[place]

    def _is_not_zero(self, place: Place) -> Place:
        return self.program.negation(self.program.of("equal", place, self.program.number(0)))

    def _scaled(self, product: Any, size: Place) -> Place:
        """Return the step of a product of a double, of sizes that doubles hold; 0 stands for the others."""
        of, largest = self.program.of, self.program.number(product.largest)
        least = self.program.number(-product.largest)
        fits = of("both", of("at_most", size, largest), of("at_most", least, size))
        self.conditions.append(fits)
        size = self.program.choice(fits, size, self.program.number(0))
        return self.program.scaled(size, product.factor, product.rounding)

    def holds(self, condition: Condition) -> Place:
        """Return the step that says where a condition of a form holds."""
        relation, left, right = condition
        a, b = self.value(whole(left)), self.value(whole(right))
        of = self.program.of
        if relation == "=":
            return of("equal", a, b)
        if relation == "≠":
            return self.program.negation(of("equal", a, b))
        if relation == "≥":
            return of("at_most", b, a)
        rest = of("remainder", b, self.program.divisor(a))
        return of("both", self._is_not_zero(a), of("equal", rest, self.program.number(0)))


_DIVISIONS: dict[Any, str] = {Quotient: "quotient", FloorQuotient: "quotient", Remainder: "remainder"}
_COMBINED: dict[Any, str] = {sympy.Mul: "multiply", sympy.Max: "largest", sympy.Min: "smallest"}


@lru_cache(maxsize=256)
def ways(expr: Any) -> tuple[Any, ...]:
    """Return ways to write an expression over whole numbers: as it is, multiplied out, and by Horner's scheme."""
    return tuple(_ways(expr))


def _ways(expr: Any) -> Iterator[Any]:
    yield whole(expr)
    numerator, denominator = sympy.fraction(sympy.together(expr))
    symbols = sorted(expr.free_symbols, key=lambda each: each.name)
    if not symbols or terms_of(numerator) > MOST_TERMS or not numerator.is_polynomial(*symbols):
        return
    expanded = sympy.expand(numerator)
    orders = [[first, *(each for each in symbols if each != first)] for first in symbols[:_MOST_ORDERS]]
    nested = [sympy.horner(expanded, wrt=order) for order in orders]
    for way in dict.fromkeys([expanded, *nested, *map(sympy.factor_terms, nested)]):
        yield way if denominator == 1 else Quotient(way, denominator)


def cheapest(exprs: Iterable[Any], make: Callable[[Any], tuple[Program, Sequence[Place]]], layout: Layout) -> Any:
    """Return the expression whose steps take the least time on a layout."""
    return min(exprs, key=lambda expr: layout.cost(*make(expr)))
