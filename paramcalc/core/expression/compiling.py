"""The text of an expression to what evaluates it.

Python parses the text, and never runs it. Each node of the syntax tree becomes a function of an
environment; a table says by which rule, and what stands in no row is not part of the language.

What a node costs is taken from the budget of the environment: a step, and one for each element of a list.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterable
from functools import lru_cache
from math import isfinite
from typing import Any, TypeAlias

from paramcalc.core import algebra
from paramcalc.core.errors import LIMITS, ParamcalcError, listed, quoted, refuse, suggest
from paramcalc.core.expression import operations
from paramcalc.core.expression.environment import ABSENT, Environment, bounded
from paramcalc.core.expression.operations import BINARY, COMPARISONS, FUNCTIONS, ROUNDING, UNARY, as_truth
from paramcalc.core.expression.paths import copy_of, split_path

Evaluator: TypeAlias = Callable[[Environment], Any]


# evaluators are large: those of a spec with many expressions are made again, rather than kept
@lru_cache(maxsize=512)
def parse(text: str, words: bool = False, exact: bool = True) -> tuple[frozenset[str], Evaluator]:
    """Return the names that an expression mentions, and what evaluates it.

    A `/` must leave no remainder, unless it is not to be `exact`: then it is a fraction. Raises `invalid-expression`,
    `limit`.
    """
    if len(text) > LIMITS.expression:
        raise refuse("limit", f"an expression of {len(text):,} characters; {LIMITS.expression:,} are the most")
    if "#" in text:
        raise refuse("invalid-expression", f"{quoted(text)} is not an expression: '#' is not part of it")
    compiler = _Compiler(set(), words, exact)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text.strip(), mode="eval")
        evaluate = compiler.compiled(tree.body)
    except SyntaxError as error:
        detail, hint = _syntax_message(error, text.strip())
        raise refuse("invalid-expression", f"{quoted(text)} is not an expression: {detail}", hint) from None
    except (ValueError, RecursionError, MemoryError):
        raise refuse("invalid-expression", f"{quoted(text)} is not an expression, or is too deep") from None
    return frozenset(compiler.names), evaluate


def conjuncts(text: str) -> list[str]:
    """Take a condition apart into those that must all hold: at `and`, and between the comparisons of a < b < c."""
    tree = ast.parse(text.strip(), mode="eval").body
    if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And):
        return [each for value in tree.values for each in conjuncts(ast.unparse(value))]
    if isinstance(tree, ast.Compare) and len(tree.ops) > 1:
        sides = [tree.left, *tree.comparators]
        return [
            ast.unparse(ast.Compare(left, [operator], [right]))
            for left, operator, right in zip(sides, tree.ops, sides[1:], strict=False)
        ]
    return [text.strip()]


#: Signs that other languages have, and what stands for them here.
_OTHER_LANGUAGES = {"&&": "and", "||": "or", "?": "a if c else b", "×": "*", "·": "*", "÷": "/", "≤": "<=", "≥": ">="}


#: What people write behind a number, and how many zeros it stands for.
_ZEROS = {"K": 3, "M": 6, "B": 9, "T": 12}


def _syntax_message(error: SyntaxError, text: str) -> tuple[str, str]:
    """Say what is wrong with the text of an expression, and the way out."""
    if not text:
        return "it is empty", ""
    message = error.msg or ""
    for sign, instead in _OTHER_LANGUAGES.items():
        if sign in text and not re.search("never closed|unmatched|does not match", message):
            return f"'{sign}' is not part of it", f"write {instead}"
    rest = text[(error.offset or 1) - 1 :] if error.lineno == 1 else ""
    unit = re.search(r"\b(\d[\d_.]*)([KMBT])\b", text)
    if message.startswith("invalid decimal literal") and unit is not None:
        written = f"{unit[1]}e{_ZEROS[unit[2]]}"
        return f"{unit[0]} is no number of it", f"write {written}, or its digits"
    if message.startswith("leading zeros"):
        return "a number has no leading zeros", ""
    if message.startswith("invalid syntax"):
        complete = rest and rest != text
        return f"{quoted(rest)} is out of place" if complete else "it is not complete, or not in order", ""
    return message.split(". ")[0].split(" Maybe ")[0], ""


def unknown_dim(name: str, known: Iterable[str]) -> ParamcalcError:
    """Return the refusal of a name that stands for nothing; `known` are the names that do."""
    names = sorted(known)
    hint = suggest(name, names) or listed("known here", names) or "this spec has no dims"
    return refuse("unknown-dim", f"there is no dim, argument or counter '{name}' here", hint)


class _Compiler:
    """Makes the evaluator of each node of a syntax tree, and collects the names that the nodes mention."""

    def __init__(self, names: set[str], words: bool, exact: bool = True) -> None:
        self.names = names
        #: whether there may be texts, such as 'same'
        self.words = words
        #: whether `/` must leave no remainder: not where what comes of it is rounded
        self.exact = exact

    def within(self, function: str) -> _Compiler:
        """Return what compiles the arguments of a function."""
        return _Compiler(self.names, self.words, self.exact and function not in ROUNDING)

    def compiled(self, node: ast.expr) -> Evaluator:
        """Return the evaluator of a node. Raises `invalid-expression` for what the language does not have."""
        rule = _RULES.get(type(node))
        if rule is None:
            raise _foreign(node)
        return rule(self, node)

    def all_compiled(self, nodes: list[ast.expr]) -> list[Evaluator]:
        """Return the evaluators of several nodes."""
        return [self.compiled(node) for node in nodes]


def _constant(compiler: _Compiler, node: ast.Constant) -> Evaluator:
    value: Any = node.value
    if type(value) not in (int, float, str) and not (value is None and compiler.words):
        raise _foreign(node)
    if type(value) is float and not isfinite(value):
        raise refuse("limit", "a double is at most 1.8e308")
    bounded(value)
    return lambda environment: value


#: The words that stand for a value of their own.
_WORDS = {"true": True, "false": False, "none": ABSENT}


def _name(compiler: _Compiler, node: ast.Name) -> Evaluator:
    name = node.id
    if name in _WORDS and not (compiler.words and name == "none"):
        value = _WORDS[name]
        return lambda environment: value
    # a field of a layer may have the name of a function
    if name in FUNCTIONS and not compiler.words:
        raise refuse("invalid-expression", f"'{name}' is a function: write {name}(…)")
    return _looked_up(compiler, name)


def _dotted_name(compiler: _Compiler, node: ast.Attribute) -> Evaluator:
    parts: list[str] = []
    part: ast.expr = node
    while isinstance(part, ast.Attribute):
        parts.append(part.attr)
        part = part.value
    if not isinstance(part, ast.Name):
        raise _foreign(node)
    return _looked_up(compiler, ".".join([part.id, *reversed(parts)]))


def _looked_up(compiler: _Compiler, name: str) -> Evaluator:
    """Return the evaluator of the name of a dim, an argument or a counter."""
    compiler.names.add(name)

    def look_up(environment: Environment) -> Any:
        try:
            return environment.values[name]
        except KeyError:
            raise unknown_dim(name, environment.values) from None

    return look_up


def _list(compiler: _Compiler, node: ast.List) -> Evaluator:
    elements = compiler.all_compiled(node.elts)
    return lambda environment: _spent(environment, bounded(tuple(element(environment) for element in elements)))


def _binary(compiler: _Compiler, node: ast.BinOp) -> Evaluator:
    apply = BINARY.get(type(node.op))
    if isinstance(node.op, ast.BitXor):
        raise refuse("invalid-expression", "'^' is not part of the expression language", "a power is written **")
    if apply is None:
        raise _foreign(node)
    if isinstance(node.op, ast.Div) and not compiler.exact:
        apply = operations.ratio
    if isinstance(node.op, ast.Add) and compiler.words:
        apply = operations.joined
    left, right = compiler.compiled(node.left), compiler.compiled(node.right)
    return lambda environment: _spent(environment, bounded(apply(left(environment), right(environment))))


def _unary(compiler: _Compiler, node: ast.UnaryOp) -> Evaluator:
    if isinstance(node.op, ast.UAdd):
        return compiler.compiled(node.operand)
    apply = UNARY.get(type(node.op))
    if apply is None:
        raise _foreign(node)
    operand = compiler.compiled(node.operand)
    return lambda environment: apply(_spent(environment, operand(environment)))


def _connective(compiler: _Compiler, node: ast.BoolOp) -> Evaluator:
    decides = isinstance(node.op, ast.Or)
    *others, last = compiler.all_compiled(node.values)

    def evaluate(environment: Environment) -> Any:
        if any(as_truth(_spent(environment, part(environment))) is decides for part in others):
            return decides
        # what the others leave to the last part is its own truth, which of symbols may be assumed
        value = _spent(environment, last(environment))
        is_condition = algebra.is_array(value) or (
            algebra.is_symbol(value) and (value.is_Boolean or value.is_Relational)
        )
        return value if is_condition else as_truth(value)

    return evaluate


def _comparison(compiler: _Compiler, node: ast.Compare) -> Evaluator:
    operands = compiler.all_compiled([node.left, *node.comparators])
    symbols = [COMPARISONS.get(type(operator), "") for operator in node.ops]
    if "" in symbols:
        raise refuse("invalid-expression", "only == != < <= > >= in not in compare")

    def evaluate(environment: Environment) -> Any:
        values = [_spent(environment, operand(environment)) for operand in operands]
        return operations.compared(symbols, values, compiler.words)

    return evaluate


def _choice(compiler: _Compiler, node: ast.IfExp) -> Evaluator:
    condition, chosen, otherwise = compiler.all_compiled([node.test, node.body, node.orelse])

    def evaluate(environment: Environment) -> Any:
        holds = as_truth(_spent(environment, condition(environment)))
        return chosen(environment) if holds else otherwise(environment)

    return evaluate


def _subscript(compiler: _Compiler, node: ast.Subscript) -> Evaluator:
    if isinstance(node.slice, ast.Slice):
        return _part_of_list(compiler, node, node.slice)
    if isinstance(node.slice, ast.Tuple):
        raise _foreign(node)
    sequence, index = compiler.compiled(node.value), compiler.compiled(node.slice)
    return lambda environment: operations.item(sequence(environment), _spent(environment, index(environment)))


def _part_of_list(compiler: _Compiler, node: ast.Subscript, part: ast.Slice) -> Evaluator:
    if part.step is not None:
        raise _foreign(node)
    sequence = compiler.compiled(node.value)
    start, stop = (bound and compiler.compiled(bound) for bound in (part.lower, part.upper))

    def evaluate(environment: Environment) -> Any:
        bounds = [bound and _spent(environment, bound(environment)) for bound in (start, stop)]
        return _spent(environment, operations.part(sequence(environment), *bounds))

    return evaluate


def _call(compiler: _Compiler, node: ast.Call) -> Evaluator:
    if not isinstance(node.func, ast.Name) or node.keywords:
        raise _foreign(node)
    name = node.func.id
    if name not in FUNCTIONS:
        raise refuse("invalid-expression", f"there is no function '{name}'", suggest(name, FUNCTIONS))
    arguments = compiler.within(name).all_compiled(node.args)
    fewest, most, function = FUNCTIONS[name]
    if len(arguments) < fewest or (most is not None and len(arguments) > most):
        takes = f"{fewest}" if most == fewest else f"{fewest} or more" if most is None else f"{fewest} to {most}"
        raise refuse("invalid-expression", f"{name}() takes {takes} values, not {len(arguments)}")
    if name == "size" and len(arguments) > 1:
        arguments[1] = _path_of_node(compiler, node.args[1])

    def evaluate(environment: Environment) -> Any:
        values = [argument(environment) for argument in arguments]
        for value in values:
            _spent(environment, value)
        return _spent(environment, bounded(function(environment, *values)))

    return evaluate


def _path_of_node(compiler: _Compiler, node: ast.expr) -> Evaluator:
    """Return the evaluator of a path in quotes, whose brackets hold expressions."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        message = f"size() takes the name of a node in quotes, not {quoted(ast.unparse(node))}"
        raise refuse("invalid-expression", message, 'as in size(1, "encoder")')
    path: str = node.value
    pieces = split_path(path)
    inside = [parse(piece, compiler.words) for piece in pieces[1::2]]
    compiler.names.update(*(names for names, _ in inside))

    def evaluate(environment: Environment) -> str:
        copies = [copy_of(_spent(environment, number(environment)), path) for _, number in inside]
        return "".join(piece + copy for piece, copy in zip(pieces[::2], [*copies, ""], strict=True))

    return evaluate


#: The rule for each class of node.
_RULES: dict[type[ast.expr], Callable[[_Compiler, Any], Evaluator]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _dotted_name,
    ast.List: _list,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _connective,
    ast.Compare: _comparison,
    ast.IfExp: _choice,
    ast.Subscript: _subscript,
    ast.Call: _call,
}


def _spent(environment: Environment, value: Any) -> Any:
    """Return a value, and take steps for it: one, and one for each element of a list."""
    environment.budget.spend(1 + len(value) if isinstance(value, tuple) else 1)
    return value


def _foreign(node: ast.expr) -> ParamcalcError:
    """Return the refusal of what is Python, and not part of the language."""
    part = ast.unparse(node)
    return refuse(
        "invalid-expression",
        f"{quoted(part)} is not part of the expression language",
        "it has numbers, texts in quotes, true, false, none, names, lists, + - * / // % **, comparisons, in,"
        " and or not, a if c else b, x[i], x[a:b] and " + " ".join(FUNCTIONS),
    )
