"""SQL: one statement over a row of sizes, in standard words, and in DuckDB's own integers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from paramcalc.exports.languages.base import Language
from paramcalc.exports.languages.lines import kept, wrapped
from paramcalc.exports.languages.program import Program
from paramcalc.results.formula.whole import FloorQuotient, Quotient, Remainder


class Sql(Language):
    """A statement of standard SQL, in DECIMAL(38, 0): NULL where the form does not hold."""

    language = "SQL"
    # a name in quotes may be any word; that of the result is its own
    taken = frozenset({"parameters"})
    folds_case = True
    equals, differs = "=", "<>"
    quotient, remainder, largest, smallest = "/", "MOD", "GREATEST", "LEAST"
    type = "DECIMAL(38, 0)"
    about = (
        "Exact up to 38 digits, and an error of the database beyond. NULL where a size is not stated, or the form "
        "does not hold."
    )

    def source(self, program: Program) -> str:
        """Write the whole text."""
        told = [program.heading, *program.explanation, *wrapped(self.about)]
        lines = [f"-- {line}" for line in told]
        least = [f"{self.whole(size.symbol)} >= {size.least}" for size in program.sizes]
        conditions = [*least, *map(self.holds, program.checks), *self._exact(program)]
        value = f"CAST({self.whole(program.result)} AS {self.type})"
        if not conditions:
            return "\n".join([*lines, *wrapped(f'SELECT {value} AS "parameters";')])
        lines += ["SELECT CASE", *wrapped(f"WHEN {' AND '.join(conditions)}", "  "), *wrapped(f"THEN {value}", "  ")]
        values = kept(f"CAST({self._given(size.value)} AS {self.type})" for size in program.sizes)
        names = ", ".join(self.whole(size.symbol) for size in program.sizes)
        lines += ['END AS "parameters"', *wrapped(f"FROM (VALUES ({values}))"), *wrapped(f"AS sizes ({names});", "  ")]
        return "\n".join(lines)

    def _given(self, value: int | None) -> str:
        return "NULL" if value is None else self.literal(value)

    def _exact(self, program: Program) -> list[str]:
        """Require that each quotient gives its dividend back: a database may divide in floating point."""
        sides = [side for check in program.checks for side in (check.left, check.right)]
        quotients = dict.fromkeys(each for expr in (program.result, *sides) for each in _quotients(expr))
        return [f"{self.infix(each, '*', each.args[1])} = {self.whole(_without_rest(each))}" for each in quotients]

    def _print_Symbol(self, expr: Any) -> str:
        return f'"{expr.name}"'

    def _print_Integer(self, expr: Any) -> str:
        if abs(expr) >= 10**38:
            raise self.lacks("a number of more than 38 digits")
        return str(int(expr))

    def _print_Quotient(self, expr: Any) -> str:
        return f"CAST({super()._print_Quotient(expr)} AS {self.type})"

    def _print_Remainder(self, expr: Any) -> str:
        dividend, divisor = map(self._print, expr.args)
        return f"MOD(MOD({dividend}, {divisor}) + {divisor}, {divisor})"

    def _print_FloorQuotient(self, expr: Any) -> str:
        return str(self._print_Quotient(Quotient(_without_rest(expr), expr.args[1])))


def _quotients(expr: Any) -> list[Any]:
    """List the quotients in an expression, those in others first."""
    return sorted(expr.atoms(Quotient, FloorQuotient), key=lambda each: (int(each.count_ops()), str(each)))


def _without_rest(quotient: Any) -> Any:
    """Return what a quotient gives back of its dividend: all, unless it is rounded down."""
    dividend, divisor = quotient.args
    return dividend - Remainder(dividend, divisor) if isinstance(quotient, FloorQuotient) else dividend


class DuckDB(Sql):
    """The same in the integers of DuckDB, which it divides exactly."""

    language = "DuckDB"
    type = "HUGEINT"
    doubles: ClassVar[Mapping[str, str]] = {
        "scaled": "CAST(trunc(CAST({size} AS DOUBLE) * {factor}) AS HUGEINT)",
        "scaled_up": "CAST(ceil(CAST({size} AS DOUBLE) * {factor}) AS HUGEINT)",
        "scaled_near": "CAST(round_even(CAST({size} AS DOUBLE) * {factor}, 0) AS HUGEINT)",
    }
    quotient = "//"
    about = (
        "Exact in 128 bits, and an error of DuckDB beyond. NULL where a size is not stated, or the form does not hold."
    )

    def double(self, factor: float) -> str:
        """Write a double with an exponent, without which it is a decimal."""
        printed = super().double(factor)
        return printed if "e" in printed else f"CAST('{factor!r}' AS DOUBLE)"

    def _exact(self, program: Program) -> list[str]:
        return []

    def _print_Quotient(self, expr: Any) -> str:
        return self.infix(expr.args[0], self.quotient, expr.args[1])
