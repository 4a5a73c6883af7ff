"""What a size is, and the one value or truth of it. See the head of the package."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from paramcalc.core.errors import quoted, refuse

#: A size: see the head of this module. `Any`, because one piece of code serves all four.
Number: TypeAlias = Any
#: The sizes of a tensor's axes. Those of a layer's input and output leave the batch out.
Shape: TypeAlias = tuple[Number, ...]


class Undecided(Exception):
    """A single truth was asked of a size that has none: a symbol, an array, an unknown length."""

    def __init__(self, value: Number) -> None:
        self.value = value
        #: the path of the node that asked, and the expression that it asked for, as far as they are known
        self.node = ""
        self.expression = ""
        super().__init__(value)

    @property
    def names(self) -> frozenset[str]:
        """The symbols or unknown dims that the truth depends on; none for an array."""
        if isinstance(self.value, Unknown):
            return self.value.sources
        return frozenset(symbol.name for symbol in getattr(self.value, "free_symbols", ()))


class Unknown:
    """An unknown size: a dim by its name, or a size without a name that follows from others."""

    __slots__ = ("name", "sources")

    def __init__(self, name: str | None = None, sources: frozenset[str] = frozenset()) -> None:
        self.name = name
        #: the dims that it follows from; none where it is a length that is null
        self.sources = sources if name is None else frozenset([name])

    def _derive(self, other: Number) -> Unknown:
        return Unknown(None, self.sources | getattr(other, "sources", frozenset()))

    def _plus(self, other: Number) -> Unknown:
        return self if type(other) is int and other == 0 else self._derive(other)

    def _times(self, other: Number) -> Unknown:
        return self if type(other) is int and other == 1 else self._derive(other)

    __add__ = __radd__ = __sub__ = _plus
    __mul__ = __rmul__ = __floordiv__ = __pow__ = _times
    __rsub__ = __rfloordiv__ = __mod__ = __rmod__ = __rpow__ = _derive

    def __neg__(self) -> Unknown:
        return self._derive(0)

    def _undecided(self, other: Number = None) -> bool:
        raise Undecided(self)

    __lt__ = __le__ = __gt__ = __ge__ = _undecided

    def __bool__(self) -> bool:
        raise Undecided(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unknown) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return self.name or "None"


def is_symbol(value: Number) -> bool:
    """Return whether a size is a symbol or made of symbols."""
    sympy = sys.modules.get("sympy")
    return sympy is not None and isinstance(value, sympy.Basic)


def constant(value: Number) -> Number:
    """Return a value as Python's number, if it is a whole number that came of symbols: i - i, or 0 * i."""
    return int(value) if is_symbol(value) and value.is_Integer else value


def depends(value: Number, other: Number) -> bool:
    """Return whether a size, or one of several, is made of a symbol that is in another."""
    if isinstance(value, tuple):
        return any(depends(each, other) for each in value)
    return is_symbol(value) and is_symbol(other) and bool(value.free_symbols & other.free_symbols)


def is_array(value: Number) -> bool:
    """Return whether a size is an array of sizes."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray)


def is_number(value: Number) -> bool:
    """Return whether a value is a size at all. Truth values and floats are not."""
    return type(value) in (int, Fraction) or isinstance(value, Unknown) or is_symbol(value) or is_array(value)


def arrays_module() -> Any:
    """Return the module of arrays, where there is one, so that NumPy is loaded."""
    from paramcalc.core.algebra import arrays

    return arrays


def distinct_rows(arrays: Sequence[Number]) -> list[tuple[int, tuple[int, ...]]]:
    """Return the different rows of arrays side by side, each with the number of the first such row, in their order."""
    found: list[tuple[int, tuple[int, ...]]] = arrays_module().distinct_rows(arrays)
    return found


def released(value: Number) -> Number:
    """Return a result as it is given out: an array as NumPy's own, of 64 bits where they hold all its numbers."""
    return arrays_module().released(value) if is_array(value) else value


def total(values: Sequence[Number]) -> Number:
    """Return the sum of results, as it is given out."""
    if not any(map(is_array, values)):
        return sum(values, start=0)
    whole = arrays_module().whole_numbers
    arrays = (whole(value) if is_array(value) and value.dtype != object else value for value in values)
    return released(sum(arrays, start=0))


def as_number(value: Number) -> Number:
    """Return a size given from outside: NumPy's integers as Python's, and arrays as ones that do not wrap.

    Raises `wrong-type` for anything that is not a whole number.
    """
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, (numpy.ndarray, numpy.integer)):
        if isinstance(value, numpy.integer):
            return int(value)
        if value.dtype.kind in "iu":
            return arrays_module().whole_numbers(value)
        if value.dtype == object and all(type(item) is int for item in value.flat):
            return value
    elif is_number(value):
        return value
    raise refuse("wrong-type", f"a size is a whole number, or an array of such, not {quoted(value)}")


def magnitude(value: Number) -> int:
    """How large a number is, or the largest of an array, without its sign; 0 for what is no number.

    Of a fraction it is the larger of its two parts.
    """
    if is_array(value):
        if value.dtype != object:
            return max(abs(int(value.min())), abs(int(value.max()))) if value.size else 0
        return max(map(magnitude, value.flat), default=0)
    if type(value) is int:
        return abs(value)
    return max(abs(value.numerator), value.denominator) if type(value) is Fraction else 0


def truth(value: Number) -> bool:
    """Return the one truth of a condition.

    Raises `Undecided` where the condition depends on a symbol, an array or an unknown length.
    """
    if value is True or value is False:
        return value
    if is_symbol(value):
        if value.is_Boolean and not value.free_symbols:
            return bool(value)
        raise Undecided(value)
    return bool(single(value) if is_array(value) else value)


def single(array: Number) -> Number:
    """Return the one value of an array of which all are equal. Raises `Undecided` where they are not."""
    if not array.size or (array != array.flat[0]).any():
        raise Undecided(array)
    return array.flat[0]


def as_factor(condition: Number) -> Number:
    """Return a condition as it enters arithmetic: 1 where it holds, 0 where not; a symbol stands for either.

    Raises `Undecided` for a comparison of symbols: no polynomial has it as a factor.
    """
    return condition if is_symbol(condition) and not condition.is_Relational else int(truth(condition))


def needed(value: Number) -> Number:
    """Return a size that must be known. Raises `free-dim` where it is not."""
    if isinstance(value, Unknown):
        raise Undecided(value)
    return value


def in_symbols(*sizes: Number) -> bool:
    """Return whether there is a symbol among the sizes; what depends on an unknown length is not in symbols."""
    return any(map(is_symbol, sizes)) and not any(isinstance(size, Unknown) for size in sizes)


def sympy_module() -> Any:
    """Return SymPy, where a symbol is at hand, so that it is loaded."""
    return sys.modules["sympy"]
