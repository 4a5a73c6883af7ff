"""The elements of a list that follows from other fields, put where they are asked for in place of the list."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

#: What the number of an element is called where the rule of a list says what the element is.
PLACE = "place"


def with_items(data: Any, name: str, item: str) -> Any:
    """Return plain data whose expressions have in place of `name[i]` what the element of that number is."""
    if isinstance(data, Mapping):
        return {key: with_items(value, name, item) for key, value in data.items()}
    if isinstance(data, list):
        return [with_items(each, name, item) for each in data]
    if not isinstance(data, str) or f"{name}[" not in data:
        return data
    return ast.unparse(_Items(name, item).visit(ast.parse(data.strip(), mode="eval")))


def item_of(text: str) -> str | None:
    """Return what the element at a `place` of a list is, of repeats and sums of lists; None of any other list."""
    try:
        found = _item(ast.parse(text.strip(), mode="eval").body, ast.Name(PLACE))
    except (SyntaxError, _NotRepeated):
        return None
    return ast.unparse(found)


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
            length = _length(left)
            rest = _item(right, ast.BinOp(place, ast.Sub(), length))
            return ast.IfExp(ast.Compare(place, [ast.Lt()], [length]), _item(left, place), rest)
        case ast.Subscript(whole, ast.Slice(None, _, None)):
            return _item(whole, place)
    raise _NotRepeated


def _length(tree: ast.expr) -> ast.expr:
    match tree:
        case ast.List(elements):
            return ast.Constant(len(elements))
        case ast.BinOp(ast.List([_]), ast.Mult(), times):
            return times
        case ast.BinOp(part, ast.Mult(), times):
            return ast.BinOp(_length(part), ast.Mult(), times)
        case ast.BinOp(left, ast.Add(), right):
            return ast.BinOp(_length(left), ast.Add(), _length(right))
    raise _NotRepeated


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
        number = self.visit(node.slice)
        if ast.unparse(node.value) != self.name or isinstance(number, (ast.Slice, ast.UnaryOp)):
            return self.generic_visit(node)
        found: ast.AST = _Place(number).visit(ast.parse(self.item, mode="eval").body)
        return found


class _Place(ast.NodeTransformer):
    def __init__(self, number: ast.AST) -> None:
        self.number = number

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self.number if node.id == PLACE else node
