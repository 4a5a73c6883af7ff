"""The elements of a list that follows from other fields, put where they are asked for in place of the list."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

#: What the number of an element is called where the rule of a list says what the element is.
PLACE = "place"


def with_items(data: Any, name: str, item: str) -> Any:
    """Return plain data whose expressions have in place of `name[i]`, of a counter, what the element of that number is.

    An element by any other number stays one of the list, which has none at a place beyond its end. The list is there.
    """
    if isinstance(data, Mapping):
        return {key: with_items(value, name, item) for key, value in data.items()}
    if isinstance(data, list):
        return [with_items(each, name, item) for each in data]
    if not isinstance(data, str) or not (f"{name}[" in data or f"{name} != none" in data):
        return data
    return ast.unparse(_Items(name, item).visit(ast.parse(data.strip(), mode="eval")))


def item_of(text: str) -> str | None:
    """Return what the element at a `place` of a list is that repeats others; None of any other list."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        return ast.unparse(_item(tree, ast.Name(PLACE))) if any(map(_is_repeat, ast.walk(tree))) else None
    except (SyntaxError, _NotRepeated):
        return None


def _is_repeat(tree: ast.AST) -> bool:
    return isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Mult) and not isinstance(tree.right, ast.Constant)


class _NotRepeated(Exception):
    pass


def _item(tree: ast.expr, place: ast.expr) -> ast.expr:
    match tree:
        case ast.List([only]):
            return only
        case ast.List([first, *others]):
            rest = _item(ast.List(others), ast.BinOp(place, ast.Sub(), ast.Constant(1)))
            return ast.IfExp(ast.Compare(place, [ast.Eq()], [ast.Constant(0)]), first, rest)
        case ast.BinOp(ast.List([only]), ast.Mult(), _):
            return only
        case ast.BinOp(part, ast.Mult(), _):
            return _item(part, ast.BinOp(place, ast.Mod(), _length(part)))
        case ast.BinOp(left, ast.Add(), right):
            length = _end(left, right)
            rest = _item(right, ast.BinOp(place, ast.Sub(), length))
            return ast.IfExp(ast.Compare(place, [ast.Lt()], [length]), _item(left, place), rest)
        case ast.Subscript(whole, ast.Slice(None, _, None)):
            return _item(whole, place)
        case ast.IfExp(_, part, ast.List([])):
            return _item(part, place)
    raise _NotRepeated


def _length(tree: ast.expr) -> ast.expr:
    match tree:
        case ast.List(elements):
            return ast.Constant(len(elements))
        case ast.BinOp(ast.List([_]), ast.Mult(), times):
            return _often(times)
        case ast.BinOp(part, ast.Mult(), times):
            return ast.BinOp(_length(part), ast.Mult(), _often(times))
        case ast.BinOp(left, ast.Add(), right):
            return ast.BinOp(_length(left), ast.Add(), _length(right))
        case ast.IfExp(test, one, other):
            return ast.IfExp(test, _length(one), _length(other))
    raise _NotRepeated


def _end(left: ast.expr, right: ast.expr) -> ast.expr:
    """Return where the first of two parts ends: of min(a, b) elements, where the second fills up to b, it is a."""
    length = _length(left)
    match length, right:
        case ast.Call(ast.Name("min"), [first, whole]), ast.BinOp(_, ast.Mult(), times):
            rests = (f"{ast.unparse(whole)} - {ast.unparse(each)}" for each in (first, length))
            if ast.unparse(times) in {text for rest in rests for text in (rest, f"max({rest}, 0)")}:
                return first
    return length


def _often(times: ast.expr) -> ast.expr:
    """Return how often a list is repeated: a negative number of times is not at all."""
    may_be_negative = any(isinstance(each, (ast.Sub, ast.USub)) for each in ast.walk(times))
    return ast.Call(ast.Name("max"), [times, ast.Constant(0)], []) if may_be_negative else times


def mentions(name: str, *data: Any) -> bool:
    """Whether a name stands in the texts of plain data."""
    return any(
        mentions(name, *each.values()) if isinstance(each, Mapping)
        else mentions(name, *each) if isinstance(each, (list, tuple))
        else isinstance(each, str) and name in each
        for each in data
    )  # fmt: skip


class _Items(ast.NodeTransformer):
    def __init__(self, name: str, item: str) -> None:
        self.name, self.item = name, item

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        if ast.unparse(node.value) != self.name or not isinstance(node.slice, ast.Name):
            return self.generic_visit(node)
        found: ast.AST = _Place(node.slice).visit(ast.parse(self.item, mode="eval").body)
        return found

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        is_there = f"{self.name} != none"
        return ast.Name("true") if ast.unparse(node) == is_there else self.generic_visit(node)


class _Place(ast.NodeTransformer):
    def __init__(self, number: ast.AST) -> None:
        self.number = number

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self.number if node.id == PLACE else node
