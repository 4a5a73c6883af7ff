"""Values that remember how they were worked out: each has an expression, a text in the language of specs.

Each is a value of the plain type, so that the code that computes with it goes on as always. What they are stands in
`scalars` and `lists`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Remembering:
    """What values that remember have in common."""

    expression: str

    def plain(self) -> Any:
        """Return the value without what it remembers."""
        raise NotImplementedError

    def __deepcopy__(self, memo: Any) -> Any:
        return self

    def __copy__(self) -> Any:
        return self

    def __reduce__(self) -> Any:
        value = self.plain()
        return (type(value), (value,))


#: What gives a value of each plain type an expression.
KINDS: dict[type[Any], Callable[[Any, str], Any]] = {}


def expression(value: Any) -> str:
    """Return the expression of a value: what it remembers, or itself."""
    found = getattr(value, "expression", None)
    if isinstance(found, str):
        return found
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(expression, value))}]"
    return repr(value)


def plain(value: Any) -> Any:
    """Return a value that remembers nothing."""
    return value.plain() if isinstance(value, Remembering) else value


def remembering(value: Any, text: str) -> Any:
    """Return a value that remembers it is this expression; None, mappings and objects as they are."""
    kind = KINDS.get(type(plain(value)))
    return value if kind is None else kind(value, text)


def renamed(value: Any, text: str) -> Any:
    """Return an item of a list under the expression by which it was taken."""
    return remembering(plain(value), text) if hasattr(value, "expression") else value
