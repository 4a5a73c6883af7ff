"""SymPy expressions as people write them: in plain text, and in LaTeX."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy
from sympy.printing.latex import LatexPrinter
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
        factors = sorted(expr.args, key=_place_in_product)
        return self.dot.join(self.parenthesize(factor, precedence(expr)) for factor in factors)

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


def _place_in_product(factor: Any) -> tuple[bool, bool, int, str]:
    """Numbers first, then symbols, then sums, the simplest of them first: 4·depth·(width + 1)."""
    return not factor.is_number, factor.is_Add, _degree(factor) if factor.is_Add else 0, str(factor)


def in_order(terms: Any, sizes: Mapping[str, int] | None = None) -> list[Any]:
    """The terms of a sum: the largest at these sizes first; without sizes, by degree. Plain numbers are last."""
    by_degree = sorted(terms, key=lambda term: (-_degree(term), term.is_number, str(term)))
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


def text(expr: Any, values: Mapping[str, int] | None = None, sizes: Mapping[str, int] | None = None) -> str:
    """An expression in plain text; with `values`, the numbers in place of the symbols.

    With `sizes`, the largest term at these sizes comes first; without, the one of highest degree.
    """
    printed: str = _TextPrinter(values, sizes).doprint(sympy.sympify(expr))
    return printed


class _LatexPrinter(LatexPrinter):  # type: ignore[misc]
    """LaTeX with the terms of a sum in the order of the plain text."""

    def __init__(self, settings: Any, sizes: Mapping[str, int] | None) -> None:
        super().__init__(settings)
        self.sizes = sizes

    def _as_ordered_terms(self, expr: Any, order: Any = None) -> list[Any]:
        return in_order(expr.args, self.sizes)


def latex(expr: Any, sizes: Mapping[str, int] | None = None) -> str:
    """An expression in LaTeX; names of several letters stand upright. `sizes` orders it as in plain text."""
    expr = sympy.sympify(expr)
    names = {symbol: latex_name(symbol.name) for symbol in expr.free_symbols}
    printed: str = _LatexPrinter({"symbol_names": names, "mul_symbol": "dot"}, sizes).doprint(expr)
    return printed


def latex_name(name: str) -> str:
    """The name of a symbol in LaTeX: c, n_{1}, or upright where it is a word."""
    base, _, index = name.partition("_")
    if len(base) == 1 and len(index) <= 1:
        return f"{base}_{{{index}}}" if index else base
    return rf"\mathrm{{{latex_word(name)}}}"


def latex_word(name: str) -> str:
    """A name in the text of LaTeX."""
    return name.replace("_", r"\_")
