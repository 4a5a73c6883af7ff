"""Arrays of whole numbers that never wrap. Imported only where there is an array, so that NumPy is loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy

#: What 64 bits hold, the same on both sides of 0.
LARGEST = 2**63 - 1


class WholeNumbers(numpy.ndarray[Any, Any]):
    """Whole numbers of 64 bits.

    The bounds of the operands prove of each operation that its result fits; otherwise it is done with Python's whole
    numbers, and gives an array of those.
    """

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        operands = [each.view(numpy.ndarray) if isinstance(each, WholeNumbers) else each for each in inputs]
        if not (method == "__call__" and _fits(ufunc, operands)) and method != "reduce":
            operands = [each.astype(object) if isinstance(each, numpy.ndarray) else each for each in operands]
        result = getattr(ufunc, method)(*operands, **options)
        if isinstance(result, numpy.ndarray) and result.dtype == numpy.int64:
            return result.view(WholeNumbers)
        return result


def whole_numbers(array: Any) -> Any:
    """Return an array of whole numbers as one that does not wrap."""
    if array.dtype.kind == "u" and array.size and int(array.max()) > LARGEST:
        return array.astype(object)
    return array.astype(numpy.int64).view(WholeNumbers)


def released(array: Any) -> Any:
    """Return an array as NumPy's own: of 64 bits where they hold all its numbers, else of Python's."""
    if isinstance(array, WholeNumbers):
        return array.view(numpy.ndarray)
    if array.dtype == object and all(type(each) is int and -LARGEST <= each <= LARGEST for each in array.flat):
        return array.astype(numpy.int64)
    return array


def distinct_rows(arrays: Sequence[Any]) -> list[tuple[int, tuple[int, ...]]]:
    """Return the different rows of arrays side by side, each with the number of the first such row, in their order."""
    columns = [
        column.reshape(-1) for column in numpy.broadcast_arrays(*(array.view(numpy.ndarray) for array in arrays))
    ]
    if any(column.dtype == object for column in columns):
        found: dict[tuple[int, ...], int] = {}
        for number, row in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
            found.setdefault(row, number)
        return [(number, row) for row, number in found.items()]
    rows, first = numpy.unique(numpy.stack(columns, axis=1), axis=0, return_index=True)
    order = numpy.argsort(first)
    return [(int(first[place]), tuple(map(int, rows[place]))) for place in order]


def _fits(ufunc: Any, operands: list[Any]) -> bool:
    """Return whether an operation is one of whole numbers of 64 bits, and so is its result."""
    if ufunc in _SAFE or ufunc in _BOUNDED:
        bounds = [_bounds(each) for each in operands]
        if any(each is None for each in bounds):
            return False
        return ufunc in _SAFE or max(map(abs, _BOUNDED[ufunc](*bounds))) <= LARGEST
    return False


def _bounds(operand: Any) -> tuple[int, int] | None:
    """Return the least and the largest of an operand; None where it is no whole number of 64 bits, or many of such."""
    if isinstance(operand, numpy.ndarray):
        if operand.dtype == bool:
            return 0, 1
        if operand.dtype != numpy.int64:
            return None
        return (int(operand.min()), int(operand.max())) if operand.size else (0, 0)
    if isinstance(operand, (int, numpy.integer)) and -LARGEST <= int(operand) <= LARGEST:
        return int(operand), int(operand)
    return None


def _products(left: tuple[int, int], right: tuple[int, int]) -> tuple[int, ...]:
    return tuple(a * b for a in left for b in right)


def _powers(base: tuple[int, int], exponent: tuple[int, int]) -> tuple[int, ...]:
    largest = max(map(abs, base))
    if exponent[0] < 0 or largest.bit_length() * exponent[1] > 64 * 64:
        return (LARGEST + 1,)
    return (largest ** exponent[1],)


#: The operations whose results are within their operands' bounds; a remainder is below its divisor.
_SAFE = frozenset(
    [
        numpy.maximum, numpy.minimum, numpy.floor_divide, numpy.remainder, numpy.negative, numpy.equal, numpy.not_equal,
        numpy.less, numpy.less_equal, numpy.greater, numpy.greater_equal,
    ]
)  # fmt: skip
#: What bounds the results of other operations.
_BOUNDED: dict[Any, Callable[..., tuple[int, ...]]] = {
    numpy.add: lambda left, right: (left[0] + right[0], left[1] + right[1]),
    numpy.subtract: lambda left, right: (left[0] - right[1], left[1] - right[0]),
    numpy.multiply: _products,
    numpy.power: _powers,
}
