"""A language that a form is written in: a SymPy printer of whole-number expressions, and the frame around them.

How a language writes its operations is declared by the attributes of its class; it has a method only for what
is written in no such way.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import sympy
from sympy.printing.codeprinter import CodePrinter, PrintMethodNotImplementedError
from sympy.printing.precedence import PRECEDENCE

from paramcalc.core import notation
from paramcalc.core.errors import refuse
from paramcalc.exports.languages.lines import wrapped
from paramcalc.results.formula.whole import WHOLE

if TYPE_CHECKING:
    from paramcalc.exports.languages.program import Check, Program

#: Up to this exponent a power is printed as a product, where the language has no exact power.
_LARGEST_PRODUCT = 16


def words(text: str) -> frozenset[str]:
    """Return the names in a text."""
    return frozenset(text.split())


class Language(CodePrinter):  # type: ignore[misc]
    """The base of all languages. What a subclass has no rule for is refused with `not-expressible`."""

    #: how the language is called in messages
    language = ""
    #: names that a size must not have: words of the language, and what the frame uses
    taken: frozenset[str] = frozenset()
    #: whether the names of this language are made of ASCII alone
    ascii = False
    #: whether names that differ by case alone are one
    folds_case = False

    # --- how operations are written

    equals: ClassVar[str] = "=="
    differs: ClassVar[str] = "!="
    #: the operator of a power that is exact, and binds closer than a product; without one, powers are products
    power: ClassVar[str] = ""
    #: the operator of a product
    times: ClassVar[str] = "*"
    #: a quotient without remainder, one that is rounded down, and a remainder: an operator, or a call of two operands
    quotient: ClassVar[str]
    floor_quotient: ClassVar[str]
    remainder: ClassVar[str]
    #: the functions that give the largest, or the smallest, of any number of operands
    largest: ClassVar[str]
    smallest: ClassVar[str]

    #: for each rounding, the product of a size and a double; a rounding that is not here is refused
    doubles: ClassVar[Mapping[str, str]] = {}

    # --- names

    def accepts(self, name: str) -> bool:
        """Return whether a size may have this name."""
        return self.fold(name) not in self.taken

    def fold(self, name: str) -> str:
        """Return what of a name tells it from others."""
        return name.lower() if self.folds_case else name

    def plain(self, name: str) -> str:
        """Return a name in the characters of this language; a dot, which dims alone may have, is a `_`."""
        normal = unicodedata.normalize("NFKC", name).replace(".", "_")
        if not self.ascii:
            return normal
        return "".join(char if char.isascii() else f"u{ord(char):x}" for char in normal)

    def safe_names(self, names: Iterable[str], used: Iterable[str] = ()) -> dict[str, str]:
        """Give each name one that this language may have; a name that needs no change keeps its own."""
        plain = {name: self.plain(name) for name in names}
        taken = set(map(self.fold, used))
        found: dict[str, str] = {}
        for name in sorted(plain, key=lambda each: plain[each] != each):
            candidate = plain[name]
            while self.fold(candidate) in taken or not self.accepts(candidate):
                candidate += "_"
            taken.add(self.fold(candidate))
            found[name] = candidate
        return found

    # --- what is written

    def source(self, program: Program) -> str:
        """Write the whole text."""
        raise NotImplementedError

    def whole(self, expr: Any) -> str:
        """Write a whole-number expression. Raises `not-expressible`."""
        # SymPy's printers have rules for more, in floating point
        if not all(isinstance(each, WHOLE) for each in sympy.preorder_traversal(expr)):
            raise self.lacks(notation.text(expr))
        try:
            printed: str = self._print(expr)
        except PrintMethodNotImplementedError:
            raise self.lacks(notation.text(expr)) from None
        return printed

    def lacks(self, what: str) -> Exception:
        """Return the refusal of what has no exact expression here."""
        return refuse("not-expressible", f"{self.language} has no exact expression for {what}")

    def holds(self, check: Check) -> str:
        """Write a condition as a truth of this language."""
        return self._compared(check, {"divides": self.equals, "=": self.equals, "≠": self.differs, "≥": ">="})

    def fails(self, check: Check) -> str:
        """Write the opposite of a condition."""
        return self._compared(check, {"divides": self.differs, "=": self.differs, "≠": self.equals, "≥": "<"})

    def _compared(self, check: Check, operators: dict[str, str]) -> str:
        operator = operators[check.relation]
        if check.relation == "divides":
            return f"{self.rest(check.right, check.left)} {operator} {self.literal(0)}"
        return f"{self.whole(check.left)} {operator} {self.whole(check.right)}"

    def rest(self, dividend: Any, divisor: Any) -> str:
        """Write a remainder that is compared with 0: its sign does not matter."""
        printed = self.binary(self.remainder, dividend, divisor)
        return printed if self.remainder.isidentifier() else printed[1:-1]

    def literal(self, number: int) -> str:
        """Write a whole number."""
        return self.whole(sympy.Integer(number))

    # --- operations

    def binary(self, operation: str, left: Any, right: Any) -> str:
        """Write an operation of two operands: a function's name, or an operator of the rank of a product."""
        if operation.isidentifier():
            return self.call(operation, (left, right))
        return self.infix(left, operation, right)

    def call(self, function: str, operands: Iterable[Any]) -> str:
        """Write the call of a function."""
        return f"{function}({', '.join(map(self._print, operands))})"

    def nested(self, function: str, operands: Iterable[Any]) -> str:
        """Write the call of a function of two operands with any number of them, the first innermost."""
        first, *others = map(self._print, operands)
        for other in others:
            first = f"{function}({first}, {other})"
        return str(first)

    def infix(self, left: Any, operator: str, right: Any) -> str:
        """Write two operands with an operator of the rank of a product, in parentheses."""
        rank = PRECEDENCE["Pow"]
        return f"({self.parenthesize(left, rank)} {operator} {self.parenthesize(right, rank)})"

    def raised(self, expr: Any) -> str:
        """Write a power by the operator, which binds closer than a product."""
        rank = PRECEDENCE["Pow"]
        return f"{self.parenthesize(expr.base, rank)}{self.power}{self.parenthesize(expr.exp, rank)}"

    def product_of_power(self, expr: Any) -> str:
        """Write a power with a small exponent as a product; any other is refused."""
        base, exponent = expr.args
        if not (exponent.is_Integer and 0 < exponent <= _LARGEST_PRODUCT):
            raise self.lacks(f"the power {notation.text(expr)}")
        factor = self.parenthesize(base, PRECEDENCE["Pow"])
        return "(" + self.times.join([factor] * int(exponent)) + ")"

    def _print_Pow(self, expr: Any) -> Any:
        return self.raised(expr) if self.power else self.product_of_power(expr)

    def _print_Quotient(self, expr: Any) -> Any:
        return self.binary(self.quotient, *expr.args)

    def _print_FloorQuotient(self, expr: Any) -> Any:
        return self.binary(self.floor_quotient, *expr.args)

    def _print_Remainder(self, expr: Any) -> Any:
        return self.binary(self.remainder, *expr.args)

    def _print_DoubleProduct(self, expr: Any) -> Any:
        if expr.rounding not in self.doubles:
            size = notation.text(expr.args[0])
            raise self.lacks(f"{expr.rounding}({size}, {expr.factor!r}), the product of a double")
        size = self.parenthesize(expr.args[0], PRECEDENCE["Pow"])
        return self.doubles[expr.rounding].format(size=size, factor=self.double(expr.factor))

    def double(self, factor: float) -> str:
        """Write a double by the fewest digits that tell it from all others."""
        return repr(factor) if factor >= 0 else f"({factor!r})"

    def _print_Max(self, expr: Any) -> Any:
        return self.call(self.largest, expr.args)

    def _print_Min(self, expr: Any) -> Any:
        return self.call(self.smallest, expr.args)

    def _as_ordered_terms(self, expr: Any, order: Any = None) -> list[Any]:
        return notation.in_order(expr.args)

    def _format_code(self, lines: list[str]) -> list[str]:
        return lines


class Truncating(Language):
    """A language with C's operators, whose division rounds towards 0."""

    tab = "  "
    quotient, remainder = "/", "%"

    def _print_Remainder(self, expr: Any) -> str:
        divisor = self.parenthesize(expr.args[1], PRECEDENCE["Pow"])
        return f"(({self.infix(expr.args[0], '%', expr.args[1])} + {divisor}) % {divisor})"

    def _print_FloorQuotient(self, expr: Any) -> str:
        dividend, divisor = (self.parenthesize(each, PRECEDENCE["Pow"]) for each in expr.args)
        return f"(({dividend} - {self._print_Remainder(expr)}) / {divisor})"

    def _print_Max(self, expr: Any) -> str:
        return self._extreme(">", list(map(self._print, expr.args)))

    def _print_Min(self, expr: Any) -> str:
        return self._extreme("<", list(map(self._print, expr.args)))

    def _extreme(self, operator: str, operands: list[str]) -> str:
        first, *others = operands
        if not others:
            return f"({first})"
        rest = self._extreme(operator, others)
        return f"(({first}) {operator} {rest} ? ({first}) : {rest})"

    def returned(self, expr: str) -> list[str]:
        """Write the value of a function, in parentheses where it takes several lines."""
        lines = wrapped(f"return {expr};", self.tab)
        if len(lines) == 1:
            return lines
        return [f"{self.tab}return (", *wrapped(expr, 2 * self.tab, 2 * self.tab), f"{self.tab});"]
