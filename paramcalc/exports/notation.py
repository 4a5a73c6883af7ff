"""SymPy expressions as people write them: in plain text, and in LaTeX."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy
from sympy.printing.precedence import PRECEDENCE, precedence
from sympy.printing.str import StrPrinter

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class _TextPrinter(StrPrinter):  # type: ignore[misc]
    """`12·d²·L + 2·d`: products with a dot, powers raised, thousands apart.

    With `values`, each symbol is printed as its value.
    """

    def __init__(self, values: Mapping[str, int] | None = None) -> None:
        super().__init__()
        self.values = values
        self.dot = "·" if values is None else " · "

    def _print_Symbol(self, expr: Any) -> str:
        if self.values is not None and expr.name in self.values:
            return f"{self.values[expr.name]:,}"
        return str(expr.name)

    def _print_Integer(self, expr: Any) -> str:
        return f"{int(expr):,}"

    def _print_Add(self, expr: Any, order: Any = None) -> str:
        text = ""
        for term in in_order(expr.args):
            negative = term.could_extract_minus_sign()
            printed = self.parenthesize(-term if negative else term, precedence(expr))
            sign = ("-" if negative else "") if not text else (" - " if negative else " + ")
            text += sign + printed
        return text

    def _print_Mul(self, expr: Any) -> str:
        numerator, denominator = sympy.fraction(expr)
        if denominator != 1:
            over = self.parenthesize(denominator, PRECEDENCE["Pow"])
            return f"{self.parenthesize(numerator, PRECEDENCE['Mul'])}/{over}"
        if expr.could_extract_minus_sign():
            return f"-{self._print(-expr)}"
        factors = sorted(expr.args, key=lambda factor: (not factor.is_number, factor.is_Add, str(factor)))
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


def in_order(terms: Any) -> list[Any]:
    """The terms of a sum: the highest degree first, plain numbers last."""
    return sorted(terms, key=lambda term: (-_degree(term), term.is_number, str(term)))


def _degree(term: Any) -> int:
    if term.is_Mul:
        return sum(_degree(factor) for factor in term.args)
    if term.is_Pow and term.exp.is_Integer:
        return _degree(term.base) * int(term.exp)
    if term.is_Add:
        return max(map(_degree, term.args))
    return int(term.is_Symbol)


def text(expr: Any, values: Mapping[str, int] | None = None) -> str:
    """An expression in plain text; with `values`, the numbers in place of the symbols."""
    printed: str = _TextPrinter(values).doprint(sympy.sympify(expr))
    return printed


def latex(expr: Any) -> str:
    """An expression in LaTeX; names of several letters stand upright."""
    expr = sympy.sympify(expr)
    names = {symbol: latex_name(symbol.name) for symbol in expr.free_symbols}
    printed: str = sympy.latex(expr, symbol_names=names, mul_symbol="dot", order="grlex")
    return printed


def latex_name(name: str) -> str:
    """The name of a symbol in LaTeX: c, n_{1}, or upright where it is a word."""
    base, _, index = name.partition("_")
    if len(base) == 1 and len(index) <= 1:
        return f"{base}_{{{index}}}" if index else base
    escaped = name.replace("_", r"\_")
    return rf"\mathrm{{{escaped}}}"
