"""SQL: one statement over a row of sizes, in standard words, and in the integers of DuckDB and of SQLite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from paramcalc.exports.languages.base import Language, Truncating
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
        value, conditions = self.cast(self.whole(program.result)), self.conditions(program)
        if not conditions:
            return "\n".join([*lines, *wrapped(f'SELECT {value} AS "{program.quantity}";')])
        chosen = [
            "SELECT CASE",
            *wrapped(f"WHEN {' AND '.join(conditions)}", "  "),
            *wrapped(f"THEN {value}", "  "),
            f'END AS "{program.quantity}"',
        ]
        return "\n".join([*lines, *self.over(chosen, program)])

    def conditions(self, program: Program) -> list[str]:
        """Return what must hold."""
        least = [f"{self.whole(size.symbol)} >= {size.least}" for size in program.sizes]
        return [*least, *map(self.holds, program.checks), *self._exact(program)]

    def over(self, chosen: list[str], program: Program) -> list[str]:
        """Write the statement that chooses something from a row of the sizes."""
        names, values = self._row(program)
        return [*chosen, *wrapped(f"FROM (VALUES ({values}))"), *wrapped(f"AS sizes ({names});", "  ")]

    def cast(self, value: str) -> str:
        """Write a number in the type of whole numbers."""
        return f"CAST({value} AS {self.type})"

    def _row(self, program: Program) -> tuple[str, str]:
        names = ", ".join(self.whole(size.symbol) for size in program.sizes)
        return names, kept(self.cast(self._given(size.value)) for size in program.sizes)

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
        return self.cast(super()._print_Quotient(expr))

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


class SQLite(Sql):
    """The same in the 64 bits of SQLite, which goes on in floating point where they do not suffice."""

    language = "SQLite"
    type = "INTEGER"
    remainder, largest, smallest = "%", "MAX", "MIN"
    doubles: ClassVar[Mapping[str, str]] = {
        "scaled": "CAST({size} * {factor} AS INTEGER)",
        # a comparison is 0 or 1
        "scaled_up": "(CAST({size} * {factor} AS INTEGER) + ({size} * {factor} > CAST({size} * {factor} AS INTEGER)))",
        # halves go to the even number; ROUND sends them away from 0
        "scaled_near": "(SELECT part + (rest > 0.5 OR rest = 0.5 AND part % 2)"
        " - (rest < -0.5 OR rest = -0.5 AND part % 2) FROM (SELECT part, product - part AS rest"
        " FROM (SELECT product, CAST(product AS INTEGER) AS part FROM (SELECT {size} * {factor} AS product))))",
    }
    about = (
        "Exact up to 9.2 * 10^18. NULL where a number on the way might be larger, where a size is no integer, or the "
        "form does not hold."
    )

    def conditions(self, program: Program) -> list[str]:
        """Return what must hold: the sizes are integers, and no number on the way is beyond 64 bits."""
        wholes = [f"typeof({self.whole(size.symbol)}) = 'integer'" for size in program.sizes]
        fits = [f"{_Double().whole(bound)} < 9.2e18" for bound in program.bounds if bound.free_symbols]
        return [*wholes, *fits, *super().conditions(program)]

    def over(self, chosen: list[str], program: Program) -> list[str]:
        """Write the row in a clause of its own: SQLite has no names for the columns of values elsewhere."""
        names, values = self._row(program)
        return [*wrapped(f"WITH sizes ({names})"), *wrapped(f"AS (VALUES ({values}))", "  "), *chosen, "FROM sizes;"]

    def cast(self, value: str) -> str:
        """Write a number as it is: it would be cut off, were it cast."""
        return value

    def _exact(self, program: Program) -> list[str]:
        return []

    def _print_Integer(self, expr: Any) -> str:
        if abs(expr) >= 2**63:
            raise self.lacks("a number of more than 64 bits")
        return str(int(expr))

    _print_Remainder = Truncating._print_Remainder


class _Double(SQLite):
    """The same expressions, about: where it matters only how large they are."""

    def _print_Integer(self, expr: Any) -> str:
        return f"{int(expr)}.0"
