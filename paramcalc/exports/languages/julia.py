"""Julia, in BigInt."""

from __future__ import annotations

from typing import Any

from paramcalc.exports.languages.program import Language, Program, kept, words, wrapped

_WORDS = words("""
    baremodule begin break catch const continue do else elseif end export false finally for function global if import
    in isa let local macro module mutable primitive quote return struct true try type using where while abstract as
    outer big map Integer ArgumentError throw div fld mod max min missing nothing
""")


class Julia(Language):
    """A function of Julia, in BigInt: exact at any size."""

    language = "Julia"
    taken = _WORDS

    def source(self, program: Program) -> str:
        """The whole text."""
        about = [
            "Exact, in BigInt. Throws an ArgumentError for sizes at which the form does not hold.",
        ]
        told = [program.heading, "", *program.explanation, "", *about]
        lines = [f"# {line}".rstrip() for line in told]
        sizes = [f"{s.name}::Integer" + ("" if s.value is None else f" = {s.value}") for s in program.sizes]
        lines += wrapped(f"function {program.name}({'; ' if sizes else ''}{kept(sizes)})", "", "        ")
        if program.sizes:
            names = ", ".join(size.name for size in program.sizes)
            lines += wrapped(f"({names},) = map(big, ({names},))", "    ")
        for size in program.sizes:
            lines.append(
                f'    {size.name} >= {size.least} || throw(ArgumentError("{size.name} is at least {size.least}"))'
            )
        for check in program.checks:
            lines += wrapped(f"({self.holds(check)}) ||", "    ")
            lines.append(f'        throw(ArgumentError("the form holds where {check.words}"))')
        lines += ["    return big(", *wrapped(self.whole(program.result), "        ", "        "), "    )", "end"]
        return "\n".join(lines)

    def remainder(self, dividend: Any, divisor: Any) -> str:
        return f"mod({self.whole(dividend)}, {self.whole(divisor)})"

    def _print_Pow(self, expr: Any) -> str:
        return self.raised(expr, "^")

    def _print_Quotient(self, expr: Any) -> str:
        return f"div({self._print(expr.args[0])}, {self._print(expr.args[1])})"

    def _print_FloorQuotient(self, expr: Any) -> str:
        return f"fld({self._print(expr.args[0])}, {self._print(expr.args[1])})"

    def _print_Remainder(self, expr: Any) -> str:
        return f"mod({self._print(expr.args[0])}, {self._print(expr.args[1])})"

    def _print_Max(self, expr: Any) -> str:
        return f"max({', '.join(map(self._print, expr.args))})"

    def _print_Min(self, expr: Any) -> str:
        return f"min({', '.join(map(self._print, expr.args))})"
