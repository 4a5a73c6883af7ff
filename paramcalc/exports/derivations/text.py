"""A sheet in plain text, readable at 80 columns."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import ClassVar

from paramcalc.core import notation
from paramcalc.exports.derivations.blocks import Block, Document, Equations, Maths, Paragraph, Section, Table
from paramcalc.exports.derivations.printer import Printer

_WIDTH = 80
_INDENT = "  "
#: What stands between an equation and the note beside it.
_NOTE_GAP = " " * 8
#: How much a column of words may give way.
_NARROWEST = 20


def printed(document: Document) -> str:
    """Print the sheet in plain text. A title stands on worksheets and their keys."""
    printer = TextPrinter(document.kind)
    title = [] if document.kind == "derivation" else [document.title]
    sections = [section for block in document.blocks for section in printer.sections(block)]
    return "\n\n\n".join([*title, *("\n".join(section) for section in sections)])


class TextPrinter(Printer[list[str]]):
    """Prints blocks as lines."""

    blanks: ClassVar = {"short": "_" * 10, "long": "_" * 24, "lines": " ".join(["_" * (_WIDTH - 4)] * 3)}

    def sections(self, block: Block) -> Iterator[list[str]]:
        """Give the lines of each section, those within it first."""
        if not isinstance(block, Section):
            yield self.block(block)
            return
        for inner in block.sections:
            yield from self.sections(inner)
        own: list[str] = []
        for each in block.own_blocks:
            lines = self.block(each)
            own += lines if not own and isinstance(each, Paragraph) else ["", *lines]
        yield [*_heading(block), *own]

    def section(self, section: Section) -> list[str]:
        """Print a section behind those within it."""
        return [line for lines in self.sections(section) for line in lines]

    def paragraph(self, text: str) -> list[str]:
        """Print running text."""
        return textwrap.wrap(text, _WIDTH)

    def table(self, table: Table) -> list[str]:
        """Print rows in columns; the last one is wrapped, unless it holds numbers."""
        rows = [table.headings, *(tuple(map(self.cell, row)) for row in (*table.rows, *table.totals))]
        if len(table.headings) - 1 in table.numbers:
            rows = [(*row, "") for row in rows]
        *widths, _ = (max(map(len, column)) for column in zip(*rows, strict=True))
        room = max(_WIDTH - len(_INDENT) - sum(widths) - 2 * len(widths), _NARROWEST)
        lines: list[str] = []
        for number, row in enumerate(rows):
            if table.totals and number == len(rows) - len(table.totals):
                lines.append(_INDENT + "─" * (sum(widths) + 2 * len(widths) - 2))
            start = _INDENT
            for column, (cell, width) in enumerate(zip(row, widths, strict=False)):
                start += (f"{cell:>{width}}" if column in table.numbers else f"{cell:{width}}") + "  "
            first, *rest = textwrap.wrap(row[-1], room) or [""]
            lines += [(start + first).rstrip(), *(" " * len(start) + line for line in rest)]
        return lines

    def legend(self, rows: list[tuple[str, str, str]]) -> list[str]:
        """Print symbols and values in columns."""
        names, values = (max(len(row[column]) for row in rows) for column in (0, 1))
        lines = []
        for name, value, meaning in rows:
            start = f"{_INDENT}{name:{names}} = {value:>{values}}  "
            lines += _filled(meaning, start, " " * len(start)) or [start.rstrip()]
        return lines

    def equations(self, block: Equations) -> list[str]:
        """Print equations with all `=` below each other."""
        lefts = [self.cell(each.left) for each in block.equations]
        width = max(map(len, lefts))
        lines = []
        for left, each in zip(lefts, block.equations, strict=True):
            steps = list(map(self.cell, each.steps))
            start = f"{_INDENT}{left:{width}} = "
            lines += _equation(start, steps if block.stepwise else [" = ".join(steps)], self.cell(each.note))
        return lines

    def question(self, question: str, answer: str) -> list[str]:
        """Print a question above its answer."""
        return [*_filled(question, _INDENT, _INDENT), *_filled(answer, _INDENT * 2, _INDENT * 2)]

    def maths(self, maths: Maths) -> str:
        """Print a formula."""
        return notation.text(maths.expr, maths.values, maths.at)


def _equation(start: str, steps: list[str], note: str) -> list[str]:
    """Set the steps of an equation below each other, behind their signs, and the note beside the last or below it."""
    indent = " " * len(start)
    lines = _broken(steps[0], start, indent)
    for step in steps[1:]:
        lines += _broken(step, indent[:-2] + "= ", indent)
    if not note or len(lines[-1]) + len(_NOTE_GAP) + len(note) > _WIDTH:
        return [*lines, *_filled(note, indent, indent)]
    return [*lines[:-1], lines[-1] + _NOTE_GAP + note]


def _heading(section: Section) -> list[str]:
    title, aside = section.title, section.aside
    if not aside or len(title) + len(aside) + 2 <= _WIDTH:
        return [(title + aside.rjust(_WIDTH - len(title))).rstrip()]
    # a shape is not broken within
    parts = [part.replace(", ", ",\u00a0") for part in re.findall(r"\([^)]*\),?|→", aside)]
    wrapped = textwrap.wrap(" ".join(parts), _WIDTH - 4, break_long_words=False)
    return [title, *("    " + line.replace("\u00a0", " ") for line in wrapped)]


def _filled(text: str, start: str, after: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=start, subsequent_indent=after, break_long_words=False)


def _broken(step: str, start: str, after: str) -> list[str]:
    """Break a step into lines; a product is not broken within, and a line begins with its sign."""
    whole = re.sub(r" · |(?<=[+=-]) ", lambda gap: gap.group().replace(" ", "\u00a0"), step)
    return [line.replace("\u00a0", " ") for line in _filled(whole, start, after)]
