"""Quotients of which a condition says that they leave no remainder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from paramcalc.frameworks.deriving import expressions as ex
from paramcalc.frameworks.deriving.expressions import Expr
from paramcalc.frameworks.deriving.nodes import Merged, within
from paramcalc.frameworks.deriving.tracing import Condition


def make_exact(nodes: Sequence[Merged], conditions: Iterable[Condition]) -> None:
    """Write the quotients in nodes that a condition says are exact as such."""
    exact = {
        each.left.of for each in conditions if each.is_equality and each.left.op == "%" and each.right == ex.number(0)
    }
    for node in within(nodes):
        for name in ("fields", "of", "tensors", "times"):
            setattr(node, name, _exactly(getattr(node, name), exact))


def _exactly(value: Any, exact: set[tuple[Any, ...]]) -> Any:
    """Return a value in which quotients that leave no remainder are written so."""
    if isinstance(value, Expr):
        parts = tuple(_exactly(each, exact) for each in value.of)
        op = "/" if value.op == "//" and value.of in exact else value.op
        return ex.made(op, *parts) if value.op not in ("name", "number") else value
    if isinstance(value, dict):
        return {key: _exactly(each, exact) for key, each in value.items()}
    return [_exactly(each, exact) for each in value] if isinstance(value, list) else value
