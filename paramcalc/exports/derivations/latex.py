"""A sheet in LaTeX: to be put into a document, or as one of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from paramcalc.core import notation
from paramcalc.exports.derivations import text
from paramcalc.exports.derivations.sheet import (
    Answer,
    Block,
    Cell,
    Document,
    Equation,
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

#: What the sheet asks of a document. All of it is in every distribution of LaTeX.
_PREAMBLE = r"""\documentclass[a4paper,fleqn]{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\usepackage{textcomp}
\usepackage[margin=2.2cm]{geometry}
\usepackage{amsmath}
\usepackage{array}
\setlength{\parindent}{0pt}
\setlength{\parskip}{\medskipamount}
\emergencystretch=3em
\renewcommand{\arraystretch}{1.2}
"""
#: The characters that a line of a sum may have, beside what is on the left.
_LINE = 64
#: The names that may be broken.
_LONG_NAME = 14
#: The widths of the columns of words, as shares of the line, for so many of them.
_SHARES = {4: (0.25, 0.22, 0.15, 0.3)}
_BLANKS = {
    "short": r"\rule{5em}{0.4pt}",
    "long": r"\rule{10em}{0.4pt}",
    "lines": "\n".join([r"\\[1.6ex]\rule{0.9\linewidth}{0.4pt}"] * 3),
}


def printed(sheet: Document) -> str:
    """The sheet in LaTeX, for a document that uses amsmath and array."""
    return "\n".join(_Printer(sheet.kind == "blank").blocks(sheet.blocks))


def document(sheet: Document) -> str:
    """The sheet as a document of its own."""
    title = notation.latex_text(sheet.title)
    head = f"\\title{{{title}}}\n\\author{{}}\n\\date{{}}\n\\begin{{document}}\n\\maketitle\n"
    return f"{_PREAMBLE}{head}{printed(sheet)}\n\\end{{document}}"


class _Printer:
    def __init__(self, is_blank: bool) -> None:
        self.is_blank = is_blank

    def blocks(self, blocks: Sequence[Block]) -> Iterator[str]:
        """Blocks as lines; an empty one begins a paragraph, and would leave a gap above an equation."""
        for place, block in enumerate(blocks):
            if place and not isinstance(block, Equations):
                yield ""
            yield from self.block(block)

    def block(self, block: Block) -> Iterable[str]:
        """A block as lines."""
        if isinstance(block, Section):
            return self.section(block)
        if isinstance(block, Paragraph):
            return [self.cell(block.content)]
        if isinstance(block, Table):
            return self.table(block)
        if isinstance(block, Legend):
            return self.legend(block)
        if isinstance(block, Equations):
            return self.equations(block)
        return [rf"\textit{{{notation.latex_text(block.question)}}} {self.cell(block.answer)}"]

    def section(self, section: Section) -> Iterator[str]:
        """The sections within it, then its own heading and blocks."""
        inner = [block for block in section.blocks if isinstance(block, Section)]
        if inner:
            yield from self.blocks(inner)
            yield ""
        yield rf"\subsection*{{{_breakable(section.title)}}}"
        if section.aside:
            yield from (notation.latex_text(section.aside), "")
        yield from self.blocks([block for block in section.blocks if not isinstance(block, Section)])

    def table(self, table: Table) -> list[str]:
        """A table; columns of words are as wide as their share of the line."""
        rows = [" & ".join(map(self.cell, row)) + r" \\" for row in table.rows]
        totals = [" & ".join(map(self.cell, row)) + r" \\" for row in table.totals]
        headings = " & ".join(map(notation.latex_text, table.headings)) + r" \\ \hline"
        return [
            rf"\begin{{tabular}}{{@{{}}{''.join(_columns(table))}@{{}}}}",
            headings,
            *rows,
            *([r"\hline", *totals] if totals else []),
            r"\end{tabular}",
        ]

    def legend(self, legend: Legend) -> Iterator[str]:
        """A symbol a row."""
        yield r"\begin{tabular}{@{}l@{\ }r@{\quad}p{0.55\linewidth}@{}}"
        for symbols, value, meaning in legend.rows:
            yield rf"{self.cell(symbols)} & \({{}}={{}}\){self.cell(value)} & {notation.latex_text(meaning)} \\"
        yield r"\end{tabular}"

    def equations(self, block: Equations) -> Iterator[str]:
        """Steps below each other, or an equation a line where the line is long enough."""
        lines = []
        for equation in block.equations:
            chain = self.chain(equation, block.stepwise)
            left = rf"\text{{{self.cell(equation.left)}}} "
            lines += [f"{'' if place else left}&= {step}" for place, step in enumerate(chain)]
            if equation.note:
                note = rf"\quad\text{{({self.cell(equation.note)})}}"
                lines = [*lines[:-1], f"{lines[-1]} {note}"] if block.stepwise else [*lines, f"&{note}"]
        yield r"\begin{align*}"
        yield " \\\\\n".join(lines)
        yield r"\end{align*}"

    def chain(self, equation: Equation, stepwise: bool) -> list[str]:
        """The steps of an equation, as many on a line as have room."""
        lines: list[str] = []
        length = 0
        for step in equation.steps:
            size = self.size(step)
            if lines and not stepwise and self.size(equation.left) + length + size < _LINE:
                lines[-1] += f" = {self.step(step)}"
                length += size
            else:
                lines.append(self.step(step))
                length = size
        return lines

    def size(self, cell: Cell) -> int:
        """About how many characters a cell takes: those that it takes in plain text."""
        return len(text.Printer(self.is_blank).cell(cell))

    def step(self, cell: Cell) -> str:
        """A step in mathematics; a long sum goes on in the next line."""
        return "".join(self.in_mathematics(item) for item in cell)

    def in_mathematics(self, item: Inline) -> str:
        """A piece of a step."""
        if isinstance(item, Answer):
            return rf"\text{{{_BLANKS[item.room]}}}" if self.is_blank else self.step(item.content)
        if isinstance(item, Maths):
            return " \\\\\n&\\quad {}".join(_lines(item))
        return rf"\text{{{self.inline(item)}}}" if item else ""

    def cell(self, cell: Cell) -> str:
        """A cell in text."""
        return "".join(map(self.inline, cell))

    def inline(self, item: Inline) -> str:
        """A piece of a cell in text."""
        if isinstance(item, Name):
            return rf"\texttt{{{_breakable(item.text)}}}"
        if isinstance(item, Maths):
            return rf"\({notation.latex(item.expr, item.values, item.at)}\)"
        if isinstance(item, Tuple):
            return rf"\(({', '.join(map(notation.latex, item.sizes))})\)"
        if isinstance(item, Answer):
            return _BLANKS[item.room] if self.is_blank else self.cell(item.content)
        return _breakable(item)


def _columns(table: Table) -> Iterator[str]:
    """The kind of each column."""
    words = len(table.headings) if not table.numbers else 0
    for column in range(len(table.headings)):
        if column in table.numbers:
            yield "r"
        elif words in _SHARES:
            yield rf">{{\raggedright\arraybackslash}}p{{{_SHARES[words][column]}\linewidth}}"
        else:
            yield "l"


def _lines(item: Maths) -> Iterator[str]:
    """A sum as lines that are not too long; those after the first begin with a sign."""
    line, length = "", 0
    for sign, term in notation.terms(item.expr, item.at):
        size = len(notation.text(term, item.values, item.at)) + 3
        printed = notation.latex(term, item.values, item.at)
        if line and length + size > _LINE:
            yield line
            line, length = "", 0
        elif not line and sign == "+":
            line, length = printed, size
            continue
        line, length = f"{line} {sign} {printed}".strip(), length + size
    yield line


def _breakable(words: str) -> str:
    """Text in LaTeX, its long names to be broken behind their signs."""
    return " ".join(map(_breakable_word, words.split(" ")))


def _breakable_word(word: str) -> str:
    printed = notation.latex_text(word)
    return printed if len(word) < _LONG_NAME else re.sub(r"([./]|\\_)(?=\w)", r"\1\\allowbreak{}", printed)
