"""Texts of a user's on a line of ours: what is printed never obeys a name."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return a text with a space for each character that is not printed: line breaks, controls, marks of direction."""
    return text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)


def one_line(text: str, length: int = 200) -> str:
    """Return a text of a user's as it may stand in a heading or a comment: short, on one line, all of it printed."""
    joined = " ".join(printable(text).split())
    return joined if len(joined) <= length else joined[: length - 1] + "…"


def json_text(text: str) -> str:
    """Return a text in JSON with the same value, in which what is not printed is escaped; its line breaks stay."""
    shown = (char if char.isprintable() or char == "\n" else f"\\u{ord(char):04x}" for char in text)
    return text if text.replace("\n", "").isprintable() else "".join(shown)
