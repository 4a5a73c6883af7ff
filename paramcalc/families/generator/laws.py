"""What holds for every copy of a loop, where each copy was seen to have an expression of its own.

An element of a list becomes the element at the copy, a number that grows becomes linear or geometric, and a value that
each copy makes of that of the copy before becomes its closed form. Three copies are the fewest that confirm a law.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from paramcalc.families.generator.texts import added, names_in, parsed, tidied

#: How many copies must agree.
FEWEST = 3


def law(texts: Sequence[str], first: int, site: str) -> str | None:
    """Return the expression of all copies in the number of the copy: of these, from a first copy on; None for none."""
    if len({*texts}) == 1:
        return texts[0]
    plain = [tidied(text, {site: str(first + place)}) for place, text in enumerate(texts)]
    return _of_trees([*map(parsed, plain)], first, site)


def _of_trees(trees: Sequence[ast.expr], first: int, site: str) -> str | None:
    """Return the law of expressions, or else of the parts of them that differ."""
    found = _rounded(trees, first, site)
    if found is None and len(trees) >= FEWEST:
        found = _alike(trees, first, site) or _recurrence(trees, first, site)
    operations = [each for each in trees if isinstance(each, ast.BinOp)]
    if found is not None or len(operations) < len(trees) or len({type(each.op) for each in operations}) > 1:
        return found
    lefts, rights = ([getattr(each, side) for each in operations] for side in ("left", "right"))
    laws = [
        ast.unparse(each[0]) if len({*map(ast.dump, each)}) == 1 else _of_trees(each, first, site)
        for each in (lefts, rights)
    ]
    if None in laws or not any(len({*map(ast.dump, each)}) == 1 for each in (lefts, rights)):
        return None
    left, right = (parsed(str(each)) for each in laws)
    return f"({ast.unparse(ast.BinOp(left, operations[0].op, right))})".replace("'", '"')


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


# --- Sizes that are divided and rounded down again and again --------------------------------

#: Stands for the expression of the copy before.
_BEFORE = "before"


def _rounded(trees: Sequence[ast.expr], first: int, site: str) -> str | None:
    """Return the closed form where each tree is `(before + inner) // by + outer` of the one before.

    Rounding down again and again is rounding down once: what was added within is added together.
    """
    steps = {_step(after, before) for before, after in pairwise(trees)}
    step = steps.pop()
    if steps or step is None:
        return None
    inner, by, outer = step
    start, copies = trees[0], len(trees)
    while (before := next((each for each in _within(start) if _step(start, each) == step), None)) is not None:
        start, first, copies = before, first - 1, copies + 1
    if copies < FEWEST:
        return None
    times = f"({added([site, str(-first)])})"
    # in each copy as much is added as the powers of what it is divided by, from the first on, say
    more = added([inner, outer])
    every = f"{by} ** {times} - {by}"
    powers = every if more == added([by, "-1"]) else f"({more}) * (({every}) // ({by} - 1))"
    total = f"({ast.unparse(start)} + {inner} + {powers}) // {by} ** {times} + {outer}"
    return f"({total})".replace("'", '"')


def _within(tree: ast.expr) -> Iterator[ast.expr]:
    """Yield what is divided in a sum, and what is left of it without the last terms."""
    divided, _ = _leftmost(tree)
    if isinstance(divided, ast.BinOp) and isinstance(divided.op, ast.FloorDiv):
        rest = divided.left
        yield rest
        while isinstance(rest, ast.BinOp) and isinstance(rest.op, (ast.Add, ast.Sub)):
            rest = rest.left
            yield rest


def _step(after: ast.expr, before: ast.expr) -> tuple[str, str, str] | None:
    """Return what is added to an expression, what it is divided by, and what is added then, to make another."""
    divided, outer = _leftmost(after)
    if not isinstance(divided, ast.BinOp) or not isinstance(divided.op, ast.FloorDiv):
        return None
    wanted = ast.dump(before)

    class Replaced(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            return ast.Name(_BEFORE) if ast.dump(node) == wanted else self.generic_visit(node)

    found, inner = _leftmost(Replaced().visit(copy.deepcopy(divided.left)))
    texts = (inner, ast.unparse(divided.right), outer)
    is_made_of = isinstance(found, ast.Name) and found.id == _BEFORE
    return texts if is_made_of and not any(_BEFORE in names_in(each) for each in texts) else None


def _leftmost(tree: ast.expr) -> tuple[ast.expr, str]:
    """Return the first term of a sum, and the sum of the others."""
    rest: list[tuple[ast.operator, ast.expr]] = []
    while isinstance(tree, ast.BinOp) and isinstance(tree.op, (ast.Add, ast.Sub)):
        rest.append((tree.op, tree.right))
        tree = tree.left
    found: ast.expr = ast.Constant(0)
    for sign, term in reversed(rest):
        found = ast.BinOp(found, sign, term)
    return tree, f"({added([ast.unparse(found)])})"
