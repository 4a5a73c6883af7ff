"""A sheet in plain text, readable at 80 columns."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from paramcalc.core import notation
from paramcalc.exports.derivations.sheet import (
    Answer,
    Block,
    Cell,
    Document,
    Equations,
    Inline,
    Legend,
    Maths,
    Name,
    Paragraph,
    Question,
    Section,
    Table,
    Tuple,
)

_WIDTH = 80
_INDENT = "  "
#: How much a column of words may give way.
_NARROWEST = 20
_BLANKS = {"short": "_" * 10, "long": "_" * 24, "lines": " ".join(["_" * (_WIDTH - 4)] * 3)}


def printed(document: Document) -> str:
    """The sheet in plain text. A title stands on worksheets and their keys."""
    printer = Printer(document.kind == "blank")
    title = [] if document.kind == "derivation" else [document.title]
    sections = [section for block in document.blocks for section in printer.sections(block)]
    return "\n\n\n".join([*title, *("\n".join(section) for section in sections)])


class Printer:
    """Prints blocks and cells."""

    def __init__(self, is_blank: bool) -> None:
        self.is_blank = is_blank

    def sections(self, block: Block) -> Iterator[list[str]]:
        """A section as lines, those within it first."""
        if not isinstance(block, Section):
            yield self.block(block)
            return
        own: list[str] = []
        for inner in block.blocks:
            if isinstance(inner, Section):
                yield from self.sections(inner)
            else:
                lines = self.block(inner)
                own += lines if not own and isinstance(inner, Paragraph) else ["", *lines]
        yield [*_heading(block), *own]

    def block(self, block: Block) -> list[str]:
        """A block as lines."""
        if isinstance(block, Paragraph):
            return textwrap.wrap(self.cell(block.content), _WIDTH)
        if isinstance(block, Table):
            return self.table(block)
        if isinstance(block, Legend):
            return self.legend(block)
        if isinstance(block, Equations):
            return [line for lines in self.equations(block) for line in lines]
        assert isinstance(block, Question)
        answer = _filled(self.cell(block.answer), _INDENT * 2, _INDENT * 2)
        return [*_filled(block.question, _INDENT, _INDENT), *answer]

    def table(self, table: Table) -> list[str]:
        """Rows in columns; the last one is wrapped, unless it holds numbers."""
        rows = [table.headings, *(tuple(map(self.cell, row)) for row in (*table.rows, *table.totals))]
        if len(table.headings) - 1 in table.numbers:
            rows = [(*row, "") for row in rows]
        *widths, _ = (max(map(len, column)) for column in zip(*rows, strict=True))
        room = max(_WIDTH - len(_INDENT) - sum(widths) - 2 * len(widths), _NARROWEST)
        lines: list[str] = []
        for place, row in enumerate(rows):
            if table.totals and place == len(rows) - len(table.totals):
                lines.append(_INDENT + "─" * (sum(widths) + 2 * len(widths) - 2))
            start = _INDENT
            for column, (cell, width) in enumerate(zip(row, widths, strict=False)):
                start += (f"{cell:>{width}}" if column in table.numbers else f"{cell:{width}}") + "  "
            first, *rest = textwrap.wrap(row[-1], room) or [""]
            lines += [(start + first).rstrip(), *(" " * len(start) + line for line in rest)]
        return lines

    def legend(self, legend: Legend) -> list[str]:
        """Symbols and values in columns."""
        rows = [(self.cell(symbols), self.cell(value), meaning) for symbols, value, meaning in legend.rows]
        names, values = (max(len(row[column]) for row in rows) for column in (0, 1))
        lines = []
        for name, value, meaning in rows:
            start = f"{_INDENT}{name:{names}} = {value:>{values}}  "
            lines += _filled(meaning, start, " " * len(start)) or [start.rstrip()]
        return lines

    def equations(self, block: Equations) -> Iterator[list[str]]:
        """Each equation as lines, all `=` below each other."""
        lefts = [self.cell(each.left) for each in block.equations]
        width = max(map(len, lefts))
        for left, each in zip(lefts, block.equations, strict=True):
            steps = list(map(self.cell, each.steps))
            start = f"{_INDENT}{left:{width}} = "
            indent = " " * len(start)
            steps = steps if block.stepwise else [" = ".join(steps)]
            lines = []
            for place, step in enumerate(steps):
                lines += _broken(step, indent[:-2] + "= " if place else start, indent)
            note = self.cell(each.note)
            if note and len(lines[-1]) + 8 + len(note) <= _WIDTH:
                lines[-1] += " " * 8 + note
            elif note:
                lines += _filled(note, indent, indent)
            yield lines

    def cell(self, cell: Cell) -> str:
        """A cell as one text."""
        return "".join(map(self.inline, cell))

    def inline(self, item: Inline) -> str:
        """A piece of a cell as text."""
        if isinstance(item, Name):
            return item.text
        if isinstance(item, Maths):
            return notation.text(item.expr, item.values, item.at)
        if isinstance(item, Tuple):
            return "(" + ", ".join(map(notation.text, item.sizes)) + ")"
        if isinstance(item, Answer):
            return _BLANKS[item.room] if self.is_blank else self.cell(item.content)
        return item


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
    """A step as lines; a product is not broken within, and a line begins with its sign."""
    whole = re.sub(r" · |(?<=[+=-]) ", lambda gap: gap.group().replace(" ", "\u00a0"), step)
    return [line.replace("\u00a0", " ") for line in _filled(whole, start, after)]
