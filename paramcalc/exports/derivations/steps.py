"""The steps of an equation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paramcalc.core import notation
from paramcalc.exports.derivations.blocks import Answer, Cell, Maths, Piece


def without_repetitions(*steps: Maths) -> list[Maths]:
    """Leave out the steps that read as the one before."""
    printed = [notation.text(step.expr, step.values, step.at) for step in steps]
    return [step for step, own, before in zip(steps, printed, [None, *printed], strict=False) if own != before]


def answers(steps: Sequence[Maths]) -> tuple[Cell, ...]:
    """Make steps those that a student is to find: the last is a number."""
    rooms = ["long"] * (len(steps) - 1) + ["short"]
    return tuple((Answer((step,), room),) for step, room in zip(steps, rooms, strict=True))


def between(joint: str, pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Give pieces with a joint between each two."""
    for number, piece in enumerate(pieces):
        if number:
            yield joint
        yield piece
