"""What doubles are rounded to and how they compare with whole numbers, as texts in whole numbers.

The language has one product of a whole number and a double, `scaled`, which is rounded as the hardware rounds it. Where
code adds to such a product or takes a part of it, the double that comes of it is rounded once more. It is told here by
the first 20 binary places of the product: these are exact, as a product with a power of 2 is. A second rounding matters
only where they are all set, or where the two that are compared nearly meet: a condition that is recorded says that
neither is so. It holds for sizes below 2**30, and networks have no greater.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple, TypeAlias

_PLACES = 2**20
#: With the sides turned: whether a < b is whether b > a.
MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Product(NamedTuple):
    """A whole number times a double."""

    size: str
    factor: str

    def rounded(self, sort: str) -> str:
        """Return it as a whole number: `scaled` without its fraction, `scaled_up`, or `scaled_near`."""
        return self.size if self.factor == "1.0" else f"{sort}({self.size}, {self.factor})"

    def times(self, number: int) -> Product:
        """Return as many of it: exactly so for powers of 2."""
        return self if number == 1 else Product(f"({number} * {self.size})", self.factor)

    def compared(self, sign: str, other: str) -> str:
        """Return whether a whole number is less than it, or more, or neither."""
        below, above = self.rounded("scaled"), self.rounded("scaled_up")
        if sign in ("==", "!="):
            same = f"({other} == {below} and {other} == {above})"
            return same if sign == "==" else f"(not {same})"
        return f"({other} {sign} {above if sign in ('<', '>=') else below})"


class Sum(NamedTuple):
    """A product, which has a value, and a number of wholes, or of halves."""

    product: Product
    value: float
    number: str
    #: how many of the number make 1
    unit: int

    def truncated(self) -> str:
        """Return it without its fraction."""
        text = f"({self.product.times(self.unit).rounded('scaled')} + {self.number})"
        return text if self.unit == 1 else f"({text} // {self.unit})"

    def assumed(self) -> str:
        """Return the condition under which no rounding makes the next whole, or half, of it."""
        return f"({self.product.times(self.unit * _PLACES).rounded('scaled')} % {_PLACES} != {_PLACES - 1})"

    def is_assumed(self) -> bool:
        """Whether that condition holds."""
        return int(self.unit * _PLACES * self.value) % _PLACES != _PLACES - 1


class Part(NamedTuple):
    """A product, which has a value, times a short fraction, such as 0.9."""

    product: Product
    value: float
    fraction: Fraction

    def compared(self, sign: str, other: str) -> str:
        """Return whether a whole number is less than it, or more."""
        ours, theirs = self._sides(other)
        return f"({theirs} {sign} {ours})"

    def assumed(self, other: str) -> str:
        """Return the condition under which no rounding makes both one."""
        ours, theirs = self._sides(other)
        return f"(max({ours} - {theirs}, {theirs} - {ours}) > {sum(self.fraction.as_integer_ratio())})"

    def is_assumed(self, other: int) -> bool:
        """Whether that condition holds."""
        top, bottom = self.fraction.as_integer_ratio()
        return abs(top * int(_PLACES * self.value) - bottom * _PLACES * other) > top + bottom

    def _sides(self, other: str) -> tuple[str, str]:
        top, bottom = self.fraction.as_integer_ratio()
        return f"{top} * {self.product.times(_PLACES).rounded('scaled')}", f"{bottom * _PLACES} * {other}"


class Logarithm(NamedTuple):
    """The logarithm of a whole number to the base 2."""

    of: str


#: How a double was worked out.
Form: TypeAlias = "Product | Sum | Part | Logarithm"


def fraction_of(factor: float) -> Fraction | None:
    """Return the short fraction that a double was written as; None for another."""
    found = Fraction(repr(factor))
    return found if 0 < found.numerator <= 1000 and found.denominator <= 1000 else None


def halves_of(number: float) -> int | None:
    """Return how many halves a number is; None for one that is no such number."""
    return int(2 * number) if (2 * number).is_integer() and abs(number) < _PLACES else None
