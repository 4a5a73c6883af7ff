"""What OpenMath's content dictionaries say of their symbols: the meaning of an object that a reader has made."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

#: The symbols of the official dictionaries that exports use, each as its dictionary defines it.
SYMBOLS: dict[tuple[str, str], Callable[..., Any]] = {
    ("arith1", "plus"): lambda *terms: sum(terms),
    ("arith1", "times"): lambda *factors: math.prod(factors),
    ("arith1", "power"): operator.pow,
    ("arith1", "divide"): Fraction,
    ("rounding1", "floor"): math.floor,
    ("set1", "set"): lambda *elements: set(elements),
    ("minmax1", "max"): max,
    ("minmax1", "min"): min,
    ("integer1", "factorof"): lambda factor, number: number % factor == 0,
    ("relation1", "eq"): operator.eq,
    ("relation1", "neq"): operator.ne,
    ("relation1", "geq"): operator.ge,
    ("logic1", "and"): lambda *truths: all(truths),
}


def meaning(tree: Any, sizes: Mapping[str, int]) -> int | str:
    """The whole number that an object stands for at these sizes, or that it has no value."""
    value = _value(tree, sizes)
    if value is None:
        return "no value"
    assert Fraction(value).denominator == 1, value
    return int(value)


def _value(tree: Any, sizes: Mapping[str, int]) -> Any:
    kind = type(tree).__name__
    if kind == "OMInteger":
        return tree.integer
    if kind == "OMVariable":
        return sizes[tree.name]
    assert kind == "OMApplication", tree
    symbol = (tree.elem.cd, tree.elem.name)
    if symbol == ("piece1", "piecewise"):
        pieces = [each.arguments for each in tree.arguments if (each.elem.cd, each.elem.name) == ("piece1", "piece")]
        assert len(pieces) == len(tree.arguments), tree
        return next((_value(value, sizes) for value, condition in pieces if _value(condition, sizes)), None)
    return SYMBOLS[symbol](*(_value(each, sizes) for each in tree.arguments))
