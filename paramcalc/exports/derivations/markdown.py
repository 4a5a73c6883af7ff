"""A sheet in Markdown, with the tables of GitHub."""

from __future__ import annotations

import re
from collections.abc import Iterable

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
    Section,
    Table,
    Tuple,
)

_BLANKS = {"short": r"\_" * 10, "long": r"\_" * 24, "lines": r"\_" * 60}


def printed(document: Document) -> str:
    """The sheet in Markdown."""
    printer = _Printer(document.kind == "blank")
    lines = [f"# {_text(document.title)}", ""]
    for block in document.blocks:
        lines += printer.block(block)
    return "\n".join(lines).rstrip()


class _Printer:
    def __init__(self, is_blank: bool) -> None:
        self.is_blank = is_blank

    def block(self, block: Block) -> list[str]:
        """A block as lines, an empty one at its end."""
        if isinstance(block, Section):
            return self.section(block)
        if isinstance(block, Paragraph):
            return [self.cell(block.content), ""]
        if isinstance(block, Table):
            return [*self.table(block), ""]
        if isinstance(block, Legend):
            rows = [(self.cell(symbols), self.cell(value), meaning) for symbols, value, meaning in block.rows]
            return [
                *(f"- {name} = {value}" + f": {_text(meaning)}" * bool(meaning) for name, value, meaning in rows),
                "",
            ]
        if isinstance(block, Equations):
            return [*self.equations(block), ""]
        return [f"**{_text(block.question)}** {self.cell(block.answer)}", ""]

    def section(self, section: Section) -> list[str]:
        """The sections within it, then its own heading and blocks."""
        inner = [line for block in section.blocks if isinstance(block, Section) for line in self.block(block)]
        own = [line for block in section.blocks if not isinstance(block, Section) for line in self.block(block)]
        aside = [f"`{section.aside}`", ""] if section.aside else []
        return [*inner, f"## {_text(section.title)}", "", *aside, *own]

    def table(self, table: Table) -> list[str]:
        """A table; the totals are set in bold."""
        rules = ["---:" if column in table.numbers else "---" for column in range(len(table.headings))]
        rows = [list(map(self.cell, row)) for row in table.rows]
        totals = [[f"**{cell}**" if cell else "" for cell in map(self.cell, row)] for row in table.totals]
        return [_row(map(_text, table.headings)), _row(rules), *map(_row, rows + totals)]

    def equations(self, block: Equations) -> list[str]:
        """An equation a line, each but the last with Markdown's sign for a new line."""
        lines = []
        for equation in block.equations:
            steps = " = ".join(map(self.cell, (equation.left, *equation.steps)))
            lines.append(steps + (f" ({self.cell(equation.note)})" if equation.note else ""))
        return [*(line + "\\" for line in lines[:-1]), lines[-1]]

    def cell(self, cell: Cell) -> str:
        """A cell as Markdown."""
        return "".join(map(self.inline, cell))

    def inline(self, item: Inline) -> str:
        """A piece of a cell as Markdown."""
        if isinstance(item, Name):
            return _code(item.text)
        if isinstance(item, Maths):
            return _text(notation.text(item.expr, item.values, item.at))
        if isinstance(item, Tuple):
            return "(" + ", ".join(_text(notation.text(size)) for size in item.sizes) + ")"
        if isinstance(item, Answer):
            return _BLANKS[item.room] if self.is_blank else self.cell(item.content)
        return _text(item)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _text(text: str) -> str:
    """Plain text, whose signs Markdown does not take for its own."""
    return re.sub(r"([\\`*<>\[\]|]|(?<!\w)_|_(?!\w))", r"\\\1", text)


def _code(text: str) -> str:
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}".replace("|", "\\|")
