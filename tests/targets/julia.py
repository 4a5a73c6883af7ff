"""Julia without Julia, which no package registry has: tree-sitter's grammar reads it, and this gives it its meaning.

Only what exports need is known here, each function as Julia documents it; anything else fails.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from tests.arithmetic import floor_rest, floored, truncated

BIG = object()
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "big": int,
    "Float64": float,
    "div": truncated,
    "fld": floored,
    "mod": floor_rest,
    "max": max,
    "min": min,
    "map": lambda function, values: tuple(map(function, values)),
    # to a BigInt; `round` sends halves to the even number
    "trunc": lambda kind, value: {BIG: math.trunc}[kind](value),
    "ceil": lambda kind, value: {BIG: math.ceil}[kind](value),
    "round": lambda kind, value: {BIG: round}[kind](value),
}
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "^": operator.pow,
    "==": operator.eq, "!=": operator.ne, ">=": operator.ge, "<": operator.lt,
}  # fmt: skip


class ArgumentError(Exception):
    """What a function throws."""


@cache
def _parser() -> Any:
    import tree_sitter
    import tree_sitter_julia

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_julia.language()))


def functions(source: str) -> dict[str, Any]:
    """The functions of a file, each by its name; a file that is no Julia fails."""
    # without spaces the grammar takes a sign before a parenthesis for the name of a function
    spaced = re.sub(r"(?<=\d)\*\(", " * (", source).replace("-(", "- (")
    tree = _parser().parse(spaced.encode()).root_node
    assert not tree.has_error, source
    found = {}
    for node in tree.named_children:
        if node.type != "line_comment":
            assert node.type == "function_definition", node.type
            signature = node.named_children[0].named_children[0]
            assert [signature.type, signature.named_children[0].type] == ["call_expression", "identifier"]
            found[_text(signature.named_children[0])] = node
    return found


def call(function: Any, given: Mapping[str, int]) -> int:
    """The value of a function, all of whose parameters are named. Raises `ArgumentError`."""
    signature, *statements = function.named_children
    parameters = signature.named_children[0].named_children[1]
    assert [child.type for child in parameters.children[:2]] in (["(", ";"], ["(", ")"])
    values: dict[str, Any] = {}
    for parameter in parameters.named_children:
        typed, *default = (each for each in parameter.named_children if each.type != "operator")
        if parameter.type == "typed_expression":
            typed, default = parameter, []
        name, kind = map(_text, typed.named_children)
        assert kind == "Integer"
        values[name] = given[name] if name in given else _value(default[0], {})
    assert set(given) == set(values)
    *checks, last = statements
    for statement in checks:
        if statement.type == "assignment":
            names, _, right = statement.named_children
            values |= zip(map(_text, names.named_children), _value(right, values), strict=True)
        else:
            assert statement.type == "binary_expression", statement.type
            _value(statement, values)
    assert last.type == "return_statement"
    result: int = _value(last.named_children[0], values)
    assert type(result) is int
    return result


def _text(node: Any) -> str:
    return str(node.text.decode())


def _value(node: Any, names: Mapping[str, Any]) -> Any:
    return _MEANINGS[node.type](node, names)


def _literal(node: Any, names: Mapping[str, Any]) -> int:
    return int(_text(node))


def _identifier(node: Any, names: Mapping[str, Any]) -> Any:
    known = {"BigInt": BIG, **FUNCTIONS}
    assert not set(names) & set(known)
    return {**known, **names}[_text(node)]


def _binary(node: Any, names: Mapping[str, Any]) -> Any:
    left, sign, right = node.named_children
    if _text(sign) == "||":
        truth = _value(left, names)
        assert isinstance(truth, bool)
        return truth or _value(right, names)
    operands = _value(left, names), _value(right, names)
    result = OPERATORS[_text(sign)](*operands)
    # literals alone have 64 bits
    assert {left.type, right.type} != {"integer_literal"} or abs(result) < 2**63
    return result


def _unary(node: Any, names: Mapping[str, Any]) -> Any:
    sign, operand = node.named_children
    assert _text(sign) == "-"
    return -_value(operand, names)


def _call(node: Any, names: Mapping[str, Any]) -> Any:
    function, arguments = node.named_children
    if _text(function) == "throw":
        (error,) = arguments.named_children
        assert _text(error.named_children[0]) == "ArgumentError"
        raise ArgumentError(_text(error.named_children[1]))
    return _value(function, names)(*(_value(each, names) for each in arguments.named_children))


_MEANINGS: dict[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "integer_literal": _literal,
    "float_literal": lambda node, names: float(_text(node)),
    "identifier": _identifier,
    "parenthesized_expression": lambda node, names: _value(node.named_children[0], names),
    "tuple_expression": lambda node, names: tuple(_value(each, names) for each in node.named_children),
    "binary_expression": _binary,
    "unary_expression": _unary,
    "call_expression": _call,
}
