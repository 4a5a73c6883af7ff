"""The steps of an equation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paramcalc.core import notation
from paramcalc.exports.derivations.blocks import (
    Answer,
    Blank,
    Block,
    Cell,
    Maths,
    Paragraph,
    Piece,
    Section,
    answers_in,
)
from paramcalc.exports.numbers import thousands


def without_repetitions(*steps: Maths) -> list[Maths]:
    """Leave out the steps that read as the one before."""
    printed = [notation.text(step.expr, step.values, step.at) for step in steps]
    return [step for step, own, before in zip(steps, printed, [None, *printed], strict=False) if own != before]


def answers(steps: Sequence[Maths]) -> tuple[Cell, ...]:
    """Make steps those that a student is to find: the last is a number."""
    rooms = ["long"] * (len(steps) - 1) + ["short"]
    return tuple((Answer((step,), room),) for step, room in zip(steps, rooms, strict=True))


def exercise(number: int, title: str, aside: str, blocks: tuple[Block, ...], anchor: str) -> Section:
    """Make a section with a number, and a point for each answer."""
    points = answers_in(blocks)
    counted = "1 point" if points == 1 else f"{thousands(points)} points"
    return Section(f"{number}. {title} ({counted})", aside, blocks, anchor)


def worksheet_heading(points: int, blank: bool) -> Paragraph:
    """Make the line above the exercises: for a name on a worksheet, of what there is to earn on its key."""
    counted = thousands(points)
    if blank:
        return Paragraph(("Name: ", Blank("long"), "  Date: ", Blank(), "  Points: ", Blank(), f" of {counted}"))
    return Paragraph((f"{counted} points: one for each blank.",))


def between(joint: str, pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Give pieces with a joint between each two."""
    for number, piece in enumerate(pieces):
        if number:
            yield joint
        yield piece
