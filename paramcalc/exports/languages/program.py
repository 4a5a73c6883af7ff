"""What every language is given: a form over whole numbers, its names made safe, its checks made plain.

A form may hold fractions, such as n·(n-1)/2, whose value is whole all the same. Here each becomes
one quotient without remainder of two expressions over whole numbers, so that no language ever
computes with a fraction.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sympy
from sympy.functions.elementary.integers import ceiling, floor
from sympy.printing.codeprinter import CodePrinter, PrintMethodNotImplementedError
from sympy.printing.precedence import PRECEDENCE

from paramcalc.core import notation
from paramcalc.core.errors import refuse
from paramcalc.exports.tables import thousands, with_values
from paramcalc.results.formula import Formula

#: Up to this exponent a power is printed as a product, where the language has no exact power.
_LARGEST_PRODUCT = 16


class Quotient(sympy.Function):  # type: ignore[misc]
    """A division of whole numbers that leaves no remainder."""


class FloorQuotient(sympy.Function):  # type: ignore[misc]
    """A division of whole numbers, rounded down."""


class Remainder(sympy.Function):  # type: ignore[misc]
    """The remainder of a division of whole numbers that is rounded down."""


#: What a whole-number expression is made of.
_WHOLE = (
    sympy.Integer, sympy.Symbol, sympy.Add, sympy.Mul, sympy.Pow, sympy.Max, sympy.Min,
    Quotient, FloorQuotient, Remainder,
)  # fmt: skip


@dataclass(frozen=True)
class Size:
    """A parameter of the exported function, or a cell or a column of its name."""

    #: as the language spells it
    name: str
    #: as the spec spells it
    dim: str
    symbol: Any
    #: the spec's own value, where it has one
    value: int | None
    #: 1, or 0 for a flag
    least: int
    meaning: str


@dataclass(frozen=True)
class Check:
    """A condition under which the form holds: `divides`, `≥`, `=` or `≠`, and how it reads."""

    relation: str
    left: Any
    right: Any
    words: str


@dataclass(frozen=True)
class Program:
    """A form, ready to be printed in a language."""

    form: Formula
    #: of the function
    name: str
    #: what it is the form of
    heading: str
    sizes: tuple[Size, ...]
    result: Any
    checks: tuple[Check, ...]
    #: no intermediate result is larger, without its sign, than the largest of these
    bounds: tuple[Any, ...]
    #: at the spec's own sizes, where they are all stated
    value: int | None
    #: what a reader is told: the formula, its symbols, its conditions
    explanation: tuple[str, ...]


class Language(CodePrinter):  # type: ignore[misc]
    """A language: a SymPy printer of whole-number expressions, and the frame around them.

    What a subclass has no rule for is refused with `not-expressible`.
    """

    #: how the language is called in messages
    language = ""
    #: names that a size must not have: words of the language, and what the frame uses
    taken: frozenset[str] = frozenset()
    #: whether the names of this language are made of ASCII alone
    ascii = False
    #: whether names that differ by case alone are one
    folds_case = False

    def source(self, program: Program) -> str:
        """The whole text."""
        raise NotImplementedError

    def accepts(self, name: str) -> bool:
        """Whether a size may have this name."""
        return self.fold(name) not in self.taken

    def fold(self, name: str) -> str:
        """What of a name tells it from others."""
        return name.lower() if self.folds_case else name

    def plain(self, name: str) -> str:
        """A name in the characters of this language."""
        normal = unicodedata.normalize("NFKC", name)
        if not self.ascii:
            return normal
        return "".join(char if char.isascii() else f"u{ord(char):x}" for char in normal)

    def whole(self, expr: Any) -> str:
        """An expression in this language. Raises `not-expressible`."""
        # SymPy's printers have rules for more, in floating point
        if not all(isinstance(each, _WHOLE) for each in sympy.preorder_traversal(expr)):
            raise self.lacks(notation.text(expr))
        try:
            printed: str = self._print(expr)
        except PrintMethodNotImplementedError:
            raise self.lacks(notation.text(expr)) from None
        return printed

    def lacks(self, what: str) -> Exception:
        """The refusal of what has no exact expression here."""
        return refuse("not-expressible", f"{self.language} has no exact expression for {what}")

    def holds(self, check: Check) -> str:
        """A condition as a truth of this language."""
        return self._compared(check, {"divides": self.equals, "=": self.equals, "≠": self.differs, "≥": ">="})

    def fails(self, check: Check) -> str:
        """The opposite."""
        return self._compared(check, {"divides": self.differs, "=": self.differs, "≠": self.equals, "≥": "<"})

    def _compared(self, check: Check, operators: dict[str, str]) -> str:
        operator = operators[check.relation]
        if check.relation == "divides":
            return f"{self.remainder(check.right, check.left)} {operator} {self.literal(0)}"
        return f"{self.whole(check.left)} {operator} {self.whole(check.right)}"

    equals, differs = "==", "!="

    def remainder(self, dividend: Any, divisor: Any) -> str:
        """What is compared with 0: its sign does not matter."""
        return self.infix(dividend, "%", divisor)[1:-1]

    def literal(self, number: int) -> str:
        """A whole number."""
        return self.whole(sympy.Integer(number))

    def infix(self, left: Any, operator: str, right: Any) -> str:
        """Two operands with an operator of the rank of a product, in parentheses."""
        rank = PRECEDENCE["Pow"]
        return f"({self.parenthesize(left, rank)} {operator} {self.parenthesize(right, rank)})"

    def raised(self, expr: Any, operator: str) -> str:
        """A power, by an operator that binds closer than a product."""
        rank = PRECEDENCE["Pow"]
        return f"{self.parenthesize(expr.base, rank)}{operator}{self.parenthesize(expr.exp, rank)}"

    def product_of_power(self, expr: Any, times: str = "*") -> str:
        """A power with a small exponent as a product; any other is refused."""
        base, exponent = expr.args
        if not (exponent.is_Integer and 0 < exponent <= _LARGEST_PRODUCT):
            raise self.lacks(f"the power {notation.text(expr)}")
        factor = self.parenthesize(base, PRECEDENCE["Pow"])
        return "(" + times.join([factor] * int(exponent)) + ")"

    def _as_ordered_terms(self, expr: Any, order: Any = None) -> list[Any]:
        return notation.in_order(expr.args)

    def _format_code(self, lines: list[str]) -> list[str]:
        return lines


class Truncating(Language):
    """A language with C's operators, whose division rounds towards 0."""

    def _print_Quotient(self, expr: Any) -> str:
        return self.infix(expr.args[0], "/", expr.args[1])

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
        """The value of a function, in parentheses where it takes several lines."""
        lines = wrapped(f"return {expr};", self.tab)
        if len(lines) == 1:
            return lines
        return [f"{self.tab}return (", *wrapped(expr, 2 * self.tab, 2 * self.tab), f"{self.tab});"]

    tab = "  "


# --- Over whole numbers ----------------------------------------------------------------


def whole(expr: Any) -> Any:
    """The same expression over whole numbers: no fraction, and no negative exponent."""
    expr = _without_steps(sympy.sympify(expr))
    if _is_whole(expr):
        return expr
    numerator, denominator = _fraction(expr)
    return numerator if denominator == 1 else Quotient(numerator, denominator)


def _without_steps(expr: Any) -> Any:
    """Rounding and remainders as divisions of whole numbers."""
    if isinstance(expr, ceiling):
        return sympy.Mul(-1, _without_steps(floor(-expr.args[0], evaluate=False)))
    if isinstance(expr, floor):
        numerator, denominator = _fraction(_without_steps(expr.args[0]))
        return numerator if denominator == 1 else FloorQuotient(numerator, denominator)
    if isinstance(expr, sympy.Mod):
        return Remainder(*map(whole, expr.args))
    return expr.func(*map(_without_steps, expr.args)) if expr.args else expr


def _fraction(expr: Any) -> tuple[Any, Any]:
    numerator, denominator = sympy.fraction(sympy.together(sympy.expand_power_exp(expr)))
    if not (_is_whole(numerator) and _is_whole(denominator)):
        raise AssertionError(f"not a quotient of whole-number expressions: {expr}")
    return numerator, denominator


def _is_whole(expr: Any) -> bool:
    return all(number.is_Integer for number in expr.atoms(sympy.Number)) and all(
        power.exp.is_nonnegative for power in expr.atoms(sympy.Pow)
    )


def bound(expr: Any) -> Any:
    """A sum of positive products that no intermediate result of a whole-number expression exceeds.

    It holds for sizes of at least 1; an exponent stays as it is.
    """
    if expr.is_Integer:
        return abs(expr)
    if expr.is_Symbol:
        return expr
    if expr.is_Pow:
        return bound(expr.base) ** expr.exp
    if expr.is_Mul:
        return sympy.Mul(*map(bound, expr.args))
    return sympy.Add(*map(bound, expr.args))


def _bounds(expressions: Iterable[Any], symbols: Iterable[Any]) -> tuple[Any, ...]:
    """The bounds of several expressions, without those that others cover."""
    parts = [part for expr in expressions for part in (expr.args if isinstance(expr, Quotient) else [expr])]
    found = dict.fromkeys(map(bound, parts))
    sums = [each for each in found if not each.is_Atom]
    covered = set().union(*(each.free_symbols for each in sums))
    largest = max((each for each in found if each.is_Integer), default=sympy.Integer(0))
    return (*sums, *(each for each in symbols if each not in covered), *([largest] if largest > 2**31 else []))


# --- Names and words -------------------------------------------------------------------


def one_line(text: str, length: int = 200) -> str:
    """A text from a spec, made fit for a comment: on one line, nothing that is not printed."""
    spaced = "".join(char if char.isprintable() else " " for char in text)
    joined = " ".join(spaced.split())
    return joined if len(joined) <= length else joined[: length - 1] + "…"


def block_comment(lines: Iterable[str]) -> list[str]:
    """Lines as a comment between /* and */, which no text of a spec ends."""
    safe = (line.replace("*/", "* /").replace("/*", "/ *") for line in lines)
    return ["/**", *(f" * {line}".rstrip() for line in safe), " */"]


def wrapped(text: str, indent: str = "", following: str | None = None) -> list[str]:
    """Source in lines of up to 100 characters, broken where a space is; of `kept` texts, between them."""
    following = indent + "    " if following is None else following
    lines = textwrap.wrap(
        text, 100, initial_indent=indent, subsequent_indent=following, break_long_words=False, break_on_hyphens=False
    )
    return [line.replace(_KEPT, " ") for line in lines]


def kept(texts: Iterable[str]) -> str:
    """Texts between commas; a line is not broken within one of them."""
    return ", ".join(text.replace(" ", _KEPT) for text in texts)


#: Stands for a space at which a line is not broken.
_KEPT = "\ue000"


def words(text: str) -> frozenset[str]:
    """The names in a text."""
    return frozenset(text.split())


def spelled(names: Iterable[str], language: Language, used: Iterable[str] = ()) -> dict[str, str]:
    """Each name as the language may spell it. Names that need no change keep theirs."""
    plain = {name: language.plain(name) for name in names}
    taken = set(map(language.fold, used))
    result: dict[str, str] = {}
    for name in sorted(plain, key=lambda each: plain[each] != each):
        candidate = plain[name]
        while language.fold(candidate) in taken or not language.accepts(candidate):
            candidate += "_"
        taken.add(language.fold(candidate))
        result[name] = candidate
    return result


def _function_name(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", one_line(name, 40))
    words = re.findall(r"[a-zA-Z0-9]+", decomposed.encode("ascii", "ignore").decode())
    start = "_".join(words).lower()
    if not start:
        return "parameters"
    return f"{start}_parameters" if start[0].isalpha() else f"model_{start}_parameters"


def program(form: Formula, language: Language) -> Program:
    """A form as this language is given it."""
    name = _function_name(form.name)
    names = spelled(form.symbols, language, used=[name])
    renamed = {symbol: symbol.func(names[dim], **symbol.assumptions0) for dim, symbol in form.symbols.items()}
    sizes = tuple(
        Size(
            names[dim],
            dim,
            renamed[symbol],
            form.values.get(dim),
            1 if symbol.is_positive else 0,
            one_line(form.meanings.get(dim, "")),
        )
        for dim, symbol in form.symbols.items()
    )
    result = whole(form.expr.xreplace(renamed))
    checks = tuple(_checks(form, result, renamed, sizes))
    sides = [side for check in checks for side in (check.left, check.right)]
    bounds = _bounds([result, *sides], (size.symbol for size in sizes))
    value = form.own_value
    heading = "The number of parameters"
    heading += f" of {one_line(form.name, 80)}" if form.name else ""
    heading += f", as {form.convention} counts them."
    explanation = tuple(_explanation(form, sizes, renamed, value))
    return Program(form, name, heading, sizes, result, checks, bounds, value, explanation)


def _checks(form: Formula, result: Any, renamed: dict[Any, Any], sizes: tuple[Size, ...]) -> Iterable[Check]:
    """The conditions beyond the least value of each size; every divisor is one."""
    found = [(relation, left.xreplace(renamed), right.xreplace(renamed)) for relation, left, right in form.relations]
    checks = [
        Check(relation, whole(left), whole(right), _words(relation, left, right))
        for relation, left, right in found
        if not _is_least(relation, left, right)
    ]
    checks += [Check("≥", sympy.Integer(1), size.symbol, f"{size.name} ≤ 1") for size in sizes if size.least == 0]
    divisors: dict[Any, None] = {}
    for expr in (result, *(side for check in checks for side in (check.left, check.right))):
        divisors |= dict.fromkeys(each.args[1] for each in expr.atoms(Quotient, FloorQuotient, Remainder))
    divisors |= dict.fromkeys(check.left for check in checks if check.relation == "divides")
    for divisor in divisors:
        if not divisor.is_positive:
            checks.insert(0, Check("≠", divisor, sympy.Integer(0), f"{notation.text(divisor)} is not 0"))
    return checks


def _is_least(relation: str, left: Any, right: Any) -> bool:
    return bool(relation == "≥" and left.is_Symbol and left.is_positive and right.is_Integer and right <= 1)


def _words(relation: str, left: Any, right: Any) -> str:
    return f"{notation.text(left)} {relation} {notation.text(right)}"


def _explanation(form: Formula, sizes: tuple[Size, ...], renamed: dict[Any, Any], value: int | None) -> Iterable[str]:
    yield from wrapped(f"parameters = {notation.text(form.expr.xreplace(renamed))}")
    width = max((len(size.name) for size in sizes), default=0)
    for size in sizes:
        stated = thousands(size.value) if size.value is not None else "any"
        about = [size.meaning] if size.meaning else []
        about += [f"the dim '{size.dim}'"] if size.name != size.dim else []
        yield f"  {size.name:{width}} = {stated}" + (f"  {', '.join(about)}" if about else "")
    conditions = [_words(r, left.xreplace(renamed), right.xreplace(renamed)) for r, left, right in form.relations]
    if conditions:
        yield "It holds where " + "; ".join(conditions) + "."
    if form.fixed:
        yield f"Fixed, since the layers themselves depend on it: {', '.join(with_values(form.fixed))}."
    if value is not None:
        yield f"At {'these sizes' if sizes else 'any size'} it is {thousands(value)}."
