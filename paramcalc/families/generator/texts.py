"""Expressions as texts: joined, negated, renamed, and written with no more parentheses than they need."""

from __future__ import annotations

import ast
import operator
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

_NEGATED = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip


_COMPARED: dict[type[ast.cmpop], Callable[[int, int], bool]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}  # fmt: skip


@cache
def parsed(text: str) -> ast.expr:
    """Return the tree of an expression."""
    return ast.parse(text, mode="eval").body


@cache
def names_in(text: str) -> frozenset[str]:
    """Return the names in an expression: dims, dotted ones whole, and counters."""
    found: set[str] = set()
    _names(parsed(text), found)
    return frozenset(found - {"true", "false", "none"})


def _names(node: ast.AST, found: set[str]) -> None:
    dotted = _dotted(node)
    if dotted is not None:
        found.add(dotted)
        return
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.Call) and child is node.func):
            _names(child, found)


def _dotted(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return None if before is None else f"{before}.{node.attr}"
    return None


def negated(text: str) -> str:
    """Return the opposite of a condition."""
    tree = parsed(text)
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not):
        return ast.unparse(tree.operand)
    if isinstance(tree, ast.Compare) and len(tree.ops) == 1 and type(tree.ops[0]) in _NEGATED:
        other = _NEGATED[type(tree.ops[0])]()
        return ast.unparse(ast.Compare(tree.left, [other], tree.comparators))
    return f"not ({text})"


def conjunction(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    """Return conditions that must all hold, each once."""
    return tuple(dict.fromkeys((*first, *second)))


def needed(conditions: Sequence[str]) -> list[str]:
    """Return conditions that must all hold without those that another implies: what is one text is no other."""
    equal = [each for each in map(_text_compared, conditions) if each is not None and each[0] is ast.Eq]

    def is_implied(condition: str) -> bool:
        found = _text_compared(condition)
        return (
            found is not None
            and found[0] is ast.NotEq
            and any(name == found[1] and text != found[2] for _, name, text in equal)
        )

    return [each for each in conditions if not is_implied(each)]


def _text_compared(condition: str) -> tuple[type[ast.cmpop], str, str] | None:
    """Return how something is compared with a text, what it is, and the text; None for any other condition."""
    found = _constant_compared(condition)
    return (*found[:2], ast.unparse(found[2])) if found is not None and isinstance(found[2].value, str) else None


def compared_equal(condition: str) -> str | None:
    """Return what a condition says that a constant is; None for any other condition."""
    found = _constant_compared(condition)
    return found[1] if found is not None and found[0] is ast.Eq else None


def _constant_compared(condition: str) -> tuple[type[ast.cmpop], str, ast.Constant] | None:
    """Return how something is compared with a constant, what it is, and the constant; None for any other condition."""
    tree = parsed(condition)
    if not isinstance(tree, ast.Compare) or len(tree.ops) != 1:
        return None
    (other,) = tree.comparators
    return (type(tree.ops[0]), ast.unparse(tree.left), other) if isinstance(other, ast.Constant) else None


def choice(condition: str, yes: str, no: str) -> str:
    """Return one expression or another, as a condition holds."""
    if yes == no:
        return yes
    if no == "true":
        return f"(not ({condition}) or ({yes}))"
    if yes == "true":
        return f"(({condition}) or ({no}))"
    ours, theirs = parsed(yes), parsed(no)
    if isinstance(ours, ast.BinOp) and isinstance(theirs, ast.BinOp) and type(ours.op) is type(theirs.op):
        # what both sides have in common stands outside
        left, right = ([ast.unparse(each.left), ast.unparse(each.right)] for each in (ours, theirs))
        if left[0] == right[0] or left[1] == right[1]:
            inner = ast.BinOp(
                parsed(choice(condition, left[0], right[0])), ours.op, parsed(choice(condition, left[1], right[1]))
            )
            return f"({ast.unparse(inner)})"
    return f"(({yes}) if ({condition}) else ({no}))"


class _Tidied(ast.NodeTransformer):
    """Renames, and takes out what changes nothing."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return parsed(self.names[node.id]) if node.id in self.names else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        dotted = _dotted(node)
        if dotted is not None and dotted in self.names:
            return parsed(self.names[dotted])
        return self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        left, right = (each.value if isinstance(each, ast.Constant) else None for each in (node.left, node.right))
        if isinstance(node.op, ast.Mult) and 1 in (left, right):
            return node.right if left == 1 else node.left
        if isinstance(node.op, ast.FloorDiv) and right == 1:
            return node.left
        if isinstance(node.op, ast.Mod) and right == 1:
            return ast.Constant(0)
        if isinstance(node.op, (ast.Add, ast.Sub)) and right == 0:
            return node.left
        if isinstance(node.op, ast.Add) and left == 0:
            return node.right
        if type(left) is int and type(right) is int and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult)):
            value = {ast.Add: left + right, ast.Sub: left - right, ast.Mult: left * right}[type(node.op)]
            return ast.Constant(value)
        return node


def added(texts: Iterable[str]) -> str:
    """Return the sum of expressions: the whole numbers in it as one, behind the others, and without what cancels."""
    counts: Counter[str] = Counter()
    number = 0
    waiting = [(1, parsed(text)) for text in reversed([*texts])]
    while waiting:
        sign, node = waiting.pop()
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
            waiting += [(sign if isinstance(node.op, ast.Add) else -sign, node.right), (sign, node.left)]
        elif isinstance(node, ast.Constant) and type(node.value) is int:
            number += sign * node.value
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            waiting.append((-sign, node.operand))
        else:
            counts[ast.unparse(node)] += sign
    terms = [text for text, count in counts.items() for _ in range(count)]
    taken = [text for text, count in counts.items() for _ in range(-count)]
    if number > 0 or not terms:
        terms.append(str(number))
    elif number:
        taken.append(str(-number))
    tree = parsed(terms[0])
    for each in terms[1:]:
        tree = ast.BinOp(tree, ast.Add(), parsed(each))
    for each in taken:
        tree = ast.BinOp(tree, ast.Sub(), parsed(each))
    return ast.unparse(tree).replace("'", '"')


def is_certain(text: str) -> bool:
    """Whether a condition holds whatever the dims are, such as that the remainder by 1 is 0."""
    tree = parsed(text)
    if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.Or):
        return any(is_certain(ast.unparse(each)) for each in tree.values)
    if not isinstance(tree, ast.Compare) or len(tree.ops) != 1 or type(tree.ops[0]) not in _COMPARED:
        return False
    left, right = tree.left, tree.comparators[0]
    if isinstance(tree.ops[0], ast.Eq) and ast.dump(left) == ast.dump(right):
        return True
    if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mod) and ast.unparse(tree)[-5:] == " == 0":
        return ast.dump(left.left) == ast.dump(left.right)
    if not all(isinstance(each, ast.Constant) and type(each.value) is int for each in (left, right)):
        return False
    return bool(_COMPARED[type(tree.ops[0])](left.value, right.value))  # type: ignore[attr-defined]


def is_positive(text: str) -> bool:
    """Whether a number is at least 1 whatever the dims are: it is more than a length, or than the least of several."""
    tree = parsed(text)
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Add):
        return any(
            isinstance(one, ast.Constant) and type(one.value) is int and one.value >= 1 and _is_length(other)
            for one, other in ((tree.left, tree.right), (tree.right, tree.left))
        )
    return False


def _is_length(node: ast.expr) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return False
    return node.func.id == "len" or (node.func.id in ("min", "max") and all(map(_is_length, node.args)))


def tidied(text: str, names: Mapping[str, str] | None = None) -> str:
    """Write an expression with other names, and no more parentheses than it needs."""
    import copy

    tree = _Tidied(names or {}).visit(copy.deepcopy(parsed(text)))
    return ast.unparse(ast.fix_missing_locations(tree)).replace("'", '"')


def has_one_of(text: str, choices: Iterable[str]) -> str:
    """Return the condition that one of several texts is in a list."""
    return "(" + " or ".join(f'"{each}" in {text}' for each in choices) + ")"
