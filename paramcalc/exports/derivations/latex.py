"""A sheet in LaTeX: to be put into a document, or as one of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import ClassVar

from paramcalc.core import notation
from paramcalc.exports.derivations.blocks import (
    Answer,
    Block,
    Cell,
    Document,
    Equations,
    Maths,
    Piece,
    Section,
    SymbolicShape,
    Table,
)
from paramcalc.exports.derivations.printer import Printer
from paramcalc.exports.derivations.text import TextPrinter

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
_OPENING, _BIG_OPENING, _CLOSING, _BIG_CLOSING = r"\left(", r"\bigl(", r"\right)", r"\bigr)"
#: The rows that a page has room for.
_ROWS = 40
#: The names that may be broken.
_LONG_NAME = 14
#: The widths of columns of words, as shares of the line, by the number of columns; of the last one beside numbers.
_SHARES = {4: (0.25, 0.22, 0.15, 0.3)}
_LAST_SHARE = 0.4


def printed(sheet: Document) -> str:
    """Print the sheet in LaTeX, for a document that uses amsmath and array."""
    title = [rf"\section*{{{notation.latex_text(sheet.title)}}}"] if sheet.total else []
    return "\n".join([*title, *_body(sheet)])


def document(sheet: Document) -> str:
    """Print the sheet as a document of its own."""
    title = notation.latex_text(sheet.title)
    head = f"\\title{{{title}}}\n\\author{{}}\n\\date{{}}\n\\begin{{document}}\n\\maketitle\n"
    return "\n".join([f"{_PREAMBLE}{head}", *_body(sheet), "\\end{document}"])


def _body(sheet: Document) -> Iterator[str]:
    """Give what the whole comes to, and the blocks."""
    printer = LatexPrinter(sheet.kind)
    if sheet.total:
        yield from (rf"\textbf{{{printer.cell(sheet.total)}}}", "")
    yield from printer.blocks(sheet.blocks)


class LatexPrinter(Printer[list[str]]):
    """Prints blocks as lines."""

    blanks: ClassVar = {
        "short": r"\rule{5em}{0.4pt}",
        "long": r"\rule{10em}{0.4pt}",
        "lines": "\n".join([r"\\[1.6ex]\rule{0.9\linewidth}{0.4pt}"] * 3),
    }

    def blocks(self, blocks: Sequence[Block]) -> Iterator[str]:
        """Give blocks as lines; an empty one begins a paragraph, and would leave a gap above an equation."""
        for number, block in enumerate(blocks):
            if number and not isinstance(block, Equations):
                yield ""
            yield from self.block(block)

    def section(self, section: Section) -> list[str]:
        """Print the sections within it as those beside it: headings have one level."""
        lines: list[str] = []
        for each in section.flat:
            aside = [notation.latex_text(each.aside), ""] if each.aside else []
            lines += [
                "",
                rf"\subsection*{{\raggedright {_breakable(each.title)}}}",
                *aside,
                *self.blocks(each.own_blocks),
            ]
        return lines[1:]

    def paragraph(self, text: str) -> list[str]:
        """Print running text."""
        return [text]

    def table(self, table: Table) -> list[str]:
        """Print a table; columns of words are as wide as their share of the line. No table is longer than a page."""
        rows = [" & ".join(map(self.cell, row)) + r" \\" for row in table.rows]
        totals = [" & ".join(map(self.cell, row)) + r" \\" for row in table.totals]
        head = [
            rf"\begin{{tabular}}{{@{{}}{''.join(_columns(table))}@{{}}}}",
            " & ".join(map(notation.latex_text, table.headings)) + r" \\ \hline",
        ]
        pages = [rows[first : first + _ROWS] for first in range(0, len(rows), _ROWS)] or [[]]
        lines = []
        for number, page in enumerate(pages, start=1):
            foot = [r"\hline", *totals] if totals and number == len(pages) else []
            lines += ["", *head, *page, *foot, r"\end{tabular}"]
        return lines[1:]

    def legend(self, rows: list[tuple[str, str, str]]) -> list[str]:
        """Print a symbol a row, the signs of equality below each other."""
        return [
            r"\begin{tabular}{@{}l@{\ }c@{\ }r@{\quad}p{0.55\linewidth}@{}}",
            *(
                rf"{symbols} & {'=' if value else ''} & {value} & {notation.latex_text(meaning)} \\"
                for symbols, value, meaning in rows
            ),
            r"\end{tabular}",
        ]

    def equations(self, block: Equations) -> list[str]:
        """Print equations with their signs below each other: a line for each, or without room a line for a step."""
        if block.stepwise or not self.has_room(block):
            return [r"\begin{align*}", " \\\\\n".join(self.steps(block)), r"\end{align*}"]
        lines = []
        for equation in block.equations:
            chain = " &&= ".join(map(self.step, equation.steps))
            lines.append(rf"\text{{{self.cell(equation.left)}}} &= {chain}")
            if equation.note:
                lines.append(rf"&\quad\text{{({self.cell(equation.note)})}}")
        pairs = max(len(equation.steps) for equation in block.equations)
        return [rf"\begin{{alignat*}}{{{pairs}}}", " \\\\\n".join(lines), r"\end{alignat*}"]

    def steps(self, block: Equations) -> list[str]:
        """Give a line for each step of equations."""
        lines = []
        for equation in block.equations:
            first, *others = map(self.step, equation.steps)
            lines += [rf"\text{{{self.cell(equation.left)}}} &= {first}", *(f"&= {step}" for step in others)]
            if equation.note:
                lines[-1] += rf" \quad\text{{({self.cell(equation.note)})}}"
        return lines

    def has_room(self, block: Equations) -> bool:
        """Return whether the steps of equations fit beside each other, as columns."""
        rows = [[self.size(cell) for cell in (each.left, *each.steps)] for each in block.equations]
        return sum(max(column) for column in zip_longest(*rows, fillvalue=0)) < _LINE

    def size(self, cell: Cell) -> int:
        """Return about how many characters a cell takes: those that it takes in plain text."""
        return len(TextPrinter(self.kind).cell(cell))

    def step(self, cell: Cell) -> str:
        """Print a step in mathematics; a long sum goes on in the next line."""
        return "".join(map(self.in_mathematics, cell))

    def in_mathematics(self, piece: Piece) -> str:
        """Print a piece of a step."""
        if isinstance(piece, Answer):
            return rf"\text{{{self.answer(piece)}}}" if self.kind == "blank" else self.step(piece.content)
        if isinstance(piece, Maths):
            return " \\\\\n&\\quad {}".join(_lines(piece))
        return rf"\text{{{self.piece(piece)}}}" if piece else ""

    def question(self, question: str, answer: str) -> list[str]:
        """Print a question and its answer as one paragraph."""
        return [rf"\textit{{{notation.latex_text(question)}}} {answer}"]

    def name(self, name: str) -> str:
        """Print a name as code."""
        return rf"\texttt{{{_breakable(name)}}}"

    def maths(self, maths: Maths) -> str:
        """Print a formula within text; between brackets of one size, lines may be broken."""
        printed = notation.latex(maths.expr, maths.values, maths.at)
        return rf"\({printed.replace(_OPENING, _BIG_OPENING).replace(_CLOSING, _BIG_CLOSING)}\)"

    def shape(self, shape: SymbolicShape) -> str:
        """Print a shape in symbols."""
        return rf"\(({', '.join(map(notation.latex, shape.sizes))})\)"

    def words(self, text: str) -> str:
        """Print plain text."""
        return _breakable(text)


def _columns(table: Table) -> Iterator[str]:
    """Give the letter of each column: right, left, or a paragraph of its share of the line."""
    words = len(table.headings) if not table.numbers else 0
    for column in range(len(table.headings)):
        if column in table.numbers:
            yield "r"
        elif words in _SHARES:
            yield _paragraph(_SHARES[words][column])
        elif column == len(table.headings) - 1:
            yield _paragraph(_LAST_SHARE)
        else:
            yield "l"


def _paragraph(share: float) -> str:
    return rf">{{\raggedright\arraybackslash}}p{{{share}\linewidth}}"


def _lines(item: Maths) -> Iterator[str]:
    """Give a sum as lines that are not too long; those after the first begin with a sign."""
    line, length = "", 0
    for sign, printed, size in _pieces(item):
        if line and length + size > _LINE:
            yield line
            line, length = "", 0
        elif not line and sign == "+":
            line, length = printed, size
            continue
        line, length = f"{line} {sign} {printed}".strip(), length + size
    yield line


def _pieces(item: Maths) -> Iterator[tuple[str, str, int]]:
    """Give the terms of a sum, each with its sign and its length; of a long product with a sum, the terms of that."""
    for sign, term in notation.terms(item.expr, item.at):
        size = len(notation.text(term, item.values, item.at)) + 3
        # a term may be a plain number
        sums = [factor for factor in getattr(term, "args", ()) if factor.is_Add]
        if size <= _LINE or not term.is_Mul or len(sums) != 1:
            yield sign, notation.latex(term, item.values, item.at), size
            continue
        # brackets that need not be closed in the same line
        opening = rf"{notation.latex(term / sums[0], item.values, item.at)} \cdot \bigl("
        inner = [*_pieces(replace(item, expr=sums[0]))]
        for place, (inner_sign, printed, length) in enumerate(inner):
            closing = r"\bigr)" if place == len(inner) - 1 else ""
            if place == 0:
                minus = "-" if inner_sign == "-" else ""
                yield sign, f"{opening}{minus}{printed}{closing}", length + 8
            else:
                yield inner_sign, f"{printed}{closing}", length


def _breakable(words: str) -> str:
    """Return text in LaTeX, its long names to be broken behind their signs."""
    return " ".join(map(_breakable_word, words.split(" ")))


def _breakable_word(word: str) -> str:
    # two hyphens would be a dash
    printed = notation.latex_text(word).replace("--", "-{}-")
    return printed if len(word) < _LONG_NAME else re.sub(r"([./]|\\_)(?=\w)", r"\1\\allowbreak{}", printed)
