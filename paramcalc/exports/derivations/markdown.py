"""A sheet in Markdown, with the tables of GitHub."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

from paramcalc.core import notation
from paramcalc.exports.derivations.blocks import Document, Equations, Maths, Section, Table
from paramcalc.exports.derivations.printer import Printer


def printed(document: Document) -> str:
    """Print the sheet in Markdown."""
    printer = MarkdownPrinter(document.kind)
    lines = [f"# {_text(document.title)}", "", *([f"**{printer.cell(document.total)}**", ""] if document.total else [])]
    for block in document.blocks:
        lines += printer.block(block)
    return "\n".join(lines).rstrip()


class MarkdownPrinter(Printer[list[str]]):
    """Prints blocks as lines, an empty one at the end of each."""

    blanks: ClassVar = {"short": r"\_" * 10, "long": r"\_" * 24, "lines": r"\_" * 60}

    def section(self, section: Section) -> list[str]:
        """Print the sections within it as those beside it: headings have one level."""
        lines = []
        for each in section.flat:
            aside = [f"`{each.aside}`", ""] if each.aside else []
            own = [line for block in each.own_blocks for line in self.block(block)]
            lines += [f"## {_text(each.title)}", "", *aside, *own]
        return lines

    def paragraph(self, text: str) -> list[str]:
        """Print running text."""
        return [text, ""]

    def table(self, table: Table) -> list[str]:
        """Print a table; the totals are set in bold."""
        rules = ["---:" if column in table.numbers else "---" for column in range(len(table.headings))]
        rows = [list(map(self.cell, row)) for row in table.rows]
        totals = [[f"**{cell}**" if cell else "" for cell in map(self.cell, row)] for row in table.totals]
        return [_row(map(_text, table.headings)), _row(rules), *map(_row, rows + totals), ""]

    def legend(self, rows: list[tuple[str, str, str]]) -> list[str]:
        """Print symbols as a list."""
        return [*(f"- {name} = {value}" + f": {_text(meaning)}" * bool(meaning) for name, value, meaning in rows), ""]

    def equations(self, block: Equations) -> list[str]:
        """Print an equation a line, each but the last with Markdown's sign for a new line."""
        lines = []
        for equation in block.equations:
            steps = " = ".join(map(self.cell, (equation.left, *equation.steps)))
            lines.append(steps + (f" ({self.cell(equation.note)})" if equation.note else ""))
        return [*(line + "\\" for line in lines[:-1]), lines[-1], ""]

    def question(self, question: str, answer: str) -> list[str]:
        """Print a question and its answer as one paragraph."""
        return [f"**{_text(question)}** {answer}", ""]

    def name(self, name: str) -> str:
        """Print a name as code."""
        return _code(name)

    def maths(self, maths: Maths) -> str:
        """Print a formula."""
        return _text(notation.text(maths.expr, maths.values, maths.at))

    def words(self, text: str) -> str:
        """Print plain text."""
        return _text(text)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _text(text: str) -> str:
    """Escape the signs that Markdown would take for its own."""
    return re.sub(r"([\\`*<>\[\]|]|(?<!\w)_|_(?!\w))", r"\\\1", text)


def _code(text: str) -> str:
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}".replace("|", "\\|")
