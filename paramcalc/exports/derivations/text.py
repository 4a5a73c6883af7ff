"""A sheet in plain text, readable at 80 columns, or as many as a terminal has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from paramcalc.core import notation
from paramcalc.exports.columns import KEPT, WIDTH, columns, plain, whole_terms, wrapped
from paramcalc.exports.count_tree import Style
from paramcalc.exports.derivations.blocks import (
    Block,
    Document,
    Equation,
    Equations,
    Maths,
    Paragraph,
    Section,
    Table,
)
from paramcalc.exports.derivations.printer import Printer
from paramcalc.results.derivation import Sheet

_INDENT = "  "
#: What stands between an equation and the note beside it.
_NOTE_GAP = " " * 8
#: The least room for the right side of an equation beside the left one.
_RIGHT_SIDE = 28


def printed(document: Document, width: int = WIDTH, style: Style | None = None) -> str:
    """Print the sheet in plain text of this width. A title stands above a whole network, worksheets and their keys."""
    printer = TextPrinter(document.kind, width, style)
    parts = [printer.head(document)] if document.total or document.kind != "derivation" else []
    for block in document.blocks:
        parts += printer.flat(block)
    return "\n\n\n".join("\n".join(lines) for lines in parts)


class TextPrinter(Printer[list[str]]):
    """Prints blocks as lines of a width."""

    blanks: ClassVar = {"short": "_" * 10, "long": "_" * 24}

    def __init__(self, kind: Sheet, width: int = WIDTH, style: Style | None = None) -> None:
        super().__init__(kind)
        self.width = width
        self.style = style or plain

    def head(self, document: Document) -> list[str]:
        """Print the title, and what the whole comes to."""
        return [
            *self.marked(wrapped(document.title, self.width), "bold"),
            *self.marked(wrapped(self.cell(document.total), self.width), "bold"),
        ]

    def flat(self, block: Block) -> list[list[str]]:
        """Print a block; the sections of a section one after the other."""
        if not isinstance(block, Section):
            return [self.block(block)]
        return [self.section(section) for section in block.flat]

    def section(self, section: Section) -> list[str]:
        """Print a section without those within it."""
        own: list[str] = []
        for each in section.own_blocks:
            lines = self.block(each)
            own += lines if not own and isinstance(each, Paragraph) else ["", *lines]
        return [*self.heading(section), *own]

    def heading(self, section: Section) -> list[str]:
        """Print the title and what is beside it, or below it, where there is no room."""
        title, aside = section.title, section.aside
        gap = self.width - len(title) - len(aside)
        if aside and gap >= 2:
            return [self.style(title, "bold") + " " * gap + self.style(aside, "dim")]
        # a shape is not broken within
        parts = [part.replace(", ", f",{KEPT}") for part in re.findall(r"\([^)]*\),?|→", aside)]
        below = wrapped(" ".join(parts), self.width, "    ", "    ")
        return [*self.marked(wrapped(title, self.width), "bold"), *self.marked(below, "dim")]

    def marked(self, lines: Sequence[str], mark: str) -> list[str]:
        """Give lines an emphasis."""
        return [self.style(line, mark) for line in lines]

    def paragraph(self, text: str) -> list[str]:
        """Print running text."""
        return wrapped(text, self.width)

    def table(self, table: Table) -> list[str]:
        """Print rows in columns."""
        rows = [tuple(whole_terms(self.cell(cell)) for cell in row) for row in (*table.rows, *table.totals)]
        rows = [table.headings, *rows]
        if table.one_line:
            rows = self._without_long_ends(rows)
        head, *body = columns(rows, self.width, _INDENT, table.numbers)
        longest = max(len(line) for lines in (head, *body) for line in lines)
        rule = self.style(_INDENT + "─" * (longest - len(_INDENT)), "dim")
        lines = self.marked(head, "bold")
        for number, row in enumerate(body):
            lines += [rule, *row] if table.totals and number == len(table.rows) else row
        return lines

    def _without_long_ends(self, rows: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
        """Leave out the last cells that would go on in a further line."""
        *widths, _ = (max(map(len, column)) for column in zip(*rows, strict=True))
        room = self.width - len(_INDENT) - sum(widths) - 2 * len(widths)
        return [(*row[:-1], row[-1] if len(row[-1]) <= room else "") for row in rows]

    def legend(self, rows: list[tuple[str, str, str]]) -> list[str]:
        """Print symbols and values in columns."""
        names, values = (max(len(row[column]) for row in rows) for column in (0, 1))
        sized = [(f"{name:{names}} = {value:>{values}}", meaning) for name, value, meaning in rows]
        return [line for row in columns(sized, self.width, _INDENT) for line in row]

    def equations(self, block: Equations) -> list[str]:
        """Print equations with all `=` below each other."""
        lefts = [self.cell(each.left) for each in block.equations]
        width = max(map(len, lefts))
        lines = []
        for left, each in zip(lefts, block.equations, strict=True):
            lines += self.equation(left, width, each, block.stepwise)
        return lines

    def equation(self, left: str, width: int, equation: Equation, stepwise: bool) -> list[str]:
        """Set the steps of an equation below each other, behind their signs, and the note beside the last or below."""
        steps = list(map(self.cell, equation.steps))
        lines, start = [], f"{_INDENT}{left:{width}} = "
        if len(start) + _RIGHT_SIDE > self.width:
            lines, start = wrapped(left, self.width, _INDENT, _INDENT), f"{_INDENT * 2}= "
        indent = " " * len(start)
        for number, step in enumerate(steps if stepwise else [" = ".join(steps)]):
            before = indent[:-2] + "= " if number else start
            lines += wrapped(whole_terms(step), self.width, before, indent) or [before.rstrip()]
        note = self.cell(equation.note)
        if not note or len(lines[-1]) + len(_NOTE_GAP) + len(note) > self.width:
            return [*lines, *(wrapped(note, self.width, indent, indent) if note else [])]
        return [*lines[:-1], lines[-1] + self.style(_NOTE_GAP + note, "dim")]

    def question(self, question: str, answer: str) -> list[str]:
        """Print a question above its answer."""
        asked = wrapped(question, self.width, _INDENT, _INDENT)
        return [*self.marked(asked, "accent"), *wrapped(answer, self.width, _INDENT * 2, _INDENT * 2)]

    def maths(self, maths: Maths) -> str:
        """Print a formula."""
        return notation.text(maths.expr, maths.values, maths.at)

    def blank(self, room: str) -> str:
        """Print room to write in: a word, a step, or three lines."""
        return " ".join(["_" * (self.width - 4)] * 3) if room == "lines" else self.blanks[room]
