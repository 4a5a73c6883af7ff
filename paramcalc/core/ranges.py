"""Ranges and lists of whole numbers as people write them: 256:8192:64, both ends included, or 4,8,16."""

from __future__ import annotations

import re
from typing import NamedTuple

from paramcalc.core.amounts import amount
from paramcalc.core.errors import LIMITS, quoted, refuse

#: An example of each, for those who wrote neither.
EXAMPLE = "as in 256:8192:64, which goes from 256 to 8192 in steps of 64, or 4,8,16"
#: The largest size that a spec takes: a range without an end goes on to it.
LARGEST = 10**LIMITS.digits - 1
#: What separates values: a comma that is not in brackets.
_BETWEEN = re.compile(r",(?![^\[]*\])")


class Range(NamedTuple):
    """Whole numbers from a first to a last one, both included."""

    first: int
    #: None where it is not said where the range ends
    last: int | None
    step: int

    @property
    def numbers(self) -> range:
        """The numbers; without an end, they go on to the largest size that there may be."""
        return range(self.first, (LARGEST if self.last is None else self.last) + 1, self.step)

    @property
    def length(self) -> int:
        """How many numbers there are: also more than `len` can say."""
        return (self.numbers.stop - 1 - self.first) // self.step + 1


def separated(written: str) -> list[str]:
    """Return the parts between commas. Raises `invalid-value` for one that is empty."""
    parts = [part.strip() for part in _BETWEEN.split(written)]
    if not all(parts):
        raise refuse("invalid-value", f"{quoted(written)} has an empty value", EXAMPLE)
    return parts


def read_range(written: str) -> Range:
    """Read FIRST:LAST:STEP; without a first number it is 1, and so it is without a step. Raises `invalid-value`."""
    parts = [part.strip() for part in written.split(":")]
    if not 2 <= len(parts) <= 3:
        raise refuse("invalid-value", f"{quoted(written)} is not of the form FIRST:LAST:STEP", EXAMPLE)
    first, last, step = (read_number(part) if part else None for part in (*parts, "")[:3])
    found = Range(1 if first is None else first, last, 1 if step is None else step)
    if found.step < 1:
        raise refuse("invalid-value", f"the step of {quoted(written)} is a whole number of at least 1", EXAMPLE)
    if found.length < 1:
        message = f"{quoted(written)} goes from {found.first:,} to {found.last:,}: there is no number between"
        raise refuse("invalid-value", message, EXAMPLE)
    return found


def read_part(written: str) -> range:
    """Read a range that is a part of a list. Raises `invalid-value`, also for one without an end, or too long."""
    found = read_range(written)
    if found.length > LIMITS.combinations:
        raise refuse("invalid-value", f"{quoted(written)} is too long for a list", "give the range alone")
    return found.numbers


def read_number(written: str) -> int:
    """Read a whole number, as in 8192, 8K or -1. Raises `invalid-value`."""
    sign, digits = (-1, written[1:]) if written.startswith("-") else (1, written)
    number = sign * amount(digits)
    if abs(number) > LARGEST:
        raise refuse("invalid-value", f"{quoted(written)} has more than {LIMITS.digits} digits")
    return number
