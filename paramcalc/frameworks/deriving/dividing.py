"""Ways to divide the parts of a group into single ones and what follows itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from paramcalc.frameworks.deriving.segments import template_of

#: A way to divide the codes of parts into single ones and what follows itself.
Template: TypeAlias = Callable[[str], list[tuple[str, bool]]]
#: How many parts a repeat has at most.
_LONGEST_PERIOD = 40


def _shortest(text: str, group: int = 2, is_early: bool = True) -> list[tuple[str, bool]]:
    """Divide a text into single letters and what follows itself, so that the least is written.

    What follows itself counts as so many letters more as a `group`. Of two that are as short, that with fewer pieces
    is taken; then the one in which it begins earlier, or later.
    """
    #: for the rest of the text from each place on: how long it is, in how many pieces, and the first of these
    best: list[tuple[int, int, int, int]] = [(0, 0, 0, 0)] * (len(text) + 1)
    order = -1 if is_early else 1
    for start in range(len(text) - 1, -1, -1):
        rest = best[start + 1]
        found = (rest[0] + 1, rest[1] + 1, order, 1)
        for period in range(1, min(_LONGEST_PERIOD, (len(text) - start) // 2) + 1):
            copies = 1
            while text.startswith(text[start : start + period], start + copies * period):
                copies += 1
                rest = best[start + copies * period]
                found = min(found, (rest[0] + period + group, rest[1] + 1, order * period, copies))
        best[start] = found
    pieces, place = [], 0
    while place < len(text):
        _, _, period, copies = best[place]
        period = abs(period)
        pieces.append((text[place : place + period], copies > 1))
        place += period * copies
    return pieces


#: The ways to divide what follows itself, in the order in which they are tried.
TEMPLATES: tuple[Template, ...] = (
    _shortest,
    partial(_shortest, is_early=False),
    partial(_shortest, group=0),
    template_of,
)
