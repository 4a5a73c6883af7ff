"""The values of fields: expressions in them, and how YAML and JSON write them.

A layer within a layer is a value too; here it is what Pydantic makes of it, a `BaseModel`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from types import NoneType
from typing import Any

from pydantic import BaseModel

from paramcalc.core import algebra
from paramcalc.core.errors import ParamcalcError
from paramcalc.core.expression import Expression

#: What most values are, of which it takes Pydantic longer to say that they are no layers.
_PLAIN = frozenset((int, bool, float, str, NoneType))


def has_expression(value: Any) -> bool:
    """Tell whether there is an expression in a value."""
    if type(value) in _PLAIN:
        return False
    if isinstance(value, (tuple, dict, BaseModel)):
        return any(True for _ in expressions(value))
    return isinstance(value, Expression)


def expressions(value: Any) -> Iterator[Expression]:
    """Yield the expressions in a value, those of layers in it included."""
    if isinstance(value, Expression):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from expressions(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from expressions(item)
    elif isinstance(value, BaseModel):
        for item in value.__dict__.values():
            yield from expressions(item)


def evaluated_field(name: str, value: Any, evaluate: Callable[[Expression], Any]) -> Any:
    """Give the value of the field of this name with the value of each expression in its place."""
    try:
        return _evaluated(value, evaluate)
    except ParamcalcError as error:
        raise error.within(name) from None


def _evaluated(value: Any, evaluate: Callable[[Expression], Any]) -> Any:
    if isinstance(value, Expression):
        return evaluate(value)
    if isinstance(value, tuple):
        return tuple(_evaluated_item(place, item, evaluate) for place, item in enumerate(value))
    if isinstance(value, dict):
        return {name: _evaluated(item, evaluate) for name, item in value.items()}
    if isinstance(value, BaseModel):
        layer: Any = value
        try:
            return layer.resolved(evaluate)
        except ParamcalcError as error:
            raise error.within(type(value).__name__) from None
    # a length that varies was read from a null
    return value


def _evaluated_item(place: int, item: Any, evaluate: Callable[[Expression], Any]) -> Any:
    try:
        return _evaluated(item, evaluate)
    except ParamcalcError as error:
        raise error.within(place) from None


def plain(value: Any) -> Any:
    """Give a value as YAML and JSON have it: expressions as text, tuples as lists."""
    if isinstance(value, Expression):
        return value.text
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, BaseModel):
        layer: Any = value
        fields = layer.stated()
        return {type(value).__name__: fields} if fields else type(value).__name__
    if type(value) is Fraction:
        return str(value)
    if isinstance(value, str):
        # texts of our own classes too
        return str(value)
    if isinstance(value, float):
        return float(value)
    return value.name if isinstance(value, algebra.Unknown) else value
