"""What holds for every copy of a loop, where each copy was seen to have an expression of its own.

An element of a list becomes the element at the copy, a number that grows becomes linear or geometric, and a value that
each copy makes of that of the copy before becomes its closed form. Three copies are the fewest that confirm a law.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence
from itertools import pairwise

from paramcalc.families.generator.texts import parsed, tidied

#: How many copies must agree.
FEWEST = 3


def law(texts: Sequence[str], first: int, site: str) -> str | None:
    """Return the expression of all copies in the number of the copy: of these, from a first copy on; None for none."""
    if len({*texts}) == 1:
        return texts[0]
    if len(texts) < FEWEST:
        return None
    plain = [tidied(text, {site: str(first + place)}) for place, text in enumerate(texts)]
    return _alike([*map(parsed, plain)], first, site) or _recurrence([*map(parsed, plain)], first, site)


def _alike(trees: Sequence[ast.expr], first: int, site: str) -> str | None:
    """Return an expression of trees that differ in whole numbers only, each of them linear or geometric."""
    numbers: list[list[int]] = []
    shapes = set()
    for tree in trees:
        found = [each for each in ast.walk(tree) if _is_whole(each)]
        numbers.append([each.value for each in found])  # type: ignore[attr-defined]
        shapes.add(_shape(tree))
    if len(shapes) > 1:
        return None
    laws = [_sequence(values, first, site) for values in zip(*numbers, strict=True)]
    if any(each is None for each in laws):
        return None
    waiting = iter(laws)

    class Filled(ast.NodeTransformer):
        def visit_Constant(self, node: ast.Constant) -> ast.expr:
            return wanted.get(id(node), node)

    tree = copy.deepcopy(trees[0])
    wanted = {id(each): parsed(str(next(waiting))) for each in ast.walk(tree) if _is_whole(each)}
    return f"({ast.unparse(ast.fix_missing_locations(Filled().visit(tree)))})".replace("'", '"')


def _is_whole(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int


def _shape(tree: ast.expr) -> str:
    """Return a tree without its whole numbers."""
    plain = copy.deepcopy(tree)
    for each in ast.walk(plain):
        if isinstance(each, ast.Constant) and type(each.value) is int:
            each.value = 0
    return ast.dump(plain)


def _sequence(values: Sequence[int], first: int, site: str) -> str | None:
    """Return the law of whole numbers: constant, linear or geometric."""
    if len({*values}) == 1:
        return str(values[0])
    step = values[1] - values[0]
    if all(value == values[0] + place * step for place, value in enumerate(values)):
        start = values[0] - step * first
        scaled = site if step == 1 else f"{step} * {site}"
        return f"({scaled} + {start})" if start > 0 else f"({scaled} - {-start})" if start else f"({scaled})"
    ratio, rest = divmod(values[1], values[0]) if values[0] > 0 else (0, 1)
    if not rest and all(value == values[0] * ratio**place for place, value in enumerate(values)):
        return f"({values[0]} * {ratio} ** {f'({site} - {first})' if first else site})"
    return None


def _recurrence(trees: Sequence[ast.expr], first: int, site: str) -> str | None:
    """Return the closed form where each tree is made of the one before in the same way."""
    steps = [_made_of(after, before) for before, after in pairwise(trees)]
    known = [each for each in steps if each is not None]
    if len(known) < len(steps):
        return None
    signs = {type(sign) for sign, _ in known}
    others = [other for _, other in known]
    alike = len({*map(ast.unparse, others)}) == 1
    if len(signs) > 1 or (not alike and len(others) < FEWEST):
        return None
    shared = ast.unparse(others[0]) if alike else _alike(others, first, site)
    if shared is None:
        return None
    start = ast.unparse(trees[0])
    sign = signs.pop()
    if site not in shared:
        more = f"({site} - {first})" if first else site
        if sign is ast.Add:
            return f"({start} + {shared} * {more})"
        return f"({start} {'*' if sign is ast.Mult else '//'} {shared} ** {more})"
    item = parsed(shared)
    if sign is ast.Add and isinstance(item, ast.Subscript) and site not in ast.unparse(item.value):
        # a running sum of the elements of a list
        low, high = (tidied(ast.unparse(item.slice), {site: each}) for each in (str(first), site))
        return f"({start} + sum({ast.unparse(item.value)}[{low}:{high}]))"
    return None


def _made_of(after: ast.expr, before: ast.expr) -> tuple[ast.operator, ast.expr] | None:
    """Return how an expression adds to another, multiplies or divides it, and by what."""
    if not isinstance(after, ast.BinOp) or not isinstance(after.op, (ast.Add, ast.Mult, ast.FloorDiv)):
        return None
    if ast.dump(after.left) == ast.dump(before):
        return after.op, after.right
    if ast.dump(after.right) == ast.dump(before) and not isinstance(after.op, ast.FloorDiv):
        return after.op, after.left
    return None
