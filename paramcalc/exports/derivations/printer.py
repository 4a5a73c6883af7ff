"""What the printers of a sheet have in common: each block and each piece of a cell has its method."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Generic, TypeVar

from paramcalc.exports.derivations.blocks import (
    Answer,
    Blank,
    Block,
    Cell,
    Equations,
    Legend,
    Link,
    Maths,
    Name,
    Paragraph,
    Piece,
    Question,
    Section,
    SymbolicShape,
    Table,
)
from paramcalc.results.derivation import Sheet

#: What a block is printed as: a text, or lines of it.
Printed = TypeVar("Printed")


class Printer(Generic[Printed]):
    """Prints a sheet in one notation; a class a notation says how each block and each piece is set."""

    #: what there is to write in, in the place of an answer too, by the room that it takes
    blanks: ClassVar[Mapping[str, str]]

    def __init__(self, kind: Sheet) -> None:
        self.kind = kind

    # --- blocks

    def block(self, block: Block) -> Printed:
        """Print a block."""
        match block:
            case Section():
                return self.section(block)
            case Paragraph():
                return self.paragraph(self.cell(block.content))
            case Table():
                return self.table(block)
            case Legend():
                return self.legend(
                    [(self.cell(symbols), self.cell(value), told) for symbols, value, told in block.rows]
                )
            case Equations():
                return self.equations(block)
            case Question():
                return self.question(block.question, self.cell(block.answer))

    def section(self, section: Section) -> Printed:
        """Print a section, those within it included."""
        raise NotImplementedError

    def paragraph(self, text: str) -> Printed:
        """Print running text."""
        raise NotImplementedError

    def table(self, table: Table) -> Printed:
        """Print a table."""
        raise NotImplementedError

    def legend(self, rows: list[tuple[str, str, str]]) -> Printed:
        """Print symbols, their values, and what they stand for; the meanings are plain text."""
        raise NotImplementedError

    def equations(self, block: Equations) -> Printed:
        """Print equations below each other."""
        raise NotImplementedError

    def question(self, question: str, answer: str) -> Printed:
        """Print a question, which is plain text, and its answer."""
        raise NotImplementedError

    # --- cells

    def cell(self, cell: Cell) -> str:
        """Print a cell."""
        return "".join(map(self.piece, cell))

    def piece(self, piece: Piece) -> str:
        """Print a piece of a cell."""
        match piece:
            case Name():
                return self.name(piece.text)
            case Maths():
                return self.maths(piece)
            case SymbolicShape():
                return self.shape(piece)
            case Link():
                return self.link(piece)
            case Blank():
                return self.blank(piece.room)
            case Answer():
                return self.answer(piece)
            case _:
                return self.words(piece)

    def name(self, name: str) -> str:
        """Print a name as code."""
        return self.words(name)

    def maths(self, maths: Maths) -> str:
        """Print a formula."""
        raise NotImplementedError

    def shape(self, shape: SymbolicShape) -> str:
        """Print a shape in symbols."""
        return "(" + ", ".join(self.maths(Maths(size)) for size in shape.sizes) + ")"

    def link(self, link: Link) -> str:
        """Print words that lead to a section."""
        return self.words(link.text)

    def blank(self, room: str) -> str:
        """Print room to write in."""
        return self.blanks[room]

    def answer(self, answer: Answer) -> str:
        """Print what is to be found out, or the blank for it."""
        return self.blank(answer.room) if self.kind == "blank" else self.cell(answer.content)

    def words(self, text: str) -> str:
        """Print plain text."""
        return text
