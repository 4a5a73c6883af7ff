"""The parts of an expression that are all that a name decides of its value."""

from __future__ import annotations

import ast
from functools import lru_cache


@lru_cache(maxsize=512)
def deciding_parts(text: str, name: str) -> tuple[str, ...]:
    """Return the parts of an expression whose values tell, of two values of a name, that the expression has the same.

    They are comparisons of the name and elements of lists by it, as `i < 3` of `4 if i < 3 else 8`; where the value
    itself grows with the name, as that of `2 * i`, it is the expression.
    """
    found = _parts(ast.parse(text.strip(), mode="eval").body, name)
    return (text,) if found is None else tuple(map(ast.unparse, found))


def _parts(node: ast.AST, name: str) -> list[ast.AST] | None:
    """Return the deciding parts of a node; None where it goes into the value as it is."""
    if isinstance(node, ast.Name):
        return None if node.id == name else []
    found: list[ast.AST] = []
    for child in ast.iter_child_nodes(node):
        parts = _parts(child, name)
        if parts is None:
            return [node] if isinstance(node, (ast.Compare, ast.Subscript)) else None
        found += parts
    return found
