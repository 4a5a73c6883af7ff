"""The sizes that a dim may have: in equal steps up to a last one, or a few that are listed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from paramcalc.core.errors import ParamcalcError, quoted, refuse
from paramcalc.core.ranges import EXAMPLE, read_number, read_part, read_range, separated


@dataclass(frozen=True)
class Domain:
    """Sizes in order, by their places from 0.

    They begin with `first` and go on by `step`, or are `listed`.
    """

    first: int
    step: int
    length: int
    listed: tuple[int, ...] = ()
    #: whether the caller has said where it ends
    has_end: bool = field(default=True, compare=False)

    @property
    def last(self) -> int:
        """The largest size."""
        return self.listed[-1] if self.listed else self.first + self.step * (self.length - 1)

    def at(self, places: Any) -> Any:
        """Return the size at a place, or those at an array of places."""
        if not self.listed:
            return self.first + self.step * places
        if isinstance(places, int):
            return self.listed[places]
        import numpy

        sizes = numpy.array(self.listed, dtype="int64" if self.last < 2**62 else object)
        return sizes[places.astype("int64")]

    def below(self, size: int) -> int:
        """Return how many of its sizes are less than this one."""
        if self.listed:
            return sum(each < size for each in self.listed)
        return min(max(-(-(size - self.first) // self.step), 0), self.length)

    def within(self, least: int, most: int) -> Domain | None:
        """Return the part from one size to another, both included; None where there is none."""
        start, stop = self.below(least), self.below(most + 1)
        if stop <= start:
            return None
        if self.listed:
            return of_sizes(self.listed[start:stop])
        return Domain(self.at(start), self.step, stop - start, has_end=self.has_end)

    def congruent(self, remainder: int, modulus: int) -> Domain | None:
        """Return the sizes that leave this remainder; None where there are none."""
        if self.listed:
            return of_sizes([size for size in self.listed if size % modulus == remainder % modulus])
        common = math.gcd(self.step, modulus)
        if (remainder - self.first) % common:
            return None
        rest = modulus // common
        place = (remainder - self.first) // common * pow(self.step // common, -1, rest) % rest
        if place >= self.length:
            return None
        return Domain(self.at(place), self.step * rest, (self.length - 1 - place) // rest + 1, has_end=self.has_end)

    def __str__(self) -> str:
        if self.listed:
            return ", ".join(map(str, self.listed[:8])) + (", …" if len(self.listed) > 8 else "")
        sizes = f"{self.first:,} to {self.last:,}" if self.has_end else f"from {self.first:,} on"
        return sizes + (f" by {self.step:,}" if self.step != 1 else "")


def of_sizes(sizes: Iterable[int]) -> Domain | None:
    """Return the domain of these sizes; None where there are none."""
    listed = tuple(sorted(set(sizes)))
    if not listed:
        return None
    return Domain(listed[0], 1, len(listed), listed)


def read_domain(name: str, given: Any, step: int = 1) -> Domain:
    """Read what a dim may be: None for any size, a `range`, a list of sizes, or a text such as 1024:8192:128.

    A text names the first size, the last one, and what is between two; or sizes with commas. Only multiples of `step`
    are taken. Raises `invalid-value`.
    """
    if given is None:
        given = ":"
    try:
        domain = _of_text(given) if isinstance(given, str) else _of_sequence(given)
    except ParamcalcError as error:
        raise refuse(error.code, f"the sizes of '{name}': {error.problems[0].message}", EXAMPLE) from None
    if domain is None:
        raise refuse("invalid-value", f"the sizes of '{name}': {quoted(given)} has none", EXAMPLE)
    kept = domain.congruent(0, step)
    if kept is None:
        raise refuse("invalid-value", f"none of the sizes of '{name}' is a multiple of {step:,}")
    return kept


def _of_text(written: str) -> Domain | None:
    parts = separated(written)
    if len(parts) > 1 or ":" not in written:
        return of_sizes(size for part in parts for size in (read_part(part) if ":" in part else [read_number(part)]))
    found = read_range(written)
    return Domain(found.first, found.step, found.length, has_end=found.last is not None)


def _of_sequence(given: Any) -> Domain | None:
    if isinstance(given, range):
        ordered = given if given.step > 0 else given[::-1]
        return Domain(ordered.start, ordered.step, len(ordered)) if ordered else None
    sizes: Sequence[Any] = list(given) if hasattr(given, "__iter__") else [given]
    for size in sizes:
        if isinstance(size, bool) or not hasattr(size, "__index__"):
            raise refuse("invalid-value", f"{quoted(size)} is no whole number")
    return of_sizes(int(size.__index__()) for size in sizes)
