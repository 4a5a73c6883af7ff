"""The expression language of spec files: sizes and conditions, in the names of a spec.

An expression is parsed once into a tree of allowed operations and evaluated over numbers,
arrays and symbols alike. Python parses the text, and never runs it.
"""

from __future__ import annotations

import ast
import keyword
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeAlias

from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import LIMITS, ParamcalcError, listed, quoted, refuse, suggest

__all__ = ["FUNCTIONS", "RESERVED", "Environment", "Expression", "bounded", "check_name"]


class Budget:
    """The steps that the expressions of one evaluation may take together."""

    def __init__(self, steps: int = LIMITS.steps) -> None:
        self.steps = steps

    def spend(self, steps: int) -> None:
        """Take some of the steps. Raises `limit` where none are left."""
        self.steps -= steps
        if self.steps < 0:
            raise refuse("limit", f"the expressions of this spec take more than {LIMITS.steps:,} steps")


class Environment:
    """What the names in an expression stand for, and the shape that `size()` asks for."""

    __slots__ = ("budget", "channel_axis", "input", "values")

    def __init__(
        self,
        values: Mapping[str, Any],
        input: Shape | None = None,
        channel_axis: int = -1,
        budget: Budget | None = None,
    ) -> None:
        self.values = values
        self.input = input
        self.channel_axis = channel_axis
        self.budget = budget or Budget()

    def size(self, axis: Any) -> Any:
        """The size of an axis of the node's first input, the batch counted as axis 0; of a list of axes, a list."""
        if isinstance(axis, tuple):
            return tuple(map(self.size, axis))
        shape = self.input
        if shape is None:
            raise refuse("missing-input", "size() and channels() ask for the input of a node that has none")
        if type(axis) is not int or axis == 0 or not -len(shape) <= axis <= len(shape):
            raise refuse(
                "invalid-value",
                f"there is no size({quoted(axis)}) of an input with {axes_text(len(shape))}",
                axes_hint(len(shape)),
            )
        return shape[axis - 1 if axis > 0 else axis]


def axes_text(rank: int) -> str:
    """How many axes a shape has, as messages say it."""
    return f"{rank} {'axis' if rank == 1 else 'axes'} beside the batch"


def axes_hint(rank: int) -> str:
    """The numbers that the axes of a shape have."""
    if rank < 2:
        return "the axis is 1, or -1 from the end; 0 is the batch" if rank else ""
    return f"the axes are 1 to {rank}, or -1 to -{rank} from the end; 0 is the batch"


Evaluator: TypeAlias = Callable[[Environment], Any]


class Expression:
    """A size or a condition, written in the names of a spec, as in `4 * width`."""

    __slots__ = ("names", "text", "words")

    def __init__(self, text: str, names: frozenset[str], words: bool = False) -> None:
        self.text = text
        #: whether it may hold texts, such as 'same'
        self.words = words
        #: the dims, arguments and counters that the text mentions
        self.names = names

    @staticmethod
    def parse(text: str, words: bool = False) -> Expression:
        """Read an expression. Raises `invalid-expression` or `limit`.

        The expressions of a spec have no texts; those of a convention's table may compare some (`words`).
        """
        return Expression(text, _parse(text, words)[0], words)

    def evaluate(self, environment: Environment) -> Any:
        """The value: a size, a truth or a list (a tuple) of these.

        Raises `unknown-dim`, `wrong-type`, `inexact-division`, `division-by-zero`,
        `invalid-value` and `limit`; `algebra.Undecided` where one truth is needed of many.
        """
        try:
            return _parse(self.text, self.words)[1](environment)
        except ParamcalcError as error:
            problem = error.problems[0]
            raise refuse(problem.code, f"in {quoted(self.text)}: {problem.message}", problem.hint) from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return self.text


def check_name(name: object, what: str) -> str:
    """A name that expressions may use. Raises `invalid-name`."""
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
        raise refuse(
            "invalid-name",
            f"{quoted(name)} cannot name {what}",
            "a name is made of letters, digits and _, begins with no digit, and is no word of Python",
        )
    if name in RESERVED:
        raise refuse("invalid-name", f"'{name}' cannot name {what}: it is a word of the expression language")
    return name


def bounded(value: Any) -> Any:
    """A value, unless it is a number beyond the limit of digits, or a list beyond that of elements."""
    if type(value) is int:
        if not -_LARGEST < value < _LARGEST:
            raise _too_large()
    elif isinstance(value, tuple):
        _bound_list(value)
    elif algebra.magnitude(value) >= _LARGEST:
        raise _too_large()
    return value


def _bound_list(value: tuple[Any, ...]) -> None:
    """Refuse a list that is too long, the lists in it counted each time they stand there."""
    left, level = LIMITS.list_length, [value]
    for _ in range(LIMITS.nesting):
        left -= sum(map(len, level))
        if left < 0:
            raise _too_long()
        level = [item for part in level for item in part if isinstance(item, tuple)]
        if not level:
            return
    raise refuse("limit", f"more than {LIMITS.nesting} lists within one another")


def _too_large() -> ParamcalcError:
    return refuse("limit", f"a number has more than {LIMITS.digits} digits")


def _too_long() -> ParamcalcError:
    return refuse("limit", f"a list has more than {LIMITS.list_length:,} elements")


_LARGEST = 10**LIMITS.digits


# evaluators are large: those of a spec with many expressions are made again, rather than kept
@lru_cache(maxsize=512)
def _parse(text: str, words: bool = False) -> tuple[frozenset[str], Evaluator]:
    """The names that an expression mentions, and what evaluates it."""
    if len(text) > LIMITS.expression:
        raise refuse("limit", f"an expression of {len(text):,} characters; {LIMITS.expression:,} are the most")
    if "#" in text:
        raise refuse("invalid-expression", f"{quoted(text)} is not an expression: '#' is not part of it")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text.strip(), mode="eval")
        names: set[str] = set()
        evaluate = _compile(tree.body, names, words=words)
    except SyntaxError as error:
        detail, hint = _syntax_message(error, text.strip())
        raise refuse("invalid-expression", f"{quoted(text)} is not an expression: {detail}", hint) from None
    except (ValueError, RecursionError, MemoryError):
        raise refuse("invalid-expression", f"{quoted(text)} is not an expression, or is too deep") from None
    return frozenset(names), evaluate


def _syntax_message(error: SyntaxError, text: str) -> tuple[str, str]:
    """What is wrong with the text of an expression, and the way out."""
    if not text:
        return "it is empty", ""
    message = error.msg or ""
    for sign, instead in _OTHER_LANGUAGES.items():
        if sign in text and not re.search("never closed|unmatched|does not match", message):
            return f"'{sign}' is not part of it", f"write {instead}"
    rest = text[(error.offset or 1) - 1 :] if error.lineno == 1 else ""
    if message.startswith("leading zeros"):
        return "a number has no leading zeros", ""
    if message.startswith("invalid syntax"):
        complete = rest and rest != text
        return f"{quoted(rest)} is out of place" if complete else "it is not complete, or not in order", ""
    return message.split(". ")[0].split(" Maybe ")[0], ""


#: Signs that other languages have, and what stands for them here.
_OTHER_LANGUAGES = {"&&": "and", "||": "or", "?": "a if c else b", "×": "*", "·": "*", "÷": "/", "≤": "<=", "≥": ">="}


def _compile(node: ast.expr, names: set[str], exact: bool = True, words: bool = False) -> Evaluator:
    """The evaluator of one node of the tree; collects the names it mentions.

    What a node costs is taken from the budget: a step, and one for each element of a list.

    `/` is exact division, but a fraction where `ceil` or `floor` round what comes out.
    """

    def compiled(part: ast.expr) -> Evaluator:
        return _compile(part, names, exact, words)

    match node:
        case ast.Constant(value=value) if type(value) is int:
            bounded(value)
            return lambda environment: value
        case ast.Constant(value=(str() | None) as value) if words:
            return lambda environment: value
        case ast.Name(id=("true" | "false") as word):
            return lambda environment: word == "true"
        case ast.Name(id=name):
            # a field of a kind may have such a name
            if name in FUNCTIONS and not words:
                raise refuse("invalid-expression", f"'{name}' is a function: write {name}(…)")
            names.add(name)
            return lambda environment: _lookup(environment, name)
        case ast.List(elts=elements):
            return _compile_list([compiled(element) for element in elements])
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _BINARY:
            apply = _BINARY[type(operator)] if exact or type(operator) is not ast.Div else _ratio
            return _compile_binary(apply, compiled(left), compiled(right))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            negated = compiled(operand)
            return lambda environment: -_number(_spent(environment, negated(environment)))
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return compiled(operand)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            denied = compiled(operand)
            return lambda environment: not _truth(_spent(environment, denied(environment)))
        case ast.BoolOp(op=operator, values=values):
            decide = all if isinstance(operator, ast.And) else any
            parts = [compiled(value) for value in values]
            return lambda environment: decide(_truth(_spent(environment, part(environment))) for part in parts)
        case ast.Compare(left=left, ops=operators, comparators=comparators):
            symbols = [_COMPARISONS.get(type(operator)) for operator in operators]
            operands = [compiled(value) for value in (left, *comparators)]
            if None in symbols:
                raise refuse("invalid-expression", "only == != < <= > >= compare")
            return lambda environment: _compare(symbols, operands, environment, words)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            condition, chosen, otherwise = (compiled(part) for part in (test, body, orelse))
            return lambda environment: (
                chosen(environment) if _truth(_spent(environment, condition(environment))) else otherwise(environment)
            )
        case ast.Subscript(value=value, slice=index) if not isinstance(index, (ast.Slice, ast.Tuple)):
            sequence, position = compiled(value), compiled(index)
            return lambda environment: _item(sequence(environment), _spent(environment, position(environment)))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            if name not in FUNCTIONS:
                raise refuse("invalid-expression", f"there is no function '{name}'", suggest(name, FUNCTIONS))
            exact = exact and name not in ("ceil", "floor")
            return _compile_call(name, [compiled(argument) for argument in arguments])
    part = ast.unparse(node) if not isinstance(node, (ast.Constant, ast.JoinedStr)) else "a text or fraction"
    raise refuse(
        "invalid-expression",
        f"{quoted(part)} is not part of the expression language",
        "it has whole numbers, true, false, names, lists, + - * / // % **, comparisons,"
        " and or not, a if c else b, x[i] and " + " ".join(FUNCTIONS),
    )


def _spent(environment: Environment, value: Any) -> Any:
    """A value, for which steps are taken: one, and one for each element of a list."""
    environment.budget.spend(1 + len(value) if isinstance(value, tuple) else 1)
    return value


def _compile_list(elements: list[Evaluator]) -> Evaluator:
    return lambda environment: _spent(environment, bounded(tuple(element(environment) for element in elements)))


def _compile_binary(apply: Callable[[Any, Any], Any], left: Evaluator, right: Evaluator) -> Evaluator:
    def evaluate(environment: Environment) -> Any:
        return _spent(environment, bounded(apply(left(environment), right(environment))))

    return evaluate


def _compile_call(name: str, arguments: list[Evaluator]) -> Evaluator:
    fewest, most, function = FUNCTIONS[name]
    if len(arguments) < fewest or (most is not None and len(arguments) > most):
        takes = f"{fewest}" if most == fewest else f"{fewest} or more" if most is None else f"{fewest} to {most}"
        raise refuse("invalid-expression", f"{name}() takes {takes} values, not {len(arguments)}")

    def evaluate(environment: Environment) -> Any:
        values = [argument(environment) for argument in arguments]
        for value in values:
            _spent(environment, value)
        return _spent(environment, bounded(function(environment, *values)))

    return evaluate


def _lookup(environment: Environment, name: str) -> Any:
    try:
        return environment.values[name]
    except KeyError:
        raise unknown_dim(name, environment.values) from None


def unknown_dim(name: str, known: Iterable[str]) -> ParamcalcError:
    """The refusal of a name that stands for nothing."""
    names = sorted(known)
    hint = suggest(name, names) or listed("known here", names) or "this spec has no dims"
    return refuse("unknown-dim", f"there is no dim, argument or counter '{name}' here", hint)


def _number(value: Any) -> Number:
    if algebra.is_number(value):
        return value
    raise refuse("wrong-type", f"{_shown(value)} is not a number")


def _truth(value: Any) -> bool:
    if isinstance(value, bool) or algebra.is_symbol(value) or algebra.is_array(value):
        return algebra.truth(value)
    raise refuse("wrong-type", f"{_shown(value)} is neither true nor false", "compare it: n > 0")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"a list of {len(value)}" if isinstance(value, tuple) else quoted(value)


def _add(left: Any, right: Any) -> Any:
    if type(left) is type(right) and isinstance(left, (tuple, str)):
        return left + right
    return _number(left) + _number(right)


def _multiply(left: Any, right: Any) -> Any:
    if isinstance(left, tuple) and type(right) is int:
        if len(left) * right > LIMITS.list_length:
            raise _too_long()
        return left * right
    return _number(left) * _number(right)


def _power(base: Any, exponent: Any) -> Any:
    base, exponent = _number(base), _number(exponent)
    if not algebra.at_least(exponent, 0):
        raise refuse("invalid-value", f"the exponent {quoted(exponent)} is negative")
    magnitude = algebra.magnitude(base)
    # refused before it is computed
    if magnitude > 1 and algebra.magnitude(exponent) * (magnitude.bit_length() - 1) > _LARGEST.bit_length():
        raise _too_large()
    if type(exponent) is Fraction:
        raise refuse("invalid-value", f"the exponent {exponent} is not a whole number")
    return base**exponent


def _compare(symbols: list[Any], operands: list[Evaluator], environment: Environment, words: bool) -> Any:
    values = [_spent(environment, operand(environment)) for operand in operands]
    triples = zip(symbols, values, values[1:], strict=False)
    results = [_relation(symbol, left, right, words) for symbol, left, right in triples]
    return results[0] if len(results) == 1 else all(_truth(result) for result in results)


def _relation(symbol: str, left: Any, right: Any, words: bool) -> Any:
    alike = type(left) is type(right) and isinstance(left, (bool, tuple))
    worded = any(side is None or isinstance(side, str) for side in (left, right))
    # a field of a kind may be one number or several: a table asks which
    one_is_list = words and isinstance(left, tuple) is not isinstance(right, tuple)
    if symbol in ("==", "!=") and (alike or worded or one_is_list):
        return (left == right) == (symbol == "==")
    return algebra.compare(symbol, _number(left), _number(right))


def _item(sequence: Any, index: Any) -> Any:
    if not isinstance(sequence, tuple):
        raise refuse("wrong-type", f"{_shown(sequence)} is not a list")
    if algebra.is_symbol(index) or algebra.is_array(index) or isinstance(index, algebra.Unknown):
        raise algebra.Undecided(index)
    if type(index) is not int or not -len(sequence) <= index < len(sequence):
        raise refuse(
            "invalid-value",
            f"a list of {len(sequence)} has no element [{_shown(index)}]",
            f"the elements are [0] to [{len(sequence) - 1}]" if sequence else "",
        )
    return sequence[index]


def _items(*values: Any) -> list[Number]:
    items = list(values[0]) if len(values) == 1 and isinstance(values[0], tuple) else list(values)
    if not items:
        raise refuse("invalid-value", "min() and max() of an empty list")
    return [_number(item) for item in items]


def _length(environment: Environment, values: Any) -> int:
    if not isinstance(values, tuple):
        raise refuse("wrong-type", f"{_shown(values)} is not a list")
    return len(values)


def _sum(environment: Environment, values: Any) -> Number:
    _length(environment, values)
    return sum((_number(value) for value in values), start=0)


def _round_up(environment: Environment, value: Any, multiple: Any) -> Number:
    return algebra.ceil_divide(_number(value), _number(multiple)) * multiple


def _ratio(dividend: Any, divisor: Any) -> Number:
    return algebra.ratio(_number(dividend), _number(divisor))


_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: _add,
    ast.Sub: lambda left, right: _number(left) - _number(right),
    ast.Mult: _multiply,
    ast.Div: lambda left, right: algebra.divide(_number(left), _number(right)),
    ast.FloorDiv: lambda left, right: algebra.floor_divide(_number(left), _number(right)),
    ast.Mod: lambda left, right: algebra.modulo(_number(left), _number(right)),
    ast.Pow: _power,
}

_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}

#: Each function of the language: the fewest and the most values it takes, and what it does.
FUNCTIONS: dict[str, tuple[int, int | None, Callable[..., Any]]] = {
    "size": (1, 1, lambda environment, axis: environment.size(axis)),
    "channels": (0, 0, lambda environment: environment.size(environment.channel_axis)),
    "min": (1, None, lambda environment, *values: algebra.smallest(_items(*values))),
    "max": (1, None, lambda environment, *values: algebra.largest(_items(*values))),
    "ceil": (1, 1, lambda environment, value: algebra.ceil_divide(_number(value), 1)),
    "floor": (1, 1, lambda environment, value: algebra.floor_divide(_number(value), 1)),
    "len": (1, 1, _length),
    "sum": (1, 1, _sum),
    "round_up": (2, 2, _round_up),
}

#: Words that cannot name a dim, an argument, a counter or a node.
RESERVED = frozenset([*FUNCTIONS, "true", "false", "input"])
