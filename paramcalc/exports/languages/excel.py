"""Spreadsheets: one formula, over named cells, with its sizes in it, or as a function; exact up to 10^15."""

from __future__ import annotations

import re
from typing import Any

from paramcalc.exports.languages.base import Language, words
from paramcalc.exports.languages.lines import block_comment, wrapped
from paramcalc.exports.languages.program import Program, Size

#: Whole numbers up to this are exact in a spreadsheet, which shows and stores 15 digits.
EXACT = 10**15
#: Characters of a formula, as Excel has it.
_LONGEST = 8192
#: A cell (A1 to XFD1048576, R1C1) is no name, nor is a row or a column on its own.
_CELL = re.compile(r"[a-z]{1,3}\d+|[rc]|r\d*c\d*|[rc]\d+")
_WORDS = words("true false and or not if na max min mod int product sum total valid")


class Excel(Language):
    """One formula over named cells: `#N/A` where it does not hold, or is not exact."""

    language = "a spreadsheet"
    taken = _WORDS
    folds_case = True
    equals, differs = "=", "<>"
    power, quotient, remainder, largest, smallest = "^", "/", "MOD", "MAX", "MIN"

    def accepts(self, name: str) -> bool:
        """Return whether a cell may have this name: not if it is the address of one."""
        return super().accepts(name) and not _CELL.fullmatch(name.lower())

    def source(self, program: Program) -> str:
        """Write rows to paste into a sheet: the sizes beside their names, and the formula."""
        rows = [
            (program.heading,),
            ("Paste these rows into a sheet, mark the rows of the sizes, and let a spreadsheet make names of the",),
            ("left column (Ctrl+Shift+F3). Exact up to 10^15; #N/A beyond, and where the form does not hold.",),
            *map(_row, program.sizes),
            (program.quantity, f"={self.formula(program)}"),
            *((line,) for line in _explained(program)),
        ]
        return "\n".join("\t".join(row) for row in rows)

    def formula(self, program: Program) -> str:
        """Write the number where it holds and is exact, and else what stands for none."""
        value = self.whole(program.result)
        conditions = [condition for _, condition in self.conditions(program)]
        bounds = ", ".join(map(self.whole, program.bounds))
        conditions += [f"MAX({bounds}) <= {EXACT}"] if bounds else []
        return self.short(f"IF(AND({', '.join(conditions)}), {value}, NA())" if conditions else value)

    def short(self, formula: str) -> str:
        """Return a formula that is no longer than one may be, with the sign before it."""
        if len(formula) >= _LONGEST:
            raise self.lacks(f"a formula of more than {_LONGEST:,} characters; the target xlsx has one for each layer")
        return formula

    def conditions(self, program: Program) -> list[tuple[str, str]]:
        """Return what must hold, in words and as a formula."""
        found: list[tuple[str, str]] = []
        for size in program.sizes:
            words = f"{size.name} is a whole number of at least {size.least}"
            found.append((words, f"{size.name} >= {size.least}, INT({size.name}) = {size.name}"))
        found += [(check.words, self.holds(check)) for check in program.checks]
        return found

    def _print_Integer(self, expr: Any) -> str:
        if abs(expr) > EXACT:
            raise self.lacks(f"a number above 10^15, such as {int(expr):,}")
        return str(int(expr))

    def _print_Mul(self, expr: Any) -> str:
        # -a^2 is a^2 in a spreadsheet
        printed = str(super()._print_Mul(expr))
        return f"-1*{printed[1:]}" if printed.startswith("-") and not printed[1].isdigit() else printed

    def _print_FloorQuotient(self, expr: Any) -> str:
        dividend, divisor = map(self._print, expr.args)
        return f"(({dividend}-MOD({dividend}, {divisor}))/({divisor}))"


class ExcelLet(Excel):
    """One formula with the sizes in it: nothing else is needed on the sheet."""

    # not every engine reads others in the names of a formula
    ascii = True
    taken = Excel.taken | words("let lambda")

    def source(self, program: Program) -> str:
        """Write a cell to paste, and what is told of it."""
        formula = self.formula(program)
        if program.sizes:
            given = (f"{size.name}, {'NA()' if size.value is None else size.value}" for size in program.sizes)
            formula = self.short(f"LET({', '.join(given)}, {formula})")
        rows = [
            program.heading,
            "Paste the next row into a cell; a size may be another cell. For Excel 2021, LibreOffice 24.8, or later.",
            f"={formula}",
            "Exact up to 10^15; #N/A beyond, where a size is not stated, and where the form does not hold.",
            *_told(program),
        ]
        return "\n".join(rows)


class ExcelLambda(ExcelLet):
    """A function with a name, as a module of names has it."""

    def source(self, program: Program) -> str:
        """Write the definition of a name."""
        formula = self.formula(program)
        if program.sizes:
            formula = f"{', '.join(program.names)}, {formula}"
        about = (
            "A function for the names of a workbook. Import this as a module in Excel Labs; or define the name "
            f"{program.name} in the name manager, and let it refer to an equals sign and what stands from LAMBDA to "
            "the last parenthesis. For Excel 365. Exact up to 10^15; #N/A beyond, and where the form does not hold."
        )
        definition = wrapped(f"{program.name} = {self.short(f'LAMBDA({formula})')};")
        return "\n".join([*block_comment(program.told(wrapped(about, following=""))), *definition])


def _told(program: Program) -> list[str]:
    """Return what a reader is told in cells: what each size stands for, and the form."""
    return [f"{size.name}: {size.about}" for size in program.sizes if size.about] + _explained(program)


def _explained(program: Program) -> list[str]:
    """Return the formula, its conditions and its value."""
    # what is set in by four goes on with the line before
    starts = (program.quantity, "    ", "It", "Fixed", "At")
    return [line.strip() for line in program.explanation if line.startswith(starts)]


def _row(size: Size) -> tuple[str, ...]:
    """Write a size, its value, and what it stands for as a cell that no spreadsheet takes for a formula."""
    row = (size.name, "" if size.value is None else str(size.value))
    return (*row, f"({size.about})") if size.about else row
