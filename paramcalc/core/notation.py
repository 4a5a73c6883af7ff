"""Expressions as people write them: in plain text, LaTeX and MathML.

An expression is one of SymPy's, or one that is `Written`: a sum or a product that keeps its order,
term by term, as a derivation needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any

import sympy
from sympy.functions.elementary.integers import ceiling, floor
from sympy.printing.latex import LatexPrinter
from sympy.printing.mathml import MathMLPresentationPrinter
from sympy.printing.precedence import PRECEDENCE, precedence
from sympy.printing.str import StrPrinter

from paramcalc.core.symbols import Scaled

#: What rounds or chooses.
STEPS = (floor, ceiling, sympy.Mod, sympy.Max, sympy.Min, Scaled)

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
#: How many characters the numerator of a fraction has at most in LaTeX, which breaks no line within one.
_LONGEST_NUMERATOR = 30


class _Ordered:
    """What the printers of all notations have in common: the order of terms and factors, and what has a sign.

    With `values`, each symbol is printed as its value; with `sizes`, the largest term is printed first.
    """

    def __init__(
        self,
        values: Mapping[str, int] | None = None,
        sizes: Mapping[str, int] | None = None,
        settings: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(settings)  # type: ignore[call-arg]
        self.values = values
        self.sizes = sizes

    def _print_Symbol(self, expr: Any, style: str = "plain") -> Any:
        value = self.values.get(expr.name) if self.values else None
        return self.symbol(expr.name) if value is None else self.number(value)

    def _print_Integer(self, expr: Any) -> Any:
        return self.number(int(expr))

    def _print_Mul(self, expr: Any) -> Any:
        numerator, denominator = sympy.fraction(expr)
        if denominator != 1:
            return self.quotient(numerator, denominator)
        if expr.could_extract_minus_sign():
            return self.negative(-expr)
        return self.product(_in_order(expr.args))

    def _print_floor(self, expr: Any, *powers: Any) -> Any:
        return super()._print_floor(_over_one(expr), *powers)  # type: ignore[misc]

    def _print_ceiling(self, expr: Any, *powers: Any) -> Any:
        return super()._print_ceiling(_over_one(expr), *powers)  # type: ignore[misc]

    def _print_Max(self, expr: Any) -> Any:
        return self.function("max", in_order(expr.args))

    def _print_Min(self, expr: Any) -> Any:
        return self.function("min", in_order(expr.args))

    def _print_Scaled(self, expr: Any) -> Any:
        return self.function(expr.rounding, [expr.args[0], sympy.Symbol(repr(expr.factor))])

    def function(self, name: str, operands: list[Any]) -> Any:
        """Print a function of several operands."""
        raise NotImplementedError

    def symbol(self, name: str) -> Any:
        """Print a symbol by its name."""
        raise NotImplementedError

    def number(self, number: int) -> Any:
        """Print a whole number, its thousands apart."""
        raise NotImplementedError

    def quotient(self, numerator: Any, denominator: Any) -> Any:
        """Print a quotient."""
        raise NotImplementedError

    def negative(self, expr: Any) -> Any:
        """Print an expression behind a minus."""
        raise NotImplementedError

    def product(self, factors: list[Any]) -> Any:
        """Print a product, its factors in this order."""
        raise NotImplementedError


class _TextPrinter(_Ordered, StrPrinter):  # type: ignore[misc]
    """`12·d²·L + 2·d`: products with a dot, powers raised."""

    @property
    def dot(self) -> str:
        """The sign of a product: with spaces around it between numbers."""
        return "·" if self.values is None else " · "

    def symbol(self, name: str) -> str:
        return name

    def function(self, name: str, operands: list[Any]) -> str:
        return f"{name}({', '.join(map(self._print, operands))})"

    def number(self, number: int) -> str:
        return f"{number:,}"

    def quotient(self, numerator: Any, denominator: Any) -> str:
        over = self.parenthesize(denominator, PRECEDENCE["Pow"], strict=True)
        return f"{self.parenthesize(numerator, PRECEDENCE['Mul'] - 1)}/{over}"

    def negative(self, expr: Any) -> str:
        return f"-{self._print(expr)}"

    def product(self, factors: list[Any]) -> str:
        return self.dot.join(self.parenthesize(factor, PRECEDENCE["Mul"]) for factor in factors)

    def _print_Add(self, expr: Any, order: Any = None) -> str:
        text = ""
        for sign, term in terms(expr, self.sizes):
            printed = self._print(term)
            text += f" {sign} {printed}" if text else f"-{printed}" if sign == "-" else printed
        return text

    def _print_Pow(self, expr: Any, rational: bool = False) -> str:
        base, exponent = expr.args
        if exponent.is_Integer and exponent > 1:
            raised = str(exponent).translate(_SUPERSCRIPTS)
            return f"{self.parenthesize(base, precedence(expr))}{raised}"
        printed: str = self._print_Mul(expr) if exponent.is_negative else super()._print_Pow(expr, rational=rational)
        return printed

    def _print_Mod(self, expr: Any) -> str:
        dividend, divisor = (self.parenthesize(each, PRECEDENCE["Mul"]) for each in expr.args)
        return f"{dividend} mod {divisor}"

    def _print_floor(self, expr: Any) -> str:
        return f"⌊{self._print(sympy.together(expr.args[0]))}⌋"

    def _print_ceiling(self, expr: Any) -> str:
        return f"⌈{self._print(sympy.together(expr.args[0]))}⌉"


class _LatexPrinter(_Ordered, LatexPrinter):  # type: ignore[misc]
    """The same order in LaTeX; names of several letters stand upright."""

    def __init__(self, values: Mapping[str, int] | None = None, sizes: Mapping[str, int] | None = None) -> None:
        super().__init__(values, sizes, {"mul_symbol": "dot"})

    def symbol(self, name: str) -> str:
        return latex_name(name) if not name[:1].isdigit() else name

    def function(self, name: str, operands: list[Any]) -> str:
        operator = rf"\{name}" if name in ("max", "min") else rf"\operatorname{{{latex_text(name)}}}"
        return rf"{operator}\left({', '.join(map(self._print, operands))}\right)"

    def number(self, number: int) -> str:
        return f"{number:,}".replace(",", "{,}")

    def quotient(self, numerator: Any, denominator: Any) -> str:
        if len(text(numerator)) > _LONGEST_NUMERATOR:
            factors = self.parenthesize(numerator, PRECEDENCE["Mul"], strict=True)
            return rf"\frac{{1}}{{{self._print(denominator)}}} \cdot {factors}"
        return rf"\frac{{{self._print(numerator)}}}{{{self._print(denominator)}}}"

    def negative(self, expr: Any) -> str:
        return f"- {self._print(expr)}"

    def product(self, factors: list[Any]) -> str:
        return r" \cdot ".join(self.parenthesize(factor, PRECEDENCE["Mul"]) for factor in factors)

    def _as_ordered_terms(self, expr: Any, order: Any = None) -> list[Any]:
        return in_order(expr.args, self.sizes)


class _MathMLPrinter(_Ordered, MathMLPresentationPrinter):  # type: ignore[misc]
    """The same order in presentation MathML."""

    def symbol(self, name: str) -> Any:
        base, index = _split_name(name)
        if not index:
            return self.element("mi", base)
        # an index is a number or a letter
        return self.element("msub", self.element("mi", base), self.element("mn" if index.isdigit() else "mi", index))

    def function(self, name: str, operands: list[Any]) -> Any:
        content = [part for each in operands for part in (self.element("mo", ","), self._print(each))][1:]
        opened, closed = self.element("mo", "("), self.element("mo", ")")
        return self.element("mrow", self.element("mi", name), opened, *content, closed)

    def number(self, number: int) -> Any:
        return self.element("mn", f"{number:,}")

    def quotient(self, numerator: Any, denominator: Any) -> Any:
        return self.element("mfrac", self._print(numerator), self._print(denominator))

    def negative(self, expr: Any) -> Any:
        return self.element("mrow", self.element("mo", "-"), self._print(expr))

    def product(self, factors: list[Any]) -> Any:
        content: list[Any] = []
        for factor in factors:
            content += [self.element("mo", "·")] if content else []
            content.append(self.parenthesize(factor, PRECEDENCE["Mul"]))
        return self.element("mrow", *content)

    def _print_Add(self, expr: Any, order: Any = None) -> Any:
        content: list[Any] = []
        for sign, term in terms(expr, self.sizes):
            content += [self.element("mo", sign)] if sign == "-" or content else []
            content.append(self._print(term))
        return self.element("mrow", *content)

    def _print_int(self, expr: Any) -> Any:
        return self.number(int(expr))

    def element(self, tag: str, *content: Any) -> Any:
        """Make an element of others, and of text."""
        element = self.dom.createElement(tag)
        for each in content:
            # this printer's text is not escaped when it is written
            element.appendChild(self.dom.createTextNode(escape(each)) if isinstance(each, str) else each)
        return element


# --- The order of terms and factors ----------------------------------------------------


def in_order(terms: Any, sizes: Mapping[str, int] | None = None) -> list[Any]:
    """Order the terms of a sum: the largest at these sizes first; without sizes, by degree. Plain numbers are last."""
    by_degree = sorted(
        terms,
        # of one degree, what is added comes before what is taken away: image - patch
        key=lambda term: (-_degree(term), term.is_number, term.could_extract_minus_sign(), _sort_text(term)),
    )
    names = set().union(*(term.free_symbols for term in by_degree))
    if sizes is None or any(symbol.name not in sizes for symbol in names):
        return by_degree
    values = {symbol: sympy.Integer(sizes[symbol.name]) for symbol in names}
    # what is equally large stays in order of degree
    return sorted(by_degree, key=lambda term: (term.is_number, -abs(term.xreplace(values))))


def _over_one(step: Any) -> Any:
    """Return what rounds, its argument over one denominator: ⌊(side - 3)/2⌋."""
    return step.func(sympy.together(step.args[0]), evaluate=False)


def _degree(term: Any) -> int:
    if term.is_Mul:
        return sum(_degree(factor) for factor in term.args)
    if term.is_Pow and term.exp.is_Integer:
        return _degree(term.base) * int(term.exp)
    if term.is_Add:
        return max(map(_degree, term.args))
    if isinstance(term, STEPS):
        return max(map(_degree, term.args[:1] if isinstance(term, Scaled) else term.args))
    return int(term.is_Symbol)


@lru_cache(maxsize=2**14)
def _sort_text(expr: Any) -> str:
    """Return an expression as SymPy prints it, for the order of what is alike otherwise; it is asked for often."""
    return str(expr)


def _in_order(factors: Any) -> list[Any]:
    """Order the factors of a product: numbers, symbols, what rounds, then sums, the simplest of them first."""
    return sorted(
        factors,
        key=lambda factor: (
            not factor.is_number,
            factor.is_Add,
            isinstance(factor.as_base_exp()[0], STEPS),
            _degree(factor) if factor.is_Add else 0,
            _sort_text(factor),
        ),
    )


# --- What is written as it stands ------------------------------------------------------


@dataclass(frozen=True)
class Written:
    """A sum or a product whose parts keep their order: expressions, and further ones of these."""

    #: "+" or "·"
    sign: str
    parts: tuple[Any, ...]


def written_sum(*terms: Any) -> Any:
    """Write a sum in this order; of one term, the term."""
    return terms[0] if len(terms) == 1 else Written("+", terms)


def written_product(*factors: Any) -> Any:
    """Write a product in this order, without factors that are the number 1; of one factor, the factor; of none, 1."""
    kept = tuple(factor for factor in factors if factor != 1)
    return Written("·", kept) if len(kept) > 1 else kept[0] if kept else sympy.Integer(1)


def terms(expr: Any, sizes: Mapping[str, int] | None = None) -> list[tuple[str, Any]]:
    """Return the terms of a sum with their signs, in the order in which they are printed; else the whole."""
    if isinstance(expr, Written):
        return [("+", part) for part in expr.parts] if expr.sign == "+" else [("+", expr)]
    if not getattr(expr, "is_Add", False):
        return [("+", expr)]
    ordered = in_order(expr.args, sizes)
    return [("-", -term) if term.could_extract_minus_sign() else ("+", term) for term in ordered]


@dataclass(frozen=True)
class _Signs:
    """How a notation joins what is written."""

    plus: str
    dot: str
    brackets: str
    #: whether a quotient is set on one line, and needs brackets within a product: n·(c/g)·f
    flat: bool = False


def _joined(expr: Any, one: Callable[[Any], str], signs: _Signs) -> str:
    """Join the parts of what is written, printed each by `one`; a sum within a product stands in brackets."""
    if not isinstance(expr, Written):
        return one(expr)
    shown = []
    for part in expr.parts:
        printed = _joined(part, one, signs)
        shown.append(signs.brackets.format(printed) if expr.sign == "·" and _is_bracketed(part, signs) else printed)
    return (signs.plus if expr.sign == "+" else signs.dot).join(shown)


def _is_bracketed(factor: Any, signs: _Signs) -> bool:
    """Return whether a factor of a product stands in brackets."""
    if isinstance(factor, Written):
        return factor.sign == "+"
    if getattr(factor, "is_Add", False):
        return True
    return signs.flat and isinstance(factor, sympy.Basic) and sympy.fraction(factor)[1] != 1


# --- The notations ---------------------------------------------------------------------


def text(expr: Any, values: Mapping[str, int] | None = None, sizes: Mapping[str, int] | None = None) -> str:
    """Print an expression in plain text; with `values`, the numbers in place of the symbols.

    With `sizes`, the largest term at these sizes comes first; without, the one of highest degree.
    """
    printer = _TextPrinter(values, sizes)

    def one(part: Any) -> str:
        printed: str = part if isinstance(part, str) else printer.doprint(sympy.sympify(part))
        return printed

    return _joined(expr, one, _Signs(" + ", printer.dot, "({})", flat=True))


def latex(expr: Any, values: Mapping[str, int] | None = None, sizes: Mapping[str, int] | None = None) -> str:
    """Print an expression in LaTeX; names of several letters stand upright. `values` and `sizes` as in plain text."""
    printer = _LatexPrinter(values, sizes)

    def one(part: Any) -> str:
        return rf"\text{{{latex_text(part)}}}" if isinstance(part, str) else printer.doprint(sympy.sympify(part))

    return _joined(expr, one, _Signs(" + ", r" \cdot ", r"\left({}\right)"))


def mathml(expr: Any, sizes: Mapping[str, int] | None = None) -> str:
    """Print an expression in presentation MathML: one `math` element, for a page or for a program that reads it."""
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">{mathml_row(expr, sizes=sizes)}</math>'


def mathml_row(expr: Any, values: Mapping[str, int] | None = None, sizes: Mapping[str, int] | None = None) -> str:
    """Print an expression as it stands in a `math` element. `values` and `sizes` as in plain text."""
    printer = _MathMLPrinter(values, sizes)

    def one(part: Any) -> str:
        if isinstance(part, str):
            return f"<mtext>{escape(part)}</mtext>"
        printed: str = printer.doprint(sympy.sympify(part))
        return printed

    row = _joined(expr, one, _Signs("<mo>+</mo>", "<mo>·</mo>", "<mrow><mo>(</mo>{}<mo>)</mo></mrow>"))
    return f"<mrow>{row}</mrow>" if isinstance(expr, Written) else row


def latex_name(name: str) -> str:
    """Print the name of a symbol in LaTeX: c, n_{1}, or upright where it is a word."""
    base, index = _split_name(name)
    if len(base) == 1:
        return f"{base}_{{{index}}}" if index else base
    return rf"\mathrm{{{latex_text(name)}}}"


def _split_name(name: str) -> tuple[str, str]:
    """Split a letter from its index, k_h; any other name is whole, and has none."""
    base, _, index = name.partition("_")
    return (base, index) if len(base) == 1 and len(index) <= 1 else (name, "")


_LATEX_SPECIAL = {
    "\\": r"\textbackslash{}", "_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "`": r"\textasciigrave{}", "→": r"\(\to\)", "·": r"\(\cdot\)",
    "…": r"\dots{}", "×": r"\(\times\)", "≥": r"\(\ge\)", "–": "--",
}  # fmt: skip


def latex_text(text: str) -> str:
    """Escape plain text for LaTeX. A character that LaTeX's fonts lack is given by its number."""
    return "".join(_LATEX_SPECIAL.get(char) or _latex_character(char) for char in text)


def _latex_character(char: str) -> str:
    # pdfLaTeX has the letters of Latin-1 and Latin Extended-A in its usual fonts
    known = " " <= char <= "~" or ("À" <= char <= "ſ" and char not in "×÷ſĸŉ")
    return char if known else f"[U+{ord(char):04X}]"
