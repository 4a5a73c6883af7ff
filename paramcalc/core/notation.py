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
from sympy.printing.latex import LatexPrinter
from sympy.printing.mathml import MathMLPresentationPrinter
from sympy.printing.precedence import PRECEDENCE, precedence
from sympy.printing.str import StrPrinter

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class _TextPrinter(StrPrinter):  # type: ignore[misc]
    """`12·d²·L + 2·d`: products with a dot, powers raised, thousands apart.

    With `values`, each symbol is printed as its value; with `sizes`, the largest term is printed first.
    """

    def __init__(self, values: Mapping[str, int] | None = None, sizes: Mapping[str, int] | None = None) -> None:
        super().__init__()
        self.values = values
        self.sizes = sizes
        self.dot = "·" if values is None else " · "

    def _print_Symbol(self, expr: Any) -> str:
        if self.values is not None and expr.name in self.values:
            return f"{self.values[expr.name]:,}"
        return str(expr.name)

    def _print_Integer(self, expr: Any) -> str:
        return f"{int(expr):,}"

    def _print_Add(self, expr: Any, order: Any = None) -> str:
        text = ""
        for term in in_order(expr.args, self.sizes):
            negative = term.could_extract_minus_sign()
            printed = self.parenthesize(-term if negative else term, precedence(expr))
            sign = ("-" if negative else "") if not text else (" - " if negative else " + ")
            text += sign + printed
        return text

    def _print_Mul(self, expr: Any) -> str:
        numerator, denominator = sympy.fraction(expr)
        if denominator != 1:
            over = self.parenthesize(denominator, PRECEDENCE["Pow"])
            return f"{self.parenthesize(numerator, PRECEDENCE['Mul'] - 1)}/{over}"
        if expr.could_extract_minus_sign():
            return f"-{self._print(-expr)}"
        return self.dot.join(self.parenthesize(factor, precedence(expr)) for factor in _in_order(expr.args))

    def _print_Pow(self, expr: Any, rational: bool = False) -> str:
        base, exponent = expr.args
        if exponent.is_Integer and exponent > 1:
            raised = str(exponent).translate(_SUPERSCRIPTS)
            return f"{self.parenthesize(base, precedence(expr))}{raised}"
        printed: str = self._print_Mul(expr) if exponent.is_negative else super()._print_Pow(expr, rational=rational)
        return printed

    def _print_floor(self, expr: Any) -> str:
        return f"⌊{self._print(expr.args[0])}⌋"

    def _print_ceiling(self, expr: Any) -> str:
        return f"⌈{self._print(expr.args[0])}⌉"


class _LatexPrinter(LatexPrinter):  # type: ignore[misc]
    """The same order in LaTeX; names of several letters stand upright."""

    def __init__(self, values: Mapping[str, int] | None = None, sizes: Mapping[str, int] | None = None) -> None:
        super().__init__({"mul_symbol": "dot"})
        self.values = values or {}
        self.sizes = sizes

    def _print_Symbol(self, expr: Any, style: str = "plain") -> str:
        return _latex_number(self.values[expr.name]) if expr.name in self.values else latex_name(expr.name)

    def _print_Integer(self, expr: Any) -> str:
        return _latex_number(int(expr))

    def _as_ordered_terms(self, expr: Any, order: Any = None) -> list[Any]:
        return in_order(expr.args, self.sizes)

    def _print_Mul(self, expr: Any) -> str:
        numerator, denominator = sympy.fraction(expr)
        if denominator != 1:
            return rf"\frac{{{self._print(numerator)}}}{{{self._print(denominator)}}}"
        if expr.could_extract_minus_sign():
            return f"- {self._print(-expr)}"
        return r" \cdot ".join(self.parenthesize(factor, PRECEDENCE["Mul"]) for factor in _in_order(expr.args))


class _MathMLPrinter(MathMLPresentationPrinter):  # type: ignore[misc]
    """The same order in presentation MathML."""

    def __init__(self, values: Mapping[str, int] | None = None, sizes: Mapping[str, int] | None = None) -> None:
        super().__init__()
        self.values = values or {}
        self.sizes = sizes

    def _print_Symbol(self, expr: Any, style: str = "plain") -> Any:
        if expr.name in self.values:
            return self._element("mn", f"{self.values[expr.name]:,}")
        base, index = _split_name(expr.name)
        if not index:
            return self._element("mi", base)
        # an index is a number or a letter
        return self._element("msub", self._element("mi", base), self._element("mn" if index.isdigit() else "mi", index))

    def _print_Integer(self, expr: Any) -> Any:
        return self._element("mn", f"{int(expr):,}")

    _print_int = _print_Integer

    def _print_Add(self, expr: Any, order: Any = None) -> Any:
        parts: list[Any] = []
        for term in in_order(expr.args, self.sizes):
            negative = term.could_extract_minus_sign()
            parts += [self._element("mo", "-" if negative else "+")] if negative or parts else []
            parts.append(self.parenthesize(-term if negative else term, precedence(expr)))
        return self._element("mrow", *parts)

    def _print_Mul(self, expr: Any) -> Any:
        numerator, denominator = sympy.fraction(expr)
        if denominator != 1:
            return self._element("mfrac", self._print(numerator), self._print(denominator))
        if expr.could_extract_minus_sign():
            return self._element("mrow", self._element("mo", "-"), self._print(-expr))
        parts: list[Any] = []
        for factor in _in_order(expr.args):
            parts += [self._element("mo", "·")] if parts else []
            parts.append(self.parenthesize(factor, PRECEDENCE["Mul"]))
        return self._element("mrow", *parts)

    def _element(self, tag: str, *content: Any) -> Any:
        element = self.dom.createElement(tag)
        for each in content:
            # this printer's text is not escaped when it is written
            element.appendChild(self.dom.createTextNode(escape(each)) if isinstance(each, str) else each)
        return element


# --- The order of terms and factors ----------------------------------------------------


def in_order(terms: Any, sizes: Mapping[str, int] | None = None) -> list[Any]:
    """The terms of a sum: the largest at these sizes first; without sizes, by degree. Plain numbers are last."""
    by_degree = sorted(terms, key=lambda term: (-_degree(term), term.is_number, _spelt(term)))
    names = set().union(*(term.free_symbols for term in by_degree))
    if sizes is None or any(symbol.name not in sizes for symbol in names):
        return by_degree
    values = {symbol: sympy.Integer(sizes[symbol.name]) for symbol in names}
    # what is equally large stays in order of degree
    return sorted(by_degree, key=lambda term: (term.is_number, -abs(term.xreplace(values))))


def _degree(term: Any) -> int:
    if term.is_Mul:
        return sum(_degree(factor) for factor in term.args)
    if term.is_Pow and term.exp.is_Integer:
        return _degree(term.base) * int(term.exp)
    if term.is_Add:
        return max(map(_degree, term.args))
    return int(term.is_Symbol)


@lru_cache(maxsize=2**14)
def _spelt(expr: Any) -> str:
    """An expression as SymPy prints it, for the order of what is alike otherwise; it is asked for again and again."""
    return str(expr)


def _in_order(factors: Any) -> list[Any]:
    """The factors of a product: numbers first, then symbols, then sums, the simplest of them first."""
    return sorted(
        factors,
        key=lambda factor: (
            not factor.is_number,
            factor.is_Add,
            _degree(factor) if factor.is_Add else 0,
            _spelt(factor),
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
    """A sum in this order; of one term, the term."""
    return terms[0] if len(terms) == 1 else Written("+", terms)


def written_product(*factors: Any) -> Any:
    """A product in this order; of one factor, the factor; of none, 1."""
    return Written("·", factors) if len(factors) > 1 else factors[0] if factors else sympy.Integer(1)


def terms(expr: Any, sizes: Mapping[str, int] | None = None) -> list[tuple[str, Any]]:
    """The terms of a sum with their signs, for a printer that breaks lines between them; else the whole."""
    if isinstance(expr, Written):
        return [("+", part) for part in expr.parts] if expr.sign == "+" else [("+", expr)]
    if not getattr(expr, "is_Add", False):
        return [("+", expr)]
    ordered = in_order(expr.args, sizes)
    return [("-", -term) if term.could_extract_minus_sign() else ("+", term) for term in ordered]


def _joined(expr: Written, one: Callable[[Any], str], plus: str, dot: str, brackets: str) -> str:
    """The parts of what is written, printed each by `one`; a sum within a product stands in brackets."""
    shown = []
    for part in expr.parts:
        nested = isinstance(part, Written)
        printed = _joined(part, one, plus, dot, brackets) if nested else one(part)
        is_sum = part.sign == "+" if nested else getattr(part, "is_Add", False)
        shown.append(brackets.format(printed) if is_sum and expr.sign == "·" else printed)
    return (plus if expr.sign == "+" else dot).join(shown)


# --- The notations ---------------------------------------------------------------------


def text(expr: Any, values: Mapping[str, int] | None = None, sizes: Mapping[str, int] | None = None) -> str:
    """An expression in plain text; with `values`, the numbers in place of the symbols.

    With `sizes`, the largest term at these sizes comes first; without, the one of highest degree.
    """
    printer = _TextPrinter(values, sizes)

    def one(part: Any) -> str:
        printed: str = part if isinstance(part, str) else printer.doprint(sympy.sympify(part))
        return printed

    return _joined(expr, one, " + ", printer.dot, "({})") if isinstance(expr, Written) else one(expr)


def latex(expr: Any, values: Mapping[str, int] | None = None, sizes: Mapping[str, int] | None = None) -> str:
    """An expression in LaTeX; names of several letters stand upright. `values` and `sizes` as in plain text."""
    printer = _LatexPrinter(values, sizes)

    def one(part: Any) -> str:
        return rf"\text{{{latex_text(part)}}}" if isinstance(part, str) else printer.doprint(sympy.sympify(part))

    brackets = r"\left({}\right)"
    return _joined(expr, one, " + ", r" \cdot ", brackets) if isinstance(expr, Written) else one(expr)


def mathml(expr: Any, sizes: Mapping[str, int] | None = None) -> str:
    """An expression in presentation MathML: one `math` element, for a page or for a program that reads it."""
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">{mathml_row(expr, sizes=sizes)}</math>'


def mathml_row(expr: Any, values: Mapping[str, int] | None = None, sizes: Mapping[str, int] | None = None) -> str:
    """An expression as it stands in a `math` element. `values` and `sizes` as in plain text."""
    printer = _MathMLPrinter(values, sizes)

    def one(part: Any) -> str:
        if isinstance(part, str):
            return f"<mtext>{escape(part)}</mtext>"
        printed: str = printer.doprint(sympy.sympify(part))
        return printed

    if not isinstance(expr, Written):
        return one(expr)
    inside = "<mrow><mo>(</mo>{}<mo>)</mo></mrow>"
    return f"<mrow>{_joined(expr, one, '<mo>+</mo>', '<mo>·</mo>', inside)}</mrow>"


def latex_name(name: str) -> str:
    """The name of a symbol in LaTeX: c, n_{1}, or upright where it is a word."""
    base, index = _split_name(name)
    if len(base) == 1:
        return f"{base}_{{{index}}}" if index else base
    return rf"\mathrm{{{latex_text(name)}}}"


def _latex_number(number: int) -> str:
    return f"{number:,}".replace(",", "{,}")


def _split_name(name: str) -> tuple[str, str]:
    """A letter and its index, k_h; any other name is whole, and has none."""
    base, _, index = name.partition("_")
    return (base, index) if len(base) == 1 and len(index) <= 1 else (name, "")


_LATEX_SPECIAL = {
    "\\": r"\textbackslash{}", "_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "`": r"\textasciigrave{}", "→": r"\(\to\)", "·": r"\(\cdot\)",
    "…": r"\dots{}", "×": r"\(\times\)", "≥": r"\(\ge\)", "–": "--",
}  # fmt: skip


def latex_text(text: str) -> str:
    """Plain text in LaTeX. A character that LaTeX's fonts lack is given by its number."""
    return "".join(_LATEX_SPECIAL.get(char) or _latex_character(char) for char in text)


def _latex_character(char: str) -> str:
    # pdfLaTeX has the letters of Latin-1 and Latin Extended-A in its usual fonts
    known = " " <= char <= "~" or ("À" <= char <= "ſ" and char not in "×÷ſĸŉ")
    return char if known else f"[U+{ord(char):04X}]"
