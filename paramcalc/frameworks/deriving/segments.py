"""The parts of a part, divided into single ones and copies that follow one another."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeAlias

from paramcalc.frameworks.deriving.observing import Observation
from paramcalc.frameworks.deriving.parts import Part, Path

#: A part where it is observed.
Seen: TypeAlias = tuple[Observation, Part]
#: How many parts a repeat has at most.
_LONGEST_PERIOD = 6


def code_of(part: Part, counted: Container[str] = ()) -> tuple[str, str, str]:
    """Return what makes a part like another: its name, without a number that counts, its class and layer type."""
    stem = without_number(part.name)
    return (stem if stem in counted else part.stem, part.type, part.kind)


def without_number(name: str) -> str:
    """Return a name without the number at its end."""
    return name.rstrip("0123456789")


def counted_names(parts: Sequence[Part]) -> set[str]:
    """Return the stems of names that count, as `layer1`, `layer2`, from one number on, and not as far in all parts."""
    counts: dict[str, dict[int, list[int]]] = {}
    for place, part in enumerate(parts):
        for name in (each.name for each in part.parts):
            stem = without_number(name)
            if stem and stem != name:
                counts.setdefault(stem, {}).setdefault(place, []).append(int(name[len(stem) :]))
    found = set()
    for stem, numbers in counts.items():
        first = min(map(min, numbers.values()))
        in_order = all(each == [*range(first, first + len(each))] for each in numbers.values())
        if in_order and (len(numbers) < len(parts) or len({*map(len, numbers.values())}) > 1):
            found.add(stem)
    return found


@dataclass
class Segment:
    """Parts that follow one another: a single one, or copies of so many as a period has."""

    #: where it begins, at each observation
    starts: list[int]
    period: int
    counts: list[int]
    repeats: bool

    def of(self, places: Sequence[int]) -> Segment:
        """Return the same at some of the observations."""
        starts, counts = [self.starts[each] for each in places], [self.counts[each] for each in places]
        return Segment(starts, self.period, counts, self.repeats)

    def copy(self, seen: Sequence[Seen], paths: Sequence[Path], copy: int, part: int) -> tuple[list[Seen], list[Path]]:
        """Return one part of one copy, where it is observed."""
        found: list[Seen] = []
        within: list[Path] = []
        for place, ((observation, whole), path) in enumerate(zip(seen, paths, strict=True)):
            number = copy if copy >= 0 else self.counts[place] + copy
            child = whole.parts[self.starts[place] + number * self.period + part]
            found.append((observation, child))
            within.append((*path, child.name))
        return found, within


def nameless(part: Part) -> Any:
    """Return all of a part but its name."""
    return (part.type, part.kind, part.fields, part.of, part.trainable, part.dtype, part.tensors, part.ties, part.parts)


def layout(part: Part) -> str:
    """Return the names of the parts of a part, numbers once."""
    return " ".join(dict.fromkeys("/".join(code_of(each)) for each in part.parts))


def sequence(part: Part) -> str:
    """Write the parts of a part in their order: `3 × Dense blocks, Concatenate, Dense out`."""
    labels = [" ".join(filter(None, (each.kind or each.type, each.stem))) for each in part.parts]
    runs = [(label, len([*each])) for label, each in groupby(labels)]
    return ", ".join(f"{count} × {label}" if count > 1 else label for label, count in runs) or "no parts"


def union(texts: Sequence[str], named: set[str]) -> str:
    """Return the longest text with what only others have, where it stands there; only named parts are put in."""
    union = texts[0]
    for text in texts[1:]:
        before = 0
        for place, letter in enumerate(text, start=1):
            if letter in named and letter not in union:
                before = _past_copies(union, before, text[place:])
                union = union[:before] + letter + union[before:]
            if letter in union[before:]:
                before = union.index(letter, before) + 1
    return union


def _past_copies(text: str, place: int, rest: str) -> int:
    """Return where the copies end that stand before a place: others have more of them, unless the rest has too."""
    for period in range(1, min(place, _LONGEST_PERIOD) + 1):
        copy = text[place - period : place]
        while not rest.startswith(copy) and text.startswith(copy, place):
            place += period
    return place


def group(code: str, repeats: bool, always: bool) -> str:
    """Return the pattern of a segment: of a single part that is always there or not, or of copies."""
    if not repeats:
        return f"({code})" if always else f"({code}?)"
    return f"({code}*)" if len(code) == 1 else f"((?:{code})*)"


def template_of(text: str) -> list[tuple[str, bool]]:
    """Divide a text into single letters and what follows itself, with which it is shortest."""
    found = []
    place = 0
    while place < len(text):
        best = max(_repeats(text, place), default=(0, 0), key=lambda each: (each[0] * each[1], -each[0]))
        period, copies = best
        if copies > 1:
            found.append((text[place : place + period], True))
            place += period * copies
        else:
            found.append((text[place], False))
            place += 1
    return found


def _repeats(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Yield the lengths of what follows itself from a place on, and how often."""
    for period in range(1, _LONGEST_PERIOD + 1):
        copies = 1
        while text[start : start + period] == text[start + copies * period : start + (copies + 1) * period] != "":
            copies += 1
        if copies > 1 and len(text[start : start + period]) == period:
            yield period, copies
