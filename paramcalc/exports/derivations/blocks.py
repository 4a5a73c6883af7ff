"""What a sheet is made of: blocks, and cells of words, names and formulas.

What a student is to find out stands in an `Answer`: a worksheet leaves it blank, and the key gives it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True)
class SymbolicShape:
    """The shape of a tensor, in symbols."""

    sizes: tuple[Any, ...]


@dataclass(frozen=True)
class Answer:
    """What a worksheet leaves blank."""

    content: Cell
    #: how much there is to write: `short`, `long`, or `lines`
    room: str = "short"


Piece: TypeAlias = "str | Name | Maths | SymbolicShape | Answer"
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
    """A part under a heading of its own; `aside` stands beside it."""

    title: str
    aside: str
    blocks: tuple[Block, ...]

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections within it."""
        return tuple(block for block in self.blocks if isinstance(block, Section))

    @property
    def own_blocks(self) -> tuple[Block, ...]:
        """The blocks that are no sections."""
        return tuple(block for block in self.blocks if not isinstance(block, Section))


Block: TypeAlias = Paragraph | Table | Legend | Equations | Question | Section


@dataclass(frozen=True)
class Document:
    """A whole sheet."""

    title: str
    kind: Sheet
    blocks: tuple[Block, ...]
