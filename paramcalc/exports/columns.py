"""Rows in columns of plain text, within a width: what does not fit goes on in the next line, and nothing is cut."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from itertools import zip_longest

#: The columns that text has in a pipe, and in Python.
WIDTH = 80

_GAP = "  "
#: How much a last column of words may give way before others do.
_NARROWEST = 20
#: The least room for a name; longer ones stand above their rows.
_NAME = 8
#: A space at which no line is broken, if there is a way around it.
KEPT = "\u00a0"
#: Behind these signs a name or a product is broken, where it must be.
_JOINTS = re.compile(rf"(?<=[./_·])(?=[\w(])|(?<={KEPT})")


def plain(text: str, mark: str) -> str:
    """Leave a text without the emphasis of its mark, as a pipe has it."""
    return text


def columns(
    rows: Sequence[Sequence[str]], width: int = WIDTH, indent: str = "", numbers: Sequence[int] = ()
) -> list[list[str]]:
    """Lay out rows as columns, the `numbers` to the right; give the lines of each row.

    The last column gives way first. Where the words of the others do not fit beside each other, long names of the first
    stand above the rest; at last, names are broken at their dots and slashes.
    """
    if not rows:
        return []
    natural = [max(map(len, column)) for column in zip(*rows, strict=True)]
    room = width - len(indent)
    for above, breaks in ((False, False), (True, False), (False, True), (True, True)):
        least = [
            size if column in numbers else min(size, max(_longest_word(row[column], breaks) for row in rows))
            for column, size in enumerate(natural)
        ]
        if not above:
            widths = _fitted(natural, least, room)
        elif widths := _fitted(natural[1:], least[1:], room - _NAME - len(_GAP)):
            widths.insert(0, min(natural[0], room - sum(widths) - len(_GAP) * len(widths)))
        if widths is not None:
            return [_lines(row, widths, width, indent, numbers) for row in rows]
    return [_lines(row, natural, width, indent, numbers) for row in rows]


def _fitted(natural: Sequence[int], least: Sequence[int], room: int) -> list[int] | None:
    """Return the widths of columns that have room, the last giving way first; None, where their words do not fit."""
    widths = list(natural)
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - room
    if excess > sum(natural) - sum(least):
        return None
    given = max(min(excess, widths[-1] - max(least[-1], _NARROWEST)), 0)
    widths[-1] -= given
    for _ in range(excess - given):
        giving = [column for column, size in enumerate(widths) if size > least[column]]
        widths[max(giving, key=lambda column: widths[column])] -= 1
    return widths


def _longest_word(text: str, breaks: bool) -> int:
    return max(
        (len(part) for word in text.split(" ") for part in (_JOINTS.split(word) if breaks else [word])), default=0
    )


def _lines(row: Sequence[str], widths: Sequence[int], width: int, indent: str, numbers: Sequence[int]) -> list[str]:
    """Give the lines of a row; a name that is a word longer than its column stands above."""
    first, *rest = row
    above = wrapped(first, width, indent, indent) if _longest_word(first, breaks=False) > widths[0] else []
    cells = [wrapped(cell, size) or [""] for cell, size in zip(["" if above else first, *rest], widths, strict=True)]
    lines = []
    for texts in zip_longest(*cells, fillvalue=""):
        beside = [
            f"{text:>{widths[column]}}" if column in numbers else f"{text:{widths[column]}}"
            for column, text in enumerate(texts)
        ]
        lines.append((indent + _GAP.join(beside)).rstrip())
    return [*above, *(line for line in lines if line or not above)]


def wrapped(text: str, width: int = WIDTH, start: str = "", after: str = "") -> list[str]:
    """Break a text into lines; a name too long for one is broken at its dots and slashes."""
    if len(start) + len(text) <= width:
        return [(start + text).replace(KEPT, " ").rstrip()] if text else []
    room = max(width - max(len(start), len(after)), 1)
    words = " ".join(_broken_word(word, room) for word in text.split(" "))
    lines = textwrap.wrap(words, width, initial_indent=start, subsequent_indent=after, break_long_words=False)
    return [line.replace(KEPT, " ").rstrip() for line in lines]


def _broken_word(word: str, room: int) -> str:
    """Break a word that is longer than a line, as few times as possible."""
    if len(word) <= room:
        return word
    lines = [""]
    for part in _JOINTS.split(word):
        if lines[-1] and len(lines[-1]) + len(part) > room:
            lines.append("")
        lines[-1] += part
    return " ".join(lines)


def whole_terms(text: str) -> str:
    """Have a formula broken before its signs only, and no product broken within."""
    return re.sub(r" · |(?<=[+=-]) ", lambda gap: gap.group().replace(" ", KEPT), text)
