"""The paths of rows: a row may stand for a range of copies, `body.0..11.dense`."""

from __future__ import annotations


def is_within(name: str, path: str) -> bool:
    """Return whether a row is the node of a path, or in it: with the counters of repeated nodes, or without.

    A range of copies in the row's name matches each of its numbers.
    """
    asked = segments(path)
    found = 0
    for segment in segments(name):
        if found == len(asked):
            return True
        if asked[found] == segment or _is_in_range(asked[found], segment):
            found += 1
        elif not segment[:1].isdigit():
            return False
    return found == len(asked)


def segments(name: str) -> list[str]:
    """Return the segments of a path, a range of copies (0..11) kept as one."""
    return [segment.replace("\0", "..") for segment in name.replace("..", "\0").split(".")]


def _is_in_range(number: str, segment: str) -> bool:
    first, separator, last = segment.partition("..")
    return bool(separator) and number.isdigit() and last.isdigit() and int(first) <= int(number) <= int(last)
