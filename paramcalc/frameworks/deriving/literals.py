"""The doubles that stand in someone's code, by which a size may be scaled."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import CodeType
from typing import Any

#: How many are taken.
_MOST = 12


def doubles_in(constructor: Any, arguments: Any) -> tuple[float, ...]:
    """Return the doubles in the code around a constructor, and among its arguments."""
    found = dict.fromkeys(_within(arguments, 0))
    module = getattr(inspect.unwrap(constructor), "__module__", None)
    for code in _codes(constructor, module):
        found |= dict.fromkeys(_constants(code))
    return tuple(each for each in found if 0.01 <= each <= 100 and not each.is_integer())[:_MOST]


def _within(value: Any, depth: int) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif depth < 4:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
        if not isinstance(value, type) and hasattr(value, "__dict__"):
            inner = vars(value).values()
        for each in inner:
            yield from _within(each, depth + 1)


def _codes(constructor: Any, module: str | None) -> Iterator[CodeType]:
    """Yield the code of a constructor, and of what stands beside it in its module."""
    functions = [constructor, *(vars(constructor).values() if isinstance(constructor, type) else ())]
    around: dict[str, Any] = next((each.__globals__ for each in functions if hasattr(each, "__globals__")), {})
    beside = [each for each in around.values() if getattr(each, "__module__", None) == module]
    for each in (constructor, *beside):
        members = [each, *(vars(each).values() if isinstance(each, type) else ())]
        yield from (member.__code__ for member in members if hasattr(member, "__code__"))


def _constants(code: CodeType) -> Iterator[float]:
    for each in code.co_consts:
        if isinstance(each, float):
            yield each
        elif isinstance(each, CodeType):
            yield from _constants(each)
