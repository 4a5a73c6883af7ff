"""Expressions of a spec over columns: each becomes steps of a program, with a step that says where it has a value.

What has no steps, such as an element of a list by a column, is left to be worked out point by point.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple, TypeAlias

from paramcalc.core.algebra import Undecided
from paramcalc.core.errors import ParamcalcError
from paramcalc.core.expression import Environment, Expression
from paramcalc.results.sweeps.program import Place, Program


class NoSteps(Exception):
    """An expression that has no steps over columns."""


class Size(NamedTuple):
    """A number a point: a quotient of two steps, where `defined` holds."""

    top: Place
    bottom: Place
    defined: Place


class Truth(NamedTuple):
    """A truth a point, where `defined` holds."""

    holds: Place
    defined: Place


@dataclass(frozen=True)
class Choice:
    """One of several values a point, which are no numbers: texts, truths, lists. The step is the place of the value."""

    values: tuple[Any, ...]
    place: Place


@dataclass(frozen=True)
class Known:
    """The same value at every point."""

    value: Any


Value: TypeAlias = Size | Truth | Choice | Known

_RATIOS = ("ceil", "floor")
_ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}


class Columns:
    """The names of a spec over points: varied dims, what follows from them, and what is the same everywhere."""

    def __init__(self, program: Program, stated: Mapping[str, Any], values: Mapping[str, Value]) -> None:
        self.program = program
        #: of a dim that follows from varied ones, its expression
        self.stated = stated
        self.values = dict(values)
        self.known = {name: value.value for name, value in values.items() if isinstance(value, Known)}

    def value(self, name: str) -> Value:
        """Return what a name stands for. Raises `NoSteps`."""
        if name not in self.values:
            stated = self.stated.get(name)
            if not isinstance(stated, Expression):
                raise NoSteps(name)
            self.values[name] = self.of(stated)
        return self.values[name]

    def of(self, expression: Expression) -> Value:
        """Return the value of an expression. Raises `NoSteps`."""
        return _Reading(self, expression.exact).value(ast.parse(expression.text.strip(), mode="eval").body)

    def met(self, condition: Expression) -> Place:
        """Return the step that says where a condition has a value, and holds. Raises `NoSteps`."""
        truth = as_truth(self, self.of(condition))
        return self.program.of("both", truth.holds, truth.defined)

    def defined(self, name: str) -> Place:
        """Return the step that says where a dim has a value. Raises `NoSteps`."""
        value = self.value(name)
        return value.defined if isinstance(value, (Size, Truth)) else self.program.number(1)


def as_truth(columns: Columns, value: Value) -> Truth:
    """Return a value that is a truth. Raises `NoSteps` for what is none."""
    program = columns.program
    if isinstance(value, Truth):
        return value
    if isinstance(value, Known) and isinstance(value.value, bool):
        return Truth(program.number(value.value), program.number(1))
    if isinstance(value, Choice) and all(isinstance(each, bool) for each in value.values):
        return Truth(_is_one_of(program, value, [each is True for each in value.values]), program.number(1))
    raise NoSteps("no truth")


def _is_one_of(program: Program, choice: Choice, wanted: Sequence[bool]) -> Place:
    """Return the step that says where the value is one of those that are wanted."""
    places = [program.of("equal", choice.place, program.number(n)) for n, is_wanted in enumerate(wanted) if is_wanted]
    return program.all_of("either", places) if places else program.number(0)


class _Reading:
    """Makes the value of each node of a syntax tree."""

    def __init__(self, columns: Columns, exact: bool) -> None:
        self.columns = columns
        self.program = columns.program
        self.exact = exact
        self.one, self.zero = self.program.number(1), self.program.number(0)

    def value(self, node: ast.expr) -> Value:
        """Return the value of a node. Raises `NoSteps`."""
        rule = _RULES.get(type(node))
        if rule is not None:
            return rule(self, node)
        return self.constant(node)

    def constant(self, node: ast.expr) -> Value:
        """Return what a node is that mentions no column. Raises `NoSteps`."""
        try:
            expression = Expression.parse(ast.unparse(node), exact=self.exact)
            return Known(expression.evaluate(Environment(self.columns.known)))
        except (ParamcalcError, Undecided):
            raise NoSteps(ast.unparse(node)) from None

    def size(self, node: ast.expr) -> Size:
        """Return a node that is a number. Raises `NoSteps`."""
        return self.as_size(self.value(node))

    def as_size(self, value: Value) -> Size:
        """Return a value that is a number. Raises `NoSteps`."""
        if isinstance(value, Known) and type(value.value) is int:
            return Size(self.program.number(value.value), self.one, self.one)
        if not isinstance(value, Size):
            raise NoSteps("no number")
        return value

    # --- names and numbers

    def name(self, node: ast.Name) -> Value:
        """Return what a name stands for."""
        return self.constant(node) if node.id in ("true", "false", "none") else self.columns.value(node.id)

    def dotted(self, node: ast.Attribute) -> Value:
        """Return what a name with dots stands for."""
        return self.columns.value(ast.unparse(node))

    def all(self, *truths: Place) -> Place:
        """Return the step that says where all of these hold."""
        return self.program.all_of("both", truths)

    # --- arithmetic

    def binary(self, node: ast.BinOp) -> Value:
        """Return an operation of two numbers."""
        left, right = self.value(node.left), self.value(node.right)
        sign = _ARITHMETIC.get(type(node.op))
        if sign is None or (isinstance(left, Known) and isinstance(right, Known) and sign != "/"):
            return self.constant(node)
        return self.operation(sign, self.as_size(left), self.as_size(right))

    def operation(self, sign: str, a: Size, b: Size) -> Size:
        """Return an operation of two numbers, where both have a value."""
        of, defined = self.program.of, self.all(a.defined, b.defined)
        if sign in ("add", "subtract"):
            if a.bottom == b.bottom:
                return Size(of(sign, a.top, b.top), a.bottom, defined)
            tops = of("multiply", a.top, b.bottom), of("multiply", b.top, a.bottom)
            return Size(of(sign, *tops), of("multiply", a.bottom, b.bottom), defined)
        if sign == "multiply":
            return Size(of(sign, a.top, b.top), of(sign, a.bottom, b.bottom), defined)
        if sign == "**":
            return self.power(a, b, defined)
        top, bottom = of("multiply", a.top, b.bottom), of("multiply", a.bottom, b.top)
        defined = self.all(defined, self.program.negation(of("equal", b.top, self.zero)))
        bottom = self.program.divisor(bottom)
        if sign == "//":
            return Size(of("quotient", top, bottom), self.one, defined)
        if sign == "%":
            whole = Size(of("quotient", top, bottom), self.one, defined)
            if a.bottom == b.bottom == self.one:
                return Size(of("remainder", top, bottom), self.one, defined)
            return self.operation("subtract", a, self.operation("multiply", b, whole))
        if self.exact:
            defined = self.all(defined, of("equal", of("remainder", top, bottom), self.zero))
            return Size(of("quotient", top, bottom), self.one, defined)
        return Size(top, bottom, defined)

    def power(self, a: Size, b: Size, defined: Place) -> Size:
        """Return a power; its exponent is a whole number that is not negative."""
        if b.bottom != self.one:
            raise NoSteps("a fraction as an exponent")
        defined = self.all(defined, self.program.of("at_most", self.zero, b.top))
        exponent = self.program.of("largest", b.top, self.zero)
        return Size(self.program.power(a.top, exponent), self.program.power(a.bottom, exponent), defined)

    def unary(self, node: ast.UnaryOp) -> Value:
        """Return a negative number, or the opposite of a truth."""
        operand = self.value(node.operand)
        if isinstance(operand, Known):
            return self.constant(node)
        if isinstance(node.op, ast.Not):
            truth = as_truth(self.columns, operand)
            return Truth(self.program.negation(truth.holds), truth.defined)
        size = self.as_size(operand)
        if isinstance(node.op, ast.UAdd):
            return size
        return Size(self.program.of("subtract", self.zero, size.top), size.bottom, size.defined)

    # --- truths

    def connective(self, node: ast.BoolOp) -> Value:
        """Return whether all of several truths hold, or any: what comes later is not looked at where one decides."""
        truths = [as_truth(self.columns, self.value(each)) for each in node.values]
        return reduce(self.conjunction if isinstance(node.op, ast.And) else self.disjunction, truths)

    def conjunction(self, left: Truth, right: Truth) -> Truth:
        """Return whether two truths hold; the second has a value where the first holds."""
        needs = self.program.of("either", self.program.negation(left.holds), right.defined)
        return Truth(self.all(left.holds, right.holds), self.all(left.defined, needs))

    def disjunction(self, left: Truth, right: Truth) -> Truth:
        """Return whether one of two truths holds; the second has a value where the first does not hold."""
        needs = self.program.of("either", left.holds, right.defined)
        return Truth(self.program.of("either", left.holds, right.holds), self.all(left.defined, needs))

    def comparison(self, node: ast.Compare) -> Value:
        """Return whether each value stands to the next as the sign between them says."""
        values = [self.value(each) for each in (node.left, *node.comparators)]
        if all(isinstance(each, Known) for each in values):
            return self.constant(node)
        pairs = zip(node.ops, values, values[1:], strict=False)
        return reduce(self.conjunction, (self.relation(type(sign), *pair) for sign, *pair in pairs))

    def relation(self, sign: type[ast.cmpop], left: Value, right: Value) -> Truth:
        """Return whether two values stand to one another as a sign says."""
        left, right = self.exactly(left), self.exactly(right)
        if sign in (ast.In, ast.NotIn):
            truth = self.membership(left, right)
        elif sign in (ast.Eq, ast.NotEq):
            truth = self.equality(left, right)
        elif sign in (ast.LtE, ast.Gt):
            truth = self.at_most(self.as_size(left), self.as_size(right))
        else:
            truth = self.at_most(self.as_size(right), self.as_size(left))
        if sign in (ast.NotIn, ast.NotEq, ast.Gt, ast.Lt):
            return Truth(self.program.negation(truth.holds), truth.defined)
        return truth

    def exactly(self, value: Value) -> Value:
        """Return a double as the quotient that it is, to be compared; any other value as it is."""
        if not (isinstance(value, Known) and isinstance(value.value, float)):
            return value
        top, bottom = value.value.as_integer_ratio()
        return Size(self.program.number(top), self.program.number(bottom), self.one)

    def at_most(self, a: Size, b: Size) -> Truth:
        """Return whether a number is at most another; a fraction may have a negative bottom."""
        of = self.program.of
        left, right = of("multiply", a.top, b.bottom), of("multiply", b.top, a.bottom)
        is_positive = of("at_most", self.one, of("multiply", a.bottom, b.bottom))
        otherwise = self.all(self.program.negation(is_positive), of("at_most", right, left))
        holds = of("either", self.all(is_positive, of("at_most", left, right)), otherwise)
        return Truth(holds, self.all(a.defined, b.defined))

    def equality(self, left: Value, right: Value) -> Truth:
        """Return whether two values are equal; a number is equal to no text, truth or list."""
        if isinstance(right, Choice):
            left, right = right, left
        if isinstance(left, Choice):
            if not isinstance(right, Known):
                raise NoSteps("two dims of texts")
            wanted = [type(each) is type(right.value) and each == right.value for each in left.values]
            return Truth(_is_one_of(self.program, left, wanted), self.one)
        if isinstance(left, Truth) or isinstance(right, Truth):
            raise NoSteps("two truths")
        for value in (left, right):
            if isinstance(value, Known) and type(value.value) is not int:
                other = right if value is left else left
                if not isinstance(other, Size):
                    raise NoSteps("two values that are no numbers")
                return Truth(self.zero, other.defined)
        a, b = self.as_size(left), self.as_size(right)
        of = self.program.of
        sides = of("multiply", a.top, b.bottom), of("multiply", b.top, a.bottom)
        return Truth(of("equal", *sides), self.all(a.defined, b.defined))

    def membership(self, value: Value, values: Value) -> Truth:
        """Return whether a list that is known has a value."""
        if not isinstance(values, Known) or not isinstance(values.value, tuple):
            raise NoSteps("a list of columns")
        truths = [self.equality(value, Known(each)) for each in values.value]
        return reduce(self.disjunction, truths, Truth(self.zero, self.one))

    # --- choices and functions

    def choice(self, node: ast.IfExp) -> Value:
        """Return one of two values, by a truth; the other need have no value."""
        truth = as_truth(self.columns, self.value(node.test))
        chosen, otherwise = self.value(node.body), self.value(node.orelse)
        of, opposite = self.program.of, self.program.negation(truth.holds)

        def either(left: Place, right: Place) -> Place:
            return of("either", self.all(truth.holds, left), self.all(opposite, right))

        if isinstance(chosen, Truth) or isinstance(otherwise, Truth):
            a, b = (as_truth(self.columns, each) for each in (chosen, otherwise))
            return Truth(either(a.holds, b.holds), self.all(truth.defined, either(a.defined, b.defined)))
        c, d = self.as_size(chosen), self.as_size(otherwise)
        tops, bottoms = (self.program.choice(truth.holds, *pair) for pair in ((c.top, d.top), (c.bottom, d.bottom)))
        return Size(tops, bottoms, self.all(truth.defined, either(c.defined, d.defined)))

    def call(self, node: ast.Call) -> Value:
        """Return the value of a function."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        inner = _Reading(self.columns, self.exact and name not in _RATIOS)
        values = [inner.value(each) for each in node.args]
        if all(isinstance(each, Known) for each in values):
            return self.constant(node)
        sizes = [self.as_size(each) for each in values]
        if name in ("min", "max"):
            return reduce(self.smaller if name == "min" else self.larger, sizes)
        if name in ("floor", "ceil") and len(sizes) == 1:
            return self.rounded(sizes[0], up=name == "ceil")
        if name == "round_up" and len(sizes) == 2:
            ratio = _Reading(self.columns, exact=False).operation("/", *sizes)
            return self.operation("multiply", self.rounded(ratio, up=True), sizes[1])
        raise NoSteps(name)

    def rounded(self, size: Size, up: bool) -> Size:
        """Return a number rounded down, or up."""
        of = self.program.of
        if not up:
            return Size(of("quotient", size.top, size.bottom), self.one, size.defined)
        down = of("quotient", of("subtract", self.zero, size.top), size.bottom)
        return Size(of("subtract", self.zero, down), self.one, size.defined)

    def smaller(self, a: Size, b: Size) -> Size:
        """Return the smaller of two numbers."""
        return self.extreme("smallest", a, b)

    def larger(self, a: Size, b: Size) -> Size:
        """Return the larger of two numbers."""
        return self.extreme("largest", a, b)

    def extreme(self, name: str, a: Size, b: Size) -> Size:
        """Return the smaller, or the larger, of two numbers."""
        if a.bottom == b.bottom == self.one:
            return Size(self.program.of(name, a.top, b.top), self.one, self.all(a.defined, b.defined))
        truth = self.at_most(a, b) if name == "smallest" else self.at_most(b, a)
        tops, bottoms = (self.program.choice(truth.holds, *pair) for pair in ((a.top, b.top), (a.bottom, b.bottom)))
        return Size(tops, bottoms, truth.defined)


_RULES: dict[type[ast.expr], Callable[[_Reading, Any], Value]] = {
    ast.Name: _Reading.name,
    ast.Attribute: _Reading.dotted,
    ast.BinOp: _Reading.binary,
    ast.UnaryOp: _Reading.unary,
    ast.BoolOp: _Reading.connective,
    ast.Compare: _Reading.comparison,
    ast.IfExp: _Reading.choice,
    ast.Call: _Reading.call,
}
