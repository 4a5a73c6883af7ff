"""What a sheet is made of: blocks, and cells of words, names and formulas.

What a student is to find out stands in an `Answer`: a worksheet leaves it blank, and the key gives it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, TypeAlias

from paramcalc.results.derivation import Sheet

# --- Pieces of a cell ------------------------------------------------------------------


@dataclass(frozen=True)
class Name:
    """A name of the spec or of a framework, to be set as code is."""

    text: str


@dataclass(frozen=True)
class Maths:
    """A formula; with `values`, the numbers in place of the symbols."""

    expr: Any
    values: Mapping[str, int] | None = None
    #: the sizes at which the largest term stands first; without them, it is the one of highest degree
    at: Mapping[str, int] | None = None
    #: of a sum of nodes, the anchor of the section of each, by its name in the sum
    links: Mapping[str, str] | None = None


@dataclass(frozen=True)
class SymbolicShape:
    """The shape of a tensor, in symbols."""

    sizes: tuple[Any, ...]


@dataclass(frozen=True)
class Link:
    """Words that lead to a section, where a notation has links."""

    text: str
    #: the anchor of the section
    to: str


@dataclass(frozen=True)
class Blank:
    """Room to write in, on the worksheet and its key: `short` or `long`."""

    room: str = "short"


@dataclass(frozen=True)
class Answer:
    """What a worksheet leaves blank."""

    content: Cell
    #: how much there is to write: `short`, `long`, or `lines`
    room: str = "short"


Piece: TypeAlias = "str | Name | Maths | SymbolicShape | Link | Blank | Answer"
Cell: TypeAlias = tuple[Piece, ...]

# --- Blocks ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    content: Cell


@dataclass(frozen=True)
class Table:
    """Rows of cells under headings."""

    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    #: the columns of numbers
    numbers: tuple[int, ...] = ()
    #: rows below a rule
    totals: tuple[tuple[Cell, ...], ...] = ()
    #: whether a row is a line of a terminal, without its last cell where that has no room
    one_line: bool = False


@dataclass(frozen=True)
class Legend:
    """Symbols, their values where they have any, and what they stand for."""

    rows: tuple[tuple[Cell, Cell, str], ...]


@dataclass(frozen=True)
class Equation:
    """What is on the left, and the steps that it equals, one after the other."""

    left: Cell
    steps: tuple[Cell, ...]
    note: Cell = ()


@dataclass(frozen=True)
class Equations:
    """Equations below each other; `stepwise`, each step has a line."""

    equations: tuple[Equation, ...]
    stepwise: bool = True


@dataclass(frozen=True)
class Question:
    """What people ask, and the answer."""

    question: str
    answer: Cell


@dataclass(frozen=True)
class Section:
    """A part under a heading of its own; `aside` stands beside it. The sections within it are its last blocks."""

    title: str
    aside: str
    blocks: tuple[Block, ...]
    #: the name of the section in links, which no other has
    anchor: str = ""

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections within it."""
        return tuple(block for block in self.blocks if isinstance(block, Section))

    @property
    def own_blocks(self) -> tuple[Block, ...]:
        """The blocks that are no sections."""
        return tuple(block for block in self.blocks if not isinstance(block, Section))

    @property
    def flat(self) -> Iterator[Section]:
        """The sections one after the other, for what has one level of headings: each without those within it."""
        yield Section(self.title, self.aside, self.own_blocks, self.anchor)
        for section in self.sections:
            yield from section.flat


Block: TypeAlias = Paragraph | Table | Legend | Equations | Question | Section


@dataclass(frozen=True)
class Document:
    """A whole sheet."""

    title: str
    kind: Sheet
    blocks: tuple[Block, ...]
    #: of a whole network, what it comes to, in a line above all
    total: Cell = ()

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections that are in no other."""
        return tuple(block for block in self.blocks if isinstance(block, Section))


def answers_in(part: object) -> int:
    """Count the answers that a student has to find in blocks or cells; one within another is no further one."""
    if isinstance(part, Answer):
        return 1
    if isinstance(part, tuple):
        return sum(map(answers_in, part))
    if is_dataclass(part) and not isinstance(part, Maths):
        return sum(answers_in(getattr(part, field.name)) for field in fields(part))
    return 0
